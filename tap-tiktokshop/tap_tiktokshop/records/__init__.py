"""Rows as the platform sends them become records that keep to their schema."""
