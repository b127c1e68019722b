"""Where consents under way are kept, for all instances of the service: in a folder, in Redis or in PostgreSQL."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from filelock import FileLock, Timeout

from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.stores import kind_of, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_client.errors import TikTokShopError

Result = TypeVar("Result")

FOR_EVER = 4_000_000_000
"""Unix seconds: until when an entry is kept that does not expire."""
LOCK_TIMEOUT = 10.0
_EXTRAS = {"redis": "redis", "rediss": "redis", "postgresql": "postgresql", "postgres": "postgresql"}
_LIBRARIES = {"redis": "redis", "postgresql": "psycopg"}
_MAKERS = {"redis": "RedisBook", "postgresql": "PostgreSQLBook"}
_ENTRY = re.compile(r"[0-9a-f]{64}")
"""The name of an entry's file. Whatever else is in the folder is not ours to remove."""


class ConsentBook(Protocol):
    """Short texts by keys, each until its time. None of them is secret.

    All methods raise ``TransientError`` if the place cannot be reached, ``ConfigurationError`` if it does not let us.
    """

    name: str

    def put(self, key: str, text: bytes, until: int) -> None:
        """Keeps a text until a unix second, in place of what was there."""

    def read(self, key: str) -> bytes | None:
        """The text, None if there is none or its time is over."""

    def take(self, key: str) -> bytes | None:
        """The same, and removes it: of several who ask at the same time, one gets it."""

    def swap(self, key: str, before: bytes | None, text: bytes) -> bool:
        """Keeps a text for ever if `before` is what is there now; whether it was."""


def open_book(where: str, now: Callable[[], float] = time.time) -> ConsentBook:
    """The book at a folder's path or an address.

    Args:
        where: The path or the address.
        now: Unix seconds.

    Raises:
        ConfigurationError: There can be none.
    """
    kind = kind_of(where, "consent_store")
    if not kind:
        return FileBook(Path(where).expanduser(), now)
    extra = _EXTRAS.get(kind)
    if extra is None:
        raise ConfigurationError("the setting consent_store must be a folder, redis://… or postgresql://…")
    if find_spec(_LIBRARIES[extra]) is None:
        raise ConfigurationError(
            f"the setting consent_store names a {kind} store, whose library is not installed: install "
            f"tiktokshop-client with the extra {extra}"
        )
    parts = urlsplit(where)
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "name"]
    bare = parts._replace(query=urlencode(query)).geturl()
    module = import_module(f"tiktokshop_client.consent.{extra}")
    made: ConsentBook = getattr(module, _MAKERS[extra])(bare, shown(bare), now)
    return made


class FileBook:
    """A file for each entry, whose time of change is when it expires; for the instances of one machine."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self.name = str(folder)
        self._now = now
        self._folder = folder

    def put(self, key: str, text: bytes, until: int) -> None:
        """See ``ConsentBook``."""
        self._locked(lambda: self._put(key, text, until))

    def read(self, key: str) -> bytes | None:
        """See ``ConsentBook``."""
        return self._locked(lambda: self._read(key))

    def take(self, key: str) -> bytes | None:
        """See ``ConsentBook``."""

        def work() -> bytes | None:
            text = self._read(key)
            self._path(key).unlink(missing_ok=True)
            return text

        return self._locked(work)

    def swap(self, key: str, before: bytes | None, text: bytes) -> bool:
        """See ``ConsentBook``."""

        def work() -> bool:
            if self._read(key) != before:
                return False
            self._put(key, text, FOR_EVER)
            return True

        return self._locked(work)

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()

    def _read(self, key: str) -> bytes | None:
        path = self._path(key)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime > self._now():
                return path.read_bytes()
        return None

    def _put(self, key: str, text: bytes, until: int) -> None:
        path = self._path(key)
        beside = path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.utime(beside, (until, until))
        beside.replace(path)
        for other in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if _ENTRY.fullmatch(other.name) and other.stat().st_mtime <= self._now():
                    other.unlink()

    def _locked(self, work: Callable[[], Result]) -> Result:
        error: TikTokShopError
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._folder / "book.lock", timeout=LOCK_TIMEOUT, mode=0o600):
                return work()
        except Timeout:
            error = TransientError(f"another process has held the consent store {self.name} for too long")
        except (OSError, NotImplementedError) as problem:
            why = getattr(problem, "strerror", None) or type(problem).__name__
            error = ConfigurationError(f"the consent store {self.name} cannot be used: {why}")
        raise error
