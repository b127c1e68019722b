"""What can end a load, each with its exit code, and DuckDB's own errors in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path


class LoadError(Exception):
    """A load that cannot go on; the message is one sentence for the user."""

    exit_code = 1


class SettingsError(LoadError):
    """A setting is missing or has a value that cannot be used."""

    exit_code = 2


class InputError(LoadError):
    """The input is not a Singer stream."""

    exit_code = 3


class UnavailableError(LoadError):
    """The database cannot be opened: it is locked, may not be written, or is not a database."""

    exit_code = 4


class WriteError(LoadError):
    """The database was opened, but the rows cannot be written."""

    exit_code = 5


LOCKED = ("Could not set lock", "used by another process", "already open in")
"""The words for a file that somebody has, of DuckDB and of Windows; a path or a damaged block has a "lock" too."""
KEPT = "What was committed is complete, and the next run goes on from the last state."


def unavailable(path: Path | str, error: Exception) -> UnavailableError:
    """The sentence for a database that does not open."""
    words = _first_line(error)
    if is_locked(error):
        return UnavailableError(
            f"Another process has {path} open for writing: let it end, or load into another file. Nothing was written. "
            f"({words})"
        )
    return UnavailableError(
        f"{path} cannot be opened for writing: check that it is a DuckDB file and that this user may write it and its "
        f"folder. Nothing was written. ({words})"
    )


def kept_open(path: Path | str, error: Exception) -> UnavailableError:
    """The sentence for a shared file that somebody does not close."""
    return UnavailableError(
        f"Another program has kept {path} open for a minute: let it close the file between its queries, or set "
        f"share_file to false. {KEPT} ({_first_line(error)})"
    )


def is_locked(error: Exception) -> bool:
    """Whether a database does not open because another process has it."""
    words = str(error)
    return any(each in words for each in LOCKED)


def states_unread(error: Exception) -> LoadError:
    """The sentence for states that cannot be written. Click silently ends the process on some `OSError`s."""
    if isinstance(error, BrokenPipeError):
        return LoadError("The program that read the states has stopped; what was committed stays.")
    why = error.strerror if isinstance(error, OSError) and error.strerror else "standard output is closed"
    return LoadError(f"The states cannot be written: {why}. {KEPT}")


def needs_memory(error: Exception) -> bool:
    """Whether DuckDB had no memory left: a commit says so with another class than a statement."""
    return isinstance(error, duckdb.OutOfMemoryException) or " block of size " in str(error)


def unwritable(path: Path | str, error: Exception) -> WriteError:
    """The sentence for rows that the database does not take."""
    words = _first_line(error)
    if needs_memory(error):
        return WriteError(
            f"DuckDB needs more memory than it may use: raise memory_limit, or give the machine more. {KEPT} ({words})"
        )
    if "No space left" in str(error):
        return WriteError(f"The disk that holds {path} is full: make room. {KEPT} ({words})")
    return WriteError(f"DuckDB could not write to {path}: {words}. {KEPT}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
