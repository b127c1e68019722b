"""What people are told of: the end of a grant, and events that nobody can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client import health

from tiktokshop_webhooks.event_types import ABOUT_TO_END, DEAUTHORISED
from tiktokshop_webhooks.inbox.envelope import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_webhooks.inbox import Event

AGAIN = "let the seller authorise the app again (tiktokshop auth login)"


def grant_sentence(event: Event) -> str:
    """What an event says about a grant, and what to do."""
    shop = f"shop {event.shop_id}" if event.shop_id else "a shop that the event does not name"
    if event.type == DEAUTHORISED:
        return f"The seller of {shop} has taken the app's authorisation back: nothing can be read there; {AGAIN}."
    end = whole(event.data().get("expiration_time"))
    when = f"on {health.moment(end)}" if end is not None else "soon"
    return f"The app's authorisation by {shop} ends {when}: {AGAIN} before."


def dead_sentence(events: Sequence[Event]) -> str:
    """That events cannot be used, and where to look."""
    first = events[0]
    shop = f" of shop {first.shop_id}" if first.shop_id else ""
    more = f" So it is with {len(events) - 1} more." if len(events) > 1 else ""
    return (
        f"The webhook event {first.position}{shop} ({first.name}) cannot be used: {first.dead}.{more} It is kept: "
        "tiktokshop-webhooks dead list."
    )


def texts(events: Sequence[Event]) -> list[tuple[str, list[Event]]]:
    """What to tell of events, and of which of them: each grant for itself, all dead events in one text."""
    told = [
        (grant_sentence(event), [event])
        for event in events
        if event.type in {DEAUTHORISED, ABOUT_TO_END} and not event.dead
    ]
    dead = [event for event in events if event.dead]
    return told + ([(dead_sentence(dead), dead)] if dead else [])
