"""What an event says about itself, read from its bytes without changing a digit of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

LONGEST_ID = 100
LARGEST_TYPE = 2**31 - 1
SHOPS = ("shop_id", "seller_open_id", "creator_open_id")
"""Where an envelope names whom it is about; the first that is there."""
SHOPS_OF_DATA = ("shop_id", "tts_shop_id", "seller_id")
"""The same in its data, for envelopes that do not say it."""


@dataclass(frozen=True)
class Envelope:
    """An event's envelope.

    Attributes:
        type: The number of its type, None if it cannot be understood.
        shop_id: The shop that it is about, or the seller where it names none, or "".
        notification_id: ``tts_notification_id``, or "".
        key: The same for every delivery of one event, and for no other event: 64 hexadecimal digits.
        fault: Why it cannot be understood, "" if it can.
    """

    type: int | None
    shop_id: str
    notification_id: str
    key: str
    fault: str = ""


def read(body: bytes) -> Envelope:
    """The envelope of an event.

    A retry has a new ``timestamp``, so the key is made of the type, the shop and the notification's id, or, where there
    is none, the data. The platform's numbers for types 2 and 11 of one cancellation, say, may be the same.
    """
    try:
        return _read(decoded(body, parse_float=str))
    except RecursionError:
        fault = "it is nested too deeply"
    except _NotUnderstoodError as error:
        fault = str(error)
    except ValueError:
        fault = "it is not JSON"
    return Envelope(None, "", "", hashlib.sha256(body).hexdigest(), fault)


def decoded(body: bytes, **options: Any) -> Any:
    """JSON; whole numbers of more digits than Python makes a number of become texts.

    Raises:
        ValueError: It is none.
        RecursionError: It is nested too deeply.
    """
    try:
        return json.loads(body, **options)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError:  # of such a number; it is rare, so that others are not looked at one by one
        return json.loads(body, parse_int=_number, **options)


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_ID else digits


class _NotUnderstoodError(ValueError):
    """Why; in words that quote nothing."""


def _read(content: Any) -> Envelope:
    if not isinstance(content, dict):
        raise _NotUnderstoodError("it is not a JSON object")
    number = whole(content.get("type"))
    if number is None or not 0 <= number <= LARGEST_TYPE:
        raise _NotUnderstoodError("it has no type" if content.get("type") is None else "its type is not a whole number")
    data = content.get("data")
    inside = data if isinstance(data, dict) else {}
    named = [*(content.get(name) for name in SHOPS), *(inside.get(name) for name in SHOPS_OF_DATA)]
    shop_id = next(filter(None, map(identifier, named)), "")
    notification_id = identifier(content.get("tts_notification_id"))
    told: list[Any] = ["id", notification_id] if notification_id else ["data", data]
    text = json.dumps([number, shop_id, *told], sort_keys=True)
    return Envelope(number, shop_id, notification_id, hashlib.sha256(text.encode()).hexdigest())


def whole(value: Any) -> int | None:
    """A whole number, also one that is written as a text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST_ID:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def identifier(value: Any) -> str:
    """An id as a text, whether it is written as one or as a number; "" for anything else."""
    number = None if isinstance(value, str) else whole(value)
    text = value.strip() if isinstance(value, str) else "" if number is None else str(number)
    return text if text.isascii() and text.isprintable() and len(text) <= LONGEST_ID else ""
