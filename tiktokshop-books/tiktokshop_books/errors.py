"""What ends a command."""

from __future__ import annotations


class BooksError(Exception):
    """A command cannot go on; the message is one sentence for the user."""
