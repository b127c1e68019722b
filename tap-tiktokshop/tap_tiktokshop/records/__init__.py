"""Turns rows as the platform sends them into records that fit their schema."""
