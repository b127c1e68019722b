"""How often somebody may ask: by the address that a request comes from."""

from __future__ import annotations

import ipaddress
import re
import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ADDRESSES = 10_000
"""That are remembered, the latest ones."""


class AddressRate:
    """Lets so many requests of an address through at once, and so many a second from then on.

    Args:
        burst: At once.
        per_second: From then on.
        now: Seconds.
    """

    def __init__(self, burst: int, per_second: float, now: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_second = per_second
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address -> what is left, and as of when
        self._lock = Lock()

    def allows(self, address: str, cost: float = 1.0) -> bool:
        """Whether one more is let through. At a cost of 0 it is only looked."""
        key = network_of(address)
        with self._lock:
            now = self._now()
            left, since = self._left.pop(key, (float(self._burst), now))
            left = min(float(self._burst), left + (now - since) * self._per_second)
            good = left >= max(cost, 1.0)
            self._left[key] = (left - cost if good else left, now)
            if len(self._left) > MOST_ADDRESSES:
                self._left.popitem(last=False)
        return good


_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[\d.]+):\d+")


def network_of(address: str) -> str:
    """Whom an address belongs to: a whole /64 of IPv6 is one subscriber's.

    Some proxies write the port behind it, or IPv4 as IPv6.
    """
    text = address.strip()
    with_port = _WITH_PORT.fullmatch(text)
    try:
        parsed = ipaddress.ip_address(with_port["six"] or with_port["four"] if with_port else text)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
