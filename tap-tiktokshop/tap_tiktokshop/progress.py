"""What a person sees of a running tap: a bar on a terminal, one log line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import logging
    from types import TracebackType

    from typing_extensions import Self

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """Rows, rows per second and share of the time range done, for one stream of one shop. Never on standard output."""

    def __init__(
        self,
        logger: logging.Logger,
        stream: str,
        shop_id: str,
        *,
        start: int,
        end: int,
        every: float = EVERY,
        terminal: bool | None = None,
    ) -> None:
        """`start` and `end`: unix seconds the stream is read from and until."""
        self._logger = logger
        self._tags = {"stream": stream, "shop_id": shop_id}
        self._start, self._end = start, end
        self._every = every
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._began = time.monotonic()
        self._reached = self._start
        self._stopped = threading.Event()
        self._ticker: threading.Thread | None = None
        self.rows = 0

    def __enter__(self) -> Self:
        if self._terminal:
            self._bar: Any = click.progressbar(
                length=max(1, self._end - self._start),
                label=f"{self._tags['stream']:24s} {self._tags['shop_id']:20s}",
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
        self._log("Read")

    @property
    def rate(self) -> float:
        """Rows per second since the start."""
        return self.rows / max(time.monotonic() - self._began, 0.001)

    @property
    def done(self) -> float:
        """Share of the time range that is read, in percent."""
        span = self._end - self._start
        return 100.0 * (self._reached - self._start) / span if span > 0 else 100.0

    def add(self, rows: int) -> None:
        """Rows that came."""
        self.rows += rows
        if self._terminal:
            self._bar.render_progress()

    def reached(self, moment: int) -> None:
        """All before this time is read."""
        if self._terminal:
            self._bar.update(moment - self._reached)
        self._reached = moment

    def _tick(self) -> None:
        while not self._stopped.wait(self._every):
            self._log("Reading")

    def _log(self, verb: str) -> None:
        facts = {
            **self._tags,
            "rows": self.rows,
            "rows_per_second": round(self.rate, 1),
            "done_percent": round(self.done, 1),
        }
        self._logger.info(
            "%s %s",
            verb,
            " ".join(f"{name}={value}" for name, value in facts.items()),
            extra={"progress": facts},
        )
