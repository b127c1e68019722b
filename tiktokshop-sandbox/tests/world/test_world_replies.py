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


PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x03\x08\x02\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00IEND\xaeB`\x82"
)


def test_a_picture_is_uploaded_first_and_sent_with_the_size_that_it_has(asker):
    identifier = waiting(asker)
    upload = "/customer_service/202309/images/upload"
    kept = asker.ask("POST", upload, files={"data": PIXEL})
    assert (kept["width"], kept["height"]) == (2, 3)
    send(asker, identifier, "IMAGE", **kept)
    latest = messages(asker, identifier)[0]
    assert (latest["type"], json.loads(latest["content"])) == ("IMAGE", kept)
    assert the_code(send, asker, identifier, "IMAGE", **{**kept, "width": 5}) == 45101002
    assert the_code(send, asker, identifier, "IMAGE", url="https://example.com/a.png", width=2, height=3) == 45101002
    for content in (b"", b"BM" + bytes(100), PIXEL[:12], PIXEL + bytes(10 * 1024 * 1024)):
        assert the_code(asker.ask, "POST", upload, files={"data": content}) == 45101008


def test_six_hours_after_an_answer_only_the_buyer_can_go_on(asker):
    identifier = waiting(asker)
    send(asker, identifier, content="It is on its way")
    asker.now += 6 * 3_600 - 1
    send(asker, identifier, content="It is here")
    asker.now += 6 * 3_600
    later = next(row for row in conversations(asker) if row["id"] == identifier)
    if later["latest_message"]["sender"]["role"] == "CUSTOMER_SERVICE":
        assert later["can_send_message"] is False
        assert the_code(send, asker, identifier, content="Hello?") == 45109001
    else:
        assert later["can_send_message"] is True


def test_a_week_after_the_buyers_last_word_nobody_can_answer(asker):
    closed = next(row["id"] for row in conversations(asker) if not row["can_send_message"])
    assert the_code(send, asker, closed, content="Hello") == 45109001
