"""The setting ``token_store``: from a path or a URL to the store it names."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.stores.seeds import CommandStore, EnvironmentStore
from tiktokshop_client.stores.store import FileStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_client.secret import Secret
    from tiktokshop_client.stores.store import TokenStore


@dataclass(frozen=True)
class Address:
    """A ``token_store`` that is not a file: its kind, and the text, which may hold a password and prints as ``***``."""

    kind: str
    text: Secret


@dataclass(frozen=True)
class _Kind:
    """How a kind of URL becomes a store: the library it needs, the extra that brings it, and the maker."""

    module: str
    extra: str
    make: Callable[[str, str], TokenStore]


def _server(module: str, store: str) -> Callable[[str, str], TokenStore]:
    """A maker for a store behind a server: its pairs are told apart by ``?name=``, else by the app's key."""

    def make(url: str, app_key: str) -> TokenStore:
        parts = _parts(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        entry = dict(query).get("name") or app_key
        bare = parts._replace(query=urlencode([(key, value) for key, value in query if key != "name"])).geturl()
        made: TokenStore = getattr(import_module(f"tiktokshop_client.stores.{module}"), store)(bare, shown(url), entry)
        return made

    return make


def _objects(protocol: str) -> Callable[[str, str], TokenStore]:
    def make(url: str, _: str) -> TokenStore:
        parts = _parts(url)
        if parts.query or parts.fragment:
            raise ConfigurationError(
                f"the setting token_store names an option that {protocol}:// does not have: write {protocol}://bucket/folder"
            )
        if not (parts.netloc and parts.path.strip("/")):
            raise ConfigurationError(
                f"the setting token_store needs a bucket and a folder: {protocol}://bucket/folder/for/one/seller"
            )
        store = import_module("tiktokshop_client.stores.objects").ObjectStore
        made: TokenStore = store(protocol, f"{parts.netloc}/{parts.path.strip('/')}", shown(url))
        return made

    return make


def _parts(url: str) -> SplitResult:
    parts = None
    with contextlib.suppress(ValueError):  # of a port that is no number, or of what is no text
        split = urlsplit(url)
        _ = split.port
        parts = split if unquote(url, errors="strict").isprintable() else None
    if parts is None:
        raise ConfigurationError(
            "the setting token_store is not a URL that can be read: check its port, brackets and percent signs"
        )
    return parts


_REDIS = _Kind("redis", "redis", _server("redis", "RedisStore"))
_POSTGRESQL = _Kind("psycopg", "postgresql", _server("postgresql", "PostgreSQLStore"))
KINDS: Mapping[str, _Kind] = {
    "env": _Kind("os", "", lambda address, _: EnvironmentStore(address.partition(":")[2].strip())),
    "command": _Kind("os", "", lambda address, _: CommandStore(address.partition(":")[2])),
    "redis": _REDIS,
    "rediss": _REDIS,
    "postgresql": _POSTGRESQL,
    "postgres": _POSTGRESQL,
    "s3": _Kind("s3fs", "s3", _objects("s3")),
    "gs": _Kind("gcsfs", "gs", _objects("gs")),
    "az": _Kind("adlfs", "az", _objects("az")),
}


_ONLY_READ = frozenset({"env", "command"})
_BUCKETS = frozenset({"s3", "gs", "az"})
_URLS = ", ".join(f"{name}://" for name in KINDS if name not in _ONLY_READ)

_LIKE_A_KIND = re.compile(rf"\s*({'|'.join(KINDS)})\s*([:;]|//|\\\\)", re.IGNORECASE)
_LIKE_A_PASSWORD = re.compile(r"(?![A-Za-z]:[\\/])[^@]*:[^@]*@|.*//:")
"""A colon and later an at sign, as around a password, but for a drive's; or a slip in `://`."""

_SHORT_WORD = re.compile(r"[A-Za-z]{1,10}")
"""What may be shown of an address: no password is as short and simple."""


def kind_of(text: str, setting: str = "token_store") -> str:
    """The kind of store that a ``token_store``, or another setting, names, "" for a file.

    Raises:
        ConfigurationError: It looks like a URL, but of no kind that is known, or is one in which a character of the
            password is taken for the end of it. The sentence shows nothing of the text, which may hold the password.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind in _ONLY_READ:
        return kind
    if colon and kind in KINDS and rest.startswith("//"):
        _check(kind, rest[2:], setting)
        return kind
    if "://" in text:
        named = f": {kind}://" if _SHORT_WORD.fullmatch(kind) and rest.startswith("//") else ""
        raise ConfigurationError(
            f"the setting {setting} names a kind of store that is not known{named}; there are a file's path, env:, "
            f"command:, {_URLS}",
        )
    if _LIKE_A_KIND.match(text) or _LIKE_A_PASSWORD.match(text):
        raise ConfigurationError(
            f"the setting {setting} is neither a file's path nor written as a URL: write it like "
            "redis://user:password@host:6379/0, env:NAME or command:program, in small letters; the kinds of URL are "
            f"{_URLS}",
        )
    return ""


def _check(kind: str, rest: str, setting: str) -> None:
    """Refuses an address whose parts are not what its writer took them for; its host and its path are shown later.

    Raises:
        ConfigurationError: It is one.
    """
    place, *others = re.split(r"[/?#]", rest, maxsplit=1)
    if kind in _BUCKETS and ":" in place:
        raise ConfigurationError(
            f"the setting {setting} holds more than {kind}://bucket/folder/for/one/seller: leave user and password "
            "out, they come from the cloud's own settings on this machine",
        )
    if kind not in _BUCKETS and (place.count("@") > 1 or "@" in "".join(others)):
        raise ConfigurationError(
            f"the setting {setting} has an @ that is not the one behind user and password: write characters of the "
            "user, the password and the options in percents, %40 for @, %2F for /, %3F for ?, %23 for #, %3A for :, "
            "%25 for %",
        )


def open_store(where: Path | Address, app_key: str) -> TokenStore:
    """The store at a path or an address.

    Raises:
        ConfigurationError: The address cannot be read, or the library for its kind is missing.
    """
    if isinstance(where, Path):
        return FileStore(where)
    kind = KINDS[where.kind]
    if find_spec(kind.module) is None:
        raise ConfigurationError(
            f"the setting token_store names a {where.kind} store, whose library is not installed: "
            f"install tiktokshop-client with the extra {kind.extra}, in a clone with "
            f"pip install './tiktokshop-client[{kind.extra}]'",
        )
    return kind.make(where.text.reveal(), app_key)


def shown(url: str) -> str:
    """A store's URL without user, password and options."""
    parts = _parts(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
