"""JSON that is a little broken: repaired where the break is, so that nothing else is lost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLACEMENT = "\ufffd"
"""Stands for what cannot be read, as Unicode has it."""
MOST_NESTED = 100
"""What lies deeper is kept as its text. Nothing that the platform documents is a fifth as deep."""
LONGEST_NUMBER = 400
"""Digits after which a number is kept as its text: no number type takes it."""
NUL = b"\\u0000"

_TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)'
"""A text, or what there is of one that is cut short: a quote that began none would be tried to the end each time."""
_TOKEN = re.compile(_TEXT + r"|[\[\]{}]|-?[0-9][0-9.eE+-]*|-?\bInfinity\b|\bNaN\b", re.DOTALL)
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_GOOD = rf'\\["\\/bfnrt]|{_PAIR}|\\u(?!0000)(?![dD][89a-fA-F])[0-9a-fA-F]{{4}}'
_BAD = r"\\u[0-9a-fA-F]{4}|\\.|[\x00-\x1f]"
_PIECE = re.compile(f"({_GOOD})|{_BAD}", re.DOTALL)


def names_nul(body: bytes) -> bool:
    """Whether a text may name a NUL, which PostgreSQL takes in no text and no JSON, although JSON has it."""
    return b"\\" in body and NUL in body


def mend(body: bytes) -> tuple[bytes, int]:
    """The same JSON with its breaks mended, and how many values had one.

    Half a surrogate pair, bytes that are not UTF-8, raw control characters, unknown escapes and NUL become U+FFFD;
    `NaN` and `Infinity` null; numbers that no type takes, and what is nested too deep, their own text. A text that is
    cut short stays so: nobody knows what is missing.
    """
    text = body.decode("utf8", "replace").removeprefix("\ufeff")
    pieces: list[str] = []
    mended = done = 0
    for start, end, instead in _mended(text):
        pieces += (text[done:start], instead)
        done = end
        mended += 1
    if REPLACEMENT in text and mended == 0:
        mended = sum(REPLACEMENT in token for token in _TOKEN.findall(text))
    return "".join((*pieces, text[done:])).encode(), mended


def _mended(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a value is to be replaced, and by what."""
    depth = 0
    deep = -1
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            deep = token.start() if depth == MOST_NESTED else deep
        elif first in "]}":
            depth -= 1
            if depth == MOST_NESTED - 1:
                yield deep, token.end(), json.dumps(text[deep : token.end()])
        elif depth < MOST_NESTED:
            instead = _instead(token[0])
            if instead != token[0]:
                yield token.start(), token.end(), instead


def _instead(token: str) -> str:
    """A text, a number or a word as it may stand in JSON."""
    if token.startswith('"'):
        return _PIECE.sub(lambda piece: piece[1] or REPLACEMENT, token)
    if token.endswith(("y", "N")):
        return "null"
    return json.dumps(token) if len(token) > LONGEST_NUMBER else token
