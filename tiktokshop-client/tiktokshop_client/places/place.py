"""What a place for shared budgets can do, and which one the settings name."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.places.file import FilePlace
from tiktokshop_client.stores import Address, shown

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

REDIS = frozenset({"redis", "rediss"})
HERE = Path(".tiktokshop") / "claims"
POSTGRESQL = frozenset({"postgresql", "postgres"})
SHARED_TOKENS = frozenset({"postgresql", "postgres", "s3", "gs", "az"})
"""Token stores that many processes have in common, but in which they can share no budget."""


class BudgetPlace(Protocol):
    """Keeps a document under each key, and changes it for one process at a time.

    Attributes:
        name: What a human knows the place by, without secrets.
        alone: The part of a budget that a process allows itself if it has never reached the place.
        wanted: Whether somebody has asked for it, so that one that cannot be used ends the run.
    """

    name: str
    alone: float
    wanted: bool

    def now(self) -> float:
        """Seconds by the place's clock, which all processes share."""

    def exchange(self, key: str, change: Callable[[bytes | None, float], tuple[bytes, Result]]) -> Result:
        """Changes a document; nobody else has changed it meanwhile.

        Args:
            key: Which document.
            change: From what is stored (None if nothing is) and the place's seconds to what is to be stored, and the
                result. It may be called several times; the last one counts.

        Raises:
            TransientError: The place cannot be reached, or does not answer in time.
            ConfigurationError: It does not let us.
        """

    def close(self) -> None:
        """Closes the way to it; whoever asks again opens it again."""


def open_place(budget_store: Address | None, token_store: Path | Address | None) -> BudgetPlace | None:
    """The place that the settings name; else Redis or the folder where the tokens are; None where that is neither.

    Raises:
        ConfigurationError: The address cannot be used, or the library for it is missing.
    """
    if budget_store is not None:
        return _redis(budget_store, "budget_store")
    if isinstance(token_store, Path):
        return FilePlace(token_store.with_name(f"{token_store.name}.budgets"))
    if token_store is not None and token_store.kind in REDIS:
        return _redis(token_store, "token_store")
    return None


def open_day_place(budget_store: Address | None, token_store: Path | Address | None) -> BudgetPlace | None:
    """The place where processes count the requests of a day: the same, else PostgreSQL where the tokens are.

    That is asked once for many requests, so it may be slower than one for budgets.

    Raises:
        ConfigurationError: The address cannot be used, or the library for it is missing.
    """
    if budget_store is None and isinstance(token_store, Address) and token_store.kind in POSTGRESQL:
        url = token_store.text.reveal()
        made: BudgetPlace = import_module("tiktokshop_client.places.postgresql").PostgreSQLPlace(_bare(url), shown(url))
        return made
    return open_place(budget_store, token_store)


def open_claims_place(budget_store: Address | None, token_store: Path | Address | None) -> BudgetPlace:
    """The place where processes see one another's claims: the same, else a folder of this machine.

    Raises:
        ConfigurationError: The address cannot be used, or the library for it is missing.
    """
    if budget_store is None and isinstance(token_store, Path):
        return FilePlace(token_store.with_name(f"{token_store.name}.claims"), "claims", wanted=True)
    return open_day_place(budget_store, token_store) or FilePlace(HERE, "claims", wanted=True)


def _bare(url: str) -> str:
    """A store's URL without the name of the entry in it."""
    parts = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "name"]
    return parts._replace(query=urlencode(query)).geturl()


def unshared(budget_store: Address | None, token_store: Path | Address | None) -> str:
    """One sentence where processes have their tokens in common and no budget, "" elsewhere."""
    if budget_store is not None or not isinstance(token_store, Address) or token_store.kind not in SHARED_TOKENS:
        return ""
    return (
        f"processes that have the tokens in {token_store.kind}:// in common share no budget of requests, so several at "
        "a time on one shop send too many: set budget_store to a Redis, or let one run at a time read a shop"
    )


def _redis(address: Address, setting: str) -> BudgetPlace:
    if find_spec("redis") is None:
        raise ConfigurationError(
            f"the setting {setting} names a Redis, whose library is not installed: install tiktokshop-client with the "
            "extra redis, in a clone with pip install './tiktokshop-client[redis]'"
        )
    url = address.text.reveal()
    made: BudgetPlace = import_module("tiktokshop_client.places.redis").RedisPlace(_bare(url), shown(url), setting)
    return made
