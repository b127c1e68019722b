"""Page tokens: opaque, bound to the filters they were made for, and full of characters that need escaping."""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b, shake_256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

# Three bytes that base64 spells "b+/x": every token holds both characters that clients forget to escape.
_HEAD: Final = base64.b64decode(b"b+/x")
_KEY: Final = b"tiktokshop-sandbox page token"
_TAG: Final = 8
_NOT_FILTERS: Final = frozenset({"page_token", "page_size", "pagination"})
_FILLER: Final = b"\n"

_encoder: Final = msgspec.json.Encoder(order="deterministic")


def page_token(call: ApiCall, position: str) -> str:
    """The token under which the same filters go on at `position`.

    `position` is any short text the endpoint chooses ("1759000000:57646…", "200"); it comes back
    unchanged from `position_of`. The token always contains `+`, `/` and `=`.
    """
    plain = position.encode()
    if (len(_HEAD) + _TAG + len(plain)) % 3 == 0:
        plain += _FILLER  # a length that is no multiple of three makes base64 end in "="
    tag = _tag(call, plain)
    return base64.b64encode(_HEAD + tag + _masked(tag, plain)).decode()


def sent_token(query: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """The `page_token` of a request, or "" on the first page.

    It stands in the query or, as for promotions, in the body or, as for after-sales requests, in the body's
    `pagination`.
    """
    places = (query, body, body.get("pagination") or {})
    return next((str(place["page_token"]) for place in places if place.get("page_token")), "")


def position_of(call: ApiCall) -> str | None:
    """The position in the call's `page_token`, or None on the first page.

    Raises:
        ApiError: 36009004, when the token is not ours or was made for other filters, sort or shop.
    """
    token = sent_token(call.query, call.body)
    if not token:
        return None
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_page_token() from None
    head, tag, hidden = raw[: len(_HEAD)], raw[len(_HEAD) : len(_HEAD) + _TAG], raw[len(_HEAD) + _TAG :]
    plain = _masked(tag, hidden)
    if head != _HEAD or tag != _tag(call, plain):
        raise invalid_page_token()
    return plain.removesuffix(_FILLER).decode()


def invalid_page_token() -> ApiError:
    """The refusal of a page token that is unknown or belongs to another search."""
    return ApiError(INVALID_PARAMETER, "PageToken is invalid", 400)


def absent_when_empty(call: ApiCall, data: dict[str, Any], key: str) -> dict[str, Any]:
    """`data`, without `key` when its list is empty and this is one of the searches that leave it out.

    The platform does both; here the filters decide, so that one search always answers alike.
    """
    if not data.get(key) and _fingerprint(call)[0] % 2:
        return {name: value for name, value in data.items() if name != key}
    return data


def _fingerprint(call: ApiCall) -> bytes:
    """A digest of everything that must stay the same over all pages: shop, path, filters and sort."""
    filters = (
        call.shop.id if call.shop else call.grant.open_id,
        call.endpoint.path,
        dict(call.path),
        {name: value for name, value in call.query.items() if name not in _NOT_FILTERS},
        {name: value for name, value in call.body.items() if name not in _NOT_FILTERS},
    )
    return blake2b(_encoder.encode(filters), digest_size=16, key=_KEY).digest()


def _tag(call: ApiCall, plain: bytes) -> bytes:
    return blake2b(plain, digest_size=_TAG, key=_fingerprint(call)).digest()


def _masked(tag: bytes, data: bytes) -> bytes:
    stream = shake_256(_KEY + tag).digest(len(data))
    return bytes(left ^ right for left, right in zip(data, stream, strict=True))
