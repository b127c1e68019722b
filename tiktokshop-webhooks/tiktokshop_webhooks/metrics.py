"""What the receiver counts, in the text form that Prometheus reads."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
"""Seconds; the platform gives up after three."""
PREFIX = "tiktokshop_webhooks_"
# Name -> its kind, and what it says.
NAMES: Mapping[str, tuple[str, str]] = {
    "deliveries_total": ("counter", "Deliveries that were answered, by HTTP status."),
    "events_total": ("counter", "New events, by the number of their type; 0 for those that cannot be understood."),
    "duplicates_total": ("counter", "Deliveries of an event that had come before."),
    "quarantined_total": ("counter", "Deliveries whose signature was not right, by reason."),
    "grant_warnings_total": ("counter", "Events of a grant that ends soon (7) or has ended (6)."),
    "inbox_failures_total": ("counter", "Deliveries that the inbox could not take: they were answered 503."),
    "notices_failed_total": ("counter", "Attempts to tell somebody that failed."),
    "inbox_events": ("gauge", "Events in the inbox."),
    "dead_events": ("gauge", "Events in the inbox that nobody can act on."),
    "quarantine_deliveries": ("gauge", "Deliveries in the quarantine."),
    "quarantine_bytes": ("gauge", "What they take up."),
}
SECONDS = "answer_seconds"


class Metrics:
    """Counters since the receiver began."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._within: Counter[float] = Counter()
        self._seconds = 0.0
        self._answers = 0

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Adds to a counter."""
        self._counts[name, label] += by

    def total(self, name: str) -> int:
        """A counter, whatever its label."""
        return sum(count for (each, _), count in self._counts.items() if each == name)

    def answered(self, status: int, seconds: float) -> None:
        """Notes a delivery that was answered."""
        self.count("deliveries_total", f'status="{status}"')
        self._seconds += seconds
        self._answers += 1
        for bound in BOUNDS:
            if seconds <= bound:
                self._within[bound] += 1

    def text(self, gauges: Mapping[str, int]) -> str:
        """All of it.

        Args:
            gauges: What there is at this time, by name.
        """
        lines = [line for name in NAMES for line in self._lines(name, gauges)]
        return "\n".join([*lines, *self._histogram(), ""])

    def _lines(self, name: str, gauges: Mapping[str, int]) -> Iterable[str]:
        kind, words = NAMES[name]
        if kind == "gauge" and name not in gauges:
            return
        yield f"# HELP {PREFIX}{name} {words}"
        yield f"# TYPE {PREFIX}{name} {kind}"
        if kind == "gauge":
            yield f"{PREFIX}{name} {gauges[name]}"
            return
        found = sorted((label, count) for (each, label), count in self._counts.items() if each == name)
        for label, count in found or [("", 0)]:
            yield f"{PREFIX}{name}{'{' + label + '}' if label else ''} {count}"

    def _histogram(self) -> Iterable[str]:
        name = f"{PREFIX}{SECONDS}"
        yield f"# HELP {name} From the first byte of a delivery's body to its answer."
        yield f"# TYPE {name} histogram"
        for bound in BOUNDS:
            yield f'{name}_bucket{{le="{bound:g}"}} {self._within[bound]}'
        yield f'{name}_bucket{{le="+Inf"}} {self._answers}'
        yield f"{name}_sum {self._seconds:.6f}"
        yield f"{name}_count {self._answers}"
