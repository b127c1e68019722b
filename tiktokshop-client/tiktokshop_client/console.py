"""What a command prints: its output in full, and one sentence for a human when it fails."""

from __future__ import annotations

import errno
import json
import logging
import os
import select
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tiktokshop_client.endings import INTERRUPTED, Ending, ending_of
from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.log_lines import FORMATS, facts_of, log_as_json
from tiktokshop_client.redaction import known, printable
from tiktokshop_client.tokens.vault import end_at_next_signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import FrameType

_PACKAGES = ("tap_tiktokshop", "target_tiktokshop", "tiktokshop_client", "tiktokshop_webhooks")
LEVELS = ("debug", "info", "warning", "error")
OURS = (*_PACKAGES, "tiktokshop_sandbox")
_FORMAT = "tiktokshop.log_format"


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class ClosedOutputError(Exception):
    """There is nowhere to write to."""

    ending = Ending.PERSON


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


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every command has."""
    options = (
        click.option(
            "--config",
            "config_file",
            type=click.Path(path_type=Path),
            help="A settings file: a plugin's JSON, or lines of NAME=value. It wins over the environment and .env.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output."),
        click.option(
            "--log-level",
            type=click.Choice(LEVELS, case_sensitive=False),
            default="warning",
            show_default=True,
            help="How much to log on standard error. debug adds tracebacks to errors.",
        ),
        click.option(
            "--log-format",
            type=click.Choice(FORMATS, case_sensitive=False),
            default="text",
            help="How to log on standard error: text, or one JSON object a line.",
            is_eager=True,
            expose_value=False,
            callback=_note_format,
        ),
    )
    for option in options:
        command = option(command)
    return command


def _note_format(context: click.Context, _option: click.Parameter, value: str) -> None:
    context.meta[_FORMAT] = value


def log_at(level: str, *, timed: bool = False) -> None:
    """Logs from this level on, as the options of the command ask for it.

    Args:
        level: One of ``LEVELS``.
        timed: Whether lines of text have their time, as those of a service.
    """
    words = "%(asctime)s %(levelname)s %(message)s" if timed else "%(levelname)s %(message)s"
    logging.basicConfig(format=words, stream=sys.stderr, force=True)
    logging.getLogger().setLevel(level.upper())
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(_FORMAT) == "json":
        log_as_json()


def show(facts: Mapping[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
    """Prints what was found, some of it in others' words: without secrets, and without what moves a cursor."""
    if as_json:
        click.echo(json.dumps(known.throughout(facts), indent=2))
    elif lines:
        click.echo("\n".join(printable(known(line)) for line in lines))


def run(command: Callable[[], Any], name: str, *, asks: bool = False) -> NoReturn:
    """Runs a command line to its end and leaves the process with its exit code.

    An error of ours is its own sentence; a file that cannot be read or is not JSON is named by the error of
    the standard library; anything else is called what it is, a bug. Nothing that is logged meanwhile, by whatever
    library, holds a secret or the text of a foreign exception, which may quote what it met.

    Args:
        command: The command line.
        name: What it is called.
        asks: Whether it asks somebody for something, who may answer with Ctrl-C.
    """
    logger = logging.getLogger(name)
    made, told = logging.getLogRecordFactory(), logging.raiseExceptions
    logging.setLogRecordFactory(CleanRecord)
    logging.raiseExceptions = False  # else a log that cannot be written has the whole error on standard error
    threading.excepthook = _in_a_thread
    _end_in_order({} if asks else {signal.SIGINT: signal.default_int_handler})
    try:
        _need_output()
        command()
    except Exception as error:
        logger.error("%s", sentence(error), extra=facts_of(error))  # noqa: TRY400 - the traceback is for debugging only, below
        logger.debug("Traceback", exc_info=True)
        if isinstance(error, BrokenPipeError) or isinstance(error.__cause__, BrokenPipeError):
            # Keep the interpreter from flushing what is left into the closed pipe when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ending_of(error))
    finally:
        logging.setLogRecordFactory(made)
        logging.raiseExceptions = told
        threading.excepthook = threading.__excepthook__
    sys.exit(0)


def run_commands(commands: click.Group, name: str) -> NoReturn:
    """Runs one of several commands as `run` does; with `--json` an error of ours is printed as an object, too."""
    as_json = "--json" in sys.argv

    def command() -> None:
        try:
            commands.main(standalone_mode=False)
        except click.exceptions.Exit as done:
            sys.exit(done.exit_code)
        except click.exceptions.Abort:
            click.echo("Stopped.", err=True)
            sys.exit(INTERRUPTED + signal.SIGINT)
        except click.ClickException as error:
            error.show()
            sys.exit(ending_of(error))
        except TikTokShopError as error:
            if as_json:
                facts = {"error": str(error), "code": error.code, "request_id": error.request_id}
                click.echo(json.dumps(facts, indent=2))
            raise

    run(command, name, asks=True)


def _need_output() -> None:
    if sys.stdout is None:
        raise ClosedOutputError("Standard output is closed: send it to a file or /dev/null.")


def _end_in_order(more: Mapping[signal.Signals, Any]) -> None:
    """Has SIGTERM and SIGHUP end the process as Ctrl-C does, so that what must be finished is; not where nohup is.

    Args:
        more: Signals that are to do so, too, where what they do now is this: Ctrl-C, which click takes for a failure.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    hangs_up = {signal.SIGHUP: signal.SIG_DFL} if hasattr(signal, "SIGHUP") else {}
    for number, usual in {signal.SIGTERM: signal.SIG_DFL, **hangs_up, **more}.items():
        if signal.getsignal(number) is usual:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    end_at_next_signal()
    sys.exit(INTERRUPTED + number)


class CleanRecord(logging.LogRecord):
    """A line of the log without secrets. Of exceptions it has where they happened, and the words of ours only."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        try:
            self.msg = known(super().getMessage())
        except Exception as error:  # noqa: BLE001 - the standard library would print the line's parts
            self.msg = f"A line of the log cannot be written ({type(error).__name__})."
        self.args = None
        if self.exc_info and self.exc_info[1]:
            self.exc_text = known(trace(self.exc_info[1]))
        self.exc_info = None


def _in_a_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        logging.getLogger("threads").error("%s", sentence(failed.exc_value))


def trace(error: BaseException) -> str:
    """Where an exception happened, and those that it was made from, without what foreign ones say."""
    parts: list[str] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        words = f": {following}" if _is_ours(following) else ""
        stack = traceback.format_tb(following.__traceback__)
        parts.append(f"Traceback (most recent call last):\n{''.join(stack)}{type(following).__name__}{words}")
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return "\n\nThe above happened after:\n\n".join(parts)


def quiet(package: str) -> None:
    """Has what a package says of its own accord, below a warning, shown at the level debug only."""
    folder = f"{os.sep}{package}{os.sep}"

    def is_ours(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or folder not in record.pathname or _is_debugging()

    for handler in logging.getLogger().handlers:
        handler.addFilter(is_ours)


def _is_debugging() -> bool:
    return logging.getLogger().isEnabledFor(logging.DEBUG)


def write_all(data: bytes | bytearray) -> None:
    """Writes all of it to standard output, however little the system takes at a time.

    With ``PYTHONUNBUFFERED``, as in most containers, nobody else would: what a signal interrupts would be lost.

    Raises:
        OSError: Nobody reads any more, or there is no room.
    """
    if sys.stdout is None:  # closed before the process began
        raise OSError(errno.EBADF, "it is closed", "standard output")
    sys.stdout.flush()
    stream = sys.stdout.buffer
    raw = getattr(stream, "raw", stream)
    done = 0
    rest = memoryview(data)
    while done < len(data):
        written = raw.write(rest[done:])
        if written is None:  # the other side has made it non-blocking, and it is full
            select.select([], [raw], [])
        done += written or 0


def sentence(error: BaseException) -> str:
    """One line that says what happened and, where it can, what to do. It has no secrets.

    The text of a foreign exception is not in it, as that may quote a person's data or a token.
    """
    return known(_sentence(error))


def _sentence(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return f"{error.format_message().rstrip('.')}."
    if _is_ours(error):
        return str(error) or type(error).__name__
    if isinstance(error, OSError):
        return _of_the_system(error)
    if isinstance(error, json.JSONDecodeError):
        return (
            "A file given on the command line is not valid JSON: "
            f"{error.msg}: line {error.lineno} column {error.colno} (char {error.pos})."
        )
    return f"Unexpected {type(error).__name__}{_place(error)}. This is a bug; --log-level debug shows more."


def _of_the_system(error: OSError) -> str:
    if isinstance(error, BrokenPipeError):
        return "The program that read the output has stopped; its own log says why."
    if error.filename:
        return f"Cannot use {error.filename}: {error.strerror}."
    if isinstance(error, FileNotFoundError):  # the SDK's, of a file that was named on the command line
        return str(error).rstrip(".") + "."
    if error.errno in FULL:  # every other file is opened under a name
        return f"Standard output cannot be written: {error.strerror}."
    return f"{error.strerror or type(error).__name__}."


def _is_ours(error: BaseException) -> bool:
    """Whether an exception's words are ours."""
    return type(error).__module__.startswith((*_PACKAGES, "tiktokshop_sandbox"))


def _place(error: BaseException) -> str:
    """Where it happened, for whoever fixes it: in the last of our own lines that led there."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if any(name in frame.filename for name in _PACKAGES)]
    return f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""


def explain(faults: Iterable[Any]) -> list[str]:
    """One sentence for each setting that a JSON-schema validator found at fault, without values: some are secret."""
    told: dict[str, str] = {}
    for fault in faults:
        setting = ".".join(str(part) for part in fault.absolute_path) or "configuration"
        told.setdefault(setting, _explain(setting, fault))
    return list(told.values())


def _explain(setting: str, fault: Any) -> str:
    expected = fault.validator_value
    if fault.validator == "type" and isinstance(expected, list):
        expected = " or ".join(kind for kind in expected if kind != "null")
    words = {
        "type": f"must be of type {expected}",
        "minimum": f"must be at least {expected}",
        "maximum": f"must be at most {expected}",
        "exclusiveMinimum": f"must be more than {expected}",
        "enum": f"must be one of {expected}",
        "required": f"lacks one of {expected}",
    }.get(fault.validator, f"breaks the rule {fault.validator}")
    return f"The setting {setting} {words}."
