"""What all tables that we keep in PostgreSQL have in common: the check of the address, and errors in our words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

import psycopg
import psycopg.conninfo
from psycopg import errors as pg

from tiktokshop_client.errors import ConfigurationError, TikTokShopError, TransientError
from tiktokshop_client.secret import Secret

_REFUSAL = re.compile(r"authentication failed|no password|pg_hba|(role|database) .* does not exist")


class Trouble(Enum):
    """Why the server did not do it, and what to say of the place after its name."""

    REFUSED = (
        "refuses this user, password or database: check the setting {setting}, and that the user may read and write "
        "{tables}"
    )
    BUSY = "has not answered in time: something else keeps {tables} locked, or the server is overloaded"
    FULL = "has no room ({kind}): make room on the server"
    STANDBY = (
        "can only be read (a standby, or default_transaction_read_only): put the address of the primary server into "
        "the setting {setting}"
    )
    AWAY = "cannot be reached: check that PostgreSQL runs there"
    OTHER = "cannot be used ({kind})"

    @property
    def passes(self) -> bool:
        """Whether a later try may go well with nothing changed."""
        return self in {Trouble.BUSY, Trouble.AWAY}


_BY_CLASS: tuple[tuple[tuple[type[psycopg.Error], ...], Trouble], ...] = (
    (
        (pg.InsufficientPrivilege, pg.InvalidPassword, pg.InvalidAuthorizationSpecification, pg.InvalidCatalogName),
        Trouble.REFUSED,
    ),
    ((pg.QueryCanceled, pg.LockNotAvailable), Trouble.BUSY),
    ((pg.DiskFull, pg.OutOfMemory, pg.InsufficientResources), Trouble.FULL),
    ((pg.ReadOnlySqlTransaction,), Trouble.STANDBY),
    ((psycopg.OperationalError,), Trouble.AWAY),
)


def trouble(problem: psycopg.Error) -> Trouble:
    """The kind of an error; the words decide where connecting failed, because that has no code of its own."""
    found = next((kind for classes, kind in _BY_CLASS if isinstance(problem, classes)), Trouble.OTHER)
    return Trouble.REFUSED if found is Trouble.AWAY and _REFUSAL.search(str(problem)) else found


@dataclass(frozen=True)
class OwnTables:
    """Tables of ours in a database of the user's.

    Args:
        what: What a human calls it, without secrets, such as ``the token store postgresql://host/shop``.
        setting: The setting that holds its address.
        tables: Which tables, such as ``the table tiktokshop_tokens``.
    """

    what: str
    setting: str
    tables: str

    def checked(self, url: str) -> Secret:
        """The address, if libpq can read it.

        Raises:
            ConfigurationError: It cannot; the sentence does not hold the address.
        """
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except (psycopg.Error, ValueError):
            pass
        else:
            return Secret(url)
        raise ConfigurationError(
            f"the setting {self.setting} is not a PostgreSQL URL: {self.what}; check its options and percent signs"
        )

    def says(self, problem: psycopg.Error) -> str:
        """One sentence on an error, without the server's own words, which may hold secrets."""
        words = trouble(problem).value
        kind = type(problem).__name__
        return f"{self.what} {words.format(setting=self.setting, tables=self.tables, kind=kind)}"

    def error(self, problem: psycopg.Error) -> TikTokShopError:
        """The same as an exception: one that passes, or one that a person must mend."""
        return (TransientError if trouble(problem).passes else ConfigurationError)(self.says(problem))
