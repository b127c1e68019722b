"""Pictures inside of a description: found by their tags, and put back as the urls of their uploads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING

from target_tiktokshop.listings.markup import PLATFORM_HOSTS
from target_tiktokshop.listings.pictures import CheckedPicture

if TYPE_CHECKING:
    from collections.abc import Callable

_TAG = re.compile(r"""<img\b(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_SOURCE = re.compile(r"""(?<![\w-])src\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
SIDES = ("width", "height")
ELSEWHERE = "https://p16.ibyteimg.com/unknown"
"""In place of the url of a picture that is not uploaded, where only the tags around it matter."""


@dataclass(frozen=True)
class Illustrated:
    """A description in parts: text, and between it pictures that stand for their urls."""

    parts: tuple[str | CheckedPicture, ...]

    @property
    def pictures(self) -> tuple[CheckedPicture, ...]:
        """The pictures that are not the platform's yet."""
        return tuple(part for part in self.parts if isinstance(part, CheckedPicture))

    def html(self, url: Callable[[CheckedPicture], str]) -> str:
        """The description with the urls of its pictures."""
        return "".join(part if isinstance(part, str) else escape(url(part)) for part in self.parts)


def illustrated(html: str, look: Callable[[str], CheckedPicture | None]) -> Illustrated:
    """A description whose pictures are looked at; those of the platform stay as they are.

    Args:
        html: The description, whose images may be paths or addresses.
        look: What is known of a picture, None if it cannot be used.
    """
    parts: list[str | CheckedPicture] = []
    end = 0
    for tag in _TAG.finditer(html):
        source = _SOURCE.search(tag[0])
        name = unescape(next(filter(None, source.groups()), "")) if source else ""
        if source is None or not name or PLATFORM_HOSTS.match(name):
            continue
        seen = look(name)
        begin = tag.start() + source.start()
        parts += [html[end:begin], 'src="', seen or ELSEWHERE, '"', _sides(tag[0], seen)]
        end = tag.start() + source.end()
    return Illustrated((*parts, html[end:]))


def _sides(tag: str, seen: CheckedPicture | None) -> str:
    """The width and the height that a tag lacks."""
    pixels = dict(zip(SIDES, seen.pixels if seen else (1, 1), strict=True))
    lacking = [side for side in SIDES if not re.search(rf"(?<![\w-]){side}\s*=", tag, re.IGNORECASE)]
    return "".join(f' {side}="{pixels[side]}"' for side in lacking)
