"""The seller's consent: the link to it, and what the browser comes back with.

The redirect address is fixed in Partner Center and is no parameter of the link. The platform sends the browser there
with ``code`` and ``state`` ("Authorization overview"), or with an error when the seller declines.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from tiktokshop_client.errors import AuthorisationError, ConfigurationError
from tiktokshop_client.secret import Secret
from tiktokshop_client.settings import AUTH_BASE_URL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client.settings import Settings

HOSTS: Mapping[str, str] = {"us": "https://services.us.tiktokshop.com", "row": "https://services.tiktokshop.com"}
"""Where sellers of the United States and of the rest of the world consent."""

LEGACY = "legacy"
REGIONS = (*HOSTS, LEGACY)


def new_state() -> str:
    """A text that nobody can guess, by which a redirect is known to belong to the link that was opened."""
    return secrets.token_urlsafe(32)


def consent_url(settings: Settings, *, region: str, service_id: str, state: str) -> str:
    """The link on which the seller lets the app in.

    A platform on another host (``auth_base_url``) has its consent page there, whatever the region.

    Args:
        settings: The connection; the app's key goes into the legacy link.
        region: One of ``REGIONS``; "" if it is not known.
        service_id: The app's service id, which the legacy link does not need.
        state: What the redirect must bring back.

    Raises:
        ConfigurationError: The region or the service id is missing.
    """
    elsewhere = settings.auth_base_url if settings.auth_base_url != AUTH_BASE_URL else ""
    if region == LEGACY or (elsewhere and not service_id):
        return f"{settings.auth_base_url}/oauth/authorize?{urlencode({'app_key': settings.app_key, 'state': state})}"
    if not elsewhere and not region:
        raise ConfigurationError(
            "the consent link differs by the seller's market: use --region us for a seller in the United States, "
            "--region row for anywhere else",
        )
    if not service_id:
        raise ConfigurationError(
            "the consent link needs the app's service id: copy it from Partner Center and pass it with --service-id, "
            "or use --region legacy, whose link has the app key instead",
        )
    query = urlencode({"service_id": service_id, "state": state})
    return f"{elsewhere or HOSTS[region]}/open/authorize?{query}"


def query_of(address: str) -> dict[str, str]:
    """The query of an address that a browser ended on, pasted whole or from its ``?`` on."""
    text = address.strip().strip("'\"")
    query = urlsplit(text).query if "?" in text else text
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


def is_ours(query: Mapping[str, str], state: str) -> bool:
    """Whether a redirect brings back the state that the link was made with."""
    return hmac.compare_digest(query.get("state", "").encode("utf-8", "replace"), state.encode())


def code_of(query: Mapping[str, str], state: str | None) -> Secret:
    """The authorisation code of a redirect.

    Args:
        query: The redirect's query.
        state: What the link was made with; None if it is not known, so that it cannot be compared.

    Raises:
        AuthorisationError: The redirect belongs to another login, or the seller declined.
        ConfigurationError: It holds no code.
    """
    if state is not None and not is_ours(query, state):
        raise AuthorisationError(
            "the browser came back with a state other than the one it was given, so it may not be the seller's own "
            "consent: nothing was exchanged; start again with tiktokshop auth login",
        )
    if query.get("code"):
        return Secret(query["code"])
    if "error" in query or "error_description" in query:
        raise AuthorisationError("the seller declined: nothing was exchanged; start again with tiktokshop auth login")
    raise ConfigurationError("the address holds no code: copy the whole address on which the browser ended")
