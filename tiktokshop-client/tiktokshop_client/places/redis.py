"""Budgets that processes on any machines share in Redis, by the clock of its server."""

from __future__ import annotations

import random
import time
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tiktokshop_client.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_client.errors import TikTokShopError

Result = TypeVar("Result")

SOCKET_TIMEOUT = 1.0
"""Seconds for an answer; whoever gets none goes on with its share alone."""

KEPT = 26 * 3_600_000
"""Milliseconds for which a document stays that nobody uses: longer than a day whose requests are counted in it."""

TRIES = 50
"""How often a document that others change meanwhile is asked for again."""

PAUSE = 0.003
"""Seconds, at most, before it is asked for again: whoever comes first is then a matter of chance."""

DRIFT = 1e-4
"""Seconds by which two machines' clocks may drift apart in a second."""

_NO_NUMBER = b"-"
"""What no document has."""

# Stores a document if the number of the stored one is what the caller knows; else it gives what is stored. The number
# of a lost document is none, so that one of before it was lost never takes its place.
_SWAP = """
local time = redis.call('TIME')
local number = redis.call('HGET', KEYS[1], 'number') or ''
if number ~= ARGV[1] then
    return {0, time[1], time[2], number, redis.call('HGET', KEYS[1], 'document')}
end
if ARGV[2] ~= '' then
    redis.call('HSET', KEYS[1], 'number', ARGV[2], 'document', ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return {1, time[1], time[2]}
"""


class RedisPlace:
    """Keeps each document in a hash, together with a number that changes with it.

    Args:
        url: ``redis://`` or ``rediss://``, as redis-py takes it.
        name: What a human knows the place by, without secrets.
        setting: The setting that the address comes from.
    """

    def __init__(self, url: str, name: str, setting: str) -> None:
        self.name = name
        self.wanted = setting == "budget_store"
        self.alone = 0.1 if self.wanted else 1.0
        self._setting = setting
        problem = ""
        try:
            self._redis: Any = Redis.from_url(
                url, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=SOCKET_TIMEOUT, retry=Retry(NoBackoff(), 0)
            )
            pool = self._redis.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # an option that it does not know shows only here
        except (ValueError, TypeError):
            problem = (
                f"the setting {setting} is not a Redis URL: {name}; write it like redis://host:6379/0, with options "
                "that redis-py knows"
            )
        if problem:
            raise ConfigurationError(problem)
        self._swap = self._redis.register_script(_SWAP)
        self._stored: dict[str, tuple[bytes, bytes | None]] = {}  # key -> the number and the document, as last seen
        self._ahead: float | None = None  # how far the server's clock is ahead of ours
        self._unsure = 0.0  # by how much that may be wrong
        self._heard = 0.0
        self._lock = Lock()

    def now(self) -> float:
        """Seconds by the server's clock, as of the last answers."""
        return time.monotonic() + (self._ahead or 0.0)

    def exchange(self, key: str, change: Callable[[bytes | None, float], tuple[bytes, Result]]) -> Result:
        """See ``BudgetPlace``."""
        name = f"tiktokshop:budget:{key}"
        if key not in self._stored:
            self._stored[key] = self._found(self._ask(name, _NO_NUMBER))
        for tries in range(TRIES):
            number, document = self._stored[key]
            content, result = change(document, self.now())
            following = f"{random.getrandbits(64):x}".encode()
            answer = self._ask(name, number, following, content)
            if answer[0] == 1:
                self._stored[key] = (following, content)
                return result
            self._stored[key] = self._found(answer)
            if tries:
                time.sleep(random.random() * PAUSE)  # noqa: S311 - no secret
        raise TransientError(f"the shared budget in {self.name} is changed by others all the time")

    def close(self) -> None:
        """See ``BudgetPlace``."""
        self._redis.close()

    @staticmethod
    def _found(answer: list[Any]) -> tuple[bytes, bytes | None]:
        return answer[3], answer[4]

    def _ask(self, key: str, number: bytes, following: bytes = b"", content: bytes = b"") -> list[Any]:
        asked = time.monotonic()
        answer: list[Any] = self._told(lambda: self._swap(keys=[key], args=[number, following, content, KEPT]))
        heard = time.monotonic()
        with self._lock:
            ahead = int(answer[1]) + int(answer[2]) / 1e6 - (asked + heard) / 2
            unsure = (heard - asked) / 2
            known = self._unsure + DRIFT * (heard - self._heard)
            # Also where the server's clock was set: both cannot be right then.
            if self._ahead is None or unsure <= known or abs(ahead - self._ahead) > unsure + known:
                self._ahead, self._unsure, self._heard = ahead, unsure, heard
        return answer

    def _told(self, work: Callable[[], Any]) -> Any:
        error: TikTokShopError
        try:
            return work()
        except OutOfMemoryError:
            error = ConfigurationError(f"the shared budget in {self.name} has no memory left: raise Redis's maxmemory")
        except ReadOnlyError:
            error = ConfigurationError(
                f"the shared budget in {self.name} is a replica that only reads: put the address of the primary Redis "
                f"into the setting {self._setting}"
            )
        except (AuthenticationError, NoPermissionError):
            error = self._refused()
        except (RedisConnectionError, RedisTimeoutError):
            error = TransientError(f"the shared budget in {self.name} cannot be reached: check that Redis runs there")
        except RedisError as problem:
            # In a script, a missing right to one of its commands comes as any other error.
            refused = "NOPERM" in str(problem) or "permission" in str(problem)
            error = self._refused() if refused else self._unusable(problem)
        raise error

    def _refused(self) -> ConfigurationError:
        return ConfigurationError(
            f"the shared budget in {self.name} refuses this user or password: check the setting {self._setting}, and "
            "that the user may read and write the keys tiktokshop:budget:*, and run scripts"
        )

    def _unusable(self, problem: Exception) -> ConfigurationError:
        return ConfigurationError(f"the shared budget in {self.name} cannot be used ({type(problem).__name__})")
