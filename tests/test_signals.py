"""Who stops a run twice ends it at once, unless tokens are on their way into their store."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from tiktokshop_client.endings import signal_words

SCRIPT = """
import logging, os, signal, sys, threading, time
from types import SimpleNamespace
from tiktokshop_client import console
from tiktokshop_client.tokens.vault import undisturbed
who, what, first, second = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
me = SimpleNamespace(logger=logging.getLogger("plugin"), close=lambda: None)
me.message_writer, me.following = SimpleNamespace(leave_early=lambda: None), SimpleNamespace(follow=False)
if who == "tap":
    from tap_tiktokshop.tap import TapTikTokShop as plugin
elif who == "target":
    from target_tiktokshop.target import TargetTikTokShop as plugin
for number in {first, second}:
    signal.signal(number, console._end if who == "console" else (lambda *how: plugin._handle_termination(me, *how)))
going = threading.Event()
def work():
    going.set()
    while threading.main_thread().is_alive():
        time.sleep(0.01)
    for _ in range(3):
        os.kill(os.getpid(), second)
        time.sleep(0.05)
    print("kept", flush=True)
threading.Thread(target=(lambda: undisturbed(work)) if what == "tokens" else work).start()
going.wait()
signal.raise_signal(first)
"""
pytestmark = pytest.mark.slow  # each starts a process with the SDK

PAIRS = [
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGTERM, signal.SIGTERM),
    (signal.SIGTERM, signal.SIGINT),
    (signal.SIGINT, signal.SIGTERM),
]


def stopped(who, what, first, second):
    command = [sys.executable, "-c", SCRIPT, who, what, str(int(first)), str(int(second))]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("who", ["tap", "target", "console"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_second_signal_waits_for_tokens_that_a_worker_is_storing(who, first, second):
    ended = stopped(who, "tokens", first, second)
    assert (ended.stdout, ended.returncode) == ("kept\n", 128 + first), ended.stderr
    assert "new tokens are on their way" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("who", ["tap", "target", "console"])
def test_a_second_signal_ends_a_run_at_once_where_no_tokens_are_on_their_way(who):
    ended = stopped(who, "something else", signal.SIGTERM, signal.SIGINT)
    assert (ended.stdout, ended.returncode) == ("", -signal.SIGINT), ended.stderr
    assert who == "console" or "Stopped by SIGTERM; the next run goes on" in ended.stderr


@pytest.mark.parametrize(
    ("number", "words"),
    [(2, "Ctrl-C (SIGINT)"), (15, "SIGTERM"), (1, "SIGHUP"), (9, "SIGKILL"), (200, "the signal 200")],
)
def test_a_signal_has_the_name_that_people_know(number, words):
    assert signal_words(number) == words
