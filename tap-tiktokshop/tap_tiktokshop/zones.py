"""The time zones of the shops' days: reports count days in the time of the shop's market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.operations import same_region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client import Shop

OF_REGION = {
    "AT": "Europe/Vienna",
    "BE": "Europe/Brussels",
    "BR": "America/Sao_Paulo",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "GR": "Europe/Athens",
    "HU": "Europe/Budapest",
    "ID": "Asia/Jakarta",
    "IE": "Europe/Dublin",
    "IT": "Europe/Rome",
    "JP": "Asia/Tokyo",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NL": "Europe/Amsterdam",
    "PH": "Asia/Manila",
    "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon",
    "SG": "Asia/Singapore",
    "TH": "Asia/Bangkok",
    "US": "America/Los_Angeles",
    "VN": "Asia/Ho_Chi_Minh",
}
"""Region -> the zone of its capital, or where the platform has its seat there."""


def zone_of(name: Any, key: str) -> ZoneInfo:
    """The zone of that name.

    Raises:
        ConfigurationError: There is none; `key` is where the setting has it.
    """
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ConfigurationError(
        f"The setting time_zones names {name!r} for {key}, which is no time zone; write it like Europe/London."
    )


def shop_zone(shop: Shop, configured: Mapping[str, Any]) -> ZoneInfo:
    """The zone of a shop's days: configured for the shop or its region, else its region's, UTC where none is known."""
    region = same_region(shop.region)
    for key in (shop.id, shop.region, region):
        if key in configured:
            return zone_of(configured[key], key)
    return ZoneInfo(OF_REGION.get(region, "UTC"))
