"""Amounts and rates as reports show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money

if TYPE_CHECKING:
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_CENTS = 100


@dataclass(frozen=True)
class Purse:
    """Writes amounts in the shop's currency, or in US dollars at the rate the sandbox makes its prices with."""

    shop: Shop
    dollars: bool = False

    def __call__(self, minor: int) -> Document:
        """An amount of the shop's minor units."""
        if self.dollars:
            return {"amount": money.text(portion(minor, _CENTS, self.shop.market.rate), 2), "currency": "USD"}
        return {"amount": self.shop.amount(minor), "currency": self.shop.currency}

    def each(self, minor: int, count: int) -> Document:
        """An amount parted among so many."""
        return self(portion(minor, 1, count))


def portion(amount: int, part: int, whole: int) -> int:
    """`amount` times part / whole, rounded half up; 0 of nothing."""
    return (amount * part + whole // 2) // whole if whole else 0


def rate(part: int, whole: int) -> str:
    """A share as reports write it: `"0.0759"`; `"0"` of nothing."""
    return money.text(portion(10_000, part, whole), 4)
