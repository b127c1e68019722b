"""Rows that are read again: those that are not final yet, and final ones that the platform has changed all the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class OpenRows:
    """Rows that may still change after the window that holds them is read, although their time does not.

    `is_open` tells them; after `days` nothing is expected of them any more (None: they are waited for, however long).
    Final rows are looked at again for `again` days: one of which a field of `tells` has changed counts as new.
    """

    is_open: Callable[[Mapping[str, Any]], bool]
    days: int | None = None
    again: int = 0
    tells: tuple[str, ...] = ()

    def mark(self, row: Mapping[str, Any]) -> str:
        """What tells this version of a row from others."""
        values = json.dumps([row.get(name) for name in self.tells], default=str)
        return blake2b(values.encode(), digest_size=3).hexdigest()


def until(field: str, *final: str) -> Callable[[Mapping[str, Any]], bool]:
    """Rows are open until a field has one of these values."""
    return lambda row: row.get(field) not in final
