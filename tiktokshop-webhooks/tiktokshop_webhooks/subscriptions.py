"""Which events of a shop the platform reports, and where to: changed, and then looked at again."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tiktokshop_client import TikTokShopError, operations
from tiktokshop_client.errors import ConfigurationError

from tiktokshop_webhooks.event_types import BY_NAME, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_client import Client, Shop

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
ALL = "all"
LONGEST_ADDRESS = 255
WHERE = "in Partner Center, on the app's own page under Webhooks, once for all shops"


@dataclass(frozen=True)
class Reported:
    """How an event of a shop is reported.

    Attributes:
        shop_id: The shop.
        event_type: The event.
        address: Where the platform reports it to, "" if nowhere.
        told: What was done, or what went wrong; one sentence or less.
        ok: Whether it is as it should be.
    """

    shop_id: str
    event_type: str
    address: str
    told: str = ""
    ok: bool = True

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def line(self) -> str:
        """As a line."""
        return f"{self.shop_id}  {self.event_type:<33}  {self.told or self.address}"


def events_of(names: Sequence[str]) -> list[str]:
    """The events that names on the command line mean.

    Raises:
        ConfigurationError: A name is none, or of an event that cannot be subscribed by API.
    """
    found: dict[str, None] = {}
    numbers = {str(number): each.name for number, each in TYPES.items()}
    for name in names:
        event = name.strip().upper().replace("-", "_")
        event = numbers.get(event, event)
        if name == ALL:
            found |= dict.fromkeys(each.name for each in TYPES.values() if each.by_api and each.used)
        elif event not in BY_NAME:
            raise ConfigurationError(f"there is no event {event[:60]}; there are {ALL}, {', '.join(by_api())}")
        elif not BY_NAME[event].by_api:
            raise ConfigurationError(f"the platform does not let {event} be subscribed by API: switch it on {WHERE}")
        else:
            found[event] = None
    return list(found)


def by_api() -> list[str]:
    """The events that can be subscribed by API."""
    return [each.name for each in TYPES.values() if each.by_api]


def by_hand() -> list[str]:
    """The events about what the tap reads that only Partner Center switches on, with their numbers."""
    return [f"{each.number} {each.name}" for each in TYPES.values() if each.used and not each.by_api]


def check_address(address: str) -> None:
    """Refuses an address that the platform would not send to.

    Raises:
        ConfigurationError: It is one; the sentence says why.
    """
    if not re.fullmatch(r"[!-~]+", address):
        raise ConfigurationError(
            "the address is empty, or has spaces or characters beyond ASCII; write them with % and two digits"
        )
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError("the address is not a URL") from None
    if parts.scheme == "http" and (host == "localhost" or (_is_ip(host) and ip_address(host).is_loopback)):
        return  # which only a sandbox takes
    wrong = [
        (parts.scheme != "https", "it must begin with https://"),
        (not _DOMAIN.fullmatch(host), "it must have a domain name, and no IP address"),
        (port is not None, "it must have no port"),
        (len(address) > LONGEST_ADDRESS, f"it must have at most {LONGEST_ADDRESS} characters"),
        (bool(parts.username or parts.password or parts.fragment), "it must have no user, password or fragment"),
    ]
    if faults := [words for fault, words in wrong if fault]:
        raise ConfigurationError(f"the platform would not send to this address: {'; '.join(faults)}")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Subscriptions:
    """The subscriptions of the shops of a grant.

    Args:
        client: The platform.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def shops(self, ids: Sequence[str]) -> list[Shop]:
        """The shops of these ids, all of the grant if there are none.

        Raises:
            ConfigurationError: The grant does not cover one.
            TikTokShopError: The platform could not be asked.
        """
        shops = {shop.id: shop for shop in self._client.shops()}
        if missing := [shop_id for shop_id in ids if shop_id not in shops]:
            raise ConfigurationError(
                f"the grant does not cover shop {', '.join(missing)}; it covers {', '.join(shops) or 'none'}"
            )
        return [shops[shop_id] for shop_id in ids or shops]

    def present(self, shop: Shop) -> dict[str, str]:
        """Event -> the address that it is reported to.

        Raises:
            TikTokShopError: The platform could not be asked.
        """
        rows = self._client.call(operations.GET_WEBHOOKS, shop=shop).data.get("webhooks") or []
        return {str(row.get("event_type")): str(row.get("address") or "") for row in rows if isinstance(row, dict)}

    def subscribe(self, shop: Shop, events: Sequence[str], address: str) -> list[Reported]:
        """Has events reported to an address, and looks whether they are.

        Raises:
            TikTokShopError: The platform could not be asked what there is.
        """
        before = self.present(shop)
        failed = {
            event: self._try(operations.UPDATE_WEBHOOK, shop, {"event_type": event, "address": address})
            for event in events
            if before.get(event) != address
        }
        after = self.present(shop)
        return [
            self._reported(shop, event, before.get(event, ""), after.get(event, ""), failed.get(event, ""), address)
            for event in events
        ]

    def unsubscribe(self, shop: Shop, events: Sequence[str]) -> list[Reported]:
        """Has events not reported any more, and looks whether they are not.

        Raises:
            TikTokShopError: The platform could not be asked what there is.
        """
        before = self.present(shop)
        failed = {
            event: self._try(operations.DELETE_WEBHOOK, shop, {"event_type": event})
            for event in events
            if event in before
        }
        after = self.present(shop)
        return [
            self._reported(shop, event, before.get(event, ""), after.get(event, ""), failed.get(event, ""), "")
            for event in events
        ]

    def _try(self, operation: operations.Operation, shop: Shop, body: dict[str, str]) -> str:
        """What the platform has against it, "" if nothing."""
        try:
            self._client.call(operation, shop=shop, body=body)
        except TikTokShopError as error:
            if error.reach == "run":
                raise
            return str(error)
        return ""

    @staticmethod
    def _reported(shop: Shop, event: str, before: str, after: str, failure: str, wanted: str) -> Reported:
        if after != wanted:
            there = after or "nowhere"
            told = f"NOT DONE: the platform reports it to {there}" + (f" ({failure})" if failure else "")
            return Reported(shop.id, event, after, told, ok=False)
        if before == wanted:
            told = f"is reported to {wanted} already" if wanted else "is not reported"
        else:
            was = f", before to {before}" if before and wanted else ""
            told = f"is now reported to {wanted}{was}" if wanted else f"is reported no more, before to {before}"
        return Reported(shop.id, event, after, told)
