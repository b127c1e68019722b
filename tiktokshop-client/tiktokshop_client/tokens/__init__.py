"""A seller's grant: how it is got, refreshed and never lost."""
