"""What a run reports at its end: one line for people, and everything as JSON for programs."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tap_tiktokshop.times import utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_tiktokshop.records.convert import Oddities
    from tap_tiktokshop.run.partition import Partition

FEW = 3
"""Fields that a sentence names."""
TOLD = (
    "status",
    "reason",
    "rows",
    "rows_counted_by_platform",
    "counts_agree",
    "windows_read_twice",
    "gone",
    "mended",
    "without_identity",
    "calls",
    "retries",
)
"""What a row has of a part's report."""


@dataclass
class Summary:
    """Collects the parts of a run, and what did not fit the fields of its records, by stream.

    Attributes:
        parts: The streams of shops that were read.
        oddities: What did not fit, by stream.
        skipped: The reports of streams that have no part.
        ignored: What was configured and is no setting; a warning said so at the start, behind which many lines came.
    """

    parts: list[Partition] = field(default_factory=list)
    oddities: dict[str, Oddities] = field(default_factory=dict)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    ignored: Sequence[str] = ()

    def skip(self, stream: str, reason: str) -> None:
        """Notes a stream of which there is no part, because none of the shops can have it."""
        nothing = dict.fromkeys(("rows", "rows_unchanged", "calls", "retries", "waited_seconds"), 0)
        told = {"shop_id": None, "stream": stream, "status": "skipped", **nothing, "bookmark": None, "reason": reason}
        self.skipped.append(told)

    def report(self, began: int, ended: int) -> dict[str, Any]:
        """Everything, as JSON has it. Times are unix seconds of the platform's clock."""
        return {
            "started_at": utc(began),
            "ended_at": utc(ended),
            "ignored_settings": list(self.ignored),
            "totals": self.totals(),
            "parts": [*(part.report() for part in self.parts), *self.skipped],
            "undocumented_types": {stream: dict(found) for stream, found in self.oddities.items() if found},
            "examples": {stream: found.examples for stream, found in self.oddities.items() if found.examples},
        }

    def rows(self, run_id: str, began: int, ended: int) -> Iterator[dict[str, Any]]:
        """A row for each part, with all that was odd about it. Times are as above."""
        for part in self.parts:
            told = part.report()
            examples = self.oddities[part.stream].examples
            yield {
                "shop_id": told["shop_id"] or "",
                "run_id": run_id,
                "stream": part.stream,
                "started_at": began,
                "ended_at": ended,
                **{name: told[name] for name in TOLD},
                "undocumented": [
                    {"field": path, "values": count, "example": examples.get(path)}
                    for path, count in sorted(part.undocumented.items())
                ],
            }

    def totals(self) -> dict[str, Any]:
        """Sums over all shops and streams."""
        tallies = [part.source.tally for part in self.parts]
        checks = [part.source.checks for part in self.parts]
        return {
            "shops": len({part.shop.id for part in self.parts if part.shop}),
            "streams": len({part.stream for part in self.parts} | {told["stream"] for told in self.skipped}),
            "rows": sum(part.rows for part in self.parts),
            "rows_unchanged": sum(part.unchanged for part in self.parts),
            "calls": sum(tally.calls for tally in tallies),
            "retries": sum(tally.retries for tally in tallies),
            "waited_seconds": round(sum(tally.waited for tally in tallies), 1),
            "windows_read_twice": sum(check.read_twice for check in checks),
            "skipped": sum(bool(part.skipped) for part in self.parts) + len(self.skipped),
            "failed": sum(bool(part.failed) for part in self.parts),
            "left_over": sum(bool(part.left_over) for part in self.parts),
            "short": sum(part.counts_agree is False for part in self.parts),
            "mended": sum(check.mended for check in checks),
            "without_identity": sum(check.unidentified for check in checks),
            "undocumented_types": sum(sum(found.values()) for found in self.oddities.values()),
        }

    def sentences(self) -> Iterator[str]:
        """What people should know of the rows beyond the numbers."""
        if left_over := self.left_over():
            yield left_over
        for stream, found in self.oddities.items():
            examples = {path: f", such as {found.examples[path]!r}" for path in found.examples}
            told = [f"{path} ({count}{examples.get(path, '')})" for path, count in found.most_common(FEW)]
            if told:
                more = ", …" if len(found) > FEW else ""
                yield f"Values of stream {stream} did not fit their fields and are null: {', '.join(told)}{more}."

    def left_over(self) -> str:
        """One sentence about what waits for another day, "" if nothing does."""
        waiting: dict[str, list[str]] = {}
        for part in self.parts:
            if part.left_over:
                waiting.setdefault(part.subject, []).append(part.stream)
        if not waiting:
            return ""
        named = "; ".join(f"of {subject} {', '.join(streams)}" for subject, streams in waiting.items())
        return (
            f"Today's requests (the setting requests_per_day) are used up, so these are left over: {named}. "
            "The first run of the next day (UTC) goes on with them."
        )

    def line(self) -> str:
        """The same as one line."""
        totals = " ".join(f"{name}={value}" for name, value in self.totals().items())
        return f"{totals} ignored_settings: {', '.join(self.ignored)}" if self.ignored else totals


def check(path: str) -> None:
    """Tries, before anything is read, whether a report can be written to a file; its folder is created if needed.

    Raises:
        OSError: It cannot be written.
    """
    target = _target(path)
    if not _is_device(target):
        _open_draft(target).close()
        _draft_of(target).unlink()


def write(path: str, report: Mapping[str, Any]) -> None:
    """Writes a report to a file, whole or not at all; its folder is created if needed. A pipe or device stays one.

    Only its owner can read it, from the moment it exists: its errors quote the platform.

    Raises:
        OSError: It cannot be written.
    """
    target, text = _target(path), json.dumps(report, indent=2) + "\n"
    if _is_device(target):
        target.write_text(text, encoding="utf8")
        return
    try:
        with _open_draft(target) as file:
            file.write(text)
        _draft_of(target).replace(target)
    finally:
        _draft_of(target).unlink(missing_ok=True)


def _target(path: str) -> Path:
    target = Path(path).expanduser().resolve()
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _is_device(target: Path) -> bool:
    return target.exists() and not target.is_file()


def _draft_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}")


def _open_draft(target: Path) -> TextIO:
    draft = _draft_of(target)
    draft.unlink(missing_ok=True)
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf8")
