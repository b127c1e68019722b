"""The pages that a seller sees. What they say is ours; only a seller's name in the table is put in, escaped."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Not no-referrer, by which a browser would hide from us that a form is our own.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
"""What every answer has."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:34rem;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem}}</style></head>
<body><main><h1>{title}</h1><p>{text}</p>{more}</main></body></html>
"""

OUTCOMES: Mapping[str, tuple[int, str, str]] = {
    "authorised": (200, "Thank you", "Your consent has arrived. You can close this window."),
    "declined": (
        200,
        "Not authorised",
        (
            "TikTok Shop has sent you back without your consent, and nothing was stored. Open your link again to "
            "decide anew."
        ),
    ),
    "unknown": (
        404,
        "This link does not work",
        (
            "It has expired, was used already, or was opened in another browser. Open the link that you were sent once "
            "more; if that does not help, ask for a new one."
        ),
    ),
    "other-seller": (
        403,
        "Another shop's account",
        (
            "You are logged in at TikTok Shop as a seller other than the one this link is for. Nothing was stored. Log "
            "in as that seller, and open your link again."
        ),
    ),
    "failed": (
        502,
        "That did not work",
        (
            "TikTok Shop or our own store has not answered as it should, and nothing was stored. Open your link again "
            "in some minutes."
        ),
    ),
    "busy": (503, "One moment", "Many consents come in just now. Reload this page in a minute."),
    "often": (429, "Too often", "Too many requests have come from your network. Wait some minutes."),
    "wrong": (400, "This is no address of ours", "Open the link that you were sent."),
}
"""Word -> the status of an answer, its title, its text."""


def outcome_page(word: str) -> tuple[int, str]:
    """The status and the page of an outcome."""
    status, title, text = OUTCOMES[word]
    return status, _PAGE.format(title=title, text=text, more="")


def invitation(name: str) -> str:
    """The page behind a seller's link. Only its button sends anybody on, and no program that looks at links."""
    text = (
        f"This link is for <b>{html.escape(name)}</b>. On the next page, log in at TikTok Shop as that seller, and "
        "decide whether the app may read and manage the shop."
    )
    more = '<form method="post"><button>Go on to TikTok Shop</button></form>'
    return _PAGE.format(title="Connect your shop", text=text, more=more)
