"""The token pair in an answer of the token host, whatever its envelope: by then the old pair is spent."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.http.answers import decode
from tiktokshop_client.secret import Secret
from tiktokshop_client.token import BadTokenError, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_NUMBER = 300
"""Digits of a number that are read."""

DEEPEST = 4
"""How often data may be text, or a list, in itself."""

_ZERO = re.compile(r"\s*[-+]?0+(\.0*)?\s*")
_SPACE = re.compile(r"\s*")
_NAMES = ("access_token", "refresh_token")


def legible(body: bytes) -> tuple[bytes, list[Any]]:
    """The first JSON value of a body as strict JSON, and all that stand behind each other in it.

    Broken characters are replaced, numbers without a measure left out, and so is what follows the last value. A body
    that does not begin with an object comes back as it is.
    """
    with contextlib.suppress(ValueError, RecursionError):
        return body, [decode(body)]
    values = list(_values(body.decode("utf-8-sig", "replace")))
    if not values or not isinstance(values[0], dict):
        return body, []
    return json.dumps(values[0], ensure_ascii=False).encode("utf-8", "replace"), values


def pairs(envelopes: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The objects that hold a token pair, one for each distinct pair; none if a code is no form of zero.

    Args:
        envelopes: What ``legible`` found. A pair is in ``data``, which may be an object, JSON text or a list of these,
            or beside ``code``.
    """
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for envelope in envelopes:
        if not isinstance(envelope, Mapping):
            continue
        if not _is_zero(envelope.get("code")):
            return []
        for place in (*_objects(envelope.get("data"), DEEPEST), envelope):
            pair = tuple(secret.reveal() if secret else "" for secret in (token_in(place, name) for name in _NAMES))
            if any(pair):
                found.setdefault(pair, place)
    return [place for pair, place in found.items() if not any(_is_part(pair, other) for other in found)]


def token_in(data: Mapping[str, Any], name: str) -> Secret | None:
    """A token of the answer, None if it has none that can be one."""
    secret = Secret(text_of(data.get(name)).strip())
    with contextlib.suppress(BadTokenError):
        _ = Token(secret) if name == "access_token" else Token(Secret(""), secret)
        return secret or None
    return None


def text_of(value: Any) -> str:
    """A text of the answer, or a whole number as one; "" if it is neither."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < LONGEST_NUMBER:
        value = str(value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _is_part(pair: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return pair != other and all(mine in {"", theirs} for mine, theirs in zip(pair, other, strict=True))


def _is_zero(code: Any) -> bool:
    """Whether a code means success: it is missing, or zero in whichever form."""
    if isinstance(code, str):
        return _ZERO.fullmatch(code) is not None
    return code is None or (isinstance(code, (int, float, Decimal)) and not isinstance(code, bool) and code == 0)


def _objects(data: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """The objects of data that is one, or JSON text, or a list of these."""
    if isinstance(data, Mapping):
        yield data
    elif depth and isinstance(data, (str, list)):
        for value in _values(data) if isinstance(data, str) else data:
            yield from _objects(value, depth - 1)


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= LONGEST_NUMBER else None


_DECODER = json.JSONDecoder(
    strict=False,
    parse_constant=lambda _: None,
    parse_int=_whole,
    parse_float=lambda text: float(text) if math.isfinite(float(text)) else None,
)


def _values(text: str) -> Iterator[Any]:
    """The JSON values that stand behind each other in a text, up to what is none."""
    end = 0
    with contextlib.suppress(ValueError, RecursionError):
        while True:
            start = _SPACE.match(text, end)
            value, end = _DECODER.raw_decode(text, start.end() if start else end)
            yield value
