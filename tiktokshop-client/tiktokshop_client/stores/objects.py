"""A token pair in an object store, with nothing but "create this object if it is not there" to rely on.

Every pair is an object of its own, ``<path>/pair-0000000017``; the highest number is the current one. Whoever wants to
replace number 17 first creates ``<path>/lock-0000000017-0``, and writes number 18. Both succeed for one process only,
whatever happens, so nothing is ever overwritten. A process that dies leaves its lock behind: once that is older
than ``LEASE``, another takes over by creating ``lock-0000000017-1``.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from fsspec import filesystem  # type: ignore[import-untyped]  # it brings none

from tiktokshop_client.errors import ConfigurationError, TikTokShopError, TransientError
from tiktokshop_client.stores.store import LOCK_TIMEOUT, LostRaceError
from tiktokshop_client.token import ROOM, Token, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LEASE = 60.0
"""Seconds after which the lock of a process that has not let go of it is taken over."""

PAUSE = 0.25
"""Seconds between looks at a lock that another process holds."""

# How each store is asked to create an object only if it is not there.
EXCLUSIVE: Mapping[str, Mapping[str, Any]] = {
    "s3": {"mode": "create"},
    "gs": {"mode": "create"},
    "az": {"overwrite": False},
}

_PAIR = re.compile(r"pair-(\d{10})")
_LOCK = re.compile(r"lock-(\d{10})-(\d+)")


class ObjectStore:
    """Keeps the pair as numbered objects under one path.

    Args:
        protocol: ``s3``, ``gs`` or ``az``.
        path: Bucket (or container) and folder.
        name: What a human knows the store by.
        options: What fsspec's filesystem takes; credentials come from the cloud's own places.
    """

    def __init__(self, protocol: str, path: str, name: str, options: Mapping[str, Any] | None = None) -> None:
        self.name = name
        self._path = path.rstrip("/")
        self._exclusive = EXCLUSIVE[protocol]
        self._files: Any = filesystem(protocol, use_listings_cache=False, skip_instance_cache=True, **(options or {}))
        self._replacing: int | None = None  # the number of the pair that was current when the lock was taken

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock on the current pair.

        Raises:
            TransientError: Another process holds it for longer than a refresh can take, or the store is not there.
            ConfigurationError: The store does not let us.
        """
        mine = self._lock()
        try:
            yield
        finally:
            self._replacing = None
            self._drop(mine)

    def read(self) -> Token | None:
        """The pair with the highest number.

        Raises:
            ConfigurationError: The store does not let us, or the object holds something else.
            TransientError: The store is not there.
        """
        while True:
            number = self._current()
            if number == 0:
                return None
            text = self._told(lambda number=number: self._fetch(number))  # type: ignore[misc]
            if text is not None:  # else it was replaced between the two looks
                return decode(text, self.name)

    def write(self, token: Token) -> None:
        """Creates the pair with the next number, then removes those before.

        Raises:
            LostRaceError: Another process has created it.
        """
        number = (self._current() if self._replacing is None else self._replacing) + 1
        text = encode(token)
        if not self._create(f"pair-{number:010d}", text) and self._told(lambda: self._fetch(number)) != text:
            raise LostRaceError(f"another process has stored a pair in {self.name} meanwhile")
        if self._replacing is not None:
            self._replacing = number
        with contextlib.suppress(TikTokShopError):  # the pair is stored; what stays is taken away by the next write
            for name in self._names():
                match = _PAIR.fullmatch(name) or _LOCK.fullmatch(name)
                if match and int(match[1]) < number:
                    self._drop(name)

    def clear(self) -> None:
        """Removes all pairs."""
        for name in self._names():
            if _PAIR.fullmatch(name):
                self._told(lambda name=name: self._files.rm_file(f"{self._path}/{name}"))  # type: ignore[misc]

    def check_writable(self) -> None:
        """Creates and removes an object beside the pairs, named like the next one and as large as one can get.

        Raises:
            ConfigurationError: That is not allowed, or the store does not keep two from creating one object.
            TransientError: The store is not there.
        """
        name = f"pair-{self._current() + 1:010d}-check-{secrets.token_hex(4)}"
        first, second = self._create(name, b"1" * ROOM), self._create(name, b"2" * ROOM)
        self._drop(name)
        if not first or second:
            raise ConfigurationError(
                f"the token store {self.name} overwrites objects that it was asked to create only if they are not "
                "there (conditional writes), so two runs could lose each other's tokens: use another store",
            )

    def _lock(self) -> str:
        """Creates the lock object of the current pair; its name."""
        until = time.monotonic() + LOCK_TIMEOUT
        while time.monotonic() < until:
            number = self._current()
            held = [int(match[2]) for match in map(_LOCK.fullmatch, self._names()) if match and int(match[1]) == number]
            newest = f"lock-{number:010d}-{max(held, default=0)}"
            if held and not self._is_stale(newest):
                time.sleep(PAUSE)
                continue
            mine = f"lock-{number:010d}-{max(held, default=-1) + 1}"
            if self._create(mine, b""):
                if self._current() == number:
                    self._replacing = number
                    return mine
                self._drop(mine)  # the pair was replaced between the two looks
        raise TransientError(f"another process has held the token store {self.name} for {LOCK_TIMEOUT:.0f} seconds")

    def _is_stale(self, name: str) -> bool:
        made = self._told(lambda: self._made(name))
        return isinstance(made, datetime) and (datetime.now(timezone.utc) - made).total_seconds() > LEASE

    def _made(self, name: str) -> datetime | None:
        try:
            facts = self._files.info(f"{self._path}/{name}")
        except FileNotFoundError:
            return None
        made = next((facts[key] for key in ("LastModified", "last_modified", "mtime", "updated") if key in facts), None)
        if isinstance(made, str):
            made = datetime.fromisoformat(made.replace("Z", "+00:00"))
        return made if isinstance(made, datetime) else None

    def _current(self) -> int:
        """The number of the current pair, 0 if there is none."""
        return max((int(match[1]) for match in map(_PAIR.fullmatch, self._names()) if match), default=0)

    def _names(self) -> list[str]:
        def look() -> list[str]:
            self._files.invalidate_cache()
            try:
                return [str(path).rsplit("/", 1)[-1] for path in self._files.ls(self._path, detail=False)]
            except FileNotFoundError:
                return []

        return self._told(look)  # type: ignore[no-any-return]

    def _fetch(self, number: int) -> bytes | None:
        try:
            return bytes(self._files.cat_file(f"{self._path}/pair-{number:010d}"))
        except FileNotFoundError:
            return None

    def _create(self, name: str, content: bytes) -> bool:
        """Whether the object was not there before."""

        def create() -> bool:
            try:
                self._files.pipe_file(f"{self._path}/{name}", content, **self._exclusive)
            except FileExistsError:
                return False
            return True

        return self._told(create)  # type: ignore[no-any-return]

    def _drop(self, name: str) -> None:
        """Removes an object that is no longer needed; one that stays does no harm."""
        with contextlib.suppress(Exception):
            self._files.rm_file(f"{self._path}/{name}")

    def _told(self, work: Callable[[], Any]) -> Any:
        """The work's result; the library's errors in our words, because theirs may show more than a human needs."""
        error: TikTokShopError
        try:
            return work()
        except PermissionError:
            error = self._refused()
        except FileNotFoundError:
            error = ConfigurationError(f"the token store {self.name} does not exist: make its bucket first")
        except Exception as problem:  # noqa: BLE001 - every cloud's library has its own
            if "Credential" in type(problem).__name__ or "Auth" in type(problem).__name__:
                error = self._refused()
            else:
                error = TransientError(f"the token store {self.name} cannot be reached ({type(problem).__name__})")
                error.reach = "run"
        raise error

    def _refused(self) -> ConfigurationError:
        return ConfigurationError(
            f"the token store {self.name} refuses these credentials: check the cloud's own settings on this machine, "
            "and that they may list, read, create and delete objects there",
        )
