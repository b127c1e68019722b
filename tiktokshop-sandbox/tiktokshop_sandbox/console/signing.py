"""A signature that did not match: what the server signed, what came, and which mistake would explain the difference.

The app's secret shows as stars in everything that leaves this module.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tiktokshop_sandbox.signature import media_type, string_to_sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tiktokshop_sandbox.exchange import RawRequest

STARS: Final = "***"
_SHOWN: Final = 12
_LONGEST: Final = 4_000
_SECRET: Final = frozenset({"access_token"})


@dataclass(frozen=True)
class Rejection:
    """What the console shows of a request whose signature was refused; no secret in it, signatures cut short."""

    signed: str
    expected: str
    sent: str
    line: str
    content_type: str
    body: str
    slips: tuple[str, ...]


def rejection(secret: str, request: RawRequest) -> Rejection:
    """Takes a refused request apart."""
    content_type = request.headers.get("content-type", "")
    text = string_to_sign(secret, request.path, request.query, content_type, request.body)
    sent = request.query.get("sign", "")
    query = "&".join(
        f"{quote(name, safe='')}={STARS if name in _SECRET else quote(value[:_SHOWN] if name == 'sign' else value)}"
        for name, first in request.query.items()
        for value in request.repeated.get(name, (first,))
    )
    return Rejection(
        signed=_masked(text.decode("utf-8", "replace"), secret),
        expected=_digest(secret, text)[:_SHOWN] + "…",
        sent=sent[:_SHOWN] + ("…" if len(sent) > _SHOWN else ""),
        line=_masked(f"{request.method} {request.path}?{query}", secret),
        content_type=content_type or "none",
        body=_masked(request.body[:_LONGEST].decode("utf-8", "replace"), secret) or "none",
        slips=tuple(_slips(secret, request, sent)),
    )


def _masked(text: str, secret: str) -> str:
    return text.replace(secret, STARS)[:_LONGEST]


def _digest(key: str, text: bytes) -> str:
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def _slips(secret: str, request: RawRequest, sent: str) -> Iterator[str]:
    """The known mistakes that lead to exactly the signature that came."""
    text = string_to_sign(secret, request.path, request.query, request.headers.get("content-type", ""), request.body)
    if sent != sent.strip().lower() and sent.strip().lower() == _digest(secret, text):
        yield "It is right except for capitals or spaces: send lowercase hex."
    if sent == hashlib.sha256(text).hexdigest():
        yield "It is a plain SHA-256: use HMAC-SHA256 with the app's secret as the key."
    for name, values in request.repeated.items():
        yield f"{name} came {len(values)} times, of which the first counts: lists go comma-joined in one value."
    for words, build in _VARIANTS.items():
        candidate = build(secret, request)
        if candidate is not None and candidate != text and sent == _digest(secret, candidate):
            yield words
    for body in _rewritten(request.body):
        if sent == _digest(secret, _text(secret, request.path, request.query, body)):
            yield "It was made over the same JSON written otherwise (spaces, order): sign the very bytes that are sent."
            return


def _pairs(query: Mapping[str, str], unsigned: tuple[str, ...] = ("sign", "access_token")) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in query.items() if name not in unsigned)


def _text(secret: str, path: str, query: Mapping[str, str], body: bytes) -> bytes:
    signed = "".join(name + value for name, value in _pairs(query))
    return (secret + path + signed).encode("utf-8", "surrogateescape") + body + secret.encode()


def _plain(secret: str, request: RawRequest, signed: str, path: str | None = None) -> bytes:
    content_type = request.headers.get("content-type", "")
    body = b"" if media_type(content_type) == "multipart/form-data" else request.body
    return (secret + (request.path if path is None else path) + signed).encode("utf-8", "surrogateescape") + (
        body + secret.encode()
    )


def _with(pairs: list[tuple[str, str]], glue: str = "{0}{1}", between: str = "") -> str:
    return between.join(glue.format(name, value) for name, value in pairs)


_VARIANTS: Final[Mapping[str, Callable[[str, RawRequest], bytes | None]]] = {
    "It was made without the body: append the exact bytes of the body.": lambda secret, request: _text(
        secret, request.path, request.query, b""
    ),
    "It was made over the body, which is not signed in multipart requests.": lambda secret, request: _text(
        secret, request.path, request.query, request.body
    ),
    "It was made over {} although no body was sent: sign what is sent.": lambda secret, request: (
        None if request.body else _text(secret, request.path, request.query, b"{}")
    ),
    "It was made with access_token among the parameters: leave it out.": lambda secret, request: _plain(
        secret, request, _with(_pairs(request.query, ("sign",)))
    ),
    "It was made with the parameters as they were sent: sort them by name.": lambda secret, request: _plain(
        secret, request, _with([pair for pair in request.query.items() if pair[0] not in {"sign", "access_token"}])
    ),
    "It was made over percent-encoded values: sign the plain ones.": lambda secret, request: _plain(
        secret, request, _with([(name, quote(value, safe="")) for name, value in _pairs(request.query)])
    ),
    "It was made without the empty parameters: those count as well.": lambda secret, request: _plain(
        secret, request, _with([pair for pair in _pairs(request.query) if pair[1]])
    ),
    "It was made with = and & between the parameters: leave them out.": lambda secret, request: _plain(
        secret, request, _with(_pairs(request.query), "{0}={1}", "&")
    ),
    "It was made with a slash at the end of the path: leave it out.": lambda secret, request: _plain(
        secret, request, _with(_pairs(request.query)), request.path + "/"
    ),
    "It was made without the path.": lambda secret, request: _plain(secret, request, _with(_pairs(request.query)), ""),
    "It was made without the app's secret at both ends of the text.": lambda secret, request: _plain(
        secret, request, _with(_pairs(request.query))
    )[len(secret.encode()) : -len(secret.encode())],
    "It was made without the app_key: that is signed like every parameter.": lambda secret, request: _plain(
        secret, request, _with(_pairs(request.query, ("sign", "access_token", "app_key")))
    ),
    "It was made without shop_cipher: that is signed like every parameter.": lambda secret, request: _plain(
        secret, request, _with(_pairs(request.query, ("sign", "access_token", "shop_cipher")))
    ),
}


def _rewritten(body: bytes) -> Iterator[bytes]:
    """The same JSON as common libraries would write it."""
    try:
        data = json.loads(body)
    except ValueError:
        return
    for separators in ((", ", ": "), (",", ":")):
        for ordered in (False, True):
            for ascii_only in (False, True):
                text = json.dumps(data, separators=separators, sort_keys=ordered, ensure_ascii=ascii_only)
                if text.encode() != body:
                    yield text.encode()
