"""From bytes to the platform's envelope, or to an error: nothing is taken for success by accident."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import GenericAlias
from typing import TYPE_CHECKING, Any

import msgspec

from tiktokshop_client.errors import (
    SUCCESS,
    Action,
    ConfigurationError,
    Context,
    TikTokShopError,
    TransientError,
    classify,
)
from tiktokshop_client.mending import mend, names_nul
from tiktokshop_client.raw_rows import BROKEN, RawRows, answer_with, decoder, outline_type
from tiktokshop_client.retries import http_date, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_client.transport import Reply


class _ListEnvelope(msgspec.Struct):
    """The envelope of a list, whose data is taken apart but not decoded."""

    data: dict[str, msgspec.Raw]
    code: Any = None
    message: Any = None
    request_id: Any = None


_list_decoder = msgspec.json.Decoder(_ListEnvelope)


@dataclass(frozen=True)
class Answer:
    """A success.

    Attributes:
        data: The platform's ``data``; {} if there is none. Decimal fractions are ``decimal.Decimal``. The rows of a
            list are ``RawRows``.
        request_id: The platform's id of the request.
        message: The platform's message, mostly "Success".
        mended: How many of its values were broken, see ``mending.mend``.
    """

    data: dict[str, Any]
    request_id: str
    message: str
    mended: int = 0


MOST_DIGITS = 18
"""Digits of a code or a count that are read: so many fit every number type."""


def whole(value: Any) -> int | None:
    """An integer, or one written as a text; None if it is neither, or of more than ``MOST_DIGITS`` digits."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= MOST_DIGITS:
        value = int(value)
    return value if isinstance(value, int) and abs(value) < 10**MOST_DIGITS else None


def decode(body: bytes) -> Any:
    """A JSON text as Python objects.

    Raises:
        ValueError: The body is not JSON, or not all of it.
    """
    try:
        return decoder.decode(body)
    except BROKEN:
        pass
    raise ValueError("not JSON")


def read_answer(
    reply: Reply,
    context: Context,
    now: float,
    redact: Callable[[str], str] = str,
    rows: str | None = None,
    outline: tuple[str, ...] = (),
) -> Answer | TikTokShopError:
    """What an HTTP answer means.

    Success needs a 2xx status, a JSON object, ``code`` 0 and an object (or nothing) in ``data``; where a list is asked
    for, ``data`` may be that list. Every status may carry a JSON refusal; anything else is transient, except a redirect
    or a plain 404, which mean a wrong address.

    Args:
        reply: The answer.
        context: What the request was about.
        now: Unix seconds, against which a Retry-After date is read.
        redact: Takes secrets out of a text; the platform may quote them.
        rows: The name of the list in ``data`` that is to stay undecoded.
        outline: The fields of its rows that will be asked for first; ``data`` then has what pages have, no more.
    """
    envelope = None if names_nul(reply.body) else _any_envelope(reply.body, rows, outline)
    mended = 0
    if envelope is None and reply.body.rstrip().endswith(b"}"):  # half an answer cannot be mended
        body, mended = mend(reply.body)
        envelope = _any_envelope(body, rows, outline)
    if envelope is None:
        return _not_an_envelope(reply, context, now)
    code = _integer(envelope.get("code"))
    message = redact(_text(envelope.get("message")))
    request_id = redact(_text(envelope.get("request_id")))
    data = envelope.get("data")
    if code == SUCCESS and 200 <= reply.status < 300:
        if isinstance(data, list) and rows and "." not in rows:
            data = {rows: data}
        if data is None or isinstance(data, dict):
            return Answer(data or {}, request_id, message, mended)
        return _unreadable(reply, context, "an answer whose data is not an object", request_id)
    if code is None or code == SUCCESS:
        return _not_an_envelope(reply, context, now, request_id)
    return classify(
        context,
        status=reply.status,
        code=code,
        message=message,
        request_id=request_id,
        retry_after=_retry_after(reply, now),
    )


def _any_envelope(body: bytes, rows: str | None, outline: tuple[str, ...]) -> dict[str, Any] | None:
    """The envelope, by the quickest way that leads to it; None if the body is none."""
    return (
        (_outlined(body, rows, outline) if rows and outline else None)
        or (_list_envelope(body, rows) if rows else None)
        or _envelope(body)
    )


def _retry_after(reply: Reply, now: float) -> float | None:
    return retry_after(reply.headers.get("Retry-After"), http_date(reply.headers.get("Date")) or now)


def _outlined(body: bytes, rows: str, outline: tuple[str, ...]) -> dict[str, Any] | None:
    """The envelope of a page and the outline of its rows, read in one go; None if it is not that of a list."""
    try:
        envelope = _outlined_decoder(rows, outline).decode(body)
    except BROKEN:
        return None
    data = {name: getattr(envelope.data, name) for name in _OF_PAGES}
    data[rows] = RawRows.outlined(body, rows, outline, envelope.data.rows)
    return {"data": data, **{name: getattr(envelope, name) for name in ("code", "message", "request_id")}}


_OF_PAGES = ("total_count", "next_page_token")


@lru_cache
def _outlined_decoder(rows: str, outline: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    kind = answer_with(rows, GenericAlias(list, (outline_type(outline),)), **dict.fromkeys(_OF_PAGES, Any))
    return msgspec.json.Decoder(kind)


def _list_envelope(body: bytes, rows: str) -> dict[str, Any] | None:
    """The envelope with its rows undecoded, None if it is not that of a list."""
    try:
        envelope = _list_decoder.decode(body)
        raw = envelope.data.pop(rows, None)
        data: dict[str, Any] = {name: decoder.decode(value) for name, value in envelope.data.items()}
        if raw is not None:
            data[rows] = RawRows(raw) if bytes(memoryview(raw)[:1]) == b"[" else decoder.decode(raw)
    except BROKEN:
        return None
    return {"data": data, **{name: getattr(envelope, name) for name in ("code", "message", "request_id")}}


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        envelope = decode(body)
    except ValueError:
        return None
    return envelope if isinstance(envelope, dict) else None


def _not_an_envelope(reply: Reply, context: Context, now: float, request_id: str = "") -> TikTokShopError:
    """The error of an answer without a usable code: what the status says, else transient."""
    if 300 <= reply.status < 400:
        return _wrong_address(reply, context, "a redirect, which is not followed")
    if reply.status == 404 and not reply.body.lstrip().startswith((b"<", b"{")):
        return _wrong_address(reply, context, "HTTP 404")
    if reply.status in {408, 429} or reply.status >= 500:
        return classify(
            context,
            status=reply.status,
            code=0,
            request_id=request_id,
            retry_after=_retry_after(reply, now),
        )
    return _unreadable(reply, context, "an answer that is not the platform's JSON", request_id)


def _wrong_address(reply: Reply, context: Context, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{context.who}: the host answers with {what}: check the base URL and the proxy",
        http_status=reply.status,
        operation=context.operation,
        shop_id=context.shop_id,
    )


def _unreadable(reply: Reply, context: Context, what: str, request_id: str) -> TransientError:
    return TransientError(
        f"{context.who}: the host sent {what}",
        action=Action.RETRY,
        http_status=reply.status,
        request_id=request_id,
        operation=context.operation,
        shop_id=context.shop_id,
        unclear=True,
    )


def _integer(value: Any) -> int | None:
    """A code: an integer, or one written as a text; None if it is neither, or of more digits than any has."""
    return None if isinstance(value, bool) else whole(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
