"""What time it is in a market: where the platform counts by days, it means the days of the shop's own country."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

# One zone a country; where a country has several, the one its sellers' reports are cut by.
_ZONES: Final[Mapping[str, str]] = {
    "BR": "America/Sao_Paulo",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "ID": "Asia/Jakarta",
    "IE": "Europe/Dublin",
    "IT": "Europe/Rome",
    "JP": "Asia/Tokyo",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "PH": "Asia/Manila",
    "SG": "Asia/Singapore",
    "TH": "Asia/Bangkok",
    "US": "America/Los_Angeles",
    "VN": "Asia/Ho_Chi_Minh",
}


@lru_cache(maxsize=len(_ZONES))
def zone(region: str) -> ZoneInfo:
    """The time zone of a market, by the two letters of its region ("GB").

    Raises:
        KeyError: there is no such market.
    """
    return ZoneInfo(_ZONES[region])
