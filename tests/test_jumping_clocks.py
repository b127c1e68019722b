"""Whenever a machine's clock jumps in a run, the next run brings what is missing."""

import datetime as dt
import time

import pytest
from tiktokshop_client.clock import SystemClock

DAY = 86_400
STREAMS = ("orders", "statements", "statement_transactions")


@pytest.mark.slow
@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_whichever_reading_of_a_clock_is_the_first_wrong_one_no_row_is_lost(lab_of, jump, monkeypatch):
    """So each reading is, in turn: also the one that says where the run ends."""
    first_wrong, readings = 0, 1
    with lab_of(shops=1, orders=20, now=1_790_000_000) as lab:
        while first_wrong < min(readings, 8):
            readings = 0

            def jumping(_, wrong=first_wrong):
                nonlocal readings
                readings += 1
                return time.time() + (jump if readings > wrong else 0)

            with monkeypatch.context() as patch:
                patch.setattr(SystemClock, "time", jumping)
                first = lab.run(streams=STREAMS)
            now = lab.sandbox.control("GET", "/clock")["now"]
            for stream in STREAMS:
                for partition in first.state["bookmarks"][stream]["partitions"]:
                    assert dt.datetime.fromisoformat(partition["replication_key_value"]).timestamp() <= now + 60
            lab.sandbox.control("POST", "/clock", {"advance": 3600})
            assert (first.table() | lab.run(first.state, streams=STREAMS).table()) == lab.run(streams=STREAMS).table()
            first_wrong += 1
    assert first_wrong == 8
