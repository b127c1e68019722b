"""What makes a shop's books hard, and how often each of it happens.

All of it is drawn from numbers of orders and days, so that a shop has it at the same places on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    Rates = Mapping[int, Mapping[str, int]]
    """Number of a shop -> name of a difficulty -> in how many of a thousand cases it happens there."""

ALWAYS: Final = 1_000
RARELY: Final = "rarely"
"""In place of names: all of it, as rarely as in the shops of the demo."""


class Difficulty(NamedTuple):
    """What happens, and in how many of a thousand cases: in any shop, in the demo's, and where it is switched on."""

    what: str
    usually: int
    rarely: int
    often: int


DIFFICULTIES: Final[Mapping[str, Difficulty]] = {
    "reserves": Difficulty("a percentage of what an order settles is held back and released weeks later", 0, 20, 300),
    "late_adjustments": Difficulty("an old order is adjusted three to eight weeks after its delivery", 12, 12, 150),
    "late_refunds": Difficulty("an order settles at once, so that a refund comes after its settlement", 0, 20, 600),
    "negative_statements": Difficulty(
        "a penalty leaves a day's statement below zero: the next payment carries it", 0, 10, 100
    ),
    "merged_payments": Difficulty(
        "statements wait for each other until a payment is five times as large", 0, 30, ALWAYS
    ),
    "foreign_payments": Difficulty("payments are in another currency than the shop's, at the day's rate", 0, 0, ALWAYS),
    "failed_payments": Difficulty("a payment fails and arrives three days later", 30, 30, 300),
    "returned_payments": Difficulty(
        "the bank sends a payment back that was PAID; it is paid again a week later", 0, 15, 120
    ),
    "changed_statements": Difficulty(
        "a fee in a PAID statement is corrected; the next payment makes up for it", 0, 0, 200
    ),
    "unnamed_fees": Difficulty("an order is charged a fee that no document names", 0, 5, 60),
    "wrong_fees": Difficulty(
        "an order is charged half as much again as the platform's fee; every other one is given back weeks later",
        0,
        5,
        60,
    ),
    "split_orders": Difficulty("an order of several SKUs is settled by two statements", 0, 30, 500),
    "empty_statements": Difficulty("a day's statement has no transactions; the next day's has them", 0, 15, 60),
    "market_taxes": Difficulty("taxes on fees and sales are shown as in the shop's market", 0, 0, ALWAYS),
    "sums_differ": Difficulty(
        "a sum of the platform's own, in a statement or a transaction, is wrong by a cent", 0, 15, 100
    ),
}


def usual(*, rarely: bool) -> dict[str, int]:
    """How often each difficulty strikes where it is not switched on.

    Some are never in the demo's shops: whether a shop is paid in another currency, or shows its market's taxes, is so
    once and for all; and what made a payment wrong cannot be told by who reads a corrected statement first.
    """
    return {name: one.rarely if rarely else one.usually for name, one in DIFFICULTIES.items()}
