"""Draws that depend on nothing but their key: the same seed, shop and number give the same history on every machine."""

from __future__ import annotations

import random
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

MADE_UP = "1000"
"""What the ids of shops begin with here and nowhere else, so that who reads or writes can tell them from real ones."""

# What the platform's identifiers begin with. They are decimal strings of 18 or 19 digits, beyond 2**53.
HEADS = {
    "order": "576",
    "line": "577",
    "package": "1153",
    "product": "1729",
    "sku": "1731",
    "return": "4035",
    "return_line": "4036",
    "cancellation": "4037",
    "cancellation_line": "4038",
    "statement": "7238",
    "payment": "3459",
    "transaction": "7301",
    "adjustment": "7312",
    "withdrawal": "7402",
    "warehouse": "7068",
    "user": "7021",
    "shop": MADE_UP,
    "consultation": "7550",
    "aftersales": "4041",
    "rma": "4042",
    "return_package": "1154",
    "global_product": "1741",
    "global_sku": "1742",
    "size_chart": "7244",
    "promotion": "7136",
    "coupon": "7437",
    "conversation": "7494",
    "message": "7496",
    "session": "7498",
    "video": "7542",
    "live": "7541",
    "creator": "7011",
    "open_collaboration": "7601",
    "target_collaboration": "7602",
    "sample_application": "7603",
    "goods": "7801",
    "fbt_warehouse": "7802",
}
_TAIL = 10**13
_STEP = 7_368_787_012_703  # shares no factor with 10**13, so that numbers and tails match one to one


def number_of(*parts: object) -> int:
    """64 bits that depend on the parts alone (Python's own hash changes from process to process)."""
    return int.from_bytes(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


class Namer:
    """Makes identifiers for one shop: unique by kind and number, different for every seed."""

    def __init__(self, seed: int, shop: int) -> None:
        self._bases = {kind: number_of(seed, "id", kind) % _TAIL for kind in HEADS}
        self._prefixes = {kind: f"{head}{(shop * 37 + 11) % 100:02d}" for kind, head in HEADS.items()}

    def __call__(self, kind: str, number: int) -> str:
        """The identifier of the shop's object of that kind and number."""
        return f"{self._prefixes[kind]}{(number * _STEP + self._bases[kind]) % _TAIL:013d}"


class Draws:
    """A stream of draws from one key."""

    __slots__ = ("_next",)

    def __init__(self, *parts: object) -> None:
        self._next = random.Random(number_of(*parts)).random  # noqa: S311 - a believable shop, not a secret

    def chance(self, per_mille: int) -> bool:
        """True in `per_mille` of a thousand draws."""
        return self._next() * 1000 < per_mille

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._next() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all equally likely."""
        return choices[int(self._next() * len(choices))]

    def weighted(self, table: Sequence[tuple[int, T]]) -> T:
        """One choice of a table of (weight, choice)."""
        left = self._next() * sum(weight for weight, _ in table)
        for weight, choice in table:
            left -= weight
            if left < 0:
                return choice
        return table[-1][1]

    def skewed(self, count: int) -> int:
        """An index below `count`; the first ones come up far more often, as bestsellers do."""
        drawn = self._next()
        return int(count * drawn * drawn)  # a product, because powers differ from machine to machine

    def pattern(self, pattern: str) -> str:
        """Fills `#` with digits and `?` with capitals."""
        return "".join(
            str(int(self._next() * 10))
            if letter == "#"
            else "ABCDEFGHJKLMNPRSTUVWXYZ"[int(self._next() * 23)]
            if letter == "?"
            else letter
            for letter in pattern
        )
