"""Webhook subscriptions: which events the platform reports to the app, and where."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Endpoint, Param
from tiktokshop_sandbox.derived.event import subscribe, subscriptions, unsubscribe
from tiktokshop_sandbox.webhooks.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

LONGEST_ADDRESS = 255
EVENT_TYPES = tuple(sorted(each.name for each in TYPES.values() if each.by_api))
_PATH = "/event/202309/webhooks"
_SCOPE = "seller.authorization.info"
_EVENT_TYPE = Param("string", required=True, values=EVENT_TYPES)


def webhooks(call: ApiCall) -> Mapping[str, Any]:
    """All subscriptions of the shop."""
    rows = [msgspec.to_builtins(item) for item in subscriptions(call.world, call.the_shop)]
    return {"webhooks": rows, "total_count": len(rows)}


def put(call: ApiCall) -> Mapping[str, Any]:
    """Has an event reported to an address from now on.

    Raises:
        ApiError: 36009004, for an address that is too long or that the platform would not send to.
    """
    address = call.body["address"]
    if len(address) > LONGEST_ADDRESS:
        raise ApiError(INVALID_PARAMETER, f"Address must be a maximum of {LONGEST_ADDRESS} characters in length", 400)
    if not is_reachable(address):
        raise ApiError(INVALID_PARAMETER, "Address is invalid", 400)
    subscribe(call.world, call.the_shop, call.now, call.body["event_type"], address)
    return {}


def delete(call: ApiCall) -> Mapping[str, Any]:
    """Ends an event's subscription; that there was none is no error."""
    unsubscribe(call.world, call.the_shop, call.body["event_type"])
    return {}


def is_reachable(address: str) -> bool:
    """Whether it is an address that is sent to: https and a domain name without a port.

    The platform knows no others. The sandbox sends to http on this machine as well, where receivers are developed.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if parts.scheme == "http":
        return host == "localhost" or (_is_ip(host) and ip_address(host).is_loopback)
    return parts.scheme == "https" and "." in host and port is None and not _is_ip(host)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


ENDPOINTS = (
    Endpoint("GET", _PATH, _SCOPE, webhooks),
    Endpoint("PUT", _PATH, _SCOPE, put, body={"address": Param("string", required=True), "event_type": _EVENT_TYPE}),
    Endpoint("DELETE", _PATH, _SCOPE, delete, body={"event_type": _EVENT_TYPE}),
)
