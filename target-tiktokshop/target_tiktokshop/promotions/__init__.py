"""What a promotion is: read from a record, checked, compared with the live activity."""
