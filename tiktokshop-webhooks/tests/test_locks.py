"""An inbox in a file, while other processes open and close it: nothing that was answered 200 is lost."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading

import pytest
from deliveries import KEY, NOW, event
from receivers import deliver, process
from tiktokshop_webhooks.inbox import Arrival, open_inbox
from tiktokshop_webhooks.inbox.sqlite import SqliteEngine

READ = """
import contextlib, sqlite3, sys
with contextlib.closing(sqlite3.connect(sys.argv[1])) as inbox:
    print(inbox.execute("SELECT count(*) FROM tiktokshop_events").fetchone()[0])
"""
STATS = [sys.executable, "-m", "tiktokshop_webhooks", "stats"]


def elsewhere(file) -> int:
    """How many events another process finds, which opens and closes the inbox."""
    return int(subprocess.run([sys.executable, "-c", READ, file], check=True, capture_output=True).stdout)


def open_thrice(port) -> None:
    """Has a receiver open its inbox a third time, beside deliveries and upkeep."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        assert b"tiktokshop_webhooks_inbox_events" in connection.getresponse().read()


def ended(receiver) -> None:
    receiver.send_signal(signal.SIGTERM)
    assert receiver.wait(10) == 0


def keep(inbox) -> None:
    inbox.keep([Arrival(event(), KEY, NOW)])


def test_another_process_that_closes_the_inbox_takes_nothing_from_one_that_has_opened_it_several_times(file, open_one):
    inboxes = [open_one(str(file)) for _ in range(3)]
    for found, inbox in enumerate(inboxes, 1):
        keep(inbox)
        assert elsewhere(file) == found
    for found, inbox in enumerate(inboxes, 4):
        keep(inbox)
        assert elsewhere(file) == found


def test_a_file_that_takes_its_place_just_as_it_is_opened_is_read_the_next_time(tmp_path, open_one, monkeypatch):
    path, other = tmp_path / "inbox.sqlite", tmp_path / "other.sqlite"
    for file, number in ((path, 1), (other, 2)):
        with contextlib.closing(open_inbox(str(file))) as made:
            made.keep([Arrival(event(data={"order_id": str(each)}), KEY, NOW) for each in range(number)])
    connected = SqliteEngine._connected

    def replaced(engine):
        made = connected(engine)
        other.rename(path)
        return made

    inbox = open_one(str(path))
    with monkeypatch.context() as patched:
        patched.setattr(SqliteEngine, "_connected", replaced)
        inbox.last()
    assert inbox.last() == 2


def test_a_thread_that_makes_the_file_takes_no_lock_from_one_that_opens_it_meanwhile(file, open_one, monkeypatch):
    maker, other = open_one(str(file)), open_one(str(file))
    thread, close = threading.Thread(target=keep, args=(other,)), os.close

    def late(descriptor):
        monkeypatch.undo()
        thread.start()
        thread.join(0.2)  # it waits for the maker, so this goes by
        close(descriptor)

    monkeypatch.setattr(os, "close", late)
    keep(maker)
    thread.join(10)
    assert elsewhere(file) == 2
    for found, inbox in enumerate((other, maker), 3):
        keep(inbox)
        assert elsewhere(file) == found


@pytest.mark.slow
def test_what_a_receiver_took_is_there_when_it_is_killed_after_others_have_read(tmp_path):
    file = tmp_path / ".tiktokshop" / "inbox.sqlite"
    with process(tmp_path) as (running, port):
        assert [deliver(port) for _ in range(3)] == [200] * 3
        open_thrice(port)
        assert elsewhere(file) == 3
        subprocess.run(STATS, cwd=tmp_path, check=True, capture_output=True)
        assert [deliver(port) for _ in range(4)] == [200] * 4
        running.kill()
        running.wait(10)
    with contextlib.closing(open_inbox(str(file), create=False)) as inbox:
        assert len(inbox.after(0)) == 7


@pytest.mark.slow
def test_two_receivers_over_one_file_may_be_started_again_one_after_the_other_and_nothing_is_lost(tmp_path):
    file = tmp_path / ".tiktokshop" / "inbox.sqlite"
    with process(tmp_path) as (one, first), process(tmp_path) as (other, second):
        assert [deliver(each) for each in (first, second, first, second)] == [200] * 4
        open_thrice(first)
        open_thrice(second)
        ended(one)
        assert [deliver(second) for _ in range(3)] == [200] * 3
        with process(tmp_path) as (again, third):
            assert [deliver(each) for each in (third, second, third)] == [200] * 3
            ended(other)
            assert deliver(third) == 200
            ended(again)
    with contextlib.closing(open_inbox(str(file), create=False)) as inbox:
        assert len(inbox.after(0)) == 11
