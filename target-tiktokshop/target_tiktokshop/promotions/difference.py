"""What a live activity lacks of what is asked for, and the bodies of the calls that give it that."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_tiktokshop.promotions.reading import ENDED, KINDS, NO_LIMIT
from target_tiktokshop.promotions.shapes import repeated
from target_tiktokshop.writing.live import decimal_of, object_of, objects, units_of
from target_tiktokshop.writing.rows import by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_tiktokshop.promotions.wanted import WantedOffer

A_CALL = 300
"""So many products, and so many SKUs, one call takes."""
OVER = frozenset({"EXPIRED", "DEACTIVATED"})
CHANGEABLE = ("title", "begin_time", "end_time", "participation_limit", "target_user_info", "auction_support_type")
TIMES = ("begin_time", "end_time")


@dataclass(frozen=True)
class LiveOffer:
    """A product or a SKU as a live activity has it; None is what it does not show."""

    price: Decimal | None
    percent: Decimal | None
    limit: int | None
    per_user: int | None


@dataclass
class ActivityDifference:
    """What must be done.

    Attributes:
        fields: Of the activity, with their new values; `before` are the live ones.
        puts: Offers that are missing, or otherwise.
        removes: Offers that are to go.
        ends: Whether the activity is to be ended.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    puts: list[WantedOffer] = field(default_factory=list)
    removes: list[WantedOffer] = field(default_factory=list)
    ends: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.fields or self.puts or self.removes or self.ends)


def level_of(live: Mapping[str, Any]) -> str:
    """Whether a live activity has products, SKUs, or the whole shop."""
    return str(live.get("product_level") or "")


def live_offers(live: Mapping[str, Any]) -> dict[tuple[str, str], LiveOffer]:
    """All products of a live activity, or all SKUs where each has an offer of its own, by their ids."""
    found: dict[tuple[str, str], LiveOffer] = {}
    for row in objects(live.get("products")):
        product_id, skus = str(row.get("id") or ""), objects(row.get("skus"))
        if level_of(live) == "VARIATION":
            found |= {(product_id, str(sku.get("id") or "")): _live_offer(sku, {}) for sku in skus}
        else:
            found[product_id, ""] = _live_offer(row, _common(skus))
    return found


def _common(skus: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What the SKUs of a product agree on, which is then the product's, where it does not show it itself."""
    first = skus[0] if skus else {}
    return {name: first[name] for name in first if all(sku.get(name) == first[name] for sku in skus)}


def _live_offer(row: Mapping[str, Any], other: Mapping[str, Any]) -> LiveOffer:
    def shown(name: str) -> Any:
        return row.get(name) if row.get(name) not in (None, "", {}) else other.get(name)

    return LiveOffer(
        price=decimal_of(object_of(shown("activity_price")).get("amount")),
        percent=decimal_of(shown("discount")),
        limit=units_of(shown("quantity_limit")),
        per_user=units_of(shown("quantity_per_user")),
    )


def compare(live: Mapping[str, Any], fields: Mapping[str, Any], offers: Iterable[WantedOffer]) -> ActivityDifference:
    """What a live activity, {} for a new one, lacks of what one record asks for."""
    found = ActivityDifference()
    if fields.get("status") == ENDED:
        found.ends = live.get("status") not in OVER
        return found
    for name in CHANGEABLE:
        if name in fields and not _same(live.get(name), fields[name]):
            found.fields[name], found.before[name] = fields[name], live.get(name)
    if "discount" in fields and not _same(live.get("discount"), fields["discount"]):
        found.fields["discount"], found.before["discount"] = fields["discount"], live.get("discount")
    has = live_offers(live)
    for offer in offers:
        own = has.get(offer.key)
        offer.was = own.price if own else None
        if offer.removed:
            found.removes += [offer] if own else []
        elif own is None or not is_so(own, offer):
            found.puts.append(offer)
    return found


def _same(live: Any, wanted: Any) -> bool:
    """Whether a live value has all that is wanted: of an object its properties, of numbers their value."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(_same(live.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(live, list) and len(live) == len(wanted) and all(map(_same, live, wanted))
    left, right = decimal_of(live), decimal_of(wanted)
    return left == right if left is not None and right is not None else live == wanted


def is_so(own: LiveOffer, offer: WantedOffer) -> bool:
    """Whether an activity has an offer as it is asked for; what the record does not say may be anything."""
    return (
        (offer.price is None or own.price == offer.price)
        and (offer.percent is None or own.percent == offer.percent)
        and offer.limit in {None, own.limit}
        and offer.per_user in {None, own.per_user}
    )


# -- bodies --------------------------------------------------------------------------------------------------------


def new_body(fields: Mapping[str, Any], level: str) -> dict[str, Any]:
    """The body of the call that makes an activity."""
    body = {name: fields[name] for name in (*CHANGEABLE, "activity_type", "discount") if name in fields}
    duration = fields.get("duration_type", "NORMAL")
    if duration == "INDEFINITE":
        body |= dict.fromkeys(TIMES, 0)
    return {**body, "product_level": level, "duration_type": duration}


def update_body(live: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the call that changes an activity.

    Title and times always go whole, as they are where they do not change; so do the terms of kinds that have any,
    because the platform takes its defaults for what is left out of those.

    Raises:
        ShapeError: What must be repeated cannot be read.
    """
    kept = repeated(live, ("title", *TIMES))
    if not KINDS.get(str(live.get("activity_type"))):
        kept |= repeated(live, WHOLE_TERMS)
    if live.get("duration_type") == "INDEFINITE":
        kept |= dict.fromkeys(TIMES, 0)
    body = {**kept, **changed}
    if "discount" in changed:
        body["discount"] = over(object_of(kept.get("discount")), changed["discount"])
    return body


WHOLE_TERMS = (
    "duration_type",
    "product_level",
    "participation_limit",
    "discount",
    "target_user_info",
    "auction_support_type",
)


def over(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Live terms with those that are wanted in their place."""
    merged = {name: over(object_of(live.get(name)), value) for name, value in wanted.items() if isinstance(value, dict)}
    return {**live, **wanted, **merged}


def put_calls(level: str, offers: Sequence[WantedOffer]) -> Iterator[list[WantedOffer]]:
    """Offers in the calls that put them in, none of them too large; those of a product in one call, if they fit."""
    part: list[WantedOffer] = []
    for group in by(offers, lambda offer: offer.product_id if level == "VARIATION" else offer.key).values():
        for start in range(0, len(group), A_CALL):
            some = group[start : start + A_CALL]
            if len(part) + len(some) > A_CALL:
                yield part
                part = []
            part = [*part, *some]
    if part:
        yield part


def put_body(kind: str, level: str, live: Mapping[str, Any], offers: Iterable[WantedOffer]) -> dict[str, Any]:
    """The body of a call that puts offers in; limits that a record does not say stay as they are."""
    has = live_offers(live)
    products = []
    for product_id, group in by(offers, lambda offer: offer.product_id).items():
        if level == "VARIATION":
            skus = [{"id": offer.sku_id, **_terms(kind, offer, has.get(offer.key))} for offer in group]
            whole: dict[str, Any] = {"quantity_limit": NO_LIMIT, "quantity_per_user": NO_LIMIT, "skus": skus}
        else:
            whole = {**_terms(kind, group[-1], has.get(group[-1].key)), "skus": []}
        products.append({"id": product_id, **whole})
    return {"products": products}


def _terms(kind: str, offer: WantedOffer, own: LiveOffer | None) -> dict[str, Any]:
    before = own or LiveOffer(None, None, NO_LIMIT, NO_LIMIT)
    limits = {
        "quantity_limit": before.limit if offer.limit is None else offer.limit,
        "quantity_per_user": before.per_user if offer.per_user is None else offer.per_user,
    }
    terms: dict[str, Any] = {name: limit for name, limit in limits.items() if limit is not None}
    price = before.price if offer.price is None else offer.price
    percent = before.percent if offer.percent is None else Decimal(offer.percent)
    if KINDS.get(kind) == "price" and price is not None:
        terms["activity_price_amount"] = format(price, "f")
    if KINDS.get(kind) == "percent" and percent is not None:
        terms["discount"] = format(percent.normalize(), "f")
    return terms


def remove_body(level: str, offers: Iterable[WantedOffer]) -> dict[str, Any]:
    """The body of a call that takes offers out."""
    if level == "VARIATION":
        return {"sku_ids": [offer.sku_id for offer in offers]}
    return {"product_ids": [offer.product_id for offer in offers]}
