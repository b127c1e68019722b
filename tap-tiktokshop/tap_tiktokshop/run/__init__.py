"""One run: what each stream of each shop has read, where it goes on, what went wrong, and what is said at the end."""
