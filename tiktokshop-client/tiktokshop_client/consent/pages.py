"""The pages that a seller sees. What they say is ours; only a seller's name in the table is put in, escaped."""

from __future__ import annotations

import base64
import hashlib
import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_STYLE = """
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#1b1d22;--line:#d8dbe2;--mark:#2457c5;--button:#2457c5}
@media(prefers-color-scheme:dark){:root{--page:#16181d;--card:#20232a;--text:#e9ebf0;--line:#3a3f4a;--mark:#7fa6ff}
.good{--mark:#5cc98a}.bad{--mark:#f0a34a}}
@media(prefers-color-scheme:light){.good{--mark:#1a7f45}.bad{--mark:#b45309}}
*{box-sizing:border-box}
body{margin:0;padding:1rem;background:var(--page);color:var(--text);font:1.05rem/1.55 system-ui,sans-serif}
main{max-width:34rem;margin:8vh auto 0;padding:1.5rem;background:var(--card);border:1px solid var(--line);
border-top:.3rem solid var(--mark);border-radius:.6rem;overflow-wrap:anywhere}
h1{margin:0 0 .75rem;font-size:1.45rem;line-height:1.25}
p{margin:0}
button{width:100%;min-height:3rem;margin-top:1.25rem;padding:.6rem 1rem;font:inherit;font-weight:600;color:#fff;
background:var(--button);border:0;border-radius:.4rem;cursor:pointer}
button:focus-visible{outline:.2rem solid var(--mark);outline-offset:.15rem}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    # No form-action: a browser would hold the platform's own redirects against it.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none'"
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
<style>{style}</style></head>
<body><main class="{tone}"><h1>{title}</h1><p>{text}</p>{more}</main></body></html>
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
    "wrong": (400, "There is nothing here", "Open the link that you were sent, and the whole of it."),
}
"""Word -> the status of an answer, its title, its text."""


def outcome_page(word: str) -> tuple[int, str]:
    """The status and the page of an outcome."""
    status, title, text = OUTCOMES[word]
    return status, _page(title, text, tone="good" if word == "authorised" else "bad")


def invitation(name: str) -> str:
    """The page behind a seller's link. Only its button sends anybody on, and no program that looks at links."""
    text = (
        f"This link is for <b>{html.escape(name)}</b>. On the next page, log in at TikTok Shop as that seller, and "
        "decide whether the app may read and manage the shop."
    )
    return _page("Connect your shop", text, '<form method="post"><button>Go on to TikTok Shop</button></form>')


def _page(title: str, text: str, more: str = "", *, tone: str = "") -> str:
    return _PAGE.format(title=title, text=text, more=more, tone=tone, style=_STYLE)
