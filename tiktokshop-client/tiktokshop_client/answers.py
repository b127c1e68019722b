"""From bytes to the platform's envelope, or to an error: nothing is taken for success by accident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

import lz4.block
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
from tiktokshop_client.retries import http_date, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_client.transport import Reply

_decoder = msgspec.json.Decoder(float_hook=Decimal)  # money stays exact; integers are exact anyway
_split_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def decode_row(raw: msgspec.Raw) -> Any:
    """A row of a page as Python objects.

    Raises:
        ValueError: It cannot be decoded, whoever asks.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    raise _not_json()


def _not_json() -> ValueError:
    return ValueError("the platform sent rows that are not JSON")


class RawRows(Sequence[dict[str, Any]]):
    """The rows of a page as the bytes they came in: a fifth of the memory, and a thirtieth once they are packed.

    A row is decoded anew whenever it is looked at, one at a time, so that what is in use fits the processor's caches.

    Raises:
        ValueError: A row that is looked at cannot be decoded, whoever asks.
    """

    def __init__(self, raw: msgspec.Raw) -> None:
        """`raw`: a JSON array."""
        self._raw: msgspec.Raw | None = raw
        self._packed = b""
        self._split: list[msgspec.Raw] | None = None
        self._count: int | None = None
        self.weight = len(memoryview(raw))

    def pack(self) -> None:
        """Compresses the rows until somebody looks at them."""
        if self._raw is None:
            return
        self._count = len(self)
        self._packed = lz4.block.compress(memoryview(self._raw))
        self._raw = self._split = None
        self.weight = len(self._packed)

    def _rows(self) -> list[msgspec.Raw]:
        if self._split is None:
            try:
                self._split = _split_decoder.decode(self._unpacked())
            except msgspec.DecodeError:
                raise _not_json() from None
        return self._split

    def _unpacked(self) -> msgspec.Raw:
        if self._raw is None:
            self._raw = msgspec.Raw(lz4.block.decompress(self._packed))
            self._packed = b""
        return self._raw

    def __len__(self) -> int:
        if self._count is None:
            self._count = len(self._rows())
        return self._count

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        row: dict[str, Any] = decode_row(self._rows()[index])
        return row

    def undecoded(self) -> Sequence[msgspec.Raw]:
        """The rows as the bytes they came in."""
        return self._rows()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # as a list

    def outline(self, fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """These fields of each row, None where a row does not have one, without decoding the others.

        Raises:
            ValueError: A row is not an object.
        """
        try:
            outline = list(map(msgspec.structs.astuple, _outline_decoder(fields).decode(self._unpacked())))
        except msgspec.DecodeError as error:
            raise ValueError(f"the platform sent rows that cannot be read: {error}") from None
        self._count = len(outline)
        return outline


@lru_cache
def _outline_decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[list[Any]]:
    outline = msgspec.defstruct("Outline", [(name, Any, None) for name in fields], gc=False)
    return msgspec.json.Decoder(list[outline])  # type: ignore[valid-type] # made at run time


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
    """

    data: dict[str, Any]
    request_id: str
    message: str


def decode(body: bytes) -> Any:
    """A JSON text as Python objects.

    Raises:
        ValueError: The body is not JSON, or not all of it.
    """
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    raise ValueError("not JSON")


def read_answer(
    reply: Reply,
    context: Context,
    now: float,
    redact: Callable[[str], str] = str,
    rows: str | None = None,
) -> Answer | TikTokShopError:
    """What an HTTP answer means.

    Success needs a 2xx status, a JSON object, ``code`` 0 and an object (or nothing) in ``data``. Every status may
    carry a JSON refusal; anything else is transient, except a redirect or a plain 404, which mean a wrong address.

    Args:
        reply: The answer.
        context: What the request was about.
        now: Unix seconds, against which a Retry-After date is read.
        redact: Takes secrets out of a text; the platform may quote them.
        rows: The name of the list in ``data`` that is to stay undecoded.
    """
    envelope = (_list_envelope(reply.body, rows) if rows else None) or _envelope(reply.body)
    if envelope is None:
        return _not_an_envelope(reply, context, now)
    code = _integer(envelope.get("code"))
    message = redact(_text(envelope.get("message")))
    request_id = redact(_text(envelope.get("request_id")))
    data = envelope.get("data")
    if code == SUCCESS and 200 <= reply.status < 300:
        if data is None or isinstance(data, dict):
            return Answer(data or {}, request_id, message)
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


def _retry_after(reply: Reply, now: float) -> float | None:
    return retry_after(reply.headers.get("Retry-After"), http_date(reply.headers.get("Date")) or now)


def _list_envelope(body: bytes, rows: str) -> dict[str, Any] | None:
    """The envelope with its rows undecoded, None if it is not that of a list."""
    try:
        envelope = _list_decoder.decode(body)
        raw = envelope.data.pop(rows, None)
        data: dict[str, Any] = {name: _decoder.decode(value) for name, value in envelope.data.items()}
        if raw is not None:
            data[rows] = RawRows(raw) if bytes(memoryview(raw)[:1]) == b"[" else _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
    """A code: an integer, or one written as a text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return None


def _text(value: Any) -> str:
    return "" if value is None else str(value)
