"""What the commands share: their options, and how they print."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tiktokshop_client import Settings, health
from tiktokshop_client.redaction import known, printable

from tiktokshop_webhooks.inbox import open_inbox
from tiktokshop_webhooks.settings import gather, inbox_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_webhooks.inbox import Event, Inbox

TOKENS = Path(".tiktokshop/tokens.json")
"""Where `tiktokshop auth login` puts the tokens."""


def log_at(level: str) -> None:
    """Logs from this level on."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr, force=True)
    logging.getLogger().setLevel(level.upper())


def inbox_at(file: Path | None, level: str) -> Inbox:
    """The inbox that the settings name; there must be one."""
    log_at(level)
    return open_inbox(inbox_of(gather(file)), create=False)


def connection(file: Path | None, level: str) -> Settings:
    """The settings of the connection to the platform."""
    log_at(level)
    config = gather(file)
    bare = not (config.get("access_token") or config.get("refresh_token") or config.get("token_store"))
    if bare and not config.get("sandbox") and TOKENS.exists():
        config["token_store"] = str(TOKENS)
    return Settings.from_config(config)


def show(facts: dict[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
    """Prints what was found, without secrets, and without what moves a cursor."""
    if as_json:
        click.echo(json.dumps(known.throughout(facts), indent=2))
    elif lines:
        click.echo("\n".join(printable(known(line)) for line in lines))


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
