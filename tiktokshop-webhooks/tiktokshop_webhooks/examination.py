"""What `tiktokshop doctor` says about webhooks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tiktokshop_client import TikTokShopError, health
from tiktokshop_client.doctor import Finding

from tiktokshop_webhooks.event_types import ABOUT_TO_END, GRANT_TYPES, TYPES
from tiktokshop_webhooks.inbox import open_inbox
from tiktokshop_webhooks.inbox.envelope import whole
from tiktokshop_webhooks.settings import gather, inbox_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tiktokshop_webhooks.inbox import Inbox

CHECK = "webhooks"
RECENT_MS = 35 * 86_400_000
"""The platform announces the end of a grant from 30 days before."""
MOST_NAMED = 8


def examine(file: Path | None) -> list[Finding]:
    """One finding, if there is an inbox; none where nobody receives webhooks.

    Args:
        file: The settings file of the command line.
    """
    config = gather(file)
    address = inbox_of(config)
    try:
        inbox = open_inbox(address, create=False)
        figures = inbox.figures()
        now = round(time.time() * 1_000)
        warnings = [*_grants(inbox, now), *_leftovers(figures)]
    except TikTokShopError as error:
        return [Finding(CHECK, "fail", str(error))] if config.get("webhook_inbox") else []
    text = "; ".join([*warnings, _seen(figures), *_unseen(figures)])
    return [Finding(CHECK, "warn" if warnings or not figures["types"] else "ok", text)]


def never_seen(figures: dict[str, Any]) -> list[str]:
    """The types about what the tap reads of which no event ever came."""
    seen = {each["type"] for each in figures["types"]}
    return [each.name for each in TYPES.values() if each.used and each.number not in (*seen, *GRANT_TYPES)]


def _grants(inbox: Inbox, now: int) -> Iterator[str]:
    latest = {event.shop_id: event for event in inbox.of_types(GRANT_TYPES, now - RECENT_MS)}
    for shop_id, event in latest.items():
        when = health.moment(event.received_ms // 1_000)
        if event.type == ABOUT_TO_END:
            end = whole(event.data().get("expiration_time"))
            ends = f" on {health.moment(end)}" if end is not None else ""
            yield f"the platform said on {when} that the grant of shop {shop_id} ends{ends}"
        else:
            yield f"the platform said on {when} that the seller of shop {shop_id} took the authorisation back"


def _leftovers(figures: dict[str, Any]) -> Iterator[str]:
    if figures["dead"]:
        yield f"{figures['dead']} events cannot be used (tiktokshop-webhooks dead list)"
    if figures["quarantine"]["deliveries"]:
        yield (
            f"{figures['quarantine']['deliveries']} deliveries are in the quarantine "
            "(tiktokshop-webhooks quarantine list)"
        )


def _seen(figures: dict[str, Any]) -> str:
    if not figures["types"]:
        return "no event has ever come: tiktokshop-webhooks subscribe all"
    latest = max(each["latest_ms"] for each in figures["types"])
    return f"{figures['events']} events are kept, the last came on {health.moment(latest // 1_000)}"


def _unseen(figures: dict[str, Any]) -> Iterator[str]:
    missing = never_seen(figures)
    if figures["types"] and missing:
        more = f" and {len(missing) - MOST_NAMED} more (tiktokshop-webhooks stats)" if len(missing) > MOST_NAMED else ""
        yield f"never seen: {', '.join(missing[:MOST_NAMED])}{more}"
