"""The figures of a run for a Prometheus Pushgateway.

They are sent in a thread of their own when the run has done its work: no run fails for them, and none ends later than
``LONGEST_WAIT`` for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_client.token import Token

LONGEST_WAIT: Final = 2.0
"""Seconds that sending may take, and that the end of a run may wait for it."""
DAY: Final = 86_400
GATEWAY: Final = "metrics_gateway"
"""The setting."""


@dataclass(frozen=True)
class Figure:
    """What is counted.

    Attributes:
        name: Its name at the gateway, behind `tiktokshop_`.
        words: What it is.
        values: The values of its labels -> how much; `()` where it has none.
        labels: The names of its labels.
    """

    name: str
    words: str
    values: Mapping[Sequence[str], float]
    labels: Sequence[str] = ()


def of_run(grant: Token | None, now: float) -> list[Figure]:
    """What is sent of every run: when it has ended, and how long its grant lasts where the platform says so."""
    found = [Figure("run_ended_seconds", "When the run has ended, in unix seconds.", {(): float(now)})]
    ends = grant.refresh_expires_at if grant else None
    if ends is not None:
        words = "Days until the seller's grant ends, where the platform says when."
        found.append(Figure("grant_days_left", words, {(): (ends - now) / DAY}))
    return found


def checked(address: str, plugin: str) -> str:
    """The setting ``metrics_gateway`` of a plugin.

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
            f"the setting metrics_gateway needs the library prometheus-client: install {plugin} with the extra "
            f"metrics, in a clone with pip install './{plugin}[metrics]'"
        )
    return address


class Pusher:
    """Sends the figures of a run.

    Args:
        address: The Pushgateway's, checked; "" for none.
        job: What they are figures of, the plugin's name.
        seller: Whose figures they are, by which the gateway tells them apart from those of other runs.
        logger: Where a failure is told.
    """

    def __init__(self, address: str, job: str, seller: str, logger: logging.Logger) -> None:
        self._address, self._job, self._seller = address, job, seller
        self._logger = logger
        self._thread: Thread | None = None

    def send(self, figures: Iterable[Figure]) -> None:
        """Begins to send what is known now, and returns at once; what an earlier one has not sent yet stays unsent."""
        if not self._address or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = Thread(target=self._push, args=(list(figures),), name="metrics", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Gives it the time that it may take."""
        if self._thread is not None:
            self._thread.join(LONGEST_WAIT)

    def _push(self, figures: list[Figure]) -> None:
        try:
            library: Any = import_module("prometheus_client")
            registry = library.CollectorRegistry()
            for figure in figures:
                gauge = library.Gauge(f"tiktokshop_{figure.name}", figure.words, figure.labels, registry=registry)
                for labels, value in figure.values.items():
                    (gauge.labels(*labels) if labels else gauge).set(value)
            library.push_to_gateway(
                self._address, self._job, registry, grouping_key={"seller": self._seller}, timeout=LONGEST_WAIT
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has done its work
            self._logger.warning(
                "The run's figures could not be sent to metrics_gateway (%s); everything else was done.",
                type(error).__name__,
            )
