"""What is still to be looked at in decoded rows: in many at once, level by level, as that costs least."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple

from tap_tiktokshop.records.convert import EPOCH, are_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NEVER = datetime.max.replace(tzinfo=timezone.utc)
NOTHING = frozenset({None, msgspec.UNSET})


class Level:
    """Structs of one kind: what is to be looked at in them and in those below them."""

    def __init__(
        self, times: Sequence[str], amounts: int, objects: Mapping[str, Level], lists: Mapping[str, Level]
    ) -> None:
        """By attributes: the times, so many amounts behind them as the last, and what is in `objects` and `lists`."""
        self._times = times
        self._amounts = amounts
        self._of_times = itemgetter(slice(-len(times) - amounts, -amounts or None))
        self._of_amounts = itemgetter(slice(-amounts, None))
        self._objects = [(attrgetter(name), level) for name, level in objects.items()]
        self._lists = [(attrgetter(name), level) for name, level in lists.items()]

    def look(self, structs: list[Any]) -> bool:
        """Makes times that mean "not yet" none, and says whether all amounts are plain decimals."""
        amounts: set[Any] = set()
        self._look(structs, amounts)
        return are_plain(amounts - NOTHING)

    def _look(self, structs: list[Any], amounts: set[Any]) -> None:
        values = list(map(astuple, structs)) if self._times or self._amounts else []
        if self._times and self._earliest(values) <= EPOCH:
            for struct in structs:
                self._forget_early(struct)
        if self._amounts:
            amounts.update(*map(self._of_amounts, values))
        for get, level in self._objects:
            if below := list(filter(None, map(get, structs))):
                level._look(below, amounts)  # noqa: SLF001 - another of these
        for get, level in self._lists:
            if below := list(filter(None, chain.from_iterable(filter(None, map(get, structs))))):
                level._look(below, amounts)  # noqa: SLF001

    def _earliest(self, values: list[tuple[Any, ...]]) -> datetime:
        return min(filter(None, chain.from_iterable(map(self._of_times, values))), default=NEVER)

    def _forget_early(self, struct: Any) -> None:
        for name in self._times:
            moment = getattr(struct, name)
            if moment and moment <= EPOCH:
                setattr(struct, name, None)
