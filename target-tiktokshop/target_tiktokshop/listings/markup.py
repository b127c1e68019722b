"""Whether a description is HTML that the platform takes: what it would not is refused, and nothing is dropped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from target_tiktokshop.listings.texts import has_escapes, text_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 10_000
MOST_IMAGES = 30
LARGEST_IMAGE = 4_000
VOID = frozenset({"br", "hr", "img", "wbr", "col"})
_PAIRED = (
    "a b blockquote caption center code colgroup dd del div dl dt em figure figcaption font h1 h2 h3 h4 h5 h6 i ins li "
    "mark ol p pre s section small span strike strong sub sup table tbody td tfoot th thead tr u ul"
)
TAGS = VOID | frozenset(_PAIRED.split())
CLOSED_BY_ITSELF = frozenset({"p", "li", "td", "th", "tr", "dd", "dt", "thead", "tbody", "tfoot", "colgroup"})
"""Tags whose end may be left out."""
PLATFORM_HOSTS = re.compile(r"https://[\w.-]+\.(?:ibyteimg|byteimg|tiktokcdn|tiktokcdn-us|tiktokcdn-eu|tiktok)\.com/")
_TWICE = re.compile(r"&lt;\s*/?\s*(?:p|br|ul|ol|li|b|div|span|strong|table|h[1-6])\b", re.IGNORECASE)


class _Reader(HTMLParser):
    """Collects what is wrong, each thing once."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.images = 0
        self.texts: list[str] = []
        self._open: list[str] = []

    def fault(self, words: str) -> None:
        if words not in self.faults:
            self.faults.append(words)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.fault(f"the tag <{tag}> is not accepted")
        if tag == "img":
            self._image(dict(attrs))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self._open and self._open[-1] != tag and self._open[-1] in CLOSED_BY_ITSELF:
            self._open.pop()
        if not self._open or self._open[-1] != tag:
            self.fault(f"the tag </{tag}> closes nothing")
        else:
            self._open.pop()

    def _image(self, attributes: dict[str, str | None]) -> None:
        self.images += 1
        source = attributes.get("src") or ""
        if not PLATFORM_HOSTS.match(source):
            self.fault("an image is not one that was uploaded to the platform (its src must be the url of an upload)")
        for side in ("width", "height"):
            value = (attributes.get(side) or "").removesuffix("px")
            if not value.isdecimal() or not 0 < int(value) < LARGEST_IMAGE:
                self.fault(f"an image needs a {side} below {LARGEST_IMAGE}")

    def read_texts(self) -> None:
        """What is wrong with the words that a buyer sees."""
        told = [words for text in self.texts for words in text_faults(f"a{text}", lines=True)]
        if any(map(has_escapes, self.texts)):
            told.append("is escaped twice: it shows characters like &amp;amp; or &amp;nbsp; as they are written")
        if not self.images:
            told += text_faults("".join(self.texts), lines=True)
        for words in told:
            self.fault(f"it {words}")

    def left_open(self) -> list[str]:
        return [tag for tag in self._open if tag not in CLOSED_BY_ITSELF]


def faults(html: str) -> Sequence[str]:
    """What is wrong with a description; each completes "description: "."""
    if _TWICE.search(html):
        return ["it is escaped twice: it shows its tags (&lt;p&gt;) instead of using them"]
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.read_texts()
    if len(html) > LONGEST:
        reader.fault(f"it has {len(html):,} characters, more than {LONGEST:,}")
    if reader.images > MOST_IMAGES:
        reader.fault(f"it has {reader.images} images, more than {MOST_IMAGES}")
    for tag in reader.left_open():
        reader.fault(f"the tag <{tag}> is not closed")
    return reader.faults
