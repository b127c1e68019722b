"""The figures of a run for a Prometheus Pushgateway.

They are sent when all rows and the state are written, in a thread of their own: no run fails for them, and none ends
later than ``LONGEST_WAIT`` for them.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable

    from tiktokshop_client import Token

    from tap_tiktokshop.run.partition import Partition

LONGEST_WAIT = 2.0
"""Seconds that sending may take, and that the end of a run may wait for it."""
JOB = "tap-tiktokshop"
DAY = 86_400
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
OF_RUNS = {
    "grant_days_left": "Days until the seller's grant ends, where the platform says when.",
    "run_ended_seconds": "When the run has ended, in unix seconds.",
}


def checked(address: str) -> str:
    """The setting ``metrics_gateway``.

    Raises:
        ConfigurationError: It is no address, or the library for it is missing.
    """
    try:
        parts = urlsplit(address)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or "@" in address:
        raise ConfigurationError(
            "the setting metrics_gateway must be the address of a Prometheus Pushgateway, like http://127.0.0.1:9091, "
            "without user and password"
        )
    if find_spec("prometheus_client") is None:
        raise ConfigurationError(
            "the setting metrics_gateway needs the library prometheus-client: install tap-tiktokshop with the extra "
            "metrics, in a clone with pip install './tap-tiktokshop[metrics]'"
        )
    return address


class Pusher:
    """Sends the figures of a run.

    Args:
        address: The Pushgateway's, checked; "" for none.
        seller: Whose figures they are, by which the gateway tells them apart from those of other runs.
        logger: Where a failure is told.
    """

    def __init__(self, address: str, seller: str, logger: logging.Logger) -> None:
        self._address = address
        self._seller = seller
        self._logger = logger
        self._thread: Thread | None = None

    def send(self, parts: Iterable[Partition], grant: Token | None, now: float) -> None:
        """Begins to send what is known now, and returns at once; what an earlier one has not sent yet stays unsent."""
        if not self._address or (self._thread is not None and self._thread.is_alive()):
            return
        figures = {(part.shop.id if part.shop else "", part.stream): _figures(part, now) for part in parts}
        ends = grant.refresh_expires_at if grant else None
        run = {"run_ended_seconds": float(now), **({} if ends is None else {"grant_days_left": (ends - now) / DAY})}
        self._thread = Thread(target=self._push, args=(figures, run), name="metrics", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Gives it the time that it may take."""
        if self._thread is not None:
            self._thread.join(LONGEST_WAIT)

    def _push(self, parts: dict[tuple[str, str], dict[str, float]], run: dict[str, float]) -> None:
        try:
            library: Any = import_module("prometheus_client")
            registry = library.CollectorRegistry()
            for name, words in OF_PARTS.items():
                gauge = library.Gauge(f"tiktokshop_{name}", words, LABELS, registry=registry)
                for labels, figures in parts.items():
                    if name in figures:
                        gauge.labels(*labels).set(figures[name])
            for name, value in run.items():
                library.Gauge(f"tiktokshop_{name}", OF_RUNS[name], registry=registry).set(value)
            library.push_to_gateway(
                self._address, JOB, registry, grouping_key={"seller": self._seller}, timeout=LONGEST_WAIT
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has done its work
            self._logger.warning(
                "The run's figures could not be sent to metrics_gateway (%s); everything else was done.",
                type(error).__name__,
            )


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
