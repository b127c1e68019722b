"""Money as whole minor units (cents, pence; rupiah and dong have none), written out as decimal strings.

Whole numbers add up exactly; a float never touches an amount.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 100_000  # rates are whole hundred-thousandths: 8_875 is 8.875 %


@lru_cache(maxsize=1 << 16)
def text(amount: int, decimals: int) -> str:
    """The amount as the platform writes it: `"12.50"`, `"-0.05"`, `"150000"`; nothing is `"0"`."""
    if not amount:
        return "0"
    if not decimals:
        return str(amount)
    whole, part = divmod(abs(amount), 10**decimals)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{decimals}d}"


def parse(amount: str, decimals: int) -> int | None:
    """Minor units of a decimal string; None when it is no plain amount or finer than the currency."""
    sign, digits = (-1, amount[1:]) if amount.startswith("-") else (1, amount)
    whole, point, part = digits.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (point and not (part.isascii() and part.isdigit())):
        return None
    if part[decimals:].strip("0"):
        return None
    return sign * int(whole + part[:decimals].ljust(decimals, "0"))


def rate_text(rate: int) -> str:
    """A rate of hundred-thousandths as a decimal string: 8_875 -> `"0.08875"`."""
    return text(rate, 5).rstrip("0").rstrip(".") if rate else "0"


def portion(amount: int, rate: int) -> int:
    """`amount` times a rate, rounded half away from zero to the minor unit."""
    product = abs(amount) * rate
    rounded = (product + RATE // 2) // RATE
    return rounded if amount >= 0 else -rounded


def included(amount: int, rate: int) -> int:
    """The tax inside a price that includes it at this rate."""
    return amount - (amount * RATE + (RATE + rate) // 2) // (RATE + rate)


def share(amount: int, weights: Sequence[int]) -> list[int]:
    """Splits an amount over weights so that the parts add up to it exactly (the last parts take the rest)."""
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    parts, passed, given = [], 0, 0
    for weight in weights:
        passed += weight
        upto = amount * passed // total
        parts.append(upto - given)
        given = upto
    return parts
