"""A seller's token pair, and the text in which every store keeps it: JSON, encrypted if the environment has a key."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.secret import Secret

KEY_VARIABLE = "TIKTOKSHOP_TOKEN_KEY"
"""The environment variable with the key (Fernet, 32 bytes in URL-safe base64) that stored pairs are encrypted with.
Several, parted by commas: the first encrypts, all are tried to decrypt, so that a key can be changed."""

ENCRYPTED = b"gAAAA"
"""What everything that Fernet encrypts begins with: its version and the high bytes of a time."""


LONGEST_TOKEN = 4096
"""Characters of a token; no server takes a longer header."""
LONGEST_TEXT = 256
"""Characters that are kept of a name."""
LONGEST_SCOPES = 8192
"""Characters that are kept of all scopes together."""

ROOM = 1 << 17
"""Bytes that hold any pair, however it is encoded: what a store must have room for before a refresh."""

_ACCESS = re.compile(r"[!-~]*")  # it travels in a header
_REFRESH = re.compile(r"[^\x00-\x20\x7f\ud800-\udfff]*")  # it travels percent-encoded


@dataclass(frozen=True)
class Token:
    """A grant's token pair and what is known about it. Times are unix seconds, None if unknown.

    Attributes:
        access_token: The token that goes with requests; empty in a seed of a refresh token alone.
        refresh_token: The token that buys the next pair, None if there is none.
        access_expires_at: When the access token expires.
        refresh_expires_at: When the refresh token expires; may lie a century ahead.
        issued_at: When this pair was fetched.
        seed: The fingerprint of the configuration that the pair descends from.
        open_id: The seller's id towards this app.
        seller_name: The seller's name.
        region: The seller's base region.
        granted_scopes: The scopes of the grant, as far as the platform names them.
    """

    access_token: Secret
    refresh_token: Secret | None = None
    access_expires_at: int | None = None
    refresh_expires_at: int | None = None
    issued_at: int | None = None
    seed: str = ""
    open_id: str = ""
    seller_name: str = ""
    region: str = ""
    granted_scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, secret, good in (
            ("access token", self.access_token, _ACCESS),
            ("refresh token", self.refresh_token, _REFRESH),
        ):
            text = secret.reveal() if secret else ""
            if len(text) > LONGEST_TOKEN or not good.fullmatch(text):
                raise BadTokenError(f"the {name} holds characters that cannot be part of one, or too many")


class BadTokenError(ValueError):
    """What should be a token cannot be one. The message does not show it."""


class _Stored(msgspec.Struct, kw_only=True):
    """The text's content."""

    access_token: str
    seed: str
    refresh_token: str | None = None
    access_expires_at: int | None = None
    refresh_expires_at: int | None = None
    issued_at: int | None = None
    open_id: str = ""
    seller_name: str = ""
    region: str = ""
    granted_scopes: tuple[str, ...] = ()


class _Foreign(_Stored, kw_only=True):
    """The same by another program's hand, which may be the token host's own answer."""

    seed: str = ""


def encode(token: Token) -> bytes:
    """The pair as a store keeps it.

    Raises:
        ConfigurationError: The environment's key is not one, or the library to use it is missing.
    """
    facts = {name: getattr(token, name) for name in _Stored.__struct_fields__}
    facts["access_token"] = token.access_token.reveal()
    facts["refresh_token"] = token.refresh_token.reveal() if token.refresh_token else None
    text = msgspec.json.format(msgspec.json.encode(_Stored(**facts)), indent=1) + b"\n"
    lock = _lock()
    return text if lock is None else bytes(lock.encrypt(text))


def decode(text: bytes, name: str, *, foreign: bool = False) -> Token:
    """The pair that a store keeps.

    Args:
        text: What ``encode`` made, encrypted or not.
        name: What a human knows the store by.
        foreign: Whether another program may have made the text.

    Raises:
        ConfigurationError: The text is something else, or the environment has not the key for it.
    """
    stored = None
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        stored = msgspec.json.decode(_opened(text, name), type=_Foreign if foreign else _Stored)
    if stored is None:
        raise ConfigurationError(
            f"the token store {name} does not hold a token pair: restore it, or delete it and configure a new "
            "refresh_token",
        )
    facts: dict[str, Any] = {name: getattr(stored, name) for name in _Stored.__struct_fields__}
    refresh_token = (stored.refresh_token or "").strip()
    facts["access_token"] = Secret(stored.access_token.strip())
    facts["refresh_token"] = Secret(refresh_token) if refresh_token else None
    problem = ""
    try:
        return Token(**facts)
    except BadTokenError as error:
        problem = str(error)
    raise ConfigurationError(
        f"the token store {name} does not hold a usable token pair: {problem}; copy all of it again",
    )


def rehearse() -> None:
    """Encodes a pair as ``encode`` is going to, so that a bad key or a missing library shows before it matters.

    Raises:
        ConfigurationError: As ``encode``.
    """
    encode(Token(Secret("rehearsal")))


def _opened(text: bytes, name: str) -> bytes:
    if not text.startswith(ENCRYPTED):
        return text
    lock = _lock()
    if lock is None:
        raise ConfigurationError(f"the token store {name} is encrypted: put its key into {KEY_VARIABLE}")
    opened = None
    with contextlib.suppress(import_module("cryptography.fernet").InvalidToken):
        opened = bytes(lock.decrypt(text.strip()))
    if opened is None:
        raise ConfigurationError(f"the token store {name} was encrypted with another key than {KEY_VARIABLE} holds")
    return opened


def _lock() -> Any:
    """What encrypts and decrypts with the environment's keys, None without a key."""
    keys = [key.strip() for key in os.environ.get(KEY_VARIABLE, "").split(",") if key.strip()]
    if not keys:
        return None
    fernet = None
    with contextlib.suppress(ImportError):
        fernet = import_module("cryptography.fernet")
    if fernet is None:
        raise ConfigurationError(
            f"{KEY_VARIABLE} needs the library for encryption: install tiktokshop-client with the extra encryption, "
            "in a clone with pip install './tiktokshop-client[encryption]'",
        )
    locks = None
    with contextlib.suppress(ValueError):
        locks = [fernet.Fernet(key) for key in keys]
    if locks is None:
        raise ConfigurationError(
            f"{KEY_VARIABLE} is not a key (32 bytes in URL-safe base64); make one with: python -c "
            '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"',
        )
    return fernet.MultiFernet(locks)
