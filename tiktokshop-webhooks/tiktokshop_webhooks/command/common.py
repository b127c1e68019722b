"""What the commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktokshop_client import Settings, health
from tiktokshop_client.console import log_at

from tiktokshop_webhooks.inbox import open_inbox
from tiktokshop_webhooks.settings import gather, inbox_of

if TYPE_CHECKING:
    from tiktokshop_webhooks.inbox import Event, Inbox

TOKENS = Path(".tiktokshop/tokens.json")
"""Where `tiktokshop auth login` puts the tokens."""


def inbox_at(file: Path | None, level: str) -> Inbox:
    """The inbox that the settings name; there must be one."""
    log_at(level, timed=True)
    return open_inbox(inbox_of(gather(file)), create=False)


def connection(file: Path | None, level: str) -> Settings:
    """The settings of the connection to the platform."""
    log_at(level, timed=True)
    config = gather(file)
    bare = not (config.get("access_token") or config.get("refresh_token") or config.get("token_store"))
    if bare and not config.get("sandbox") and TOKENS.exists():
        config["token_store"] = str(TOKENS)
    return Settings.from_config(config)


def event_facts(event: Event) -> dict[str, Any]:
    """An event without its body, as JSON."""
    return {
        "position": event.position,
        "type": event.type,
        "name": event.name,
        "shop_id": event.shop_id,
        "notification_id": event.notification_id,
        "app_key": event.app_key,
        "received_at": health.moment(event.received_ms // 1_000),
        "deliveries": event.deliveries,
        "reason": event.dead,
    }
