"""Values as a call takes them: the fields that it has, each of its own type, whatever type they came in."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from target_tiktokshop.writing.live import units_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Shape: TypeAlias = "type[str | int] | frozenset[str] | list[Any] | Mapping[str, Any]"
"""`str` or `int`, the words of which it is one, a list with the shape of its items, or the shapes of an object's fields
by their names."""
BLANK: tuple[Any, ...] = (None, "", [], {})
TYPES = {str: "text", int: "a whole number"}


class ShapeError(ValueError):
    """A value that the call cannot carry.

    Args:
        words: What it must be.
        path: The fields that lead to it.
    """

    def __init__(self, words: str, *path: str) -> None:
        super().__init__(" ".join(filter(None, (".".join(path), words))))
        self.words, self.path = words, path


def shaped(shape: Shape, value: Any) -> Any:
    """A value in a shape; None if nothing is in it. Fields that the shape does not have are left behind.

    Raises:
        ShapeError: Something is there and cannot be read: left out, it would become blank.
    """
    if value in BLANK:
        return None
    if isinstance(shape, list):
        if not isinstance(value, (list, tuple)):
            raise ShapeError("must be a list")
        return [item for item in (shaped(shape[0], one) for one in value) if item is not None] or None
    if isinstance(shape, type):
        return _plain(shape, value)
    if isinstance(shape, frozenset):
        return _one_of(shape, value)
    if not isinstance(value, dict):
        raise ShapeError("must be an object")
    found = {name: _named(name, inner, value.get(name)) for name, inner in shape.items()}
    return {name: item for name, item in found.items() if item is not None} or None


def unknown(shape: Shape, value: Any, path: str = "") -> list[str]:
    """The fields of a value that a shape does not have, with their paths."""
    if isinstance(shape, list):
        items = value if isinstance(value, (list, tuple)) else ()
        return [name for one in items for name in unknown(shape[0], one, path)]
    if isinstance(shape, (type, frozenset)) or not isinstance(value, dict):
        return []
    own = [f"{path}{name}" for name in value if name not in shape]
    return own + [name for key in shape for name in unknown(shape[key], value.get(key), f"{path}{key}.")]


def _named(name: str, shape: Shape, value: Any) -> Any:
    try:
        return shaped(shape, value)
    except ShapeError as error:
        raise ShapeError(error.words, name, *error.path) from None


def _one_of(words: frozenset[str], value: Any) -> str:
    word = value.strip().upper() if isinstance(value, str) else ""
    if word not in words:
        raise ShapeError(f"must be one of {', '.join(sorted(words))}")
    return word


def _plain(kind: type, value: Any) -> Any:
    if kind is int:
        number = None if isinstance(value, bool) else units_of(value)
        if number is None:
            raise ShapeError(f"must be {TYPES[kind]}")
        return number
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ShapeError(f"must be {TYPES[kind]}")
    return format(Decimal(str(value)), "f")
