"""Amounts as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from decimal import Decimal

# How many digits a sum may have: more than the columns of any warehouse, so that none is rounded.
DIGITS: Final = 100


def written(amount: Decimal) -> str:
    """All that an amount has, and at least two decimals: 12.5 is 12.50, and 0.125 stays."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
