"""What the values of a column are, and which do not fit it."""

from __future__ import annotations

import functools
import math
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec
import simplejson

from target_duckdb_exact.kinds import HUGE, INT64, Column, decimal_size

if TYPE_CHECKING:
    from collections.abc import Callable

UNFIT = object()
"""Stands for a value that its column cannot hold."""


def text_of(value: Any) -> str:
    """A value as JSON text, its numbers exactly as they came; characters that no table holds are escaped."""
    text: str = simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"))
    if encodable(text):
        return text
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=True, separators=(",", ":")))


def parsed(line: bytes) -> Any:
    """JSON with its numbers exactly as they came; NaN and the infinities, which JSON has not, are their names.

    Raises:
        ValueError: It is no JSON, or nested deeper than Python can follow.
    """
    try:
        text = line.decode(errors="surrogateescape")
        return simplejson.loads(text, use_decimal=True, allow_nan=True, parse_constant=str)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def encodable(text: str) -> bool:
    """Whether a text is Unicode: half a surrogate pair is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# -- one value, the careful way -------------------------------------------------------------------------------------


def fit(column: Column, value: Any) -> Any:
    """A value of a record, read by simplejson, as its column's fast way would have read it, or `UNFIT`."""
    if value is None:
        return msgspec.Raw(b"null") if column.kind in {"json", "struct", "mixed"} else None
    return FITTING[column.kind](value)


def _text(value: Any) -> Any:
    text = value if isinstance(value, str) else text_of(value)
    return text if encodable(text) else UNFIT


def _raw(value: Any) -> Any:
    text = text_of(value)
    try:
        msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return UNFIT
    return msgspec.Raw(text.encode())


def _integer(value: Any) -> Any:
    if isinstance(value, bool):
        return UNFIT
    if isinstance(value, int):
        return value
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and value == value.to_integral_value()
        and value.adjusted() < 40
    ):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,39}", value) else UNFIT


def _decimal(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return UNFIT
    try:
        found = Decimal(value)
    except InvalidOperation:
        return UNFIT
    return found if found.is_finite() and abs(found.adjusted()) < 60 else UNFIT


def _float(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return UNFIT
    found = float(Decimal(value))
    return found if math.isfinite(found) else UNFIT


def _decimal_text(value: Any) -> Any:
    found = _decimal(value)
    return UNFIT if found is UNFIT else format(found, "f")


FITTING: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "time": lambda value: value if isinstance(value, str) and encodable(value) else UNFIT,
    "decimal_text": _decimal_text,
    "decimal": _decimal,
    "bool": lambda value: value if isinstance(value, bool) else UNFIT,
    "int": _integer,
    "huge": _integer,
    "float": _float,
    "mixed": _raw,
    "json": _raw,
    "struct": _raw,
}


# -- a column's values ----------------------------------------------------------------------------------------------


def prepared(column: Column, values: list[Any], reject: Callable[[int, Any], None]) -> list[Any]:
    """The values as Arrow will hold them; `reject` is told the index and the original of each that does not fit."""
    preparing = PREPARING.get(column.kind)
    return preparing(column, values, reject) if preparing else values


def _integers(column: Column, values: list[Any], reject: Callable[[int, Any], None]) -> list[Any]:
    limits = INT64 if column.kind == "int" else HUGE
    for index, value in enumerate(values):
        if value is not None and value not in limits:
            reject(index, value)
            values[index] = None
    if column.kind == "huge":
        return [None if value is None else str(value) for value in values]
    return values


@functools.cache
def _exactly(sql: str) -> Callable[[str], Any]:
    precision, scale = decimal_size(sql) or (38, 9)
    return re.compile(rf"-?(?=[0-9])0*[0-9]{{0,{precision - scale}}}(\.[0-9]{{0,{scale}}}0*)?", re.ASCII).fullmatch


def _decimals(column: Column, values: list[Any], reject: Callable[[int, Any], None]) -> list[Any]:
    fits = _exactly(column.sql)
    for index, value in enumerate(values):
        if value is None:
            continue
        text: Any = (
            value if isinstance(value, str) else format(value, "f") if abs(value.adjusted()) < 60 else str(value)
        )
        if not fits(text):
            text = _decimal_text(text)  # an exponent, perhaps; nothing here may use the decimal context: it rounds
            if text is UNFIT or not fits(text):
                reject(index, value)
                text = None
        values[index] = text
    return values


def _dates(column: Column, values: list[Any], reject: Callable[[int, Any], None]) -> list[Any]:
    if column.sql == "DATE":
        for index, value in enumerate(values):
            if value is not None and len(value) > 10 and not re.fullmatch(r"[0-9-]{10}[T ]00:00:00(\.0+)?Z?", value):
                reject(index, value)  # DuckDB would cut the time of day off
                values[index] = None
    return values


def _raws(column: Column, values: list[Any], reject: Callable[[int, Any], None]) -> list[Any]:
    given = [None if value is None else bytes(value) for value in values]  # Raw itself equals nothing but itself
    texts: list[Any] = [None if text == b"null" else text for text in given]
    try:
        b"".join(filter(None, texts)).decode()
    except UnicodeDecodeError:
        for index, text in enumerate(texts):
            if text is not None and not encodable(text.decode(errors="surrogateescape")):
                reject(index, text.decode(errors="backslashreplace"))
                texts[index] = None
    if column.kind == "mixed":
        return [None if text is None else _bare(text.decode()) for text in texts]
    if column.kind == "struct":
        _check_nested(column, texts, reject)
    return texts


def _bare(text: str) -> str:
    return str(msgspec.json.decode(text)) if text.startswith('"') else text


def _check_nested(column: Column, texts: list[Any], reject: Callable[[int, Any], None]) -> None:
    """What has other fields than the schema names is kept, and its original put aside as well."""
    decode = _nested(column.nested)
    for index, text in enumerate(texts):
        if text is None:
            continue
        try:
            decode(text)
        except msgspec.ValidationError as error:
            reject(index, simplejson.loads(text, use_decimal=True))
            if "unknown field" not in str(error):
                texts[index] = None


def _nested(annotation: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(annotation).decode


PREPARING: dict[str, Callable[[Column, list[Any], Callable[[int, Any], None]], list[Any]]] = {
    "int": _integers,
    "huge": _integers,
    "decimal": _decimals,
    "decimal_text": _decimals,
    "time": _dates,
    "json": _raws,
    "mixed": _raws,
    "struct": _raws,
}
