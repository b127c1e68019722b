"""What comes in, what is kept of it, and what a reader gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tiktokshop_webhooks.event_types import name_of
from tiktokshop_webhooks.inbox.envelope import decoded, whole


@dataclass(frozen=True)
class Arrival:
    """A delivery whose signature is right.

    Attributes:
        body: Its bytes as they came.
        app_key: The app whose secret has signed them.
        received_ms: When, in unix milliseconds.
    """

    body: bytes
    app_key: str
    received_ms: int


@dataclass(frozen=True)
class Stray:
    """A delivery whose signature is not right, for the quarantine.

    Attributes:
        body: Its bytes as they came.
        signature: What stood in its ``Authorization``, "" if nothing did.
        app_key: The app that its address names, "" if it names none.
        reason: Why it is here.
        received_ms: When it came, in unix milliseconds.
        number: Its number in the quarantine; 0 before it has one.
    """

    body: bytes
    signature: str
    app_key: str
    reason: str
    received_ms: int
    number: int = 0


@dataclass(frozen=True)
class Kept:
    """What became of a delivery.

    Attributes:
        new: Whether it is the first of its event.
        position: The event's position; 0 for one that came before, and in the quarantine.
        type: The number of its type, None if it cannot be understood.
        shop_id: The shop that it is about, or "".
        fault: Why it cannot be understood, "" if it can.
        full: Whether the quarantine had no room for it, so that nothing was kept.
    """

    new: bool
    position: int = 0
    type: int | None = None
    shop_id: str = ""
    fault: str = ""
    full: bool = False


@dataclass(frozen=True)
class Event:
    """An event in the inbox.

    Attributes:
        position: Its place in the order of the inbox, see the package.
        type: The number of its type; None if it cannot be understood, see ``dead``.
        shop_id: The shop that it is about, the seller's ``open_id`` where the platform names no shop, or "".
        notification_id: The platform's ``tts_notification_id``, or "".
        app_key: The app that it was sent to.
        received_ms: When its first delivery came, or it was last put at the end once more, in unix milliseconds.
        deliveries: How many deliveries of it came.
        body: The bytes of its first delivery as they came; empty where the retention has removed them.
        dead: Why nobody can act on it, "" for an event like any other. A reader passes over it.
    """

    position: int
    type: int | None
    shop_id: str
    notification_id: str
    app_key: str
    received_ms: int
    deliveries: int
    body: bytes
    dead: str = ""

    @property
    def name(self) -> str:
        """The name of its type."""
        return name_of(self.type)

    def content(self) -> dict[str, Any]:
        """The whole event, with whole numbers of any size exact, those of thousands of digits as texts.

        It is {} if it cannot be understood.
        """
        try:
            content = decoded(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    def data(self) -> dict[str, Any]:
        """What it says happened; {} if it says nothing."""
        data = self.content().get("data")
        return data if isinstance(data, dict) else {}

    def timestamp(self) -> int | None:
        """The unix second of its first delivery by the platform's clock, None if it does not say."""
        return whole(self.content().get("timestamp"))
