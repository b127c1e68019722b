"""The sandbox sends and the receiver receives: the short form of `scripts/soak/sent.py`, and what a user does first."""

from __future__ import annotations

import contextlib
import json

import pytest
import sent
import tiktokshop_sandbox
from deliveries import emptied
from in_process import call
from tiktokshop_webhooks.inbox import open_inbox

NOW = 1_790_000_000


@pytest.mark.slow
def test_of_a_receiver_that_is_killed_every_event_of_the_shops_is_in_the_inbox_once(tmp_path):
    inbox = str(tmp_path / "inbox.sqlite")
    assert sent.run(inbox, tmp_path, events=250, kills=3, orders=1_000) == []


@pytest.mark.slow
def test_of_two_receivers_over_one_postgresql_one_is_killed_and_no_event_of_the_shops_is_lost(
    postgresql_port, tmp_path
):
    assert sent.run(emptied(postgresql_port), tmp_path, events=250, kills=2, receivers=2, orders=1_000) == []


@pytest.fixture
def running():
    with tiktokshop_sandbox.start(orders=300, rps=1_000, now=NOW) as running:
        yield running


@pytest.fixture
def subscribed(running, serving, tmp_path, monkeypatch):
    """A receiver of the sandbox's app that has subscribed to everything with the command; gives its inbox."""
    monkeypatch.chdir(tmp_path)
    secrets = {"app_key": running.app_key, "app_secret": running.app_secret}
    inbox = str(tmp_path / "inbox.sqlite")
    with serving(**secrets, webhook_inbox=inbox) as port:
        tokens = {"access_token": running.access_token, "refresh_token": running.refresh_token}
        hosts = {"api_base_url": running.api_base_url, "auth_base_url": running.auth_base_url}
        (tmp_path / "config.json").write_text(json.dumps({**secrets, **tokens, **hosts, "requests_per_second": 1_000}))
        address = f"http://127.0.0.1:{port}/webhooks"
        ended = call("tiktokshop-webhooks", "subscribe", "all", "--address", address, "--config", "config.json")
        assert ended.code == 0, ended.log
        with contextlib.closing(open_inbox(inbox)) as opened:
            yield opened


def delivered(running):
    """Waits until nothing is to be delivered; what was."""
    pause = sent.threading.Event()
    for _ in range(2_000):
        counts = running.control("GET", "/webhooks")["deliveries"]
        if counts["new"] + counts["waiting"] == 0 and counts["delivered"]:
            break
        pause.wait(0.01)
    return running.control("GET", "/webhooks/deliveries?limit=10000")["deliveries"]


def test_what_is_subscribed_by_the_command_comes_into_the_inbox_word_for_word(running, subscribed):
    running.control("POST", "/clock", {"advance": 5 * 86_400})
    there = delivered(running)
    events = subscribed.after(0, 10_000)
    assert {(one["type"], one["tts_notification_id"], one["shop_id"]) for one in there} == {
        (event.type, event.notification_id, event.shop_id) for event in events
    }
    data = {one["tts_notification_id"]: one["data"] for one in there}
    assert all(event.data() == data[event.notification_id] for event in events)
    assert {one["state"] for one in there} == {"delivered"}
    assert {one["told"] for one in there} == {""}, "its answers are as the platform asks"
    assert {1, 2, 11} <= {event.type for event in events}


def test_unknown_types_and_garbage_of_the_sandbox_are_kept_and_wrong_signatures_set_apart(running, subscribed):
    running.control("POST", "/faults", {"kind": "webhook_unknown_type", "next": 1})
    running.control("POST", "/faults", {"kind": "webhook_garbage", "next": 6})
    running.control("POST", "/faults", {"kind": "webhook_bad_signature", "next": 2})
    running.control("POST", "/clock", {"advance": 5 * 86_400})
    there = delivered(running)
    forged = [one for one in there if "wrong signature" in one["told"]]
    assert len(forged) == 2
    events = subscribed.after(0, 10_000)
    assert len(events) == len({event.body for event in events}) == len(there) - 2
    assert len([event for event in events if event.type == 4242]) <= 1
    assert len([event for event in events if event.type is None]) >= 4
