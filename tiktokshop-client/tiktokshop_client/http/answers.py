"""Turns bytes into the platform's envelope, or an error: nothing is mistaken for success."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
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
from tiktokshop_client.http.bounds import FREE, FREE_DECODED
from tiktokshop_client.http.mending import mend, names_nul
from tiktokshop_client.http.raw_rows import BROKEN, RawRows, answer_with, decoder, exact, outline_type
from tiktokshop_client.http.retries import http_date, retry_after
from tiktokshop_client.http.room import ROOM, taken_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tiktokshop_client.http.bounds import Allowance
    from tiktokshop_client.http.transport import Reply


class _ListEnvelope(msgspec.Struct):
    """The envelope of a list, whose data is taken apart but not decoded."""

    data: dict[str, msgspec.Raw]
    code: Any = None
    message: Any = None
    request_id: Any = None


class _BareEnvelope(msgspec.Struct):
    """The same of a list that is the data itself."""

    data: msgspec.Raw
    code: Any = None
    message: Any = None
    request_id: Any = None


_list_decoder = msgspec.json.Decoder(_ListEnvelope)
_bare_decoder = msgspec.json.Decoder(_BareEnvelope)
_decoding = Lock()
"""Held while a larger page is decoded: what is made of it for the moment may be many times larger."""
MOST_BESIDE = 16_000
"""Bytes of what a list may have beside its rows. If it has more, only what pages have is looked at."""


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


NO_SUCH_PATH = 36009009
REDIRECT = "a redirect, which is not followed"
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
    if envelope is None and reply.body.rstrip().endswith(b"}"):  # half an answer cannot be repaired
        body, mended = mend(reply.body)
        envelope = _any_envelope(body, rows, outline)
    if envelope is None:
        return _not_an_envelope(reply, context, now)
    code = _integer(envelope.get("code"))
    message = redact(_text(envelope.get("message")))
    request_id = redact(_text(envelope.get("request_id")))
    data = envelope.get("data")
    if code == SUCCESS and 200 <= reply.status < 300:
        if (
            isinstance(data, list)
            and rows
            and "." not in rows
            and not _wraps(item.get(rows) for item in data if isinstance(item, dict))
        ):
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


def read_page(
    reply: Reply,
    context: Context,
    now: float,
    redact: Callable[[str], str],
    rows: str,
    outline: tuple[str, ...],
    allowance: Allowance,
) -> Answer | TikTokShopError:
    """What an HTTP answer to the question for a list means; its rows have room, see ``room``.

    Args:
        reply: The answer, and so on as in ``read_answer``.
        context: What the request was about.
        now: Unix seconds.
        redact: Takes secrets out of a text.
        rows: The name of the list.
        outline: The fields of its rows that will be asked for first.
        allowance: How long it may wait for room.

    Raises:
        AnswerError: There was no room for it.
    """
    size = len(reply.body)
    reservation = None
    if size > (FREE if outline else FREE_DECODED):
        reservation = ROOM.reserve(taken_by(reply.body), allowance.left)
    with _decoding if size > FREE_DECODED else nullcontext():
        found = read_answer(reply, context, now, redact, rows, outline)
        raw = found.data.get(rows) if isinstance(found, Answer) else None
        heavy = isinstance(raw, RawRows) and (raw.shed() or (size > FREE_DECODED and not raw.is_outlined))
    if isinstance(raw, RawRows) and (reservation or heavy):
        raw.reservation = reservation or ROOM.reserve(taken_by(reply.body), allowance.left)
    return found


def _any_envelope(body: bytes, rows: str | None, outline: tuple[str, ...]) -> dict[str, Any] | None:
    """The envelope, found in the quickest way; None if the body is not one."""
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
    data = {name: _single(getattr(envelope.data, name)) for name in _OF_PAGES}
    data[rows] = RawRows.outlined(body, rows, outline, envelope.data.rows)
    return {"data": data, **{name: getattr(envelope, name) for name in ("code", "message", "request_id")}}


_OF_PAGES = ("total_count", "next_page_token")


def _single(value: Any) -> Any:
    """What pages have, without what cannot be it."""
    return None if isinstance(value, (list, dict)) else value


@lru_cache
def _outlined_decoder(rows: str, outline: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    kind = answer_with(rows, GenericAlias(list, (outline_type(outline),)), **dict.fromkeys(_OF_PAGES, Any))
    return msgspec.json.Decoder(kind, float_hook=exact)


def _list_envelope(body: bytes, rows: str) -> dict[str, Any] | None:
    """The envelope with its rows undecoded, None if it is not that of a list."""
    try:
        envelope = _list_decoder.decode(body)
        raw = envelope.data.pop(rows, None)
        beside = envelope.data
        # Where rows lie deeper, they are beside: such an answer is small, see `bounds.MOST_DECODED`.
        if "." not in rows and sum(len(name) + len(memoryview(value)) for name, value in beside.items()) > MOST_BESIDE:
            beside = {
                name: beside[name] for name in _OF_PAGES if 0 < len(memoryview(beside.get(name, b""))) < MOST_BESIDE
            }
        data: dict[str, Any] = {name: decoder.decode(value) for name, value in beside.items()}
        if raw is not None:
            data[rows] = RawRows(raw) if _is_array(raw) else decoder.decode(raw)
    except BROKEN:
        return _bare_envelope(body, rows)
    return {"data": data, **{name: getattr(envelope, name) for name in ("code", "message", "request_id")}}


def _bare_envelope(body: bytes, rows: str) -> dict[str, Any] | None:
    """The envelope of a list that is its data, as that of one that lies in it; None if it is none."""
    try:
        envelope = _bare_decoder.decode(body)
    except BROKEN:
        return None
    if "." in rows or not _is_array(envelope.data):
        return None
    listed = RawRows(envelope.data)
    if _wraps(found for (found,) in listed.outline((rows,))):
        return None
    data = {rows: listed}
    return {"data": data, **{name: getattr(envelope, name) for name in ("code", "message", "request_id")}}


def _wraps(found: Iterable[Any]) -> bool:
    """Whether a list that is the data holds the object that should be it, by what its items have under the list's name.

    Taken for a row, that object would be left out, and the rows in it be lost.
    """
    return any(value is not None for value in found)


def _is_array(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:1]) == b"["


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        envelope = decode(body)
    except ValueError:
        return None
    return envelope if isinstance(envelope, dict) else None


def _not_an_envelope(reply: Reply, context: Context, now: float, request_id: str = "") -> TikTokShopError:
    """The error of an answer without a usable code: what the status says, else transient."""
    if 300 <= reply.status < 400:
        return _wrong_address(reply, context, REDIRECT)
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


def of_known_host(outcome: Answer | TikTokShopError, reply: Reply, context: Context) -> Answer | TikTokShopError:
    """The same, of a host that has answered as the platform before: its address is right, whatever it says now.

    What it calls not found is a path; and a redirect is something in between, which may pass.
    """
    if isinstance(outcome, Answer) or outcome.code:
        return outcome
    if reply.status == 404 and not reply.body.lstrip().startswith(b"<"):
        return classify(context, status=404, code=NO_SUCH_PATH)
    return _unreadable(reply, context, REDIRECT, "") if 300 <= reply.status < 400 else outcome


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
