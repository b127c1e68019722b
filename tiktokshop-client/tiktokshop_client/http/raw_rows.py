"""The rows of a page as the bytes they came in, decoded only when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import lz4.block
import msgspec

from tiktokshop_client.http.mending import LONGEST_NUMBER, mend

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_client.http.room import Reservation

ACCELERATION = 4
"""A fifth less time than lz4's own 1, and hardly larger: rows are much alike."""


def exact(number: str) -> Decimal | str:
    """A number with a fraction or an exponent, exactly; its text if no number type takes it."""
    try:
        found = Decimal(number)
    except ArithmeticError:
        return number
    return found if abs(found.adjusted()) < LONGEST_NUMBER else number


decoder = msgspec.json.Decoder(float_hook=exact)  # money stays exact; integers are exact anyway
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder makes of a text that is not JSON, or more deeply nested than it can follow."""

MANY = 1_000
"""Rows of a page from which on their outline is not small. Pages have a hundred."""
LONG = 200
"""Characters of a value from which on an outline is not small. Ids and times have twenty."""

T = TypeVar("T")


def decode_row(raw: msgspec.Raw, notice: Callable[[int], None] | None = None) -> Any:
    """A row of a page as Python objects; `notice` is told how many of its values had to be mended, see `mend`.

    Raises:
        ValueError: It cannot be decoded, whoever asks.
    """
    try:
        return decoder.decode(raw)
    except BROKEN:
        pass
    text, mended = mend(bytes(memoryview(raw)))
    try:
        row = decoder.decode(text)
    except BROKEN:
        raise _not_json() from None
    if notice is not None:
        notice(mended)
    return row


class UnreadableRowsError(ValueError):
    """The platform sent rows that cannot be read."""


def _not_json() -> ValueError:
    return UnreadableRowsError("the platform sent rows that are not JSON")


class RowDecoder(Generic[T]):
    """Decodes all rows of a page in one go, each as `kind`; `options` are those of a ``msgspec.json.Decoder``."""

    def __init__(self, kind: type[T], **options: Any) -> None:
        self._list = GenericAlias(list, (kind,))
        self._options = options
        self._decoders: dict[str | None, msgspec.json.Decoder[Any]] = {}

    def decode(self, text: bytes | msgspec.Raw, name: str | None) -> list[T]:
        """The rows of a JSON array; or, with a name, of that list in the ``data`` of an answer.

        Raises:
            msgspec.DecodeError: They are not what they should be.
        """
        decoder = self._decoders.get(name)
        if decoder is None:
            kind = self._list if name is None else answer_with(name, self._list)
            decoder = self._decoders[name] = msgspec.json.Decoder(kind, **self._options)
        found = decoder.decode(text)
        rows: list[T] = found if name is None else found.data.rows
        return rows


def answer_with(name: str, rows: Any, **others: Any) -> type[msgspec.Struct]:
    """The type of an answer with a list of that name in its ``data``, and optional `others` beside it.

    Its attributes are ``data``, with ``rows`` and those others, and those of the envelope.
    """
    data = msgspec.defstruct(
        "Data", [("rows", rows), *((other, kind, None) for other, kind in others.items())], rename={"rows": name}
    )
    return msgspec.defstruct(
        "Answer", [("data", data), *((field, Any, None) for field in ("code", "message", "request_id"))]
    )


class RawRows(Sequence[dict[str, Any]]):
    """The rows of a page as the bytes they came in: a fifth of the memory, and a thirtieth once they are packed.

    A row is decoded again whenever it is looked at, one at a time, so that what is in use fits the processor's caches.

    Attributes:
        on_mended: Is told how many values had to be mended when somebody looked at them.
        reservation: The room that a large page has taken, see ``room``; None for a small one.

    Raises:
        ValueError: A row that is looked at cannot be decoded, whoever asks.
    """

    on_mended: Callable[[int], None] | None = None
    reservation: Reservation | None = None

    def __init__(self, text: bytes | msgspec.Raw, name: str | None = None) -> None:
        """`text`: a JSON array; or, with a name, an answer with that list in its ``data``."""
        self._text: bytes | msgspec.Raw | None = text
        self._name = name
        self._packed = b""
        self._split: list[msgspec.Raw] | None = None
        self._count: int | None = None
        self._outlined: tuple[tuple[str, ...], list[tuple[Any, ...]]] | None = None
        self.weight = len(memoryview(text))

    @classmethod
    def outlined(cls, text: bytes, name: str, fields: tuple[str, ...], outline: list[Any]) -> RawRows:
        """The same, of which an outline is known already: a struct of these fields for each row."""
        rows = cls(text, name)
        rows._keep(fields, outline)
        return rows

    def pack(self) -> None:
        """Compresses the rows until somebody looks at them."""
        if self._text is None:
            return
        self._count = len(self)
        self._packed = lz4.block.compress(memoryview(self._text), mode="fast", acceleration=ACCELERATION)
        self._text = self._split = self._outlined = None
        self.weight = len(self._packed)
        if self.reservation is not None:
            self.reservation.shrink(self.weight)

    @property
    def is_outlined(self) -> bool:
        """Whether an outline is kept."""
        return self._outlined is not None

    def shed(self) -> bool:
        """Forgets an outline that is not small, and says whether it had one: it is made again when it is needed."""
        outline = self._outlined[1] if self._outlined else []
        if len(outline) <= MANY and all(map(_is_small, chain.from_iterable(outline))):
            return False
        self._outlined = None
        return True

    def _rows(self) -> list[msgspec.Raw]:
        if self._split is None:
            try:
                self._split = self.decoded(_splitting)
            except BROKEN:
                raise _not_json() from None
        return self._split

    def decoded(self, decoder: RowDecoder[T]) -> list[T]:
        """All rows, by a decoder of the caller's choice.

        Raises:
            msgspec.DecodeError: They are not what it takes.
        """
        if self._text is None:
            self._text = lz4.block.decompress(self._packed)
            self._packed = b""
        try:
            return decoder.decode(self._text, self._name)
        except UnicodeDecodeError:  # all other breaks were mended when the answer came
            pass
        self._text, mended = mend(bytes(memoryview(self._text)))
        self._split = None
        self.noticed(mended)
        return decoder.decode(self._text, self._name)

    def noticed(self, mended: int) -> None:
        """Passes on that values had to be mended."""
        if self.on_mended is not None:
            self.on_mended(mended)

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
        row: dict[str, Any] = decode_row(self._rows()[index], self.noticed)
        return row

    def undecoded(self) -> Sequence[msgspec.Raw]:
        """The rows as the bytes they came in."""
        return self._rows()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # as a list

    def outline(self, fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """These fields of each row, None where a row does not have one, without decoding the others.

        A row that is not an object has none of them.
        """
        known = self._outlined
        if known is None or known[0] != fields:
            try:
                outline = self.decoded(_outlining(fields))
            except BROKEN:
                outline = [_outline_of(row, fields) for row in self]
            known = self._keep(fields, outline)
        return known[1]

    def _keep(self, fields: tuple[str, ...], outline: list[Any]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Keeps an outline, as it is mostly looked at more than once."""
        self._count = len(outline)
        self._outlined = (fields, list(map(msgspec.structs.astuple, outline)))
        return self._outlined


_splitting = RowDecoder(msgspec.Raw)


@lru_cache
def outline_type(fields: tuple[str, ...]) -> type[msgspec.Struct]:
    """A struct of these fields of a row, None where it has none."""
    return msgspec.defstruct("Outline", [(name, Any, None) for name in fields], gc=False)


def _is_small(value: Any) -> bool:
    return len(value) < LONG if isinstance(value, str) else not isinstance(value, (list, dict))


def _outline_of(row: Any, fields: tuple[str, ...]) -> msgspec.Struct:
    kind = outline_type(fields)
    return kind(**{name: row.get(name) for name in fields}) if isinstance(row, dict) else kind()


@lru_cache
def _outlining(fields: tuple[str, ...]) -> RowDecoder[Any]:
    return RowDecoder(outline_type(fields), float_hook=exact)
