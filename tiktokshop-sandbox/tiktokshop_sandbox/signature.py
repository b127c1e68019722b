"""The signature of a request, computed from what the server sees of it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNSIGNED: Final = frozenset({"sign", "access_token"})


def expected_sign(secret: str, path: str, query: Mapping[str, str], content_type: str, body: bytes) -> str:
    """The lowercase hex HMAC-SHA256 a request must carry as `sign`.

    `query` holds decoded values, including empty ones. `body` is the exact bytes received; they count
    unless the media type is `multipart/form-data` ("Sign your API request", steps 1 to 6).
    """
    text = string_to_sign(secret, path, query, content_type, body)
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def string_to_sign(secret: str, path: str, query: Mapping[str, str], content_type: str, body: bytes) -> bytes:
    """What the signature is made over; it begins and ends with the app's secret."""
    signed = "".join(name + query[name] for name in sorted(query.keys() - _UNSIGNED))
    text = (secret + path + signed).encode("utf-8", "surrogateescape")
    if media_type(content_type) != "multipart/form-data":
        text += body
    return text + secret.encode()


def media_type(content_type: str) -> str:
    """The media type of a `content-type` header, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def webhook_signature(key: str, secret: str, body: bytes) -> str:
    """The lowercase hex HMAC-SHA256 that a webhook carries in `Authorization`: over the app's key and the body."""
    return hmac.new(secret.encode(), key.encode() + body, hashlib.sha256).hexdigest()
