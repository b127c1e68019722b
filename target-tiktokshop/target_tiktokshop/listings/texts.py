"""What the platform's rules of texts do not allow in titles, descriptions, variations and values of attributes."""

from __future__ import annotations

import re
import unicodedata
from html.entities import html5
from typing import Final

from tiktokshop_client.operations import same_region

_REFERENCE: Final = re.compile(r"&(#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]\w{1,30});")
_RUN: Final = re.compile(r"(\S)\1{9}")
_CHINESE: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_EMOJI: Final = re.compile(
    "[\U0001f000-\U0001faff\ufe0f\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693"
    "\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728"
    "\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55]"
)
"""What is drawn as a picture unless something asks otherwise, and the sign that asks for it (Unicode's emoji data)."""


def has_escapes(text: str) -> bool:
    """Whether a text has characters written as HTML writes them, such as &amp; or &#39;."""
    found = _REFERENCE.findall(text)
    return any(name.startswith("#") or f"{name};" in html5 for name in found)


def text_faults(text: str, *, lines: bool = False) -> list[str]:
    """What is not allowed in a text, each to complete "<field> "; `lines` lets it have several lines."""
    checks = (
        ("has emoji", _EMOJI.search(text)),
        ("has control characters", any(_is_control(letter) and not (lines and letter in "\n\r\t") for letter in text)),
        ("has ten equal characters in a row", _RUN.search(text)),
        ("has neither letters nor digits", not any(map(str.isalnum, text))),
    )
    return [words for words, is_so in checks if is_so]


def name_faults(text: str) -> list[str]:
    """The same of a text that is no HTML: a title, a variation, a value."""
    escaped = ["has HTML escapes; write the characters themselves"] if has_escapes(text) else []
    return escaped + text_faults(text)


def has_chinese(text: str, region: str) -> bool:
    """Whether a text has Chinese characters, where the market's language has none."""
    return same_region(region) != "JP" and bool(_CHINESE.search(text))


def _is_control(letter: str) -> bool:
    """Whether a character is there for machines; a blank of another width is not."""
    return not letter.isprintable() and unicodedata.category(letter) != "Zs"
