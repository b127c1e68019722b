"""The figures of a run, as they go to a Prometheus Pushgateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.push import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_tiktokshop.run.partition import Partition

JOB = "tap-tiktokshop"
LABELS = ("shop", "stream")
OF_PARTS = {
    "rows": "Rows that the run has written.",
    "calls": "Requests that it has sent, those that were tried again included.",
    "retries": "Requests that were tried again.",
    "refusals": "Requests that the platform has refused because there were too many.",
    "wait_seconds": "Seconds that requests have waited for the budget, all threads together.",
    "lag_seconds": "How far the bookmark is behind the end of the run, where it is a time.",
    "ok": "1 where it was read to its end or left out with a reason, 0 where not.",
}
"""Name -> what it is, for each stream of a shop. All begin with `tiktokshop_`."""


def of_parts(parts: Iterable[Partition], now: float) -> list[Figure]:
    """The figures of each stream of each shop."""
    found = {(part.shop.id if part.shop else "", part.stream): _figures(part, now) for part in parts}
    return [
        Figure(name, words, {of: figures[name] for of, figures in found.items() if name in figures}, LABELS)
        for name, words in OF_PARTS.items()
    ]


def _figures(part: Partition, now: float) -> dict[str, float]:
    tally, bookmark = part.source.tally, part.bookmark.end
    figures: dict[str, float] = {
        "rows": part.rows,
        "calls": tally.calls,
        "retries": tally.retries,
        "refusals": tally.refused,
        "wait_seconds": tally.waited,
        "ok": part.status in {"read", "skipped"},
    }
    if bookmark:
        figures["lag_seconds"] = max(0.0, now - bookmark)
    return figures
