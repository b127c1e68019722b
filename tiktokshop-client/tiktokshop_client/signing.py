"""Signatures: of the requests we send, and of the webhooks the platform sends. Pure functions."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UNSIGNED_KEYS = frozenset({"sign", "access_token"})
MULTIPART = "multipart/form-data"


def sign(
    app_secret: str,
    path: str,
    query: Mapping[str, str],
    body: bytes = b"",
    content_type: str = "application/json",
) -> str:
    """The value of the ``sign`` query parameter ("Sign your API request", steps 1 to 6).

    Args:
        app_secret: The app's secret, which is both the key and the frame of what is signed.
        path: The request's path with its parameters filled in, without scheme, host and ``?``.
        query: The query as the server sees it, that is before percent-encoding; an empty value counts.
            ``sign`` and ``access_token`` may be in it and are left out, everything else is signed.
        body: Exactly the bytes that are sent; ``b""`` when no body is sent.
        content_type: The request's header; a ``multipart/form-data`` body is not signed.

    Returns:
        64 lowercase hexadecimal digits.
    """
    pairs = "".join(key + query[key] for key in sorted(query) if key not in UNSIGNED_KEYS)
    media_type = content_type.partition(";")[0].strip().lower()
    signed_body = b"" if media_type == MULTIPART else body
    secret = app_secret.encode()
    text = secret + path.encode() + pairs.encode() + signed_body + secret
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


def verify_webhook(app_key: str, app_secret: str, raw_body: bytes, signature: str) -> bool:
    """Whether a webhook really comes from the platform ("TikTok Shop webhooks overview").

    Args:
        app_key: The app that the webhook was sent to.
        app_secret: That app's secret.
        raw_body: The body's bytes as they arrived, not parsed and written again.
        signature: The ``Authorization`` header: lowercase hexadecimal digits, no scheme word.

    Returns:
        True for the right signature; the comparison takes the same time wherever the first difference is.
    """
    expected = hmac.new(app_secret.encode(), app_key.encode() + raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))
