"""What a person sees of a running stream."""

import contextlib
import logging
import os
import threading
from types import SimpleNamespace

import pytest
from tap_tiktokshop.run.progress import Progress

logger = logging.getLogger("test")


def part(**facts):
    return SimpleNamespace(**{"start": 100, "end": 300, "reached": 100, "rows": 0, "status": "read", **facts})


def test_without_a_terminal_lines_come_while_the_stream_is_read_and_one_at_its_end(caplog):
    ticked = threading.Event()

    class Handler(logging.Handler):
        def emit(self, _record):
            ticked.set()

    logger.addHandler(Handler())
    with caplog.at_level(logging.INFO):
        parts = [part(rows=30, reached=200), part(rows=10)]
        with Progress(logger, "orders", parts, every=0.001, terminal=False):
            assert ticked.wait(timeout=10)
        lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("Reading stream=orders shops=2 ")
    assert lines[-1].startswith("Read stream=orders shops=2 rows=40 rows_per_second=")
    assert lines[-1].endswith("done_percent=25.0")
    assert caplog.records[-1].progress["rows"] == 40


@pytest.mark.parametrize(
    ("parts", "words", "done"),
    [
        ([part(rows=9, reached=300), part(status="skipped")], "Read", 100.0),
        ([part(rows=9, reached=300), part(start=400, reached=400)], "Read", 100.0),
        ([part(rows=9, reached=200, status="interrupted"), part(reached=300)], "Read in part", 75.0),
        ([part(rows=9, reached=200, status="failed"), part(status="skipped")], "Read in part", 50.0),
        ([part(rows=9, reached=300), part(status="left over")], "Read in part", 50.0),
    ],
)
def test_the_line_at_its_end_says_whether_a_part_is_left_and_counts_no_shop_that_is_skipped(caplog, parts, words, done):
    with caplog.at_level(logging.INFO), Progress(logger, "orders", parts, terminal=False):
        pass
    assert caplog.messages[-1].startswith(f"{words} stream=orders shops=2 rows=9 ")
    assert caplog.messages[-1].endswith(f"done_percent={done}")


def everything(terminal):
    """What was written to a terminal whose other end is closed; it comes in pieces, then as an error."""
    pieces = []
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    return b"".join(pieces).decode()


def test_on_a_terminal_a_bar_shows_rows_speed_and_the_share_done(monkeypatch, caplog):
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf8") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        shop = part()
        with Progress(logger, "orders", [shop], terminal=True) as progress:
            shop.rows, shop.reached = 40, 200
            progress.show()
            shop.rows, shop.reached = 42, 300
            progress.show()
    shown = everything(ours)
    os.close(ours)
    frames = [frame for frame in shown.split("\r") if "orders" in frame]
    assert "50%" in "".join(frames)
    assert "42 rows" in frames[-1]
    assert "100%" in frames[-1]


def test_an_empty_range_is_all_done():
    assert Progress(logger, "orders", [part(start=5, end=5, reached=5)], terminal=False).done == 100.0
