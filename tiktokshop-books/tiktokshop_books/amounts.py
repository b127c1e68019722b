"""Amounts as texts."""

from __future__ import annotations

from decimal import Decimal

_CENT = Decimal("0.01")


def written(amount: Decimal) -> str:
    """All that an amount has, and at least two decimals: 12.5 is 12.50, and 0.125 stays."""
    exact = amount.normalize()
    return f"{exact.quantize(_CENT) if exact == exact.quantize(_CENT) else exact:f}"
