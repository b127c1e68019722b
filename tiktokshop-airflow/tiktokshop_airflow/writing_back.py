"""A seller's feed of stock, prices and the like: planned, and sent exactly as it was planned."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktokshop_airflow.pipelines import environment_name
from tiktokshop_airflow.running import one_program, under_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_airflow.pipelines import Errand, Pipeline
    from tiktokshop_airflow.running import Programs
    from tiktokshop_airflow.store import Fate, FleetStore, Hold

_LONGEST = 20_000


@dataclass(frozen=True)
class FeedPlan:
    """What a feed would change: the plan as text, how many records would be sent, the digest of the feed."""

    text: str
    planned: int
    digest: str


def propose(
    pipeline: Pipeline, store: FleetStore, errand: Errand, feed: Sequence[str], run: str, programs: Programs
) -> tuple[Fate, FeedPlan | None]:
    """Takes the feed's records once, stores them, and has the target say what it would do; nothing is sent.

    Args:
        pipeline: The target, and its settings.
        store: Where the records wait for somebody's approval.
        errand: The seller.
        feed: The command whose output is the records, as Singer messages.
        run: The id of the run.
        programs: What to stop when the task must end.
    """
    proposals: list[FeedPlan] = []

    def work(_: Hold, how: dict[str, Any]) -> Fate:
        how |= {"env": _environment(pipeline, errand)}
        fate, records, _lines = one_program(errand.command(feed), how, programs)
        if fate.code:
            return fate
        with tempfile.TemporaryDirectory() as place:
            results = Path(place) / "plan.jsonl"
            how |= {"env": _environment(pipeline, errand, dry_run=True, results_path=str(results))}
            fate, _written, lines = one_program(errand.command(pipeline.target), how, programs, records)
            records_told = results.read_bytes().splitlines() if results.exists() else []
            planned = sum(json.loads(line)["outcome"] == "planned" for line in records_told)
        digest = store.keep_feed(run, errand.merchant.name, records)
        proposals.append(FeedPlan("\n".join(lines).strip()[:_LONGEST], planned, digest))
        return fate

    fate = under_lock(pipeline, store, errand, work)
    return fate, None if fate.code else proposals[0]


def send(pipeline: Pipeline, store: FleetStore, errand: Errand, digest: str, run: str, programs: Programs) -> Fate:
    """Sends the records whose plan was approved, byte for byte; the target compares and guards once more."""

    def work(_: Hold, how: dict[str, Any]) -> Fate:
        records = store.feed(run, errand.merchant.name, digest)
        how |= {"env": _environment(pipeline, errand, dry_run=False)}
        return one_program(errand.command(pipeline.target), how, programs, records)[0]

    return under_lock(pipeline, store, errand, work)


def _environment(pipeline: Pipeline, errand: Errand, **more: Any) -> dict[str, str]:
    settings = {**pipeline.settings, **errand.merchant.settings, **pipeline.target_settings, **more}
    return errand.environment(pipeline, **{environment_name(pipeline.target): settings})
