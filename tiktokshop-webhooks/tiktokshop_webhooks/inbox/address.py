"""The setting ``webhook_inbox``: from a path or a URL to the inbox that it names."""

from __future__ import annotations

import contextlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from tiktokshop_client import Secret
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.redaction import known

from tiktokshop_webhooks.inbox.inbox import Inbox
from tiktokshop_webhooks.inbox.sqlite import SqliteEngine

if TYPE_CHECKING:
    from tiktokshop_webhooks.inbox.engine import Engine

DEFAULT = ".tiktokshop/inbox.sqlite"
_SERVERS = ("postgresql", "postgres")


def open_inbox(address: str, *, create: bool = True) -> Inbox:
    """The inbox at an address; nothing is opened before it is used.

    Args:
        address: A file's path, or ``postgresql://…``.
        create: Whether it may be made if it is missing.

    Raises:
        ConfigurationError: The address cannot be read, or the library for it is missing. It shows no password.
    """
    kind, colon, rest = address.partition(":")
    if colon and kind in _SERVERS and rest.startswith("//"):
        return Inbox(_server(address, create=create))
    if "://" in address or "@" in address:
        raise ConfigurationError(
            "the setting webhook_inbox is neither a file's path nor a URL that begins with postgresql://"
        )
    if not address.isprintable():
        raise ConfigurationError("the setting webhook_inbox holds a character that cannot be part of a path")
    try:
        path = Path(address).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            "the setting webhook_inbox begins with ~ and a user whose home is not known here: write the whole path"
        ) from None
    return Inbox(SqliteEngine(path, create=create))


def _server(address: str, *, create: bool) -> Engine:
    shown = None
    with contextlib.suppress(ValueError):  # of a port that is no number
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
        shown = f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
        options = [value for name, value in parse_qsl(parts.query) if "password" in name]
        known.add(*map(Secret, [unquote(parts.password or ""), *options]))
    if shown is None or "@" in shown:
        raise ConfigurationError(
            "the setting webhook_inbox is not a URL that can be read: write characters of the user and the password in "
            "percents, %40 for @, %2F for /, %3A for :"
        )
    if find_spec("psycopg") is None:
        raise ConfigurationError(
            "the setting webhook_inbox names a PostgreSQL database, whose library is not installed: in a clone, pip "
            "install './tiktokshop-webhooks[postgresql]'"
        )
    engine: Engine = import_module("tiktokshop_webhooks.inbox.postgresql").PostgreSQLEngine(
        address, shown, create=create
    )
    return engine
