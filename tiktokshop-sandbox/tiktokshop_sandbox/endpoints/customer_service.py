"""Customer service: conversations, their messages, the sessions, and how well buyers were served."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Endpoint, Param
from tiktokshop_sandbox.derived import Item
from tiktokshop_sandbox.derived import customer_service as derived
from tiktokshop_sandbox.derived.coupons import claimable
from tiktokshop_sandbox.documents.customer_service import (
    UNSUPPORTED,
    Cards,
    buyer_of,
    conversation_document,
    message_document,
    open_session,
    people_in,
    performance_document,
    session_document,
    session_id,
)
from tiktokshop_sandbox.documents.locales import CHAT_LOCALES
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, page_of, sort_order

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.derived.customer_service import Conversation, Said, Session
    from tiktokshop_sandbox.documents.customer_service import Buyer
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.store import Store

NO_SUCH_CONVERSATION = 66009315
_SCOPE = "seller.customer_service"


def conversations(call: ApiCall) -> Mapping[str, Any]:
    """A page of conversations, the one with the latest message first. There is no total."""
    shop, now = call.the_shop, call.now
    begun = {item.id: item for item in derived.conversations(call.world, shop, now)}
    items = [Item(item.last(now).at, item.id, {}) for item in begun.values()]
    shown, token = page_of(call, items, size=call.query["page_size"], descending=True)
    with call.world.reading() as store:
        rows = [_conversation(call, store, begun[item.id]) for item in shown]
    return {"conversations": rows, "next_page_token": token}


def _conversation(call: ApiCall, store: Store, item: Conversation) -> dict[str, Any]:
    shop, now = call.the_shop, call.now
    row = conversation_document(shop, item, buyer_in(call, store, item), _cards(call, store, item.last(now)), now)
    session = item.session(now)
    if session and call.query.get("need_session_id"):
        row["cur_session_id"] = session_id(shop, session)
    if session and call.query.get("need_session_info"):
        row["cur_session"] = open_session(shop, session, now)
    return row


def _order(call: ApiCall, store: Store, session: Session) -> Order:
    return store.orders[call.the_shop.key(session.chat.order)]


def buyer_in(call: ApiCall, store: Store, item: Conversation) -> Buyer:
    """The buyer of a conversation."""
    return buyer_of(call.the_shop, _order(call, store, item.sessions[0]))


def _cards(call: ApiCall, store: Store, said: Said) -> Cards:
    product = _order(call, store, said.session).lines[0].product
    coupon = claimable(call.world, call.the_shop, said.at) if said.message.type == "COUPON_CARD" else None
    return Cards(said.session.order, call.the_shop.identify("product", product), coupon.id if coupon else "")


def messages(call: ApiCall) -> Mapping[str, Any]:
    """A page of a conversation's messages, the latest first unless asked otherwise.

    Raises:
        ApiError: 66009315, when the shop has no such conversation.
    """
    shop = call.the_shop
    item = derived.conversation(call.world, shop, call.now, call.path["conversation_id"])
    if item is None:
        raise ApiError(NO_SUCH_CONVERSATION, "No permission for this conversation.", 400)
    said = item.said_by(call.now)
    places = [Item(place, str(one.message.number), {}) for place, one in enumerate(said)]
    descending = call.query["sort_order"] == "DESC"
    shown, token = page_of(call, places, size=call.query["page_size"], descending=descending)
    plain = call.query.get("need_plaintext", False)
    with call.world.reading() as store:
        people = people_in(shop, item, buyer_in(call, store, item))
        rows = [
            message_document(shop, item, place.sort, people, _cards(call, store, said[place.sort]), plain=plain)
            for place in shown
        ]
    data = {"messages": rows, "next_page_token": token}
    if any(row["type"] == "OTHER" for row in rows):
        data["unsupported_msg_tips"] = UNSUPPORTED
    return data


def sessions(call: ApiCall) -> Mapping[str, Any]:
    """A page of the sessions that began within the bounds, the latest first. There is no total."""
    shop, asked = call.the_shop, call.body
    bounds = (asked["begin_time_ge"], asked["begin_time_lt"])
    begun = {
        session_id(shop, session): (session, item)
        for session, item in derived.sessions(call.world, shop, call.now, *bounds)
    }
    wanted = asked.get("buyer_nickname")
    with call.world.reading() as store:
        if wanted:
            begun = {key: pair for key, pair in begun.items() if buyer_in(call, store, pair[1]).nickname == wanted}
        items = [Item(session.begin, key, {}) for key, (session, _) in begun.items()]
        shown, token = page_of(call, items, size=call.query["page_size"], descending=True)
        rows = [
            session_document(shop, *begun[row.id], buyer_in(call, store, begun[row.id][1]).nickname, call.now)
            for row in shown
        ]
    return {"sessions": rows, "next_page_token": token}


def performance(call: ApiCall) -> Mapping[str, Any]:
    """How well buyers were served on the days from one to the one before another, in the shop's time zone.

    Raises:
        ApiError: 36009004, for what is no day, or a span without one.
    """
    first, after = (_day(call, name) for name in ("support_date_ge", "support_date_lt"))
    if first >= after:
        raise ApiError(INVALID_PARAMETER, "SupportDateLt must be later than SupportDateGe", 400)
    found = derived.performance(call.world, call.the_shop, call.now, first, after)
    return {"performance": performance_document(call.the_shop, found)}


def _day(call: ApiCall, name: str) -> date:
    text = call.query[name]
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).date()
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ApiError(INVALID_PARAMETER, f"{name.title().replace('_', '')} is invalid", 400)
    return day


_LOCALE = Param("string", values=CHAT_LOCALES, default="en")
_SINCE = Param("integer", required=True)

ENDPOINTS = (
    Endpoint(
        "GET",
        "/customer_service/202309/conversations",
        _SCOPE,
        conversations,
        query={
            "page_size": Param("integer", required=True, low=1, high=20),
            "page_token": PAGE_TOKEN,
            "locale": _LOCALE,
            "need_session_id": Param("boolean"),
            "need_session_info": Param("boolean"),
        },
    ),
    Endpoint(
        "GET",
        "/customer_service/202309/conversations/{conversation_id}/messages",
        _SCOPE,
        messages,
        query={
            "page_size": Param("integer", required=True, low=1, high=10),
            "page_token": PAGE_TOKEN,
            "locale": _LOCALE,
            "sort_order": sort_order("DESC"),
            "sort_field": Param("string", values=("create_time",)),
            "need_data": Param("boolean"),
            "need_plaintext": Param("boolean"),
            "time_zone": Param("string", default="UTC"),
        },
    ),
    Endpoint(
        "GET",
        "/customer_service/202407/performance",
        _SCOPE,
        performance,
        query={
            "support_date_ge": Param("string", required=True),
            "support_date_lt": Param("string", required=True),
        },
    ),
    Endpoint(
        "POST",
        "/customer_service/202602/sessions/search",
        _SCOPE,
        sessions,
        query={
            "page_size": Param("integer", required=True, low=1, high=100),
            "page_token": PAGE_TOKEN,
            "locale": Param("string", default="en-US"),
        },
        body={"begin_time_ge": _SINCE, "begin_time_lt": _SINCE, "buyer_nickname": TEXT},
    ),
)
