"""Removes known secrets from texts that come from elsewhere, in whatever form they are written there."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import re
import sys
from bisect import bisect_right
from collections import Counter
from contextvars import ContextVar
from itertools import accumulate
from os.path import commonprefix
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tiktokshop_client.secret import Secret

HIDDEN = "***"
HEAD = 12
"""Characters of a form of a secret from which on a part of it is hidden as well."""
ESCAPES = ("\\u", "\\x", "&#")
"""What texts have in which characters are written as their numbers."""
BREAKS = ("\n", "\r", "\\n", "\\r")
"""What texts have that are broken into lines, as base64 in letters is; or what stands for it."""
SHORTEST = 6
"""Shorter secrets would turn ordinary words into stars."""
LONGEST_NAME = 200
"""Characters of somebody's name in a sentence."""


def printable(text: str) -> str:
    """``text`` with a blank for each character that moves a terminal's cursor, ends a line or turns its direction."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def one_line(text: str, most: int = LONGEST_NAME) -> str:
    """So many characters of a text from elsewhere at most, as they may stand in a sentence."""
    return " ".join(printable(text).split())[:most]


_for_now: ContextVar[tuple[Redactor | None, set[str]]] = ContextVar("for_now", default=(None, set()))
"""Who is told secrets for a while only, and which they are."""


class Redactor:
    """Replaces every secret it was told of by ``***``: the platform's messages may quote what we sent.

    So is what is left of one that was cut off, if it has its first ``HEAD`` characters: all forms of all secrets are
    searched for by these, so that a text without any is looked through once for each.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._passing: Counter[str] = Counter()  # what is known for a while only -> for how many
        self._uses: Counter[str] = Counter()  # a form -> of how many secrets it is one
        self._forms: dict[str, tuple[str, ...]] = {}
        self._lock = Lock()

    def add(self, *secrets: Secret | None) -> None:
        """Remembers secrets to take out from now on."""
        texts = {secret.reveal() for secret in secrets if secret is not None}
        whose, mine = _for_now.get()
        with self._lock:
            texts = {text for text in texts if len(text) >= SHORTEST}
            new = texts - self._known
            if whose is not self:
                for text in texts:
                    self._passing.pop(text, None)
            else:
                added = {text for text in texts - mine if text in new or text in self._passing}
                self._passing.update(added)
                mine |= added
            if new:
                self._known |= new
                forms = dict(self._forms)
                for form in [form for text in new for form in _forms_to_hide(text)]:
                    self._uses[form] += 1
                    if self._uses[form] == 1:
                        forms[form[:HEAD]] = (*forms.get(form[:HEAD], ()), form)
                self._forms = forms

    @contextlib.contextmanager
    def for_now(self) -> Iterator[None]:
        """Forgets at its end what was added within, in this context, unless somebody else has added it as well.

        For secrets that come and go in a process that stays: all that was ever known would fill its memory.
        """
        mine: set[str] = set()
        entered = _for_now.set((self, mine))
        try:
            yield
        finally:
            _for_now.reset(entered)
            with self._lock:
                gone = set()
                for text in mine & set(self._passing):
                    self._passing[text] -= 1
                    if not self._passing[text]:
                        del self._passing[text]
                        gone.add(text)
                self._forget(gone)

    def _forget(self, texts: set[str]) -> None:
        self._known -= texts
        forms = dict(self._forms)
        for form in [form for text in texts for form in _forms_to_hide(text)]:
            self._uses[form] -= 1
            if not self._uses[form]:
                del self._uses[form]
                left = tuple(each for each in forms.get(form[:HEAD], ()) if each != form)
                if left:
                    forms[form[:HEAD]] = left
                else:
                    forms.pop(form[:HEAD], None)
        self._forms = forms

    def __call__(self, text: str) -> str:
        """``text`` without the secrets."""
        found = list(self._spans(text))
        if any(mark in text for mark in ESCAPES):
            found += self._seen_through(text, _ESCAPED, _character)
        if any(mark in text for mark in BREAKS):
            found += self._seen_through(text, _BREAK, lambda _: "")
        if not found:
            return text
        pieces: list[str] = []
        done = 0
        for start, end in sorted(found):
            if start >= done:
                pieces += (text[done:start], HIDDEN)
            done = max(done, end)
        return "".join((*pieces, text[done:]))

    def _seen_through(
        self, text: str, pattern: re.Pattern[str], meaning: Callable[[str], str]
    ) -> Iterator[tuple[int, int]]:
        """From where to where a text has secrets if all that a pattern finds is read as what it means."""
        parts, places = _parts(pattern, text, meaning)
        begins = [0, *accumulate(map(len, parts))]
        for start, end in self._spans("".join(parts)):
            yield _place(start, begins, places, 0), _place(end - 1, begins, places, 1)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """From where to where a text has secrets, or the beginning of one."""
        forms = self._forms
        for head in [head for head in forms if head in text]:
            start = text.find(head)
            while start >= 0:
                yield start, start + max(_common(text, start, form) for form in forms[head])
                start = text.find(head, start + 1)

    def throughout(self, value: Any) -> Any:
        """A JSON value without the secrets, in whichever of its texts they are."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {key: self.throughout(each) for key, each in value.items()}
        return [self.throughout(each) for each in value] if isinstance(value, (list, tuple)) else value


_ESCAPED = re.compile(
    r"\\+u[dD][89abAB][0-9a-fA-F]{2}\\+u[dD][c-fC-F][0-9a-fA-F]{2}|\\+u[0-9a-fA-F]{4}|\\+u\{[0-9a-fA-F]{1,6}\}"
    r"|\\+x[0-9a-fA-F]{2}|&#[0-9]{1,7};?|&#[xX][0-9a-fA-F]{1,6};?|&[a-z]{2,4};"
)
"""A character that is written as its number, or as HTML names it."""
_NUMBER = re.compile(r"[0-9a-fA-F]+")
_BREAK = re.compile(r"(?:\s|\\+[nrt])+")


def _character(written: str) -> str:
    """The character that is written so, or the text itself."""
    if written[0] == "&" and written[1] != "#":
        return html.unescape(written)
    base = 10 if written[:2] == "&#" and written[2] not in "xX" else 16
    numbers = [int(number, base) for number in _NUMBER.findall(written)]
    if len(numbers) == 2:
        return chr(0x10000 + ((numbers[0] & 0x3FF) << 10 | numbers[1] & 0x3FF))
    return chr(numbers[0]) if numbers[0] <= sys.maxunicode else written


def _parts(pattern: re.Pattern[str], text: str, meaning: Callable[[str], str]) -> tuple[list[str], list[int]]:
    """What is in a text as it is, by turns with what the pieces between stand for; and where each of them begins."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for match in pattern.finditer(text):
        parts += (text[done : match.start()], meaning(match[0]))
        places += (done, match.start())
        done = match.end()
    return [*parts, text[done:]], [*places, done]


def _place(index: int, begins: list[int], places: list[int], behind: int) -> int:
    """Where in a text a character of its joined parts begins; or where it ends, if `behind` is 1."""
    part = bisect_right(begins, index) - 1
    if part % 2:  # a piece that stands for it
        return places[part + behind]
    return places[part] + index - begins[part] + behind


def _common(text: str, start: int, form: str) -> int:
    """How many characters of a form a text has from there on."""
    return len(commonprefix((form, text[start : start + len(form)])))  # noqa: RUF071 - character by character


known = Redactor()
"""What this process knows of secrets: of the settings it has read, and of all its clients."""


def _forms_to_hide(text: str) -> set[str]:
    return {form for form in forms_of(text) if len(form) >= SHORTEST}


def forms_of(text: str) -> Iterator[str]:
    """How a secret is written: plain, quoted as Python, JSON and HTML do, in percents, in hex, as base64 of these."""
    content = text.encode("utf-8", "surrogatepass")
    escaped = json.dumps(text)[1:-1]
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    yield from (text, escaped, plain, escaped.replace("/", "\\/"), plain.replace("/", "\\/"))
    yield from (repr(text)[1:-1], repr(content)[2:-1], html.escape(text), html.escape(text, quote=False))
    percent = {quote(content, safe=""), quote(content, safe="/"), quote_plus(content)}
    percent |= {"".join(f"%{byte:02X}" for byte in content)} | {quote(form, safe="") for form in percent}
    percent |= {_lower(form) for form in percent}
    for inner in {content, *(form.encode() for form in percent)}:
        for packed in _base64_of(inner):
            yield packed
            yield quote(packed, safe="")
            yield _lower(quote(packed, safe=""))
    yield from percent
    yield from (content.hex(), content.hex().upper())


def _lower(text: str) -> str:
    """A percent-encoded text with the small hexadecimal digits that some write."""
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _base64_of(content: bytes) -> Iterator[str]:
    """What of its base64, plain and for URLs, is the same whatever stands around it, for each place it may begin at.

    And the same to its end, for where nothing stands behind it.
    """
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + content).decode()
        begin = (0, 2, 3)[before]
        end = (0, 3, 2)[(before + len(content)) % 3]  # what its neighbours have a part in
        for core in {packed[begin : len(packed) - end], packed[begin:]}:
            yield core
            yield core.replace("+", "-").replace("/", "_")
