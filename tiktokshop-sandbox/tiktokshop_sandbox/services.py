"""What the platform's carriers ask for a parcel in the United States."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiktokshop_sandbox.storefront import Shop

POUND_IN_GRAMS = 454
# Name -> what a parcel costs and each pound on top, in cents; how many days it takes at least and at most.
SERVICES = (("Ground Advantage", 420, 55, 3, 6), ("Ground Saver", 395, 70, 4, 8), ("2Day", 1290, 210, 2, 2))
DEFAULT = 0


def service_id(place: int) -> str:
    """The id of the service at that place of the table."""
    return f"72{5_108_001_337 + place:016d}"


def services(shop: Shop, grams: int) -> list[dict[str, Any]]:
    """The services as they are offered, with their prices."""
    found = []
    for place, (name, base, more, earliest, latest) in enumerate(SERVICES):
        number, carrier, _ = shop.market.carriers[place % len(shop.market.carriers)]
        price = shop.amount(base + more * (grams // POUND_IN_GRAMS))
        found.append(
            {
                "id": service_id(place),
                "name": f"{carrier} {name}",
                "price": price,
                "currency": shop.currency,
                "earliest_delivery_days": earliest,
                "latest_delivery_days": latest,
                "is_default": place == DEFAULT,
                "shipping_provider_id": number,
                "shipping_provider_name": carrier,
            }
        )
    return found
