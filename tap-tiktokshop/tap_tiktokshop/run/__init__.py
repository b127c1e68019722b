"""One run: what each stream of each shop has read, where it continues, what went wrong, and the closing summary."""
