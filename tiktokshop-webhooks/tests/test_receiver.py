"""What the receiver answers, keeps and says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading

import pytest
from deliveries import KEY, SECRET, SHOP, ask, deliver, event, signature
from starlette.applications import Starlette
from starlette.routing import Mount
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_webhooks.app import create_app
from tiktokshop_webhooks.inbox import InboxError, open_inbox
from tiktokshop_webhooks.settings import HookSettings, gather

AGAIN = "let the seller authorise the app again (tiktokshop auth login)"


@pytest.fixture
def kept(file):
    """What the inbox and its quarantine hold."""
    with contextlib.closing(open_inbox(str(file))) as inbox:
        yield inbox


def figures(app):
    """The metrics, by their names with labels."""
    lines = ask(app, "/metrics", method="GET").body.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_a_delivery_is_answered_with_200_and_nothing_else_when_it_is_kept(app_of, kept):
    body = event()
    answered = ask(app_of(), body=body, authorization=signature(body))
    assert (answered.status, answered.body, answered.headers) == (200, b"", {"content-length": "0"})
    assert [each.body for each in kept.after(0)] == [body]


def test_it_is_on_the_disk_before_it_is_answered(app_of, kept, monkeypatch):
    app, body, seen = app_of(), event(), []
    real = app.state.reception._intake.put

    async def put(delivery):
        made = await real(delivery)
        seen.extend(kept.after(0))
        return made

    monkeypatch.setattr(app.state.reception._intake, "put", put)
    assert deliver(app, body) == 200
    assert [each.body for each in seen] == [body]


def test_the_body_may_come_in_pieces(app_of, kept):
    body = event(data={"content": "Crème brûlée ☕"})
    answered = ask(app_of(), body=[body[:7], b"", body[7:]], authorization=signature(body))
    assert answered.status == 200
    assert [each.body for each in kept.after(0)] == [body]


def test_a_duplicate_is_answered_200_and_counted(app_of, kept):
    app, body = app_of(), event()
    assert [deliver(app, body) for _ in range(3)] == [200] * 3
    assert [each.deliveries for each in kept.after(0)] == [3]
    assert figures(app)["tiktokshop_webhooks_duplicates_total"] == 2


def test_unknown_types_and_signed_garbage_are_kept_and_answered_200(app_of, kept, caplog):
    app = app_of()
    assert [deliver(app, event(54)), deliver(app, b"canary-garbage"), deliver(app, b"")] == [200] * 3
    assert [each.type for each in kept.after(0)] == [54, None, None]
    assert len(kept.dead()) == 2
    assert "cannot be used: it is not JSON. It is kept: tiktokshop-webhooks dead list." in caplog.text
    assert "canary" not in caplog.text


def test_a_wrong_signature_goes_into_the_quarantine_as_it_came_and_is_answered_200(app_of, kept):
    body = event()
    assert deliver(app_of(), body, "0" * 64) == 200
    assert kept.after(0) == []
    (stray,) = kept.quarantine.strays()
    assert (stray.body, stray.signature, stray.app_key) == (body, "0" * 64, "")
    assert stray.reason == "its signature is not that of an app that is configured"


def test_a_wrong_signature_is_answered_401_where_a_setting_says_so_and_kept_all_the_same(app_of, kept):
    assert deliver(app_of(refuse_bad_signatures=True), event(), "0" * 64) == 401
    assert len(list(kept.quarantine.strays())) == 1


def test_an_app_that_is_not_configured_is_answered_401_and_its_delivery_is_kept(app_of, kept):
    app, body = app_of(), event()
    assert deliver(app, body, path="/webhooks/another") == 401
    assert deliver(app, body, path=f"/webhooks/{KEY}") == 200
    (stray,) = kept.quarantine.strays()
    assert (stray.app_key, stray.reason) == ("another", "its address names an app that is not configured")


def test_a_delivery_without_a_signature_is_kept_and_the_log_has_a_guess(app_of, kept, caplog):
    assert ask(app_of(), body=event()).status == 200
    assert [stray.reason for stray in kept.quarantine.strays()] == ["it has no signature"]
    assert "a proxy in front of it may take the header Authorization away" in caplog.text


def test_a_quarantine_that_is_full_is_answered_503_so_that_the_platform_sends_again(app_of, kept, caplog):
    app = app_of(quarantine_megabytes=0.01)
    answers = [deliver(app, event(), "0" * 64) for _ in range(12)]
    assert answers == [200] * 8 + [503] * 4
    assert len(list(kept.quarantine.strays())) == 8
    assert deliver(app, event()) == 200
    assert caplog.text.count("The quarantine is full") == 1


def test_old_and_new_secrets_and_several_apps_are_taken(app_of, kept):
    app = app_of(old_app_secret="before", apps={"second": "b", "third": ["c", "d"], KEY: "older-still"})
    pairs = [(KEY, SECRET), (KEY, "before"), (KEY, "older-still"), ("second", "b"), ("third", "c"), ("third", "d")]
    for key, secret in pairs:
        body = event()
        assert deliver(app, body, signature(body, key, secret)) == 200
    assert [each.app_key for each in kept.after(0)] == [key for key, _ in pairs]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/webhooks", 405),
        ("PUT", "/webhooks", 405),
        ("DELETE", "/webhooks/x", 405),
        ("OPTIONS", "/webhooks", 405),
        ("POST", "/healthz", 405),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("POST", "/webhooks/a/b", 404),
        ("GET", "/docs", 404),
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("POST", "/webhooks/", 200),
    ],
)
def test_nothing_is_served_but_what_it_is_for(app_of, method, path, status):
    body = event()
    assert (
        ask(app_of(), path, body if method == "POST" else b"", method, authorization=signature(body)).status == status
    )


def test_a_body_of_one_megabyte_is_taken_and_a_larger_one_answered_413(app_of, kept):
    app = app_of()
    body = event(data={"x": ""})
    body = body.replace(b'""', b'"' + b"x" * (1_000_000 - len(body)) + b'"')
    assert len(body) == 1_000_000
    assert deliver(app, body) == 200
    assert deliver(app, body + b" ") == 413
    assert ask(app, body=[body, b" "], authorization=signature(body + b" ")).status == 413
    assert ask(app, body=[b"x"], content_length="1000001").status == 413
    assert [len(each.body) for each in kept.after(0)] == [1_000_000]
    assert list(kept.quarantine.strays()) == []


def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(app_of, kept):
    app = app_of()

    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}])

    async def receive():
        return next(messages, {"type": "http.disconnect"})

    async def send(_):
        return None

    scope = {"type": "http", "method": "POST", "path": "/webhooks", "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))
    assert list(kept.quarantine.strays()) == []


def test_an_inbox_that_is_away_is_answered_503_at_once_and_told_once(app_of, monkeypatch, caplog):
    app = app_of()

    def broken(*_, **__):
        raise InboxError("the inbox x has no room: make room on its disk")

    monkeypatch.setattr(app.state.reception._inbox._engine, "perform", broken)
    assert [deliver(app, event()) for _ in range(3)] == [503] * 3
    assert deliver(app, event(), "0" * 64) == 503
    assert ask(app, "/readyz", method="GET").status == 503
    assert ask(app, "/healthz", method="GET").status == 200
    assert caplog.text.count("has no room") == 1
    assert figures(app)["tiktokshop_webhooks_inbox_failures_total"] == 4
    monkeypatch.undo()
    assert deliver(app, event()) == 200


def test_a_receiver_whose_inbox_could_not_take_a_delivery_is_not_ready_for_a_while(app_of, monkeypatch):
    app = app_of()
    real = app.state.reception._inbox.keep

    def full(arrivals, *rest):
        if arrivals:
            raise InboxError("the inbox x has no room: make room on its disk")
        return real(arrivals, *rest)  # a check is small

    monkeypatch.setattr(app.state.reception._inbox, "keep", full)
    assert ask(app, "/readyz", method="GET").status == 200
    assert deliver(app, event()) == 503
    assert ask(app, "/readyz", method="GET").status == 503
    monkeypatch.setattr("tiktokshop_webhooks.reception.FAILED_SECONDS", 0.0)
    assert deliver(app, event()) == 503
    assert ask(app, "/readyz", method="GET").status == 200


def test_an_inbox_that_hangs_costs_nobody_more_than_its_patience(app_of, monkeypatch):
    app = app_of()
    intake = app.state.reception._intake
    monkeypatch.setattr(intake, "_patience", 0.05)
    hangs, go_on, real = threading.Event(), threading.Event(), app.state.reception._inbox._engine.perform

    def hanging(*given, **more):
        hangs.set()
        go_on.wait(10)
        return real(*given, **more)

    monkeypatch.setattr(app.state.reception._inbox._engine, "perform", hanging)

    async def crowd():
        return await asyncio.gather(*(app.state.reception.take(b"{}", signature(b"{}")) for _ in range(50)))

    assert asyncio.run(crowd()) == [503] * 50
    assert hangs.wait(10)  # what it has taken by now is no longer in the queue
    waiting = intake._queue.qsize()
    assert deliver(app, event()) == 503
    assert intake._queue.qsize() == waiting  # nobody waits behind what hangs
    go_on.set()


def test_deliveries_that_come_together_are_stored_together(app_of, kept, monkeypatch):
    app, batches = app_of(), []
    inbox = app.state.reception._inbox
    real = inbox.keep
    gate = threading.Event()

    def counted(arrivals, *rest):
        gate.wait(10)
        batches.append(len(arrivals))
        return real(arrivals, *rest)

    monkeypatch.setattr(inbox, "keep", counted)

    async def crowd():
        bodies = [event() for _ in range(50)]
        tasks = [asyncio.ensure_future(app.state.reception.take(body, signature(body))) for body in bodies]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(crowd()) == [200] * 50
    assert sum(batches) == 50
    assert len(batches) <= 3
    assert [each.position for each in kept.after(0)] == list(range(1, 51))


def test_the_end_of_a_grant_is_said_at_once_in_the_log_and_in_the_metrics_and_once(app_of, caplog):
    app = app_of()
    taken_back = event(6, data={"message": "canary-message"})
    ends = event(7, data={"message": "canary-message", "expiration_time": "1627587506"})
    for body in (taken_back, ends, taken_back):
        assert deliver(app, body) == 200
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == [
        f"The seller of shop {SHOP} has taken the app's authorisation back: nothing can be read there; {AGAIN}.",
        f"The app's authorisation by shop {SHOP} ends on 2021-07-29 19:38 UTC: {AGAIN} before.",
    ]
    found = figures(app)
    assert found['tiktokshop_webhooks_grant_warnings_total{type="6"}'] == 1
    assert found['tiktokshop_webhooks_grant_warnings_total{type="7"}'] == 1


def test_the_metrics_say_what_was_answered_how_fast_and_what_waits(app_of):
    app = app_of()
    deliver(app, event())
    deliver(app, event(11))
    deliver(app, event(), "0" * 64)
    deliver(app, b"x")
    answer = ask(app, "/metrics", method="GET")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = figures(app)
    name = "tiktokshop_webhooks_"
    assert found[f'{name}deliveries_total{{status="200"}}'] == 4
    assert found[f'{name}events_total{{type="11"}}'] == 1
    assert found[f'{name}events_total{{type="0"}}'] == 1
    assert found[f'{name}answer_seconds_bucket{{le="3"}}'] == found[f"{name}answer_seconds_count"] == 4
    assert (found[f"{name}inbox_events"], found[f"{name}dead_events"]) == (3, 1)
    assert (found[f"{name}quarantine_deliveries"], found[f"{name}quarantine_bytes"] > 1_000) == (1, True)


def test_mounted_in_another_service_it_takes_deliveries_without_being_started(app_of, kept):
    outer = Starlette(routes=[Mount("/tiktok", app=app_of())])
    body = event()
    assert ask(outer, "/tiktok/webhooks", body, authorization=signature(body)).status == 200
    assert ask(outer, "/tiktok/healthz", method="GET").status == 200
    assert len(kept.after(0)) == 1


def test_no_line_of_the_log_has_a_body_a_signature_or_a_secret(app_of, caplog):
    caplog.set_level(logging.DEBUG)
    app = app_of()
    body = event(14, data={"content": "canary-words", "x": "\ud800"})
    right = signature(body)
    for given in (right, right.upper(), "canary-" + right, right[:-1] + "x", ""):
        deliver(app, body, given)
    deliver(app, body + b"canary", signature(body + b"canary"))
    deliver(app, body, path="/webhooks/canary-app")
    ask(app, body=[body, b"x" * 1_000_000], authorization=right)
    assert len(caplog.records) >= 3
    for secret in ("canary", right[:12], right[:12].upper(), SECRET):
        assert secret not in caplog.text


# -- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "the settings app_key and app_secret are missing"),
        ({"app_key": "k"}, "the setting app_secret is missing"),
        ({"app_secret": "canary"}, "the setting app_key is missing"),
        ({"apps": ["canary"]}, "the setting apps must be an object"),
        ({"apps": {"k": 5}}, "the setting apps must have a secret"),
        ({"apps": {"k": []}}, "the setting apps must have a secret"),
        ({"apps": {"k": "s"}, "retention_days": 0}, "retention_days must be a number from 1 to 3650"),
        ({"apps": {"k": "s"}, "quarantine_megabytes": True}, "quarantine_megabytes must be a number"),
        ({"apps": {"k": "s"}, "refuse_bad_signatures": "maybe"}, "refuse_bad_signatures must be true or false"),
        ({"apps": {"k": "s"}, "notify": "canary"}, "the setting notify must be a list"),
        ({"apps": {"k": "s"}, "notify": ["mail 'canary"]}, "the setting notify holds what is neither"),
        ({"apps": {"k": "s"}, "notify": ["ftp://canary"]}, "the setting notify holds what is neither"),
        ({"apps": {"k": "s"}, "webhook_inbox": 5}, "the setting webhook_inbox must be text"),
    ],
)
def test_a_setting_that_is_wrong_is_named_without_its_value(config, words):
    with pytest.raises(ConfigurationError, match=words) as raised:
        HookSettings.from_config(config)
    assert "canary" not in str(raised.value)


def test_settings_come_from_a_file_before_the_environment_before_dotenv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        "TIKTOKSHOP_APP_KEY=of-dotenv\nTIKTOKSHOP_RETENTION_DAYS=7\nTIKTOKSHOP_NOTIFY=a,b c\n"
    )
    monkeypatch.setenv("TAP_TIKTOKSHOP_APP_KEY", "of-the-tap")
    monkeypatch.setenv("TIKTOKSHOP_WEBHOOKS_APP_KEY", "of-webhooks")
    monkeypatch.setenv("TIKTOKSHOP_APPS", '{"k": ["s", "t"]}')
    (tmp_path / "file.json").write_text('{"app_secret": "of-a-file"}')
    config = gather(tmp_path / "file.json")
    assert (config["app_key"], config["app_secret"], config["retention_days"]) == ("of-webhooks", "of-a-file", 7)
    assert (config["apps"], config["notify"]) == ({"k": ["s", "t"]}, ["a,b c"])
    (tmp_path / "lines").write_text("export TIKTOKSHOP_APP_SECRET='of lines'\nretention_days=8\n")
    assert gather(tmp_path / "lines")["retention_days"] == 8


def test_without_a_configuration_the_application_takes_the_environment_s(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIKTOKSHOP_APP_KEY", KEY)
    monkeypatch.setenv("TIKTOKSHOP_APP_SECRET", SECRET)
    app = create_app()
    try:
        assert deliver(app, event()) == 200
    finally:
        app.state.reception.close()
    assert (tmp_path / ".tiktokshop" / "inbox.sqlite").exists()
