"""Takes known secrets out of texts that come from elsewhere, however they are written there."""

from __future__ import annotations

import base64
import html
import json
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiktokshop_client.secret import Secret

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


class Redactor:
    """Replaces every secret it was told of by ``***``: the platform's messages may quote what we sent."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._lock = Lock()

    def add(self, *secrets: Secret | None) -> None:
        """Remembers secrets to take out from now on."""
        texts = {secret.reveal() for secret in secrets if secret is not None}
        with self._lock:
            new = {text for text in texts - self._known if len(text) >= SHORTEST}
            if new:
                self._known |= new
                forms = {form for text in new for form in forms_of(text) if len(form) >= SHORTEST}
                self._forms = tuple(sorted(forms.union(self._forms), key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """``text`` without the secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, "***")
        return text

    def throughout(self, value: Any) -> Any:
        """A JSON value without the secrets, in whichever of its texts they are."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {key: self.throughout(each) for key, each in value.items()}
        return [self.throughout(each) for each in value] if isinstance(value, (list, tuple)) else value


known = Redactor()
"""What this process knows of secrets: of the settings it has read, and of all its clients."""


def forms_of(text: str) -> Iterator[str]:
    """How a secret is written: plain, quoted as Python, JSON and HTML do, in percents, in hex, as base64 of these."""
    content = text.encode("utf-8", "surrogatepass")
    escaped = json.dumps(text)[1:-1]
    yield from (text, escaped, json.dumps(text, ensure_ascii=False)[1:-1], escaped.replace("/", "\\/"))
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
    """What of its base64, plain and for URLs, is the same whatever stands around it, for each place it may begin at."""
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + content).decode()
        begin = (0, 2, 3)[before]
        end = (0, 3, 2)[(before + len(content)) % 3]  # what its neighbours have a part in
        core = packed[begin : len(packed) - end]
        yield core
        yield core.replace("+", "-").replace("/", "_")
