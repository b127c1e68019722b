"""Budgets that the processes of one machine share: a file for each shop, beside the tokens."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout

from tiktokshop_client.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiktokshop_client.errors import TikTokShopError

Result = TypeVar("Result")

LOCK_TIMEOUT = 1.0
"""Seconds. Nobody holds the lock for longer than a few thousandths, unless its process is stopped."""

_LASTING = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR})
"""What does not pass by itself."""

LOOK = 0.0005
"""Seconds between looks at a lock that another process holds."""


class FilePlace:
    """Keeps each document in a file of a folder; the clock is the machine's own, which runs since it was started.

    A lock of the system keeps the others out. That of a process that dies is free at once.

    Args:
        folder: The folder. It is made when it is needed.
        what: What is kept there, for sentences.
        wanted: Whether nothing can go on without it: then one that does not let us is a setting to be changed.
    """

    alone = 1.0

    def __init__(self, folder: Path, what: str = "shared budget", *, wanted: bool = False) -> None:
        self.name = str(folder)
        self.wanted = wanted
        self._called = f"the {what} in {folder}"
        self._folder = folder
        self._turn = Lock()  # one of the threads of this process, as the other lock is for processes

    def now(self) -> float:
        """Seconds by the machine's clock that never runs backwards, the same in all its processes."""
        return time.monotonic()

    def exchange(self, key: str, change: Callable[[bytes | None, float], tuple[bytes, Result]]) -> Result:
        """See ``BudgetPlace``."""
        path = self._folder / hashlib.sha256(key.encode()).hexdigest()[:24]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(f"{path}.lock", mode=0o600)
            with self._turn, lock.acquire(timeout=LOCK_TIMEOUT, poll_interval=LOOK):
                stored = None
                with contextlib.suppress(FileNotFoundError):
                    stored = path.read_bytes()
                content, result = change(stored, time.monotonic())
                _replace(path, content)
                return result
        except Timeout:
            problem: TikTokShopError = TransientError(f"{self._called} is held by a process that does not go on")
        except NotImplementedError:  # what the library says of a file system that has no locks
            problem = self._unusable("its file system has no locks", lasting=True)
        except OSError as error:
            problem = self._unusable(error.strerror or type(error).__name__, lasting=error.errno in _LASTING)
        raise problem

    def close(self) -> None:
        """See ``BudgetPlace``; nothing is open between two visits."""

    def _unusable(self, why: str, *, lasting: bool) -> TikTokShopError:
        kind = ConfigurationError if lasting and self.wanted else TransientError
        return kind(f"{self._called} cannot be used ({why})")


def _replace(path: Path, content: bytes) -> None:
    """Puts the content in place in one step. It need not outlive a power cut: the clock does not either."""
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)
