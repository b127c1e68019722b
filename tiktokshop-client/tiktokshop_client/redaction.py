"""Takes known secrets out of texts that come from elsewhere."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktokshop_client.secret import Secret

SHORTEST = 6
"""Shorter secrets would turn ordinary words into stars."""


class Redactor:
    """Replaces every secret it was told of by ``***``: the platform's messages may quote what we sent."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}
        self._lock = Lock()

    def add(self, *secrets: Secret | None) -> None:
        """Remembers secrets to take out from now on."""
        texts = [secret.reveal() for secret in secrets if secret is not None]
        with self._lock:
            self._secrets.update(dict.fromkeys(text for text in texts if len(text) >= SHORTEST))

    def __call__(self, text: str) -> str:
        """``text`` without the secrets."""
        with self._lock:
            secrets = sorted(self._secrets, key=len, reverse=True)
        for secret in secrets:
            text = text.replace(secret, "***")
        return text
