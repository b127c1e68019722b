"""A seller's grant: how it is obtained, refreshed and never lost."""
