"""The command line: subscriptions in a sandbox's shops, and what waits for somebody."""

from __future__ import annotations

import contextlib
import json
import time

import platform_facts
import pytest
import tiktokshop_sandbox
from deliveries import KEY, NOW, SECRET, SHOP, event, signature
from in_process import call
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_webhooks.event_types import BY_NAME, TYPES, name_of
from tiktokshop_webhooks.inbox import Arrival, Stray, open_inbox
from tiktokshop_webhooks.subscriptions import by_api, by_hand, check_address, events_of

HOOKS = "tiktokshop-webhooks"
ADDRESS = "https://hooks.example.com/webhooks"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"app_key": KEY, "app_secret": SECRET}))
    return tmp_path


@pytest.fixture
def inbox(folder):
    with contextlib.closing(open_inbox(".tiktokshop/inbox.sqlite")) as made:
        made.check()
        yield made


def hooks(*words, code=0):
    """What a command of ours printed."""
    ended = call(HOOKS, *words, "--config", "config.json")
    assert ended.code == code, ended.log
    return ended.output if code == 0 or not ended.log else ended.log


@pytest.fixture(scope="module")
def shops():
    with tiktokshop_sandbox.start(orders=5, now=1_780_000_000) as sandbox:
        yield sandbox


@pytest.fixture
def grant(shops, folder):
    config = shops.settings(requests_per_second=1000, max_tries=1)
    (folder / "config.json").write_text(json.dumps(config))
    return shops


def of_platform():
    """(shop, event) -> address, as the platform says."""
    found = json.loads(hooks("list", "--json"))["subscriptions"]
    return {(each["shop_id"], each["event_type"]): each["address"] for each in found}


def test_all_events_about_what_the_tap_reads_are_subscribed_in_every_shop_and_the_others_named(grant):
    output = hooks("subscribe", "all", "--address", ADDRESS)
    there = of_platform()
    assert {event for _, event in there} == set(by_api())
    assert (len(there), set(there.values())) == (2 * 17, {ADDRESS})
    assert (
        "ORDER_STATUS_CHANGE                is now reported to https://hooks.example.com/webhooks, before to https://"
        in output
    )
    assert "These can only be switched on in Partner Center" in output
    assert "27 INVENTORY_STATUS_CHANGE" in output
    assert "is reported to https://hooks.example.com/webhooks already" in hooks("subscribe", "1", "--address", ADDRESS)


def test_one_event_of_one_shop_is_subscribed_and_unsubscribed(grant):
    shop_id = next(shop for shop, _ in of_platform())
    hooks("subscribe", "new-message", "--shop", shop_id, "--address", ADDRESS + "/one")
    assert of_platform()[shop_id, "NEW_MESSAGE"] == ADDRESS + "/one"
    found = json.loads(hooks("unsubscribe", "NEW_MESSAGE", "--shop", shop_id, "--json"))["subscriptions"]
    assert found == [
        {
            "shop_id": shop_id,
            "event_type": "NEW_MESSAGE",
            "address": "",
            "told": f"is reported no more, before to {ADDRESS}/one",
            "ok": True,
        }
    ]
    assert (shop_id, "NEW_MESSAGE") not in of_platform()
    assert "is not reported" in hooks("unsubscribe", "NEW_MESSAGE", "--shop", shop_id)


def test_what_the_platform_says_afterwards_decides(grant, monkeypatch):
    """It answers that all is well, and has not done it."""
    monkeypatch.setattr("tiktokshop_sandbox.endpoints.event.subscribe", lambda *_: None)
    output = hooks("subscribe", "NEW_CONVERSATION", "--address", ADDRESS + "/kept-not", code=1)
    assert "NEW_CONVERSATION" in output
    assert "NOT DONE: the platform reports it to " in output


def test_what_the_platform_refuses_is_told_with_its_words(grant, monkeypatch):
    monkeypatch.setattr("tiktokshop_sandbox.endpoints.event.is_reachable", lambda *_: False)
    output = hooks("subscribe", "NEW_MESSAGE", "--address", ADDRESS + "/another", code=1)
    assert "NOT DONE" in output
    assert "Address is invalid" in output


def test_a_shop_that_the_grant_does_not_cover_is_named(grant):
    assert "the grant does not cover shop 5; it covers 1000" in hooks("list", "--shop", "5", code=2)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["ORDER"], "there is no event ORDER; there are all, ORDER_STATUS_CHANGE"),
        (["27"], "does not let INVENTORY_STATUS_CHANGE be subscribed by API: switch it on in Partner Center"),
        (["999"], "there is no event 999"),
        (["²"], "there is no event ²"),
        (["1" * 5_000], "there is no event 111"),
    ],
)
def test_events_that_cannot_be_subscribed_are_told_before_anything_is_asked(names, words):
    with pytest.raises(ConfigurationError, match=words):
        events_of(names)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://hooks.example.com/", "begin with https"),
        ("https://10.0.0.1/", "domain name"),
        ("https://localhost/", "domain name"),
        ("https://hooks.example.com:8443/", "no port"),
        ("https://hooks.example.com/" + "x" * 250, "at most 255"),
        ("https://user:canary@hooks.example.com/", "no user"),
        ("https://hooks.example.com:x/", "not a URL"),
        ("https://hooks.example.com/a b", "has spaces or characters beyond ASCII"),
        ("https://hooks.example.com/\n", "has spaces or characters beyond ASCII"),
        ("https://hööks.example.com/", "has spaces or characters beyond ASCII"),
        ("", "has spaces or characters beyond ASCII"),
        ("https://hooks..example.com/", "domain name"),
        ("https://.com/", "domain name"),
        ("https://0x7f.1/", "domain name"),
    ],
)
def test_an_address_that_the_platform_would_not_send_to_is_refused(address, words):
    with pytest.raises(ConfigurationError, match=words) as raised:
        check_address(address)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("address", [ADDRESS, "https://x.example/?a=b", "http://127.0.0.1:80/", "http://localhost:1/"])
def test_an_address_that_can_be_sent_to_is_taken(address):
    assert check_address(address) is None


def test_the_types_are_those_that_are_known_of_the_platform():
    operation = next(each for each in platform_facts.current() if each["name"] == "updateShopWebhook")
    assert set(by_api()) == set(operation["body"]["properties"]["event_type"]["values"])
    assert set(map(int, platform_facts.of("webhook-types"))) | {2, 68} == set(TYPES)
    assert len(BY_NAME) == len(TYPES)
    assert not {name.split(" ")[1] for name in by_hand()} & set(by_api())
    assert (name_of(1), name_of(54)) == ("ORDER_STATUS_CHANGE", "type 54")


def test_stats_say_what_came_and_what_never_did(inbox):
    inbox.keep(
        [Arrival(body, KEY, NOW) for body in (event(1), event(11), b"x")], [Stray(b"y", "", "", "why", NOW)], 9_999
    )
    facts = json.loads(hooks("stats", "--json"))
    assert (facts["events"], facts["dead"], facts["last_position"]) == (3, 1, 3)
    assert "ORDER_STATUS_CHANGE" not in facts["never_seen"]
    assert "PACKAGE_UPDATE" in facts["never_seen"]
    output = hooks("stats")
    assert "         1  ORDER_STATUS_CHANGE (last 2026-05-28 20:26 UTC)" in output
    assert "quarantine  1 deliveries, 1001 bytes" in output


def test_without_an_inbox_there_is_a_sentence(folder):
    assert "there is no inbox at .tiktokshop/inbox.sqlite" in hooks("stats", code=2)


def test_dead_events_are_listed_shown_and_tried_again(inbox):
    inbox.keep([Arrival(b"no JSON", KEY, NOW), Arrival(event(1), KEY, NOW)])
    inbox.bury(2, "the platform knows no such order")
    assert hooks("dead", "list").splitlines() == [
        "       1  2026-05-28 20:26 UTC  an event that cannot be understood: it is not JSON",
        "       2  2026-05-28 20:26 UTC  ORDER_STATUS_CHANGE: the platform knows no such order",
    ]
    assert json.loads(hooks("dead", "show", "1", "--json"))["body"] == "no JSON"
    assert json.loads(hooks("dead", "retry", "--json")) == {"retried": 1, "left": 1}
    assert [each.position for each in inbox.after(0)] == [1, 3]
    assert "there is none at 3" in hooks("dead", "retry", "3", code=2)
    assert "there is no event 9 in the inbox" in hooks("dead", "show", "9", code=2)
    far = "99999999999999999999"
    assert f"there is none at {far}" in hooks("dead", "retry", far, code=2)
    assert f"there is no event {far} in the inbox" in hooks("dead", "show", far, code=2)


def test_the_quarantine_is_verified_again_when_a_secret_was_mended(inbox, folder):
    body, twin = event(1), event(1)
    strays = [
        Stray(body, signature(body, KEY, "mended"), "", "why", NOW),
        Stray(twin, signature(twin, KEY, "mended"), KEY, "why", NOW),
        Stray(event(1), "0" * 64, "", "why", NOW),
    ]
    inbox.keep([Arrival(twin, KEY, NOW)], strays, 99_999)
    assert json.loads(hooks("quarantine", "retry", "--json")) == {"accepted": 0, "duplicates": 0, "left": 3}
    (folder / "config.json").write_text(json.dumps({"app_key": KEY, "app_secret": SECRET, "old_app_secret": "mended"}))
    output = hooks("quarantine", "retry")
    assert output == "1 events went into the inbox, 1 were there already; 1 deliveries stay.\n"
    assert [each.body for each in inbox.after(1)] == [body]
    assert hooks("quarantine", "list").count("why") == 1
    assert hooks("quarantine", "clear") == "1 deliveries were removed.\n"
    assert hooks("quarantine", "list") == ""


# -- the doctor ----------------------------------------------------------------------------------------------------


def doctor():
    found = json.loads(call("tiktokshop", "doctor", "--json", "--config", "config.json").output)
    return [each for each in found["checks"] if each["check"] == "webhooks"]


def test_the_doctor_says_nothing_of_webhooks_where_nobody_receives_them(grant):
    assert doctor() == []


def test_the_doctor_names_grants_that_end_dead_events_the_quarantine_and_types_never_seen(grant, inbox):
    assert [(each["status"], "no event has ever come" in each["text"]) for each in doctor()] == [("warn", True)]
    now = round(time.time() * 1_000)
    inbox.keep([Arrival(event(number), KEY, now) for number in TYPES if number not in {4, 6, 7}])
    (fine,) = doctor()
    assert fine["status"] == "ok"
    assert fine["text"].endswith("never seen: PACKAGE_UPDATE")
    end = {"expiration_time": "1790000000"}
    more = [event(6), event(7, shop_id="8", data=end), b"x"]
    inbox.keep([Arrival(body, KEY, now) for body in more], [Stray(b"y", "", "", "why", now)], 9_999)
    (found,) = doctor()
    assert found["status"] == "warn"
    assert f"that the seller of shop {SHOP} took the authorisation back" in found["text"]
    assert "that the grant of shop 8 ends on 2026-09-21 14:13 UTC" in found["text"]
    assert "1 events cannot be used" in found["text"]
    assert "1 deliveries are in the quarantine" in found["text"]


def test_the_doctor_fails_where_an_inbox_is_configured_and_not_there(grant, monkeypatch):
    monkeypatch.setenv("TIKTOKSHOP_WEBHOOK_INBOX", "nowhere.sqlite")
    (found,) = doctor()
    assert found["status"] == "fail"
    assert "there is no inbox at nowhere.sqlite" in found["text"]
