"""From the shop through webhooks and the inbox to the records: what was lost on the way, a window finds and counts."""

import contextlib
import json
import os
import subprocess
import sys
import threading

import pytest
from heard import seconds

NOON = "2026-06-01T12:00:00Z"
DAYS = 2
EVENTS = ["all", *range(1, 5), 11, 12]
"""Whatever names an order."""


@contextlib.contextmanager
def receiver(lab, inbox):
    """The command `serve`, and where it listens."""
    environment = {
        **os.environ,
        "TIKTOKSHOP_APP_KEY": lab.config["app_key"],
        "TIKTOKSHOP_APP_SECRET": lab.config["app_secret"],
        "TIKTOKSHOP_WEBHOOK_INBOX": str(inbox),
    }
    command = [sys.executable, "-m", "tiktokshop_webhooks", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=lab.folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running.stdout.readline().split()[-4]
        finally:
            running.terminate()


def deliveries_without(lab, *states):
    """The deliveries, as soon as none is in one of these states any more."""
    turn = threading.Event()
    for _ in range(3_000):
        if not any(lab.sandbox.control("GET", "/webhooks")["deliveries"][state] for state in states):
            break
        turn.wait(0.01)
    return lab.sandbox.control("GET", "/webhooks/deliveries?limit=10000")["deliveries"]


def newest(order, deliveries, state):
    """When the newest change happened that deliveries of a state told of an order (unix seconds), 0 if none did."""
    about = (each for each in deliveries if each["state"] == state and f'"{order}"' in json.dumps(each["data"]))
    return max((each["happened"] for each in about), default=0)


@pytest.mark.slow
def test_with_events_lost_doubled_and_shuffled_the_tables_are_the_shop_s_and_the_missed_are_counted(lab, tmp_path):
    inbox, summary = tmp_path / "inbox.sqlite", tmp_path / "summary.json"
    settings = {"streams": ("orders",), "webhook_inbox": str(inbox), "summary_path": str(summary)}
    with receiver(lab, inbox) as address:
        lab.sandbox.control("PUT", "/webhooks", {"event_types": EVENTS, "address": address})
        first = lab.run(**settings)
        for kind, probability in (("webhook_lost", 0.2), ("webhook_doubled", 0.2), ("webhook_shuffled", 1)):
            lab.fault(kind, probability=probability, seconds=0.5)
        lab.sandbox.control("POST", "/clock", {"advance": DAYS * 86_400})
        deliveries = deliveries_without(lab, "new", "waiting")
    second = lab.run(first.state, **settings)
    events = json.loads(summary.read_text())["events"]
    rows = {**first.table(), **second.table()}
    found = {order: row["update_time"] for (_, _, order), row in second.table().items()}
    # Any event that comes has the order read as it is by then, so also a later change whose event was lost.
    missed = {order for order, at in found.items() if at > NOON and not newest(order, deliveries, "delivered")}
    lost = {order for order in missed if newest(order, deliveries, "lost") == seconds(found[order])}
    assert events["duplicates"] > 0
    assert len(lost) > 1
    assert len(missed) == events["only_windows_found"], "those that were lost, and those that are never announced"
    assert events["objects"] > len(missed)
    assert rows == lab.run(streams=("orders",)).table()
