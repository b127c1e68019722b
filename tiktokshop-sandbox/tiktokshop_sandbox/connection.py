"""What a client needs to use a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiktokshop_sandbox.gateway import Gateway


@dataclass(kw_only=True)
class Connection:
    """The addresses of a sandbox, its app, and the token pair that was given out last when it started."""

    api_base_url: str
    auth_base_url: str
    app_key: str
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    def settings(self, **more: Any) -> dict[str, Any]:
        """The same by name, with whatever else: the settings of a tap, a target or a client that is to use it."""
        return {one.name: getattr(self, one.name) for one in fields(Connection)} | more


def connection(gateway: Gateway) -> Connection:
    """The connection to a gateway whose address is known."""
    accounts, url = gateway.accounts, gateway.host_url
    tokens = accounts.newest()
    assert tokens is not None  # noqa: S101 - accounts never open without a pair
    return Connection(
        api_base_url=url,
        auth_base_url=url,
        app_key=accounts.app.key,
        app_secret=accounts.app.secret,
        access_token=tokens.access,
        refresh_token=tokens.refresh,
    )
