"""Consents under way in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tiktokshop_client.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_client.errors import TikTokShopError

SOCKET_TIMEOUT = 5.0
# A missing key is told from an empty text by the first argument.
_SWAP = """
local now = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then if now then return 0 end
elseif now ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
return 1
"""
_TAKE = "local now = redis.call('GET', KEYS[1]); redis.call('DEL', KEYS[1]); return now"


class RedisBook:
    """A key for each entry, which Redis itself removes in time.

    Args:
        url: ``redis://…``, as redis-py takes it.
        name: What a human knows the place by, without secrets.
        now: Unix seconds.
    """

    def __init__(self, url: str, name: str, now: Callable[[], float]) -> None:
        self.name = name
        self._now = now
        problem = ""
        try:
            self._redis: Any = Redis.from_url(
                url,
                socket_timeout=SOCKET_TIMEOUT,
                socket_connect_timeout=SOCKET_TIMEOUT,
                retry=Retry(ExponentialBackoff(cap=0.5, base=0.1), 2),
            )
            pool = self._redis.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # an option that it does not know shows only here
        except (ValueError, TypeError):
            problem = f"the setting consent_store is not a Redis URL: {name}; write it like redis://host:6379/0"
        if problem:
            raise ConfigurationError(problem)

    def put(self, key: str, text: bytes, until: int) -> None:
        """See ``ConsentBook``."""
        self._ask(lambda: self._redis.set(_key(key), text, ex=max(1, until - int(self._now()))))

    def read(self, key: str) -> bytes | None:
        """See ``ConsentBook``."""
        found: bytes | None = self._ask(lambda: self._redis.get(_key(key)))
        return found

    def take(self, key: str) -> bytes | None:
        """See ``ConsentBook``."""
        found: bytes | None = self._ask(lambda: self._redis.eval(_TAKE, 1, _key(key)))
        return found

    def swap(self, key: str, before: bytes | None, text: bytes) -> bool:
        """See ``ConsentBook``."""
        there = "0" if before is None else "1"
        return bool(self._ask(lambda: self._redis.eval(_SWAP, 1, _key(key), there, before or b"", text)))

    def _ask(self, work: Callable[[], Any]) -> Any:
        error: TikTokShopError
        try:
            return work()
        except (RedisConnectionError, RedisTimeoutError):
            error = TransientError(f"the consent store {self.name} cannot be reached: check that Redis runs there")
        except RedisError as problem:
            error = ConfigurationError(
                f"the consent store {self.name} cannot be used ({type(problem).__name__}): check the setting "
                "consent_store, and that the user may read and write the keys tiktokshop:consents:*, and run scripts"
            )
        raise error


def _key(key: str) -> str:
    return f"tiktokshop:consents:{key}"
