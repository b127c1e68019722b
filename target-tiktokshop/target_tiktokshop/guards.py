"""What may never be sent: checks of single rows, and of a whole batch, before any of its calls goes out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from target_tiktokshop.outcomes import GUARDED, REJECTED
from target_tiktokshop.planning import stock_after
from target_tiktokshop.rows import Row, by, still_open
from target_tiktokshop.surprises import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_tiktokshop.desk import Stock
    from target_tiktokshop.rules import Rules


class RunStoppedError(Exception):
    """A guard stopped the run; nothing of the batch was sent, and its rows have their outcomes."""


@dataclass(frozen=True)
class Guard:
    """One check of a row that would change something.

    Attributes:
        name: The setting, which is the code of the rows it holds back.
        finds: What is wrong with the row, as a sentence, None if nothing is.
        deliberate: Whether it leaves rows out on purpose, so that they are no sign of a broken feed.
    """

    name: str
    finds: Callable[[Row, Rules], str | None]
    deliberate: bool = False


def names_of(row: Row) -> set[str]:
    """What the settings may call a row's SKU."""
    sku = row.subject
    named = {row.values.get("sku_id"), row.values.get("seller_sku")}
    if sku is not None:
        named |= {getattr(sku, "id", None), getattr(sku, "seller_sku", None)}
    return {name for name in named if name}


def _denied(row: Row, rules: Rules) -> str | None:
    return "the setting deny_skus names this SKU" if names_of(row) & rules.deny_skus else None


def _not_allowed(row: Row, rules: Rules) -> str | None:
    if not rules.allow_skus or names_of(row) & rules.allow_skus:
        return None
    return "the setting allow_skus does not name this SKU"


def _protected(row: Row, rules: Rules) -> str | None:
    if not rules.protect_status or not row.subject.status:
        return None
    who = "the seller has" if row.subject.status.startswith("SELLER") else "the platform has"
    return f"{who} deactivated the product ({row.subject.status}): activate it first, or set protect_status to false"


def _too_many(row: Row, rules: Rules) -> str | None:
    if row.after["quantity"] <= rules.max_quantity:
        return None
    return f"{row.after['quantity']} is more than max_quantity ({rules.max_quantity})"


def _leap(row: Row, rules: Rules) -> str | None:
    before, after = row.subject.price, Decimal(row.after["price"])
    if not before or abs(after - before) * 100 <= rules.max_price_change_percent * before:
        return None
    change = (after - before) * 100 / before
    return (
        f"from {before} to {after} is a change of {change:+.0f} %, more than max_price_change_percent "
        f"({rules.max_price_change_percent} %): check the unit of the price"
    )


def _too_low(row: Row, rules: Rules) -> str | None:
    least = rules.min_price.get(row.after["currency"])
    if least is None or Decimal(row.after["price"]) >= least:
        return None
    return f"{row.after['price']} is below min_price ({least} {row.after['currency']})"


def _too_high(row: Row, rules: Rules) -> str | None:
    most = rules.max_price.get(row.after["currency"])
    if most is None or Decimal(row.after["price"]) <= most:
        return None
    return f"{row.after['price']} is above max_price ({most} {row.after['currency']})"


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
    "product_status": (Guard("protect_status", _protected, deliberate=True),),
}


def check_rows(stream: str, rows: Sequence[Row], rules: Rules) -> None:
    """Holds back every open row that a guard of its stream finds something wrong with."""
    for row in still_open(rows):
        with apart(row):
            _check_row(row, GUARDS.get(stream, ()), rules)


def _check_row(row: Row, guards: Sequence[Guard], rules: Rules) -> None:
    for guard in guards:
        problem = guard.finds(row, rules)
        if problem:
            row.settle(GUARDED, guard.name, problem)
            row.deliberate = guard.deliberate
            break


def check_batch(rows: Sequence[Row], rules: Rules) -> None:
    """Stops the run when too many rows of a batch are rejected or guarded.

    Raises:
        RunStoppedError: They are; every open row is guarded.
    """
    failed = sum(row.outcome in {REJECTED, GUARDED} and not row.deliberate for row in rows)
    if failed * 100 <= rules.max_rejected_percent * len(rows):
        return
    _stop(
        rows,
        "max_rejected_percent",
        f"{failed} of the {len(rows)} records of a batch are rejected or guarded, more than max_rejected_percent "
        f"({rules.max_rejected_percent} %)",
    )


def check_stock(rows: Sequence[Row], stock: Stock, rules: Rules) -> None:
    """Stops the run when it would take too many SKUs from some stock to none.

    Raises:
        RunStoppedError: It would; every open row is guarded.
    """
    of_stock = [row for row in still_open(rows) if row.stream == "inventory"]
    for group in by(of_stock, lambda row: row.subject.id).values():
        stock.zeroed += any(group[0].subject.available.values()) and not any(stock_after(group).values())
    if stock.zeroed <= 1 or stock.zeroed * 100 <= rules.max_zeroed_percent * stock.seen:
        return
    _stop(
        rows,
        "max_zeroed_percent",
        f"{stock.zeroed} of {stock.seen} SKUs would go to 0, more than max_zeroed_percent "
        f"({rules.max_zeroed_percent} %)",
    )


def _stop(rows: Sequence[Row], name: str, sentence: str) -> None:
    for row in still_open(rows):
        row.settle(GUARDED, name, f"not sent, because the run was stopped: {sentence}")
    raise RunStoppedError(
        f"The run was stopped and nothing of the batch was sent: {sentence}. Check the feed, or raise {name}."
    )
