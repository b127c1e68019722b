"""HTML from Python values: everything that is not markup already is escaped."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID: Final = frozenset({"input", "meta", "br", "hr"})

# No script anywhere, no frame around us, nothing from elsewhere; and addresses with codes in them stay here.
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


Content = str | int | None


def tag(name: str, /, *content: Content | Iterable[Content], **attributes: str | int | bool | None) -> Markup:
    """An element. Content is escaped unless it is ``Markup``; None is left out.

    Attributes: ``class_`` and ``for_`` lose their last character, other underscores become dashes; True stands alone,
    False and None are left out.
    """
    given = []
    for key, value in attributes.items():
        label = key.removesuffix("_").replace("_", "-")
        if value is True:
            given.append(f" {label}")
        elif value is not None and value is not False:
            given.append(f' {label}="{html.escape(str(value))}"')
    opening = f"<{name}{''.join(given)}>"
    return Markup(opening if name in _VOID else f"{opening}{joined(*content)}</{name}>")


def joined(*content: Content | Iterable[Content]) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(_text(piece) for piece in content))


def _text(piece: Content | Iterable[Content]) -> str:
    if piece is None:
        return ""
    if isinstance(piece, Markup):
        return piece
    if isinstance(piece, (str, int)):
        return html.escape(str(piece))
    return "".join(_text(part) for part in piece)


def page(title: str, *content: Content | Iterable[Content], status: int = 200) -> HTMLResponse:
    """A whole page, with the one style sheet there is inside it."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · TikTok Shop sandbox"),
        tag("style", Markup(_style())),
    )
    document = tag("html", head, tag("body", *content), lang="en")
    return HTMLResponse(f"<!doctype html>\n{document}\n", status, headers=_HEADERS)


@cache
def _style() -> str:
    return (files("tiktokshop_sandbox") / "style.css").read_text(encoding="utf-8")
