"""Events in a real inbox, as the platform would have sent them for what is in a sandbox's shops."""

import datetime as dt
import itertools
import json
from dataclasses import dataclass
from typing import Any

from tiktokshop_webhooks.inbox import Arrival, Inbox, open_inbox

_numbers = itertools.count(7_500_000_000_000_000_000)
TYPES = {"orders": (1, "order_id"), "returns": (12, "return_id"), "cancellations": (11, "cancel_id")}


def seconds(text: str) -> int:
    return int(dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


@dataclass
class Told:
    """An inbox, and what is put into it."""

    address: str
    received: float = 0.0

    def open(self) -> Inbox:
        return open_inbox(self.address)

    def tell(self, number: int, shop_id: str | None, data: dict[str, Any], deliveries: int = 1, **more: Any) -> None:
        """Puts one event into the inbox."""
        event = {
            "type": number,
            "tts_notification_id": str(next(_numbers)),
            "shop_id": shop_id,
            "timestamp": data.get("update_time"),
            "data": data,
            **more,
        }
        body = json.dumps({name: value for name, value in event.items() if value is not None}).encode()
        self.deliver(*[body] * deliveries)

    def deliver(self, *bodies: bytes) -> None:
        inbox = self.open()
        inbox.keep([Arrival(body, "key", round(self.received * 1000)) for body in bodies])
        inbox.close()

    def tell_of(self, stream: str, record: dict[str, Any], **more: Any) -> None:
        """Puts the event of a record's last change into the inbox."""
        number, name = TYPES[stream]
        identity = record["id" if stream == "orders" else name]
        self.tell(number, record["shop_id"], {name: identity, "update_time": seconds(record["update_time"])}, **more)
