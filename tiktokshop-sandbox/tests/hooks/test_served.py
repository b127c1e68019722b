"""Webhooks of a sandbox that serves: soon after a change, beside the requests, to be seen and switched by testers."""

from __future__ import annotations

import html
import re
import time

import pytest
import requests
import tiktokshop_sandbox
from tiktokshop_sandbox.sandbox import SandboxError

NOW = 1_790_000_000
SECONDS = 20.0


@pytest.fixture(scope="module")
def running():
    with tiktokshop_sandbox.start(orders=300, rps=1000, now=NOW) as running:
        yield running


@pytest.fixture
def console(running):
    """A browser's session: pages as text, and buttons pressed with the token of the page."""

    class Console(requests.Session):
        def page(self, path=""):
            return html.unescape(self.get(f"{running.api_base_url}/console{path}", timeout=SECONDS).text)

        def press(self, action, **form):
            token = re.search(r'name="token" value="([^"]+)"', self.page())[1]
            url = f"{running.api_base_url}/console/{action}"
            return self.post(url, data={"token": token, **form}, timeout=SECONDS)

    with Console() as session:
        session.trust_env = False
        yield session
    running.control("DELETE", "/faults")
    running.control("PUT", "/webhooks", {"event_types": names(running), "unauthorized": "end"})


def names(running):
    return [one["event_type"] for one in running.control("GET", "/webhooks")["addresses"]] or ["NEW_MESSAGE"]


def switch_on(running, ear, *types):
    return running.control("PUT", "/webhooks", {"event_types": list(types), "address": ear.address})


def until(condition):
    """Waits for something that another thread does."""
    ends = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_an_order_made_in_the_console_is_announced_within_half_a_second(running, ear, console):
    switch_on(running, ear, 1)
    shop = running.control("GET", "")["shops"][0]["id"]
    waits = []
    for _ in range(3):
        count = len(ear.came)
        console.press("order", shop=shop)
        began = time.monotonic()
        until(lambda count=count: len(ear.came) > count)
        waits.append(time.monotonic() - began)
    assert {event["data"]["order_status"] for event in ear.events} == {"UNPAID"}
    assert min(waits) < 0.5  # a busy machine may be late, not always


def test_a_burst_goes_out_beside_the_requests(running, ear, console):
    switch_on(running, ear, 1)
    shop = running.control("GET", "")["shops"][0]["id"]
    running.control("POST", "/faults", {"kind": "webhook_burst", "shop_id": shop})
    until(lambda: len(ear.came) > 50)
    began = time.monotonic()
    running.control("GET", "/clock")
    assert time.monotonic() - began < 2
    counts = running.control("GET", "/webhooks")["deliveries"]
    assert counts["new"] + counts["waiting"] + counts["delivered"] >= 5_000


def test_testers_see_where_events_go_and_what_became_of_them(running, ear, console):
    status = switch_on(running, ear, "all", "ORDER_STATUS_CHANGE")
    assert status["partner_center"]["INVENTORY_CHANGED"] == ear.address
    assert "NEW_MESSAGE" not in status["partner_center"]
    ear.answers(401)
    shop = running.control("GET", "")["shops"][0]["id"]
    console.press("order", shop=shop)
    until(lambda: running.control("GET", "/webhooks/deliveries?state=refused")["deliveries"])
    last = running.control("GET", "/webhooks/deliveries?state=refused&limit=1000")["deliveries"][-1]
    assert last["shop_id"] == shop
    assert last["http"] == 401
    assert last["tries"] == 1
    ear.answers(200)
    running.control("POST", f"/webhooks/deliveries/{last['id']}")
    until(lambda: last["id"] in {one["id"] for one in delivered(running)})


def delivered(running):
    return running.control("GET", "/webhooks/deliveries?state=delivered&limit=10000")["deliveries"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "say event_types"),
        ({"event_types": ["FULL_MOON"], "address": "http://127.0.0.1:1/"}, "there is no event 'FULL_MOON'"),
        ({"event_types": [1], "address": "http://example.com/"}, "the address must be https"),
        ({"event_types": [1], "address": "https://example.com/" + "x" * 240}, "the address must be https"),
        ({"unauthorized": "maybe"}, "unauthorized"),
    ],
)
def test_what_cannot_be_switched_is_refused_in_a_sentence(running, body, words):
    with pytest.raises(SandboxError, match=re.escape(words)):
        running.control("PUT", "/webhooks", body)


def test_its_settings_are_those_that_commands_take(running):
    settings = running.control("GET", "/settings")
    names = ("api_base_url", "auth_base_url", "app_key", "app_secret", "access_token", "refresh_token")
    assert settings == {name: getattr(running, name) for name in names}


def test_a_delivery_that_is_not_there_cannot_be_sent_again(running):
    with pytest.raises(SandboxError, match="there is no such delivery"):
        running.control("POST", "/webhooks/deliveries/99999999")
    with pytest.raises(SandboxError, match="there is no state 'lovely'"):
        running.control("GET", "/webhooks/deliveries?state=lovely")


def test_the_console_switches_events_and_lists_deliveries_with_a_button_to_send_again(running, ear, console):
    page = console.press("hooks-switch", event="ORDER_STATUS_CHANGE", address=ear.address)
    assert "ORDER_STATUS_CHANGE: sent to" in page.text
    assert "After a 401 an event is tried again from now on." in console.press("hooks-401", reading="retry").text
    ear.answers(302, location="/login")
    console.press("order", shop=running.control("GET", "")["shops"][1]["id"])
    until(lambda: "redirect (302)" in console.page("/webhooks?state=waiting&event=ORDER_STATUS_CHANGE"))
    last = running.control("GET", "/webhooks/deliveries?state=waiting")["deliveries"][-1]
    detail = console.page(f"/webhooks/{last['id']}")
    assert last["tts_notification_id"] in detail
    assert "the body without the app's key before it" in detail
    assert running.app_secret not in detail
    ear.answers(200)
    assert f"Delivery {last['id']} goes out once more." in console.press("hook-again", id=str(last["id"])).text
    until(lambda: last["id"] in {one["id"] for one in delivered(running)})
    assert "There is no event 'FULL_MOON' here" in html.unescape(
        console.press("hooks-switch", event="FULL_MOON", address=ear.address).text
    )
    assert "There is no such delivery any more" in console.press("hook-again", id="99999999").text
    assert console.get(f"{running.api_base_url}/console/webhooks/99999999", timeout=SECONDS).status_code == 404


def test_bodies_and_secrets_are_in_no_log(running, ear, console, caplog):
    caplog.set_level(0)
    switch_on(running, ear, 1, 13, 14)
    ear.answers(500, b"<html>canary-answer</html>")
    running.control("POST", "/clock", {"advance": 10 * 86_400})
    until(lambda: len(ear.came) > 20)
    texts = [running.app_secret, "canary-answer", *(event["data"].get("order_id", "?" * 9) for event in ear.events)]
    assert not [text for text in texts if text in caplog.text]
