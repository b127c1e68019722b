"""What must never be promoted: prices that fall too far, below the cost, or below what the seller has set."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from target_tiktokshop.writing.live import decimal_of, object_of, objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_tiktokshop.settings import WritingSettings
    from target_tiktokshop.writing.rows import Row

INSIST = "the setting send_unseen sends it anyway"
ALL = Decimal(100)
TENTH = Decimal("0.1")
BUY_MORE, BUY_AND_GET = "bmsm_discount", "bxgy_discount"


def _offers(row: Row) -> list[Any]:
    """The offers that a row would put into its activity, or change."""
    return list(row.subject.difference.puts)


def cuts_deep(row: Row, settings: WritingSettings) -> str | None:
    """More is taken off a price than may be."""
    limit, name = settings.percent["max_discount_percent"], "max_discount_percent"
    for offer in _offers(row):
        if offer.price is None and offer.percent is None:
            continue
        cut = offer.cut
        if cut is None and not settings.send_unseen:
            return f"{offer.label}: the shop shows no price to compare with, as {name} asks for; {INSIST}"
        if cut is not None and cut > limit:
            normal = f" from {offer.normal[1]}" if offer.normal[1] is not None else ""
            return f"{offer.label}: {_told(cut)} % off{normal} is more than {name} ({limit} %)"
    for cut in _cuts_of_terms(row.subject.terms):
        if cut is None and not settings.send_unseen:
            return f"its terms do not say how much is off, as {name} asks for; {INSIST}"
        if cut is not None and cut > limit:
            return f"{_told(cut)} % off is more than {name} ({limit} %)"
    return None


def _told(percent: Decimal) -> str:
    """A percentage in a sentence, up to a tenth: what is more than a limit is not to look like it."""
    return str(percent.quantize(TENTH, ROUND_UP))


def _cuts_of_terms(discount: Mapping[str, Any]) -> Iterator[Decimal | None]:
    """What terms take off, in percent; None where that depends on what is bought."""
    for tier in objects(object_of(discount.get(BUY_MORE)).get("details")):
        yield _cut(tier, str(tier.get("type")), tier.get("value"))
    given = object_of(discount.get(BUY_AND_GET))
    if given:
        yield (
            ALL
            if given.get("discount_type") == "FREE"
            else _cut(given, str(given.get("discount_type")), given.get("discount_value"))
        )


def _cut(terms: Mapping[str, Any], kind: str, value: Any) -> Decimal | None:
    amount, least = decimal_of(value), decimal_of(terms.get("threshold_value"))
    if amount is None or amount < 0:
        return None
    if kind == "PERCENTAGE_OFF":
        return amount
    known = kind == "AMOUNT_OFF" and terms.get("threshold_type") == "MINIMAL_ORDER_AMOUNT"  # not so much off each item
    return amount * 100 / least if known and least is not None and least > 0 else None


def earns_little(row: Row, settings: WritingSettings) -> str | None:
    """Less is left above the cost than must be."""
    floor, name = settings.percent["min_margin_percent"], "min_margin_percent"
    cuts = list(_cuts_of_terms(row.subject.terms))
    for offer in _offers(row):
        if not _priced(offer) and not cuts:
            continue
        after = _after(offer, cuts)
        known = after and offer.cost is not None and (offer.cost > 0 or not floor)
        margin = (after - offer.cost) * 100 / after if known else None
        if margin is None and (floor or offer.cost is not None) and not settings.send_unseen:
            what = "what a buyer pays is not known" if offer.cost else "the record has no cost above 0"
            return f"{offer.label}: {what}, so that {name} cannot be checked; {INSIST}"
        if margin is not None and margin < floor:
            left = f"{after} leaves {margin:.1f} % above the cost of {offer.cost}"
            return f"{offer.label}: {left}, less than {name} ({floor} %)"
    if cuts and floor and row.subject.sells_unnamed and not settings.send_unseen:
        return (
            f"its terms are for products without a cost in the records, too, so that {name} cannot be checked; {INSIST}"
        )
    return None


def _priced(offer: Any) -> bool:
    """Whether an offer has a price or a percentage of its own, rather than the terms of its activity."""
    return offer.price is not None or offer.percent is not None


def _after(offer: Any, cuts: Sequence[Decimal | None]) -> Decimal | None:
    """What a buyer would pay at least for an offer, by itself or by terms; None if that is not known."""
    lowest: Decimal | None = offer.normal[0]
    if _priced(offer) or not cuts or None in cuts or lowest is None:
        own: Decimal | None = offer.after
        return own
    return lowest * (ALL - max(cut for cut in cuts if cut is not None)) / ALL


def _beyond(row: Row, limits: Mapping[str, Decimal]) -> Iterator[tuple[Any, Decimal, Decimal, str]]:
    cuts = list(_cuts_of_terms(row.subject.terms))
    for offer in _offers(row):
        code, after = next((sku.currency for sku in offer.skus if sku.currency), offer.currency), _after(offer, cuts)
        if code in limits and after is not None:
            yield offer, after, limits[code], code


def priced_low(row: Row, settings: WritingSettings) -> str | None:
    """A price falls below the lowest that the seller has set."""
    for offer, after, least, code in _beyond(row, settings.min_price):
        if after < least:
            return f"{offer.label}: {after} is below min_price ({least} {code})"
    return None


def priced_high(row: Row, settings: WritingSettings) -> str | None:
    """A price is above the highest that the seller has set."""
    for offer, after, most, code in _beyond(row, settings.max_price):
        if after > most:
            return f"{offer.label}: {after} is above max_price ({most} {code})"
    return None
