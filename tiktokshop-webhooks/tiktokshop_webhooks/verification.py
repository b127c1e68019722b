"""Whose webhook it is: its exact bytes against the secrets of all apps that are configured."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_client import Secret

NO_SIGNATURE = "it has no signature"
NO_APP = "its address names an app that is not configured"
WRONG = "its signature is not that of an app that is configured"
REASONS = (NO_SIGNATURE, NO_APP, WRONG)


class Apps:
    """The apps whose webhooks are taken.

    Args:
        secrets: App key -> its secrets: the newest, and older ones that the platform may still sign with.
    """

    def __init__(self, secrets: Mapping[str, Sequence[Secret]]) -> None:
        self._digests = [
            (key, hmac.new(secret.reveal().encode(), key.encode(), hashlib.sha256))
            for key, all_of_it in secrets.items()
            for secret in all_of_it
        ]
        self.keys = tuple(secrets)

    def owner(self, body: bytes, signature: str, addressed: str = "") -> tuple[str, str]:
        """(the key of the app that a delivery was sent to, "") or ("", why there is none).

        Every secret is tried, whichever fits, and compared in constant time: how long it takes tells nothing.

        Args:
            body: The bytes as they came.
            signature: The header ``Authorization``: 64 lowercase hexadecimal digits.
            addressed: The app key that the delivery's address names, "" if it names none.
        """
        if addressed and addressed not in self.keys:
            return "", NO_APP
        if not signature:
            return "", NO_SIGNATURE
        given = signature.encode(errors="replace")
        found = ""
        for key, begun in self._digests:
            digest = begun.copy()
            digest.update(body)
            if hmac.compare_digest(digest.hexdigest().encode(), given) and addressed in {"", key}:
                found = key
        return (found, "") if found else ("", WRONG)
