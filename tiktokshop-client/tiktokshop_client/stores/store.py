"""Where a seller's token pair is kept from run to run: what every store can do, and the stores without a server."""

from __future__ import annotations

import contextlib
import errno
import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import filelock

from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.stores.private_file import OWNER_ONLY, PrivateFile, contents, regular
from tiktokshop_client.token import ROOM, Token, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["FileStore", "LostRaceError", "MemoryStore", "ReadOnlyStore", "ReadOnlyStoreError", "TokenStore"]

LOCK_TIMEOUT = 120.0
"""Seconds to wait for another process's refresh; longer than one can take with all its tries."""

_FULL = "make room on its disk"
_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EBUSY: "mount the folder that it is in, not the file alone",
}


class LostRaceError(TransientError):
    """Somebody else has stored a pair meanwhile, in spite of the lock: theirs stays, and is to be read again."""


class ReadOnlyStoreError(ConfigurationError):
    """The store is of a kind that is only read: another program keeps its pair fresh."""


class TokenStore(Protocol):
    """Where the current token pair of one grant lives."""

    @property
    def name(self) -> str:
        """What a human knows the store by, without secrets."""

    def locked(self) -> AbstractContextManager[None]:
        """Keeps every other thread and process out of a refresh while it is entered."""

    def read(self) -> Token | None:
        """The stored pair, None if there is none yet."""

    def write(self, token: Token) -> None:
        """Stores a pair, so that it survives a crash from the moment this returns.

        Raises:
            LostRaceError: The lock was lost on the way, and another pair has been stored.
        """

    def clear(self) -> None:
        """Forgets the pair."""

    def check_writable(self) -> None:
        """Raises if ``write`` cannot work; asked before the old pair is given up.

        It does what ``write`` is going to do, with as many bytes (``token_pair.ROOM``). Under the lock, it keeps the
        room that it found for ``write``, until the lock is let go of.

        Raises:
            ConfigurationError: The store does not take a pair.
            ReadOnlyStoreError: It never does.
            TransientError: The store is not there.
        """


class MemoryStore:
    """Keeps the pair as long as the process lives."""

    name = "memory"

    def __init__(self) -> None:
        self._token: Token | None = None

    def locked(self) -> AbstractContextManager[None]:
        """Nothing to keep out: threads are serialised by ``Tokens``."""
        return nullcontext()

    def read(self) -> Token | None:
        """The pair last written."""
        return self._token

    def write(self, token: Token) -> None:
        """Keeps the pair."""
        self._token = token

    def clear(self) -> None:
        """Forgets it."""
        self._token = None

    def check_writable(self) -> None:
        """Memory can always be written."""


class FileStore:
    """Keeps the pair in a JSON file that only its owner can read.

    A lock file beside it (``<path>.lock``) serialises processes. The file is replaced in one step, after its new
    content is on the disk, so a reader never sees half a pair and a crash never leaves one.
    """

    def __init__(self, path: Path) -> None:
        self._file = PrivateFile(path)
        self._path = self._file.path
        self._lock = filelock.FileLock(f"{self._path}.lock", timeout=LOCK_TIMEOUT, mode=OWNER_ONLY)

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock file.

        Raises:
            TransientError: Another process holds it for longer than a refresh can take.
            ConfigurationError: The lock file cannot be made.
        """
        self._make_folder()
        problem = self._acquire()
        if problem:
            raise problem
        try:
            yield
        finally:
            self._file.release()
            self._lock.release()

    def read(self) -> Token | None:
        """The stored pair, None if the file does not exist.

        Raises:
            ConfigurationError: The file cannot be read, others could have written it, or it does not hold a token
                pair; it is left as it is.
        """
        text = None
        problem = ""
        try:
            text = self._file.read()
        except OSError as error:
            problem = error.strerror or type(error).__name__
        if problem:
            raise ConfigurationError(f"the token store {self._path} cannot be read: {problem}")
        return None if text is None else decode(text, str(self._path))

    def write(self, token: Token) -> None:
        """Replaces the file's content.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        self._make_folder()
        content = encode(token)
        self._attempt(lambda: self._file.write(content))

    def clear(self) -> None:
        """Removes the file.

        Raises:
            ConfigurationError: That did not work.
        """
        self._attempt(lambda: self._path.unlink(missing_ok=True))

    def check_writable(self) -> None:
        """Takes the room for a pair beside the store, on the disk; under the lock, ``write`` uses it.

        Raises:
            ConfigurationError: That did not work.
        """
        self._make_folder()
        if self._lock.is_locked:
            self._attempt(self._file.rehearse)
        self._attempt(lambda: self._file.reserve(ROOM, alone=self._lock.is_locked))
        if not self._lock.is_locked:
            self._file.release()

    def _acquire(self) -> TransientError | ConfigurationError | None:
        try:
            # The library would wait for a file that cannot be created as if somebody held it.
            os.close(os.open(self._lock.lock_file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), OWNER_ONLY))
            self._lock.acquire()
        except filelock.Timeout:
            return TransientError(f"another process has held {self._path}.lock for {LOCK_TIMEOUT:.0f} seconds")
        except OSError as error:
            return self._not_writable(error)
        return None

    def _attempt(self, work: Callable[[], Any]) -> None:
        problem = None
        try:
            work()
        except OSError as error:
            problem = self._not_writable(error)
        if problem:
            raise problem

    def _not_writable(self, error: OSError) -> ConfigurationError:
        advice = _ADVICE.get(error.errno or 0, "choose another file with the setting token_store")
        return ConfigurationError(
            f"the token store {self._path} cannot be written ({error.strerror or type(error).__name__}): {advice}",
        )

    def _make_folder(self) -> None:
        self._attempt(lambda: self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True))


class ReadOnlyStore:
    """Reads a file that another program keeps fresh, and never refreshes itself.

    For machines that may not write the file, or that share a grant whose refreshes happen elsewhere.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def locked(self) -> AbstractContextManager[None]:
        """Nothing is written, so no lock is needed."""
        return nullcontext()

    def read(self) -> Token | None:
        """The stored pair; see ``FileStore.read``."""
        text = None
        problem = ""
        try:
            regular(self._path)
            text = contents(self._path)
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = error.strerror or type(error).__name__
        if text is None:
            raise ConfigurationError(f"the token store {self._path} cannot be read: {problem}")
        return decode(text, str(self._path))

    def write(self, token: Token) -> None:  # noqa: ARG002 - the protocol's signature
        """Refuses."""
        self.check_writable()

    def clear(self) -> None:
        """Refuses."""
        self.check_writable()

    def check_writable(self) -> None:
        """Always raises ``ReadOnlyStoreError``: a pair that cannot be stored would be lost."""
        raise ReadOnlyStoreError(
            f"the token store {self._path} is read-only, and the access token in it is no longer valid: "
            "let the program that owns the store refresh it",
        )
