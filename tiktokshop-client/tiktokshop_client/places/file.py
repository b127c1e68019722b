"""Budgets that the processes of one machine share: a file for each shop, beside the tokens."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout

from tiktokshop_client.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Result = TypeVar("Result")

LOCK_TIMEOUT = 1.0
"""Seconds. Nobody holds the lock for longer than a few thousandths, unless its process is stopped."""

LOOK = 0.0005
"""Seconds between looks at a lock that another process holds."""


class FilePlace:
    """Keeps each document in a file of a folder; the clock is the machine's own, which runs since it was started.

    A lock of the system keeps the others out. That of a process that dies is free at once.

    Args:
        folder: The folder. It is made when it is needed.
    """

    alone = 1.0
    wanted = False

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
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
            problem = TransientError(f"the shared budget in {self.name} is held by a process that does not go on")
        except NotImplementedError:  # what the library says of a file system that has no locks
            problem = TransientError(f"the shared budget in {self.name} cannot be used (its file system has no locks)")
        except OSError as error:
            problem = TransientError(f"the shared budget in {self.name} cannot be used ({error.strerror})")
        raise problem


def _replace(path: Path, content: bytes) -> None:
    """Puts the content in place in one step. It need not outlive a power cut: the clock does not either."""
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)
