"""Whom parcels go to, as far as the platform lets the seller see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_LEVELS = (("L0", "Country"), ("L1", "State"), ("L2", "County"), ("L3", "City"))


def _masked(text: str) -> str:
    return f"{text[:1]}***"


def recipient_address(shop: Shop, order: Order) -> Document:
    """The address: plain where the seller ships, masked where the platform does, empty in old orders."""
    person, market = order.recipient, shop.market
    place = market.places[person.place]
    phone = f"{market.dialling}{person.phone[:3]}-***-{person.phone[-4:]}"
    line1 = person.street
    first, last = person.first, person.last
    if order.masked:
        line1, first, last = f"{_masked(line1)} {line1.split(' ', 1)[-1]}", _masked(first), _masked(last)
    elif shop.options[order.option].shipping_type == "SELLER":
        phone = f"{market.dialling}{person.phone}"
    texts = {
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "phone_number": phone,
        "full_address": f"{line1}, {place.city}, {place.state}, {person.postcode}, {market.country}",
        "address_detail": line1,
        "address_line1": line1,
        "address_line2": "",
        "address_line3": "",
        "address_line4": "",
        "postal_code": person.postcode,
    }
    if order.purged:
        texts = dict.fromkeys(texts, "")
    names = (market.country, place.state, place.county, place.city)
    shown: Document = {
        **texts,
        "region_code": market.region,
        "district_info": [
            {
                "address_level": level,
                "address_level_name": label,
                "address_name": "" if order.purged and level == "L3" else name,
            }
            for (level, label), name in zip(_LEVELS, names, strict=True)
        ],
        "delivery_preferences": {"drop_off_location": "" if order.purged else "Front Door"},
    }
    if market.region == "GB":
        shown["post_town"] = "" if order.purged else place.city
    return shown
