"""What a receiver does beside receiving: whom it tells, and what it removes."""

from __future__ import annotations

import contextlib
import http.server
import json
import logging
import sys
import threading
import time

import pytest
from deliveries import KEY, SHOP, deliver, event
from tiktokshop_client import Secret, notify
from tiktokshop_webhooks import upkeep
from tiktokshop_webhooks.inbox import Arrival, open_inbox
from tiktokshop_webhooks.metrics import Metrics
from tiktokshop_webhooks.settings import HookSettings

DAY = 86_400_000


@pytest.fixture
def chat():
    """An address that takes JSON; it answers what it is told to."""
    got, answers = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()

        def log_message(self, *_):
            """Keeps the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    server.got, server.answers = got, answers
    server.url = f"http://127.0.0.1:{server.server_address[1]}/canary-path"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def kept(file):
    with contextlib.closing(open_inbox(str(file))) as inbox:
        inbox.check()
        yield inbox


@pytest.fixture
def upkeep_of(file):
    """Makes what is tested, over an inbox in a file."""
    with contextlib.ExitStack() as made:

        def make(*whom, **more):
            settings = HookSettings({}, str(file), notify=tuple(map(Secret, whom)), **more)
            one = upkeep.Upkeep(open_inbox(str(file)), settings, Metrics())
            made.callback(one.close)
            return one

        yield make


def keep(inbox, *bodies, at=None):
    inbox.keep([Arrival(body, KEY, round(time.time() * 1_000) if at is None else at) for body in bodies])


def test_an_address_and_a_command_are_told_of_each_grant_and_of_all_dead_events_in_one_text(
    kept, upkeep_of, chat, tmp_path
):
    command = f"{sys.executable} -c \"import sys; open('{tmp_path}/told', 'a').write(sys.stdin.read())\""
    keep(kept, event(1), event(6), event(7, shop_id="8"), b"x", b"y")
    upkeep_of(chat.url, command).round()
    texts = [each["text"] for each in chat.got]
    assert texts[0].startswith(f"The seller of shop {SHOP} has taken the app's authorisation back")
    assert texts[1].startswith("The app's authorisation by shop 8 ends soon")
    assert texts[2] == (
        "The webhook event 4 (an event that cannot be understood) cannot be used: it is not JSON. So it is with 1 "
        "more. It is kept: tiktokshop-webhooks dead list."
    )
    assert (tmp_path / "told").read_text().splitlines() == texts
    assert kept.notices() == []


def test_what_could_not_be_told_is_told_later_and_nothing_twice(kept, upkeep_of, chat, caplog):
    chat.answers[:] = [500, 302]
    keep(kept, event(6))
    one = upkeep_of(chat.url)
    for _ in range(4):
        one.round()
    assert len(chat.got) == 3
    assert one._metrics.total("notices_failed_total") == 2
    assert "its address answered HTTP 500; it is tried again." in caplog.text
    assert "its address answered HTTP 302; it is tried again." in caplog.text
    assert "canary" not in caplog.text


def test_what_a_receiver_that_died_had_not_told_the_next_one_tells(kept, upkeep_of, chat):
    keep(kept, event(6))
    upkeep_of().close()
    upkeep_of(chat.url).round()
    assert len(chat.got) == 1


def test_dead_events_that_come_one_after_the_other_are_told_once_in_a_while(kept, upkeep_of, chat, monkeypatch):
    one = upkeep_of(chat.url)
    for number in range(3):
        keep(kept, bytes([number]))
        one.round()
    assert len(chat.got) == 1
    monkeypatch.setattr(upkeep, "DEAD_SECONDS", 0.0)
    one.round()
    assert "So it is with 1 more." in chat.got[1]["text"]


def test_an_event_that_the_tap_has_given_up_is_told_too(kept, upkeep_of, chat):
    keep(kept, event(1))
    kept.bury(1, "the platform knows no such order")
    upkeep_of(chat.url).round()
    assert "cannot be used: the platform knows no such order." in chat.got[0]["text"]


def test_where_nobody_is_named_nothing_is_kept_for_later(kept, upkeep_of, chat):
    keep(kept, event(6), b"x")
    upkeep_of().round()
    upkeep_of(chat.url).round()
    assert chat.got == []


def test_a_receiver_tells_at_once(app_of, chat):
    app = app_of(notify=[chat.url])
    app.state.reception.start()
    assert deliver(app, event(6)) == 200
    until = time.monotonic() + 10
    while not chat.got and time.monotonic() < until:
        time.sleep(0.01)
    assert [each["text"][:10] for each in chat.got] == ["The seller"]


def test_what_is_older_than_the_retention_is_removed_once_an_hour(kept, upkeep_of, monkeypatch):
    old = round(time.time() * 1_000) - 8 * DAY
    keep(kept, event(), at=old)
    one = upkeep_of(retention_ms=7 * DAY)
    one.round()
    assert kept.after(0) == []
    keep(kept, event(), at=old)
    one.round()
    assert len(kept.after(0)) == 1
    monkeypatch.setattr(upkeep, "FORGET_SECONDS", 0.0)
    one.round()
    assert kept.after(0) == []


def test_an_inbox_that_is_away_is_told_once_and_then_waited_for(file, upkeep_of, caplog, monkeypatch):
    monkeypatch.setattr(upkeep, "ROUND_SECONDS", 0.01)
    file.write_text("my diary, which is no database at all" * 100)
    caplog.set_level(logging.WARNING)
    one = upkeep_of()
    one.start()
    until = time.monotonic() + 10
    while "is not an inbox" not in caplog.text and time.monotonic() < until:
        time.sleep(0.01)
    for _ in range(10):
        one.wake()
        time.sleep(0.01)
    assert caplog.text.count("is not an inbox") == 1


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        ("http://127.0.0.1:1/canary", "its address cannot be reached"),
        ("http://[canary/", "its address cannot be reached"),
        ("/there/is/no/canary", r"its command cannot be started \(No such file or directory\)"),
        (f"{sys.executable} -c 'exit(3)' canary", "its command ended with 3"),
    ],
)
def test_why_nobody_was_told_is_a_sentence_without_the_address(whom, words):
    with pytest.raises(notify.UntoldError, match=f"nobody was told by the setting notify: {words}") as raised:
        notify.tell(Secret(whom), "text")
    assert "canary" not in str(raised.value)


def test_a_command_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(notify, "COMMAND_SECONDS", 0.1)
    with pytest.raises(notify.UntoldError, match=r"has not ended after 0\.1 seconds"):
        notify.tell(Secret("sleep 60"), "text")
