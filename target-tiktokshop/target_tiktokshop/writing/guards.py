"""What must never be sent: checks of single rows, and of a whole batch, before any of its calls is made."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from tiktokshop_client.endings import Ending

from target_tiktokshop.writing import masses, promotion_guards
from target_tiktokshop.writing.changes import Stop
from target_tiktokshop.writing.live import UNSEEN
from target_tiktokshop.writing.outcomes import GUARDED, REJECTED
from target_tiktokshop.writing.rows import Row, still_open
from target_tiktokshop.writing.surprises import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from target_tiktokshop.settings import WritingSettings
    from target_tiktokshop.writing.run import WriteRun

LONG_ID = 15
"""From so many digits on, a name in `deny_skus` or `allow_skus` is taken for the platform's id of a SKU."""
INSIST = "the setting send_unseen sends it anyway"


class RunStoppedError(Exception):
    """A guard stopped the run; nothing of the batch was sent, and its rows have their outcomes."""

    ending = Ending.GUARD


@dataclass(frozen=True)
class Guard:
    """One check of a row that would change something.

    Attributes:
        name: The setting, which is the code of the rows it holds back.
        finds: What is wrong with the row, as a sentence, None if nothing is.
        deliberate: Whether it leaves rows out on purpose, so that they are no sign of a broken feed.
    """

    name: str
    finds: Callable[[Row, WritingSettings], str | None]
    deliberate: bool = False


def names_of(row: Row) -> set[str]:
    """What the settings may call a row's SKU."""
    sku = row.subject
    named = {row.values.get("sku_id"), row.values.get("seller_sku")}
    if sku is not None:
        named |= {getattr(sku, "id", None), getattr(sku, "seller_sku", None)}
    return {name for name in named if name} | getattr(sku, "names", set())


def _denied(row: Row, settings: WritingSettings) -> str | None:
    if names_of(row) & settings.deny_skus:
        return "the setting deny_skus names this SKU"
    by_number = any(not (name.isdecimal() and len(name) >= LONG_ID) for name in settings.deny_skus)
    if not by_number or row.subject.numbered or "seller_sku" in row.values or settings.send_unseen:
        return None
    return f"the shop does not show the seller SKU, which deny_skus may name; {INSIST}"


def _not_allowed(row: Row, settings: WritingSettings) -> str | None:
    each = getattr(row.subject, "names_of_each", None) or [names_of(row)]
    if not settings.allow_skus or all(names & settings.allow_skus for names in each):
        return None
    if len(each) > 1:
        count = sum(not names & settings.allow_skus for names in each)
        return f"the setting allow_skus does not name {count} of its {len(each)} SKUs"
    return "the setting allow_skus does not name this SKU"


def _protected(row: Row, settings: WritingSettings) -> str | None:
    if not settings.protect_status or not row.subject.status:
        return None
    if row.subject.status == UNSEEN:
        return None if settings.send_unseen else f"the shop does not show the status of the product; {INSIST}"
    who = "the seller has" if row.subject.status.startswith("SELLER") else "the platform has"
    return f"{who} deactivated the product ({row.subject.status}): activate it first, or set protect_status to false"


def _too_many(row: Row, settings: WritingSettings) -> str | None:
    if row.after.get("quantity", 0) <= settings.max_quantity:
        return None
    return f"{row.after['quantity']} is more than max_quantity ({settings.max_quantity})"


def _leap(row: Row, settings: WritingSettings) -> str | None:
    before, after = row.subject.price, Decimal(row.after["price"])
    limit = settings.percent["max_price_change_percent"]
    if not before or before < 0 or not row.subject.currency:
        if settings.send_unseen:
            return None
        return f"the shop shows no price to compare {after} with, as max_price_change_percent asks for; {INSIST}"
    if abs(after - before) * 100 <= limit * before:
        return None
    change = (after - before) * 100 / before
    return (
        f"from {before} to {after} is a change of {change:+.0f} %, more than max_price_change_percent "
        f"({limit} %): check the unit of the price"
    )


def _amounts(row: Row) -> list[Decimal]:
    """What the call sets the buyer's price to: in some markets one amount, in others another is what counts."""
    return [Decimal(row.values[name]) for name in ("amount", "sale_price") if name in row.values]


def _too_low(row: Row, settings: WritingSettings) -> str | None:
    least = settings.min_price.get(row.after["currency"])
    if least is None or min(_amounts(row)) >= least:
        return None
    return f"{min(_amounts(row))} is below min_price ({least} {row.after['currency']})"


def _too_high(row: Row, settings: WritingSettings) -> str | None:
    most = settings.max_price.get(row.after["currency"])
    if most is None or max(_amounts(row)) <= most:
        return None
    return f"{max(_amounts(row))} is above max_price ({most} {row.after['currency']})"


def _deletes(row: Row, settings: WritingSettings) -> str | None:
    gone = getattr(row.subject, "difference", None)
    count = len(gone.deleted) if gone is not None else int(row.values.get("status") == "deleted")
    if not count or settings.allow_delete:
        return None
    what = f"{count} SKUs of the product" if gone is not None else "the product"
    return f"it would delete {what}; the setting allow_delete lets it"


def _new_skus(row: Row) -> list[Any]:
    """The SKUs that a row would list, with their prices and units."""
    return list(row.subject.difference.added)


def _priced_low(row: Row, settings: WritingSettings) -> str | None:
    for sku in _new_skus(row):
        least = settings.min_price.get(sku.wanted.currency)
        if least is not None and Decimal(sku.price) < least:
            return f"{sku.wanted.label}: {sku.price} is below min_price ({least} {sku.wanted.currency})"
    return None


def _priced_high(row: Row, settings: WritingSettings) -> str | None:
    for sku in _new_skus(row):
        most = settings.max_price.get(sku.wanted.currency)
        if most is not None and Decimal(sku.price) > most:
            return f"{sku.wanted.label}: {sku.price} is above max_price ({most} {sku.wanted.currency})"
    return None


def _stocked_high(row: Row, settings: WritingSettings) -> str | None:
    for sku in _new_skus(row):
        for place in sku.stock:
            if place["quantity"] > settings.max_quantity:
                words = f"{place['quantity']} is more than max_quantity ({settings.max_quantity})"
                return f"{sku.wanted.label}: {words}"
    return None


def _of_all(finds: Callable[[Row, WritingSettings], str | None]) -> Callable[[Row, WritingSettings], str | None]:
    """A check of a row and of those that are made together with it: the platform takes all of them, or none."""

    def found(row: Row, settings: WritingSettings) -> str | None:
        for each in row.subject.rows:
            problem = finds(each, settings)
            if problem:
                return problem if each is row else f"SKU {_own(each)}: {problem}"
        return None

    return found


def _own(row: Row) -> str:
    """What a row itself calls its SKU."""
    return str(row.values.get("seller_sku") or row.values.get("sku_id"))


def _refunds_much(row: Row, settings: WritingSettings) -> str | None:
    most = settings.max_refund_amount.get(row.after["currency"])
    if most is None and settings.max_refund_amount:
        return f"max_refund_amount names no amount for {row.after['currency']}, so none is refunded in it: name one"
    before = row.values["refunded_before"].get(row.after["currency"], Decimal(0))
    if most is None or Decimal(row.after["refund_total"]) + before <= most:
        return None
    also = f" and the {before} of the order that are refunded before are together" if before else " is"
    return f"{row.after['refund_total']}{also} above max_refund_amount ({most} {row.after['currency']})"


SKU_GUARDS = (
    Guard("deny_skus", _denied, deliberate=True),
    Guard("allow_skus", _not_allowed, deliberate=True),
    Guard("protect_status", _protected, deliberate=True),
)
# Stream -> its guards; the first that finds something holds the row back.
GUARDS: Mapping[str, tuple[Guard, ...]] = {
    "inventory": (*SKU_GUARDS, Guard("max_quantity", _too_many)),
    "prices": (
        *SKU_GUARDS,
        Guard("max_price_change_percent", _leap),
        Guard("min_price", _too_low),
        Guard("max_price", _too_high),
    ),
    "product_status": (
        Guard("allow_delete", _deletes),
        Guard("protect_status", _protected, deliberate=True),
    ),
    "replications": (
        *SKU_GUARDS,
        Guard("max_quantity", _of_all(_too_many)),
        Guard("min_price", _of_all(_too_low)),
        Guard("max_price", _of_all(_too_high)),
    ),
    "refunds": (Guard("max_refund_amount", _refunds_much),),
    "promotions": (
        *SKU_GUARDS,
        Guard("max_discount_percent", promotion_guards.cuts_deep),
        Guard("min_margin_percent", promotion_guards.earns_little),
        Guard("min_price", promotion_guards.priced_low),
        Guard("max_price", promotion_guards.priced_high),
    ),
    "listings": (
        *SKU_GUARDS,
        Guard("allow_delete", _deletes),
        Guard("max_quantity", _stocked_high),
        Guard("min_price", _priced_low),
        Guard("max_price", _priced_high),
    ),
}


def check_rows(stream: str, rows: Sequence[Row], settings: WritingSettings) -> None:
    """Holds back every open row that a guard of its stream finds something wrong with."""
    for row in still_open(rows):
        with apart(row):
            _check_row(row, GUARDS.get(stream, ()), settings)


def _check_row(row: Row, guards: Sequence[Guard], settings: WritingSettings) -> None:
    for guard in guards:
        problem = guard.finds(row, settings)
        if problem:
            row.settle(GUARDED, guard.name, problem)
            row.deliberate = guard.deliberate
            break


def check_batch(rows: Sequence[Row], settings: WritingSettings) -> Iterator[Stop]:
    """Whether too many rows of a batch are rejected or guarded."""
    failed = sum(row.outcome in {REJECTED, GUARDED} and not row.deliberate for row in rows)
    limit = settings.percent["max_rejected_percent"]
    if failed * 100 > limit * len(rows):
        yield Stop(
            "max_rejected_percent",
            f"{failed} of the {len(rows)} records of a batch are rejected or guarded, more than max_rejected_percent "
            f"({limit} %)",
        )


def check(rows: Sequence[Row], run: WriteRun) -> None:
    """Puts a batch before all guards. In a dry run its rows keep what they are, and what would stop is noted.

    Raises:
        RunStoppedError: A guard stops the run; every open row is guarded.
    """
    check_rows(rows[0].stream, rows, run.settings)
    for stop in chain(check_batch(rows, run.settings), masses.found(rows, run)):
        if not run.settings.dry_run:
            _stop(rows, stop)
        run.stops.append((rows[0].stream, stop))
        for row in rows:
            row.stopped_by = row.stopped_by or stop.name


def _stop(rows: Sequence[Row], stop: Stop) -> None:
    for row in still_open(rows):
        row.settle(GUARDED, stop.name, f"not sent, because the run was stopped: {stop.sentence}")
    raise RunStoppedError(
        f"The run was stopped and nothing of the batch was sent: {stop.sentence}. Check the feed, or raise {stop.name}."
    )
