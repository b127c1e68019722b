"""Calls of operations: signed, throttled, tried again, and lists walked page by page."""
