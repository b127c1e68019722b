"""What a command says when it has done its work."""

from __future__ import annotations

import os
import sys

from tiktokshop_books.errors import PassingError


def tell(text: str) -> None:
    """Say on standard output what was written. It is written, too, if nobody wants to hear of it."""
    if sys.stdout is None:  # closed before the process began
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Keep the interpreter from writing the rest once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise PassingError(
                f"The files are written, but standard output cannot take their names: {error.strerror}."
            ) from error
