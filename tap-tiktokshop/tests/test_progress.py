"""What a person sees of a running stream."""

import contextlib
import logging
import os
import threading
from types import SimpleNamespace

from tap_tiktokshop.run.progress import Progress

logger = logging.getLogger("test")


def part(**facts):
    return SimpleNamespace(**{"start": 100, "end": 300, "reached": 100, "rows": 0, **facts})


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
