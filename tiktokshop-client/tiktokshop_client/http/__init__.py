"""Requests and answers: sent, bounded, read, whatever comes back."""
