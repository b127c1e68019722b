"""A token pair in Redis: one key, one lock with a lease that is renewed while a refresh lasts."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    AuthenticationError,
    LockError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.stores.store import LOCK_TIMEOUT, LostRaceError
from tiktokshop_client.token import ROOM, Token, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiktokshop_client.errors import TikTokShopError

LEASE = 30.0
"""Seconds after which the lock of a process that died is free. A living one renews it in time."""

TRIES = 3
SOCKET_TIMEOUT = 10.0

# Writes only over what was there when the lock was taken: a lock whose lease ran out must not cost a newer pair. A key
# that is gone (FLUSHALL, eviction) holds nobody's pair, so it is written.
# A Redis whose memory has become full since then takes a pair in place of another.
_REPLACE = """
local now = redis.call('GET', KEYS[1]) or ''
if now ~= '' and now ~= ARGV[1] then return 0 end
local done = redis.pcall('SET', KEYS[1], ARGV[2])
if done.err and string.find(done.err, 'OOM', 1, true) then
    redis.call('DEL', KEYS[1])
    done = redis.pcall('SET', KEYS[1], ARGV[2])
end
if done.err then return done end
return 1
"""

# The same writes as above, to the same key; nobody sees what is between.
_REHEARSE = """
local now = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1])
if now then redis.call('SET', KEYS[1], now) else redis.call('DEL', KEYS[1]) end
"""


class RedisStore:
    """Keeps the pair under one key.

    Args:
        url: ``redis://`` or ``rediss://``, as redis-py takes it.
        name: What a human knows the store by, without secrets.
        entry: Which of several pairs in the same database it is.
    """

    def __init__(self, url: str, name: str, entry: str) -> None:
        self.name = name
        self.entry = entry
        self._key = f"tiktokshop:tokens:{entry}"
        problem = ""
        try:
            self._redis: Any = Redis.from_url(
                url,
                socket_timeout=SOCKET_TIMEOUT,
                socket_connect_timeout=SOCKET_TIMEOUT,
                retry=Retry(ExponentialBackoff(cap=1, base=0.1), TRIES),
            )
            pool = self._redis.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # an option that it does not know shows only here
        except (ValueError, TypeError):
            problem = (
                f"the setting token_store is not a Redis URL: {name}; write it like redis://host:6379/0, with options "
                "that redis-py knows"
            )
        if problem:
            raise ConfigurationError(problem)
        self._before: bytes | None = None  # what the key held when the lock was taken, None without the lock

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock, and renews it from a thread.

        Raises:
            TransientError: Another process holds it for longer than a refresh can take, or Redis is not there.
            ConfigurationError: Redis does not let us.
        """
        lock = self._redis.lock(
            f"{self._key}:lock", timeout=LEASE, sleep=0.1, blocking_timeout=LOCK_TIMEOUT, thread_local=False
        )
        if not self._ask(lock.acquire):
            raise TransientError(f"another process has held the token store {self.name} for {LOCK_TIMEOUT:.0f} seconds")
        done = threading.Event()
        keeper = threading.Thread(target=_renew, args=(lock, done), daemon=True)
        try:
            self._before = self._ask(lambda: self._redis.get(self._key)) or b""
            keeper.start()
            yield
        finally:
            self._before = None
            done.set()
            if keeper.ident is not None:
                keeper.join()
            with contextlib.suppress(LockError, RedisError):  # it ran out, which frees it as well
                lock.release()

    def read(self) -> Token | None:
        """The stored pair.

        Raises:
            ConfigurationError: Redis does not let us, or the key holds something else.
            TransientError: Redis is not there.
        """
        text = self._ask(lambda: self._redis.get(self._key))
        return decode(text, self.name) if text else None

    def write(self, token: Token) -> None:
        """Replaces the key's value; under the lock only if it is still what it was."""
        text, before = encode(token), self._before
        if before is None:
            self._ask(lambda: self._redis.set(self._key, text))
        elif self._ask(lambda: self._redis.eval(_REPLACE, 1, self._key, before, text)) or (
            self._ask(lambda: self._redis.get(self._key)) == text  # a try whose answer was lost has written it
        ):
            self._before = text
        else:
            raise LostRaceError(f"another process has stored a pair in {self.name} meanwhile")

    def clear(self) -> None:
        """Deletes the key."""
        self._ask(lambda: self._redis.delete(self._key))

    def check_writable(self) -> None:
        """Writes the key, with as much as a pair can need, and puts back what it held, in one go.

        Raises:
            ConfigurationError: That is not allowed, or there is no memory.
            TransientError: Redis is not there.
        """
        self._ask(lambda: self._redis.eval(_REHEARSE, 1, self._key, b"." * ROOM))

    def _ask(self, work: Any) -> Any:
        error: TikTokShopError
        try:
            return work()
        except OutOfMemoryError:
            error = ConfigurationError(
                f"the token store {self.name} has no memory left: raise Redis's maxmemory, or choose another store"
            )
        except ReadOnlyError:
            error = ConfigurationError(
                f"the token store {self.name} is a replica that only reads: put the address of the primary Redis into "
                "the setting token_store"
            )
        except (AuthenticationError, NoPermissionError):
            error = self._refused()
        except (RedisConnectionError, RedisTimeoutError):
            error = TransientError(f"the token store {self.name} cannot be reached: check that Redis runs there")
            error.reach = "run"
        except RedisError as problem:
            # In a script, a missing right to one of its commands comes as any other error.
            refused = "NOPERM" in str(problem) or "permission" in str(problem)
            error = self._refused() if refused else self._unusable(problem)
        raise error

    def _refused(self) -> ConfigurationError:
        return ConfigurationError(
            f"the token store {self.name} refuses this user or password: check the setting token_store, and that "
            f"the user may read and write the keys tiktokshop:tokens:*",
        )

    def _unusable(self, problem: Exception) -> ConfigurationError:
        return ConfigurationError(f"the token store {self.name} cannot be used ({type(problem).__name__})")


def _renew(lock: Any, done: threading.Event) -> None:
    """Renews the lease three times in its length, until it is done or lost."""
    while not done.wait(LEASE / 3):
        with contextlib.suppress(RedisError):  # if it fails now, two more tries are left
            if not lock.owned():
                return
            lock.reacquire()
