"""Folders for a moment, and those that a process left behind when it was killed in that moment."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RANDOM = re.compile(r"[a-z0-9_]{8}")
"""How `tempfile` ends a name."""
ATTEMPTS = 3
CONTENTS = frozenset({"new", "new.wal", "batch"})
"""The files that such a folder has. With any other in it, it stays."""


@contextlib.contextmanager
def folder(parent: Path | None, prefix: str) -> Iterator[Path]:
    """A new folder whose name begins so, locked as long as its process lives, however that ends.

    Without `parent` it is in the system's temporary folder.
    """
    for _ in range(ATTEMPTS):
        with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as name:
            held = _locked(Path(name))
            if held is None:
                continue  # another process took it for a leftover before it was locked, or nothing can be locked there
            try:
                yield Path(name)
            finally:
                os.close(held)
            return
    with tempfile.TemporaryDirectory(dir=parent, prefix=f"{prefix}unlocked-") as name:  # which `clear` passes over
        yield Path(name)


def clear(parent: Path, prefix: str) -> None:
    """Removes what `folder` made for a process that is no more."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and RANDOM.fullmatch(entry.name, len(prefix)):
                _remove(Path(entry.path))


def _remove(found: Path) -> None:
    held = _locked(found)
    if held is None:
        return
    try:
        with contextlib.suppress(OSError):
            files = list(found.iterdir())
            for file in files if {file.name for file in files} <= CONTENTS else ():
                file.unlink()
            found.rmdir()
    finally:
        os.close(held)


def _locked(found: Path) -> int | None:
    """A lock on a folder, for this process alone; None if it cannot be had, or the folder is no more."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none, so nothing is cleared away there

        descriptor = os.open(found, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), found.lstat()):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
