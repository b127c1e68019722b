"""What ends a command, and with which exit code: those of all commands, see docs/reference/exit-codes.md."""

from __future__ import annotations


class BooksError(Exception):
    """A command cannot go on, and a person must act; the message is one sentence for the user."""

    exit_code = 2


class PassingError(BooksError):
    """It cannot go on now, and may later without anybody's doing."""

    exit_code = 1


class UnexplainedError(BooksError):
    """Something is not as it should be, so nothing is written until a person has looked."""

    exit_code = 3
