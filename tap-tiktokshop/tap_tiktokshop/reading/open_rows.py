"""Rows that are read again until they are final."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class OpenRows:
    """Rows that may still change after the window that holds them is read, although their time does not.

    `is_open` tells them; after `days` nothing is expected of them any more (None: they are waited for, however long).
    """

    is_open: Callable[[Mapping[str, Any]], bool]
    days: int | None = None


def until(field: str, *final: str) -> Callable[[Mapping[str, Any]], bool]:
    """Rows are open until a field has one of these values."""
    return lambda row: row.get(field) not in final
