"""What a person sees of a running tap: a bar on a terminal, one log line every ten seconds elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

    from typing_extensions import Self

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""
SKIPPED = "skipped"
DONE = {"read", SKIPPED}
"""How a part has ended of which nothing is left."""
FRAME = 0.1
"""Seconds between two pictures of the bar."""


class Part(Protocol):
    """What is read of one shop: from `start` until `end`, unix seconds; all before `reached` is there."""

    start: int
    end: int
    reached: int
    rows: int

    @property
    def status(self) -> str:
        """How it has ended, in one word."""


class Progress:
    """Rows, rows per second and share of the time ranges done, for one stream. Never on standard output."""

    def __init__(
        self,
        logger: logging.Logger,
        stream: str,
        parts: Collection[Part],
        *,
        every: float = EVERY,
        terminal: bool | None = None,
    ) -> None:
        """`parts`: the shops' parts of the stream, whose owner moves them on and then calls `show`."""
        self._logger = logger
        self._stream = stream
        self._parts = parts
        self._every = every
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._began = time.monotonic()
        self._shown = 0.0
        self._stopped = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._terminal:
            self._bar: Any = click.progressbar(
                length=100,
                label=f"{self._stream:24s}",
                item_show_func=lambda _: f"{self.rows} rows, {self.rate:.0f}/s",
                file=sys.stderr,
            )
            self._bar.__enter__()
        else:
            self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._terminal:
            self._bar.__exit__(kind, error, trace)
        if self._ticker is not None:
            self._ticker.join()
        self._log("Read" if all(part.status in DONE for part in self._parts) else "Read in part")

    @property
    def rows(self) -> int:
        """Rows read of all shops."""
        return sum(part.rows for part in self._parts)

    @property
    def rate(self) -> float:
        """Rows per second since the start."""
        return self.rows / max(time.monotonic() - self._began, 0.001)

    @property
    def done(self) -> float:
        """Share of the time ranges that is read, in percent, of the shops that are not skipped."""
        parts = [part for part in self._parts if part.status != SKIPPED and part.end > part.start]
        span = sum(part.end - part.start for part in parts)
        return 100.0 * sum(part.reached - part.start for part in parts) / span if span else 100.0

    def show(self) -> None:
        """Brings the bar up to date."""
        if self._terminal and (time.monotonic() - self._shown > FRAME or self.done >= 100):
            self._shown = time.monotonic()
            self._bar.update(self.done - self._bar.pos)
            self._bar.render_progress()

    def _tick(self) -> None:
        while not self._stopped.wait(self._every):
            self._log("Reading")

    def _log(self, verb: str) -> None:
        facts = {
            "stream": self._stream,
            "shops": len(self._parts),
            "rows": self.rows,
            "rows_per_second": round(self.rate, 1),
            "done_percent": round(self.done, 1),
        }
        self._logger.log(
            logging.INFO if facts["rows"] else logging.DEBUG,
            "%s %s",
            verb,
            " ".join(f"{name}={value}" for name, value in facts.items()),
            extra={"progress": facts},
        )
