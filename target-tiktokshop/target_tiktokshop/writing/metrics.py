"""The figures of a run, as they go to a Prometheus Pushgateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.push import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_client import Tally

    from target_tiktokshop.writing.results import OutcomeTally

JOB = "target-tiktokshop"
ROWS = "Records by what became of them, as in the results file."
OF_SHOPS = {
    "calls": ("Requests that the run has sent, those that were tried again included.", "calls"),
    "retries": ("Requests that were tried again.", "retries"),
    "refusals": ("Requests that the platform has refused because there were too many.", "refused"),
    "wait_seconds": ("Seconds that requests have waited for the budget, all threads together.", "waited"),
}
"""Name -> what it is for each shop, and what a tally calls it. All begin with `tiktokshop_`."""


def of_writing(outcomes: OutcomeTally, spent: Mapping[str, Tally]) -> list[Figure]:
    """What became of the records of each stream and shop, and what each shop was asked."""
    rows: dict[Sequence[str], float] = dict(outcomes.of_parts.items())
    return [
        Figure("rows", ROWS, rows, ("shop", "stream", "outcome")),
        *(
            Figure(name, words, {(shop,): getattr(tally, kept) for shop, tally in spent.items()}, ("shop",))
            for name, (words, kept) in OF_SHOPS.items()
        ),
    ]
