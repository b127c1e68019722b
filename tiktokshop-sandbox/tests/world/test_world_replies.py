"""Answers to buyers: within the window and the quota, and shown in the conversation."""

import json

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.endpoints import replies

CONVERSATIONS = "/customer_service/202309/conversations"
DAY = 86_400


@pytest.fixture
def asker(new_world):
    return new_world(1500)


def conversations(asker):
    return asker.pages("GET", CONVERSATIONS, "conversations", {"page_size": 20})


def waiting(asker):
    """A conversation in which the buyer waits for an answer."""
    while True:
        found = [row for row in conversations(asker) if row["unread_count"] and row["can_send_message"]]
        if found:
            return found[0]["id"]
        asker.now += 600


def messages(asker, identifier):
    return asker.pages("GET", f"{CONVERSATIONS}/{identifier}/messages", "messages", {"page_size": 10})


def send(asker, identifier, kind="TEXT", version="202606", **content):
    path = f"/customer_service/{version}/conversations/{identifier}/messages"
    return asker.ask("POST", path, None, {"type": kind, "content": json.dumps(content)})["message_id"]


def the_code(call, *args, **more):
    with pytest.raises(ApiError) as refused:
        call(*args, **more)
    return refused.value.code


def test_an_answer_is_the_conversations_latest_message(asker):
    identifier = waiting(asker)
    before = messages(asker, identifier)
    sent = send(asker, identifier, content="It is on its way 📦")
    latest, *rest = messages(asker, identifier)
    assert rest == before
    assert (latest["id"], latest["type"], latest["create_time"]) == (sent, "TEXT", asker.now)
    assert json.loads(latest["content"]) == {"content": "It is on its way 📦"}
    assert latest["sender"]["role"] == "CUSTOMER_SERVICE"
    shown = next(row for row in conversations(asker) if row["id"] == identifier)
    assert (shown["unread_count"], shown["latest_message"]["id"]) == (0, sent)


def test_reading_takes_the_count_of_unread_messages_back_and_answers_nothing(asker):
    identifier = waiting(asker)
    before = messages(asker, identifier)
    asker.ask("POST", f"{CONVERSATIONS}/{identifier}/messages/read")
    detail = asker.ask("GET", f"/customer_service/202601/conversations/{identifier}")["conversation"]
    assert (detail["id"], detail["unread_count"]) == (identifier, 0)
    assert messages(asker, identifier) == before


def test_cards_name_what_the_shop_has(asker):
    identifier = waiting(asker)
    order = asker.ask("POST", "/order/202309/orders/search", {"page_size": 1}, {})["orders"][0]
    product = order["line_items"][0]["product_id"]
    send(asker, identifier, "ORDER_CARD", "202309", order_id=order["id"])
    send(asker, identifier, "PRODUCT_CARD", product_id=product)
    said = [json.loads(row["content"]) for row in messages(asker, identifier)[:2]]
    assert said == [{"product_id": product}, {"order_id": order["id"]}]
    assert the_code(send, asker, identifier, "ORDER_CARD", order_id="17") == 45101002
    assert the_code(send, asker, identifier, "COUPON_CARD", coupon_id="17") == 45101002


def test_what_must_not_be_said_is_refused_and_not_shown(asker, monkeypatch):
    identifier = waiting(asker)
    before = messages(asker, identifier)
    assert the_code(send, asker, identifier, content="See https://example.com") == 45101006
    assert the_code(send, asker, identifier, content="x" * 2_001) == 45101002
    assert the_code(send, asker, identifier, content=" ") == 45101002
    assert the_code(send, asker, "17", content="Hello") == 45101003
    monkeypatch.setattr(replies, "A_DAY", 0)
    assert the_code(send, asker, identifier, content="Hello") == 45101004
    assert messages(asker, identifier) == before


def test_a_week_after_the_buyers_last_word_nobody_can_answer(asker):
    closed = next(row["id"] for row in conversations(asker) if not row["can_send_message"])
    assert the_code(send, asker, closed, content="Hello") == 45109001
