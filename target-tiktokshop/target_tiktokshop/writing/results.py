"""One outcome for each record, on disk before any later STATE is passed on."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from target_tiktokshop.writing.outcomes import FAILED, GUARDED, OUTCOMES, REJECTED
from target_tiktokshop.writing.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from typing import BinaryIO

    from target_tiktokshop.writing.rows import Row

FOLDER = Path(".tiktokshop") / "results"
PRIVATE = 0o600
_encode = msgspec.json.Encoder(decimal_format="string").encode


@dataclass
class OutcomeTally:
    """The counts of a run so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    deliberate: int = 0
    of_parts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By shop, stream and outcome."""

    def count(self, rows: Sequence[Row]) -> None:
        """Adds rows that have their outcome."""
        self.outcomes.update(row.outcome for row in rows)
        self.of_parts.update((row.shop.id if row.shop else "", row.stream, row.outcome) for row in rows)
        self.deliberate += sum(row.deliberate for row in rows)

    @property
    def failed(self) -> int:
        """Rows rejected, guarded or failed in review, without those that were left out on purpose."""
        return self.outcomes[REJECTED] + self.outcomes[GUARDED] + self.outcomes[FAILED] - self.deliberate

    def beyond(self, percent: Decimal) -> bool:
        """Whether more than `percent` of all rows failed."""
        return self.failed * 100 > percent * self.outcomes.total()

    def __str__(self) -> str:
        return ", ".join(f"{self.outcomes[name]} {name}" for name in OUTCOMES if self.outcomes[name]) or "no records"


class Results:
    """The results file of one run: JSON lines, readable by its owner only, made when the first row comes.

    Args:
        path: The file, which is added to; None for a new one in `FOLDER`.
        plan: Whether rows are a plan to look at, which is shown at the end.
    """

    def __init__(self, path: Path | None, *, plan: bool) -> None:
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        self.run = f"{stamp}-{secrets.token_hex(3)}"
        self.path = path or FOLDER / f"{self.run}.jsonl"
        self.tally = OutcomeTally()
        self.plan = Plan() if plan else None
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Makes sure that there is a file to write to, before anything is sent.

        Raises:
            OSError: There cannot be one.
        """
        if self._file is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
        facts = os.fstat(descriptor)
        if stat.S_ISREG(facts.st_mode):
            os.fchmod(descriptor, PRIVATE)
        self._file = os.fdopen(descriptor, "ab", buffering=1 << 20)
        if facts.st_size and os.pread(descriptor, 1, facts.st_size - 1) != b"\n":
            self._file.write(b"\n")  # a run that was killed here left half a line

    def write(self, rows: Sequence[Row]) -> None:
        """Puts the outcomes of rows on disk; when it returns they are there.

        Raises:
            OSError: They are not, because the disk is full for example.
        """
        self.open()
        assert self._file is not None  # noqa: S101 - opened above
        try:
            for row in rows:
                self._file.write(_encode(self.entry(row)) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        self.tally.count(rows)
        if self.plan is not None:
            self.plan.add(rows)

    def entry(self, row: Row) -> dict[str, Any]:
        """A row's line of the file."""
        return {
            "run": self.run,
            "row": row.number,
            "stream": row.stream,
            "shop_id": row.shop.id if row.shop else None,
            "outcome": row.outcome,
            "code": row.code or None,
            "message": "; ".join([*row.notes, *filter(None, [row.message])]) or None,
            "request_id": row.request_id or None,
            "operation": row.operation or None,
            "before": row.before,
            "after": row.after,
            "record": row.record,
            **({"stopped_by": row.stopped_by} if row.stopped_by else {}),
        }

    def close(self) -> None:
        """Closes the file; what could not be written has been reported by `write`."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
