"""Every table that we keep in PostgreSQL fails in the same words, and they hold nothing of the server's."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors as pg
from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.postgres import OwnTables

TABLES = OwnTables("the token store postgresql://host/shop", "token_store", "the table t")
REFUSES = (
    "refuses this user, password or database: check the setting token_store, and that the user may read and write "
    "the table t"
)
BUSY = "has not answered in time: something else keeps the table t locked, or the server is overloaded"
STANDBY = (
    "can only be read (a standby, or default_transaction_read_only): put the address of the primary server into the "
    "setting token_store"
)
AWAY = "cannot be reached: check that PostgreSQL runs there"
ERRORS = (
    (pg.InsufficientPrivilege("canary"), ConfigurationError, REFUSES),
    (pg.InvalidCatalogName("canary"), ConfigurationError, REFUSES),
    (psycopg.OperationalError('FATAL: password authentication failed for "canary"'), ConfigurationError, REFUSES),
    (psycopg.OperationalError('FATAL: role "canary" does not exist'), ConfigurationError, REFUSES),
    (pg.QueryCanceled("canary"), TransientError, BUSY),
    (pg.LockNotAvailable("canary"), TransientError, BUSY),
    (pg.DiskFull("canary"), ConfigurationError, "has no room (DiskFull): make room on the server"),
    (
        pg.ReadOnlySqlTransaction("canary"),
        ConfigurationError,
        STANDBY,
    ),
    (psycopg.OperationalError("connection to canary failed"), TransientError, AWAY),
    (pg.AdminShutdown("canary"), TransientError, AWAY),
    (pg.UndefinedColumn("canary"), ConfigurationError, "cannot be used (UndefinedColumn)"),
)


@pytest.mark.parametrize(("problem", "kind", "words"), ERRORS)
def test_an_error_of_the_server_is_one_sentence_of_ours(problem, kind, words):
    error = TABLES.error(problem)
    assert (type(error), str(error)) == (kind, f"the token store postgresql://host/shop {words}")


@pytest.mark.parametrize("url", ["postgresql://u:canary@host/db?nonsense=1", "postgresql://u:can%zzary@host/db"])
def test_an_address_that_libpq_cannot_read_is_refused_without_being_shown(url):
    with pytest.raises(ConfigurationError) as caught:
        TABLES.checked(url)
    assert str(caught.value) == (
        "the setting token_store is not a PostgreSQL URL: the token store postgresql://host/shop; check its options "
        "and percent signs"
    )
    assert caught.value.__context__ is None
