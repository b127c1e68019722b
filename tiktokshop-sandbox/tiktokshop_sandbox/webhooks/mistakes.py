"""What a receiver's own signature begins with if it makes one of the usual mistakes.

A receiver does not say what it has computed. So its maker compares it with these.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.signature import webhook_signature

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN: Final = 12
"""Characters of a signature that are shown; the rest would let others sign."""


def mistakes(key: str, secret: str, body: bytes) -> list[tuple[str, str]]:
    """(the beginning of a signature, what it was made of) of each usual mistake with this body."""
    right = webhook_signature(key, secret, body)
    found = {right[:SHOWN]: ""}
    for signature, words in _wrong_ones(key, secret, body):
        found.setdefault(signature[:SHOWN], words)
    return [(signature, words) for signature, words in found.items() if words]


def _wrong_ones(key: str, secret: str, body: bytes) -> Iterator[tuple[str, str]]:
    for words, other in _rewritten(body):
        yield webhook_signature(key, secret, other), words
    yield _digest(secret, body), "the body without the app's key before it"
    yield _digest(secret, body + key.encode()), "the app's key behind the body, and not before it"
    yield _digest(secret, (secret + key).encode() + body + secret.encode()), "a text as requests are signed"
    yield _digest(key, secret.encode() + body), "the app's key and secret the wrong way round"
    yield hashlib.sha256(key.encode() + body).hexdigest(), "a plain SHA-256 without the secret"
    right = bytes.fromhex(webhook_signature(key, secret, body))
    yield base64.b64encode(right).decode(), "the right bytes in base64, in place of lowercase hex"
    yield right.hex().upper(), "the right bytes in capitals, in place of lowercase hex"


def _digest(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _rewritten(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The body as common libraries would write it after they have read it."""
    try:
        data = json.loads(body)
    except ValueError:
        return
    yield "the body written anew with spaces, as json.dumps does", json.dumps(data).encode()
    anew = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    yield "the body written anew with other letters escaped", anew.encode()
    anew = json.dumps(data, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    yield "the body written anew with its names sorted", anew.encode()
    doubles = json.dumps(json.loads(body, parse_int=_double), separators=(",", ":"), ensure_ascii=False)
    yield "the body written anew by a language whose numbers are doubles", doubles.encode()


def _double(digits: str) -> int:
    return int(float(digits)) if len(digits) < 300 else 0
