"""Where a seller's token pair is kept from run to run: what every store can do, and the stores without a server."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import filelock

from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.token_pair import Token, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FileStore", "LostRaceError", "MemoryStore", "ReadOnlyStore", "Token", "TokenStore"]

log = logging.getLogger(__name__)

LOCK_TIMEOUT = 120.0
"""Seconds to wait for another process's refresh; longer than one can take with all its tries."""

OWNER_ONLY = 0o600


class LostRaceError(TransientError):
    """Somebody else has stored a pair meanwhile, in spite of the lock: theirs stays, and is to be read again."""


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
        """Raises ``ConfigurationError`` if ``write`` cannot work; asked before the old pair is given up."""


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
        # A link is followed, so that replacing the file does not replace the link.
        self._path = Path(os.path.realpath(path))
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
            self._check_owner()
            text = self._path.read_bytes()
            self._tighten()
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = error.strerror or type(error).__name__
        if text is None:
            raise ConfigurationError(f"the token store {self._path} cannot be read: {problem}")
        return decode(text, str(self._path))

    def write(self, token: Token) -> None:
        """Replaces the file's content.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        self._make_folder()
        self._attempt(lambda: self._replace(encode(token)))

    def clear(self) -> None:
        """Removes the file.

        Raises:
            ConfigurationError: That did not work.
        """
        self._attempt(lambda: self._path.unlink(missing_ok=True))

    def check_writable(self) -> None:
        """Writes and removes a file beside the store.

        Raises:
            ConfigurationError: That did not work.
        """
        self._make_folder()
        self._attempt(lambda: self._temporary(b"").unlink())

    def _acquire(self) -> TransientError | ConfigurationError | None:
        try:
            self._lock.acquire()
        except filelock.Timeout:
            return TransientError(f"another process has held {self._path}.lock for {LOCK_TIMEOUT:.0f} seconds")
        except OSError as error:
            return self._not_writable(error)
        return None

    def _attempt(self, work: Any) -> None:
        problem = None
        try:
            work()
        except OSError as error:
            problem = self._not_writable(error)
        if problem:
            raise problem

    def _not_writable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"the token store {self._path} cannot be written ({error.strerror or type(error).__name__}): "
            "choose another file with the setting token_store",
        )

    def _make_folder(self) -> None:
        self._attempt(lambda: self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True))

    def _check_owner(self) -> None:
        """A file that others can write may hold a pair of theirs, so it is not used."""
        if os.name == "posix" and stat.S_IMODE(self._path.stat().st_mode) & 0o022:
            raise ConfigurationError(
                f"the token store {self._path} can be written by others, so it is not used: make sure that it holds "
                f"your own tokens, then chmod 600 {self._path}",
            )

    def _tighten(self) -> None:
        if os.name == "posix" and stat.S_IMODE(self._path.stat().st_mode) & 0o077:
            self._path.chmod(OWNER_ONLY)
            log.warning("the token store %s could be read by others; now only its owner can", self._path)

    def _temporary(self, content: bytes) -> Path:
        """A new file beside the store with ``content`` safely on the disk."""
        path = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path

    def _replace(self, content: bytes) -> None:
        temporary = self._temporary(content)
        try:
            temporary.replace(self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        if os.name == "posix":  # elsewhere a folder cannot be opened, and need not be
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


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
        """Nothing is written, so nobody has to be kept out."""
        return nullcontext()

    def read(self) -> Token | None:
        """The stored pair; see ``FileStore.read``."""
        text = None
        problem = ""
        try:
            text = self._path.read_bytes()
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
        """Always raises ``ConfigurationError``: a pair that cannot be stored would be lost."""
        raise ConfigurationError(
            f"the token store {self._path} is read-only, and the access token in it is no longer good: "
            "let the program that owns the store refresh it",
        )
