"""Keeps other web pages from using the sandbox through the browser of the person who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_READING: Final = frozenset({"GET", "HEAD"})
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def refusal_of(method: str, headers: Mapping[str, str]) -> str | None:
    """Why a browser's request to the sandbox's own pages is not served, None if it is.

    A name that only resolves to this machine is refused (DNS rebinding), and so is a change that another origin's page
    asks for. Programs that are no browsers send neither header and are served.
    """
    host = headers.get("host", "")
    if host and urlsplit(f"//{host}").hostname not in _HERE:
        return "these pages answer to 127.0.0.1 and localhost only"
    if method in _READING:
        return None
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return "a page of another origin may not change anything here"
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return "a page of another site may not change anything here"
    return None
