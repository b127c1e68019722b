"""A tap that follows its inbox, as a process: rows within moments, a clean end, and windows from time to time."""

import contextlib
import copy
import json
import queue
import signal
import threading
import time

import pytest
from heard import Told, seconds
from store_places import postgresql_port  # noqa: F401 - an inbox of that kind

pytestmark = pytest.mark.slow
STREAMS = ("orders", "inventory", "webhook_events")
PATIENCE = 60


class Followed:
    """A process whose messages are read as they come."""

    def __init__(self, process):
        self.process, self.messages, self.coming, self.log = process, [], queue.Queue(), []
        self.readers = [threading.Thread(target=self._read), threading.Thread(target=self._listen)]
        for each in self.readers:
            each.start()

    def _read(self):
        for line in self.process.stdout:
            self.coming.put((time.monotonic(), json.loads(line)))
        self.coming.put((time.monotonic(), None))

    def _listen(self):
        self.log += [line.decode() for line in self.process.stderr]

    def until(self, wanted):
        """The moment of the next message that is wanted."""
        while True:
            moment, message = self.coming.get(timeout=PATIENCE)
            assert message is not None, "".join(self.log)
            self.messages.append(message)
            if wanted(message):
                return moment

    def end(self, how=signal.SIGTERM):
        """Its exit code, when it was asked to end."""
        if how is not None:
            self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        for each in self.readers:
            each.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        self.messages += [message for _, message in list(self.coming.queue) if message is not None]
        return code

    @property
    def state(self):
        return [each["value"] for each in self.messages if each["type"] == "STATE"][-1]


def order_record(identity):
    return lambda message: message["type"] == "RECORD" and message["record"].get("id") == identity


def is_state(message):
    return message["type"] == "STATE"


def end_of(message):
    """The end of what was read of orders, as a state has it."""
    return seconds(message["value"]["bookmarks"]["orders"]["partitions"][0]["replication_key_value"])


@pytest.fixture(params=["sqlite", "postgresql"])
def told(request, tmp_path):
    if request.param == "sqlite":
        made = Told(str(tmp_path / "inbox.sqlite"))
    else:
        from deliveries import emptied

        made = Told(emptied(request.getfixturevalue("postgresql_port")))
    made.deliver()
    return made


@pytest.fixture
def follow(lab, told):
    """Starts a tap that follows, and ends it."""
    with contextlib.ExitStack() as started:

        def start(state=None, streams=STREAMS, **config):
            settings = {"webhook_inbox": told.address, "follow": True, "follow_state_seconds": 0.5, **config}
            made = Followed(lab.start(state, streams=streams, **settings))
            started.callback(lambda: made.process.poll() is None and made.end(signal.SIGKILL))
            return made

        yield start


def test_a_record_is_out_moments_after_its_event_and_a_clean_end_writes_the_last_state(lab, told, follow):
    first = lab.run(streams=STREAMS, webhook_inbox=told.address)
    order = first.records("orders")[-1]
    tap = follow(copy.deepcopy(first.state), summary_path=str(lab.folder / "summary.json"))
    tap.until(lambda message: message["type"] == "SCHEMA" and message["stream"] == "webhook_events")
    waits = []
    for _ in range(5):
        told.received = time.time()
        began = time.monotonic()
        told.tell(1, order["shop_id"], {"order_id": order["id"]})
        waits.append(tap.until(order_record(order["id"])) - began)
    assert sorted(waits)[2] < 2
    tap.until(lambda message: is_state(message) and message["value"]["webhook_inbox"]["position"] == 5)
    assert tap.end() == 0, "".join(tap.log)
    assert tap.state["webhook_inbox"]["position"] == 5
    kinds = [message["type"] for message in tap.messages]
    assert kinds[-1] == "STATE"
    figures = json.loads((lab.folder / "summary.json").read_text())["events"]
    assert (figures["events"], figures["objects"]) == (5, 5)
    assert 0 < figures["seconds_to_record"]["median"] < 2


def test_windows_come_again_and_find_what_no_event_has_told_of(lab, told, follow):
    first = lab.run(streams=("orders",), webhook_inbox=told.address)
    tap = follow(copy.deepcopy(first.state), streams=("orders",), follow_poll_seconds=1)
    tap.until(is_state)
    lab.sandbox.control("POST", "/clock", {"advance": 86_400})
    after = seconds("2026-06-01T12:00:00Z")
    tap.until(lambda message: message["type"] == "RECORD" and seconds(message["record"]["update_time"]) > after)
    tap.until(lambda message: is_state(message) and end_of(message) > after + 80_000)
    for _ in range(2):  # the end of that round, and the beginning of another one
        tap.until(lambda message: message["type"] == "SCHEMA")
    assert tap.end() == 0, "".join(tap.log)
    assert any("no event has told" in line for line in tap.log)


def test_it_ends_by_itself_after_its_time(told, follow):
    tap = follow(streams=("orders",), follow_for_seconds=0.5)
    assert tap.end(None) == 0, "".join(tap.log)
    assert tap.state["webhook_inbox"]["position"] == 0
    assert tap.state["bookmarks"]["orders"]["partitions"]


def test_when_its_loader_has_gone_it_ends_though_there_is_nothing_to_write(lab, told):
    process = lab.start(streams=("webhook_events",), webhook_inbox=told.address, follow=True)
    with process:
        while json.loads(process.stdout.readline())["type"] != "STATE":
            pass
        process.stdout.close()
        assert process.wait(PATIENCE) == 1
        assert b"The program that read the output has stopped" in process.stderr.read()


def test_asked_to_end_while_it_reads_windows_it_ends_at_once_and_the_state_covers_what_is_out(lab, told, follow):
    lab.fault("slow", path="/product/*", seconds=30)
    first = lab.run(streams=("orders",), webhook_inbox=told.address)
    order = first.records("orders")[-1]
    told.tell(1, order["shop_id"], {"order_id": order["id"]})
    tap = follow(copy.deepcopy(first.state), streams=("orders", "products"), follow_state_seconds=100)
    tap.until(lambda message: message["type"] == "SCHEMA" and message["stream"] == "products")
    began = time.monotonic()
    assert tap.end() == 0, "".join(tap.log)
    assert time.monotonic() - began < 20
    assert tap.state["webhook_inbox"]["position"] == 1
