"""Requests and answers: sending, bounds and reading, whatever comes back."""
