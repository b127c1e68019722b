"""How a command ends: the exit codes of all commands, for whoever starts them."""

from __future__ import annotations

import json
import signal
from enum import IntEnum
from typing import TYPE_CHECKING

import click

from tiktokshop_client.errors import Category, TikTokShopError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Ending(IntEnum):
    """An exit code. A signal's is 128 and its number: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""

    DONE = 0
    """All that could be done was done."""
    AGAIN = 1
    """Something failed that may pass, and may have left parts undone: run it again."""
    PERSON = 2
    """A setting, an option, a file or the grant is wrong: the next run fails in the same way until a person acts."""
    GUARD = 3
    """Too much would have changed, or too many records were refused: a person decides."""


INTERRUPTED = 128
"""What is added to the number of the signal that has ended a command."""


def signal_words(number: int) -> str:
    """A signal as people know it, such as ``Ctrl-C (SIGINT)`` or ``SIGTERM``."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"the signal {number}"
    return f"Ctrl-C ({name})" if number == signal.SIGINT else name


_FOR_A_PERSON = frozenset(
    {Category.CONFIGURATION, Category.AUTHORISATION, Category.SCOPE, Category.MARKET, Category.SHOP, Category.CLOCK}
)


def ending_of(error: BaseException) -> Ending:
    """The exit code of a command that an error has ended.

    An error of ours may say it itself, as the attribute ``ending``.
    """
    said = getattr(error, "ending", None)
    if isinstance(said, Ending):
        return said
    if isinstance(error, TikTokShopError):
        return Ending.PERSON if error.category in _FOR_A_PERSON else Ending.AGAIN
    if isinstance(error, BrokenPipeError):
        return Ending.AGAIN
    if isinstance(error, OSError):  # with a name it is one of a file that somebody has named
        return Ending.PERSON if error.filename or isinstance(error, FileNotFoundError) else Ending.AGAIN
    return Ending.PERSON if isinstance(error, (click.ClickException, json.JSONDecodeError)) else Ending.AGAIN


def ending_of_all(errors: Iterable[BaseException]) -> Ending:
    """The exit code of a run that some errors have left parts of undone: running it again may help any of them."""
    return Ending.PERSON if all(ending_of(error) is Ending.PERSON for error in errors) else Ending.AGAIN
