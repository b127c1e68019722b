"""Which field a name is meant for that is none: a slip of the pen that would leave the field out, unseen."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.85
"""How much alike the name and the field must be, from 0 to 1."""
ALIKE_WORD = 0.8
"""The same where both are one word, so that one wrong letter in five is seen."""
ANOTHER_WORD = 0.6
"""Words less alike than this are different ones: `package_id` is not meant for `package_width`."""
LONGEST = 64
"""Letters; a name that is longer is meant for no field."""
_BETWEEN = re.compile(r"[^0-9a-z]+")


def meant(name: str, fields: Iterable[str]) -> str:
    """The field that is most like a name, if it is so like it that it may well be meant; "" if none is."""
    if len(name) > LONGEST:
        return ""
    plain = "_".join(filter(None, _BETWEEN.split(name.lower())))
    likeness, field = max((_likeness(plain, field), field) for field in fields)
    return field if likeness else ""


def _likeness(name: str, field: str) -> float:
    """0 for names that are not alike enough; letters that are only in another order are wholly alike."""
    if sorted(name.replace("_", "")) == sorted(field.replace("_", "")):
        return 1
    ones, others = name.split("_"), field.split("_")
    likeness = _ratio(name, field, ALIKE_WORD if len(ones) == len(others) == 1 else ALIKE)
    if not likeness or len(ones) != len(others):
        return likeness
    return likeness if all(map(_ratio, ones, others, repeat(ANOTHER_WORD))) else 0


def _ratio(one: str, other: str, least: float) -> float:
    """How much alike two texts are, 0 if that is less than the least that counts."""
    if 2 * min(len(one), len(other)) < least * (len(one) + len(other)):  # they are too different in length
        return 0
    matcher = SequenceMatcher(None, one, other)
    if matcher.quick_ratio() < least:
        return 0
    found = matcher.ratio()
    return found if found >= least else 0
