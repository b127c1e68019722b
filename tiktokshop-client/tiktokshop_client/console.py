"""What a command line writes: its output whole, and one sentence for a human when it fails."""

from __future__ import annotations

import logging
import os
import select
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tiktokshop_client.errors import TikTokShopError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LEVELS = ("debug", "info", "warning", "error")
FAILED = 1
OURS = ("tap_tiktokshop", "target_tiktokshop", "tiktokshop_client", "tiktokshop_sandbox")


def log_level_option() -> click.Option:
    """The option `--log-level`; at `debug`, errors come with their traceback."""

    def set_level(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
        if value:
            logging.getLogger().setLevel(value.upper())

    return click.Option(
        ["--log-level"],
        type=click.Choice(LEVELS, case_sensitive=False),
        help="How much to log on standard error. debug adds tracebacks to errors.",
        is_eager=True,
        expose_value=False,
        callback=set_level,
    )


def run(command: Callable[[], Any], name: str) -> NoReturn:
    """Runs a command line to its end and leaves the process with its exit code.

    An error of ours is its own sentence; a file that cannot be read or is not JSON is named by the error of
    the standard library; anything else is called what it is, a bug. Nothing printed holds a secret: our
    errors never do, and foreign ones are not shown with their context.
    """
    logger = logging.getLogger(name)
    try:
        command()
    except Exception as error:
        logger.error("%s", sentence(error))  # noqa: TRY400 - the traceback is for debugging only, below
        logger.debug("Traceback", exc_info=True)
        if isinstance(error.__cause__, BrokenPipeError):
            # Keep the interpreter from flushing what is left into the closed pipe when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    sys.exit(0)


def write_all(data: bytes | memoryview) -> None:
    """Writes all of it to standard output, however little the system takes at a time.

    With ``PYTHONUNBUFFERED``, as in most containers, nobody else would: what a signal interrupts would be lost.

    Raises:
        OSError: Nobody reads any more, or there is no room.
    """
    sys.stdout.flush()
    stream = sys.stdout.buffer
    raw = getattr(stream, "raw", stream)
    done = 0
    while done < len(data):
        written = raw.write(data[done:])
        if written is None:  # the other side has made it non-blocking, and it is full
            select.select([], [raw], [])
        done += written or 0


def sentence(error: BaseException) -> str:
    """One line that says what happened and, where it can, what to do.

    Of errors that are not ours it gives no text: it may quote a row, with whatever is personal or secret in it.
    """
    if isinstance(error, TikTokShopError) or type(error).__module__.startswith(("tap_tiktokshop", "target_tiktokshop")):
        return str(error)
    if isinstance(error, OSError):
        return f"Cannot use {error.filename}: {error.strerror}." if error.filename else str(error).rstrip(".") + "."
    if type(error).__name__ == "JSONDecodeError":
        return f"A file given on the command line is not valid JSON: {error}."
    return f"Unexpected {type(error).__name__}{_place(error)}. This is a bug; --log-level debug shows where."


def _place(error: BaseException) -> str:
    """Where an error was raised, as far as it was in code of ours."""
    places = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [(frame.f_globals.get("__name__", ""), frame.f_lineno) for frame in places]
    found = [f" in {name}, line {line}" for name, line in ours if name.startswith(OURS)]
    return found[-1] if found else ""


def explain(faults: Iterable[Any]) -> list[str]:
    """One sentence for each fault a JSON-schema validator found in a configuration, without values: some are secret."""
    return [_explain(fault) for fault in faults]


def _explain(fault: Any) -> str:
    setting = ".".join(str(part) for part in fault.absolute_path) or "configuration"
    expected = fault.validator_value
    words = {
        "type": f"must be of type {expected}",
        "minimum": f"must be at least {expected}",
        "maximum": f"must be at most {expected}",
        "exclusiveMinimum": f"must be more than {expected}",
        "enum": f"must be one of {expected}",
        "required": f"lacks one of {expected}",
    }.get(fault.validator, f"breaks the rule {fault.validator}")
    return f"The setting {setting} {words}."
