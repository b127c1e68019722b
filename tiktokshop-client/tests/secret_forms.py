"""How a text may be written where somebody quotes it: what a redactor and the tests that look for secrets must know."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus


def units(text: str) -> list[int]:
    """A text in the 16-bit units of JSON's numbers."""
    packed = text.encode("utf-16-be")
    return [int.from_bytes(packed[place : place + 2], "big") for place in range(0, len(packed), 2)]


WAYS = {
    "plain": str,
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode()),
    "JSON": json.dumps,
    "JSON as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON with escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "HTML": html.escape,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded as a path": quote,
    "percent-encoded as a form": quote_plus,
    "percent-encoded in small letters": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal in capitals": lambda text: text.encode().hex().upper(),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON with each character as its number": lambda text: "".join(f"\\u{unit:04x}" for unit in units(text)),
    "the same in capitals": lambda text: "".join(f"\\u{unit:04X}" for unit in units(text)),
    "the same, quoted once more": lambda text: "".join(f"\\\\u{unit:04x}" for unit in units(text)),
    "JavaScript's numbers": lambda text: "".join(f"\\u{{{ord(each):x}}}" for each in text),
    "HTML's numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML's hexadecimal numbers": lambda text: "".join(f"&#x{ord(each):x};" for each in text),
    "HTML's numbers in capitals": lambda text: "".join(f"&#X{ord(each):04X};" for each in text),
}
PACKINGS = {
    "base64": base64.b64encode,
    "base64 for URLs": base64.urlsafe_b64encode,
}
INSIDE = {"plain": str, "percent-encoded": lambda text: quote(text, safe=""), "as a form": quote_plus}
