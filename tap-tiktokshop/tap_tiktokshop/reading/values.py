"""Lookups in a row as the platform sent it: a field on a dotted path, and times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_tiktokshop.times import unix

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def moment(row: Mapping[str, Any], happened: Collection[str], until: int, planned: Collection[str] = ()) -> int | None:
    """The latest of these times of a row (unix seconds; dots lead into objects), `until` at the latest.

    What has `happened` after `until` (while a list was read) counts as of then; what is `planned` for later does not.
    """
    times = [seconds for name in happened if (seconds := unix(at(row, name))) is not None]
    plans = [seconds for name in planned if (seconds := unix(at(row, name))) is not None and seconds <= until]
    return max((min(seconds, until) for seconds in (*times, *plans)), default=None)


def at(row: Any, path: str) -> Any:
    """What lies at a dotted path of a row, None where the path ends early."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row
