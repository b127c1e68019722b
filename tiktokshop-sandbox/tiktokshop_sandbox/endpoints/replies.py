"""Answers to buyers: sent within the platform's window and quota, and conversations marked as read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.derived import customer_service as derived
from tiktokshop_sandbox.derived.replies import add_reply, mark_read
from tiktokshop_sandbox.documents.customer_service import can_send, single_conversation
from tiktokshop_sandbox.endpoints._listing import TEXT
from tiktokshop_sandbox.endpoints.customer_service import buyer_in
from tiktokshop_sandbox.endpoints.uploads import for_buyers
from tiktokshop_sandbox.life.engine import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.derived.customer_service import Conversation

_SCOPE = "seller.customer_service"
UNKNOWN = (45101003, "The conversation does not exist.")
BAD_CONTENT = (45101002, "The content of the message does not meet its conditions.")
QUOTA = (45101004, "The quota of the day is used up.")
SENSITIVE = (45101006, "The message contains sensitive words.")
WINDOW = (45109001, "The time for a reply is over.")
LONGEST, A_DAY = 2_000, 10_000
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def _refuse(refusal: tuple[int, str]) -> ApiError:
    return ApiError(*refusal, 400)


def _conversation(call: ApiCall) -> Conversation:
    found = derived.conversation(call.world, call.the_shop, call.now, call.path["conversation_id"])
    if found is None:
        raise _refuse(UNKNOWN)
    return found


def detail(call: ApiCall) -> Mapping[str, Any]:
    """One conversation, without its messages."""
    found = _conversation(call)
    with call.world.reading() as store:
        return {"conversation": single_conversation(call.the_shop, found, buyer_in(call, store, found), call.now)}


def read(call: ApiCall) -> Mapping[str, Any]:
    """Marks all that the buyer has said as read."""
    found = _conversation(call)
    quota, count = _counted(call, "reads")
    with call.world.writing(call.now):
        call.world.set_meta(quota, str(count))
        mark_read(call.world, call.the_shop, found.id, call.now)
    return {}


def send(call: ApiCall) -> Mapping[str, Any]:
    """Sends a message to the buyer."""
    found, shop = _conversation(call), call.the_shop
    quota, count = _counted(call, "replies")
    if not can_send(found, call.now):
        raise _refuse(WINDOW)
    content = _checked(call)
    with call.world.writing(call.now):
        call.world.set_meta(quota, str(count))
        number = add_reply(call.world, shop, found.id, call.now, call.body["type"], content)
    return {"message_id": shop.identify("message", number)}


def _counted(call: ApiCall, what: str) -> tuple[str, int]:
    """Under which name a shop's calls of a day are counted, and how many they are with this one."""
    quota = f"{what}-of-day.{call.the_shop.id}.{call.now // DAY}"
    count = int(call.world.meta(quota) or 0) + 1
    if count > A_DAY:
        raise _refuse(QUOTA)
    return quota, count


def _checked(call: ApiCall) -> str:
    """The content as JSON, with nothing but what its type has."""
    try:
        sent = msgspec.json.decode(call.body["content"], type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise _refuse(BAD_CONTENT) from None
    check = _CHECKS.get(call.body["type"])
    kept = check(call, sent) if check else None
    if kept is None:
        raise _refuse(BAD_CONTENT)
    return msgspec.json.encode(kept).decode()


def _text(_: ApiCall, sent: Mapping[str, Any]) -> Mapping[str, Any] | None:
    words = sent.get("content")
    if not isinstance(words, str) or not words.strip() or len(words) > LONGEST:
        return None
    if _LINK.search(words):
        raise _refuse(SENSITIVE)
    return {"content": words}


def _picture(call: ApiCall, sent: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A picture that was uploaded for messages, with the size that it has."""
    kept = for_buyers(call.world, str(sent.get("url")))
    return kept if kept is not None and kept == sent else None


def _named(name: str, table: str) -> Callable[[ApiCall, Mapping[str, Any]], Mapping[str, Any] | None]:
    """A card about something that the shop has."""

    def check(call: ApiCall, sent: Mapping[str, Any]) -> Mapping[str, Any] | None:
        known = call.world.key(table, call.the_shop, str(sent.get(name)))
        return None if known is None else {name: str(sent[name])}

    return check


_CHECKS: Mapping[str, Callable[[ApiCall, Mapping[str, Any]], Mapping[str, Any] | None]] = {
    "TEXT": _text,
    "IMAGE": _picture,
    "ORDER_CARD": _named("order_id", "orders"),
    "PRODUCT_CARD": _named("product_id", "products"),
}
_KINDS = ("COUPON_CARD", "IMAGE", "LOGISTICS_CARD", "ORDER_CARD", "PRODUCT_CARD", "RETURN_REFUND_CARD", "TEXT", "VIDEO")
_MESSAGE = {"type": Param("string", required=True, values=_KINDS), "content": Param("string", required=True)}
_ROOT = "/customer_service/{version}/conversations/{{conversation_id}}"

ENDPOINTS = (
    Endpoint(
        "GET",
        _ROOT.format(version="202601"),
        _SCOPE,
        detail,
        query={"need_session_id": Param("boolean"), "need_session_info": Param("boolean")},
    ),
    Endpoint("POST", f"{_ROOT.format(version='202309')}/messages/read", _SCOPE, read),
    Endpoint("POST", f"{_ROOT.format(version='202309')}/messages", _SCOPE, send, body=_MESSAGE),
    Endpoint(
        "POST", f"{_ROOT.format(version='202606')}/messages", _SCOPE, send, body={**_MESSAGE, "sender_role": TEXT}
    ),
)
