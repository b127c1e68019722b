"""What --warehouse names: a file, or a database's address, which is never shown with its password."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tiktokshop_books.errors import BooksError

_SERVERS: Final = ("postgresql://", "postgres://")
_HOST: Final = r"(\[[0-9A-Fa-f:.%]+\]|[\w.%-]*)(:\d+)?"
_HOSTS: Final = re.compile(rf"{_HOST}(,{_HOST})*")
# What a path seldom has, and an address with a password always.
_MAY_HOLD_A_SECRET: Final = re.compile(r"://|[@=]")


def is_server(where: str) -> bool:
    """Whether it is an address of PostgreSQL rather than a file's path."""
    return where.startswith(_SERVERS)


def file_at(where: str) -> Path:
    """The file that is there. Raises `BooksError` if none is, and then repeats no address."""
    with contextlib.suppress(OSError, ValueError):  # of a path that is too long, or that this user may not see
        if Path(where).is_file():
            return Path(where)
    if _MAY_HOLD_A_SECRET.search(where):
        raise BooksError(
            "What --warehouse says is neither a file nor an address that begins with postgresql://: say with it where "
            "the marts are, a DuckDB file or an address like postgresql://user@host/database."
        )
    raise BooksError(
        f"There is no file {where}: say with --warehouse where the marts are, a DuckDB file or an address like "
        "postgresql://user@host/database."
    )


def shown(address: str) -> str:
    """Scheme, hosts and database of an address. Raises `BooksError`, which repeats nothing, if it cannot be read."""
    with contextlib.suppress(ValueError, psycopg.Error):  # what they say has parts of the password
        conninfo_to_dict(address)
        parts = urlsplit(address)
        login, _, hosts = parts.netloc.rpartition("@")
        others = f"{login}{parts.path}{parts.query}{parts.fragment}"
        if address.isprintable() and "@" not in others and _HOSTS.fullmatch(hosts):
            return f"{parts.scheme}://{hosts}{parts.path}"
    raise BooksError(
        "The address in --warehouse cannot be read: write it as postgresql://user@host/database, and characters of the "
        "user and the password in percents, %25 for %, %40 for @, %2F for /, %3A for :."
    )


def passwords(address: str) -> list[str]:
    """The passwords in an address that can be read."""
    return [str(value) for name, value in conninfo_to_dict(address).items() if "password" in name and value]
