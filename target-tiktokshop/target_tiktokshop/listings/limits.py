"""What the platform accepts in a listing, market by market, as tables; and codes with check digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.operations import same_region

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_IMAGES = 9
MOST_AXES = 3
LONGEST_AXIS, LONGEST_VALUE, LONGEST_NUMBER, LONGEST_EXTERNAL, LONGEST_ATTRIBUTE = 20, 50, 50, 999, 2_000
MOST_UNITS = 99_999
# Market -> the shortest and the longest title.
TITLES: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("DE", "ES", "FR", "IE", "IT", "JP", "GB", "US"), (1, 255)),
    **dict.fromkeys(("BR", "MX"), (1, 300)),
}
OTHER_TITLES = (25, 255)
MANY_SKUS = frozenset({"BR", "DE", "ES", "FR", "IE", "IT", "JP", "MX", "GB", "US"})
# Market -> units of weight; one that a record does not name is meant only where there is no other.
WEIGHTS: Mapping[str, tuple[str, ...]] = {
    "US": ("POUND", "KILOGRAM"),
    **dict.fromkeys(("BR", "JP", "MX"), ("KILOGRAM", "GRAM")),
}
OTHER_WEIGHTS = ("KILOGRAM",)
WEIGHT_DECIMALS: Mapping[str, int] = {"GRAM": 0, "KILOGRAM": 3, "POUND": 2}
IMPERIAL = frozenset({"POUND", "INCH"})
WITHOUT_DIMENSIONS = frozenset({"ID", "TH", "VN"})
DELIVERY_MARKETS = frozenset({"ID", "MX", "MY", "PH", "SG", "TH", "VN"})
"""Markets that take delivery options of a product; others ignore them."""
PEOPLE_MARKETS = frozenset({"DE", "ES", "FR", "IE", "IT"})
CASH_MARKETS = frozenset({"ID", "MY", "PH", "SA", "TH", "VN"})
CURRENCY_OF: Mapping[str, str] = {
    **dict.fromkeys(("DE", "ES", "FR", "IE", "IT"), "EUR"),
    "BR": "BRL",
    "GB": "GBP",
    "ID": "IDR",
    "JP": "JPY",
    "MX": "MXN",
    "MY": "MYR",
    "PH": "PHP",
    "SG": "SGD",
    "TH": "THB",
    "US": "USD",
    "VN": "VND",
}
# Type of an identifier code -> its numbers of characters; of several that a record gives, the first one counts.
CODES: Mapping[str, tuple[int, ...]] = {
    "GTIN": (14,),
    "EAN": (8, 13, 14),
    "UPC": (12,),
    "ISBN": (10, 13),
    "JAN": (8, 13),
}


def titles(region: str) -> tuple[int, int]:
    """How many characters a title has at least and at most."""
    return TITLES.get(same_region(region), OTHER_TITLES)


def most_skus(region: str) -> int:
    """How many SKUs a product may have."""
    return 300 if same_region(region) in MANY_SKUS else 100


def weight_units(region: str) -> tuple[str, ...]:
    """The units of weight that a market takes."""
    return WEIGHTS.get(same_region(region), OTHER_WEIGHTS)


def length_units(region: str) -> tuple[str, ...]:
    """The units of length that a market takes."""
    return ("INCH", "CENTIMETER") if same_region(region) == "US" else ("CENTIMETER",)


def code_fault(kind: str, code: str) -> str:
    """What is wrong with an identifier code, "" for nothing."""
    lengths = CODES.get(kind)
    if not kind:
        return f"the code {code} needs identifier_type, one of {', '.join(CODES)}"
    if lengths is None:
        return f"has the type {kind}, not one of {', '.join(CODES)}"
    if len(code) not in lengths:
        return f"{kind} {code} must have {' or '.join(map(str, lengths))} characters"
    if kind == "ISBN" and len(code) == lengths[0]:
        fits = code[:9].isdecimal() and code[9] in "0123456789X" and code.isascii() and _eleven(code)
    else:
        fits = code.isascii() and code.isdecimal() and _ten(code)
    return "" if fits else f"{kind} {code} is not valid: its check digit does not fit"


def _ten(code: str) -> bool:
    """From the right, every second digit counts three times; together they are a multiple of ten."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code))) % 10 == 0


def _eleven(code: str) -> bool:
    """From the right, the digits count once, twice and so on; together they are a multiple of eleven."""
    digits = [10 if digit == "X" else int(digit) for digit in code]
    return sum((10 - place) * digit for place, digit in enumerate(digits)) % 11 == 0
