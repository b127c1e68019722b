"""What a person sees of a running stream."""

import logging
import os
import threading

from tap_tiktokshop.progress import Progress

logger = logging.getLogger("test")


def test_without_a_terminal_lines_come_while_the_stream_is_read_and_one_at_its_end(caplog):
    ticked = threading.Event()

    class Handler(logging.Handler):
        def emit(self, _record):
            ticked.set()

    logger.addHandler(Handler())
    with caplog.at_level(logging.INFO):
        with Progress(logger, "orders", "7", start=100, end=300, every=0.001, terminal=False) as progress:
            progress.add(40)
            progress.reached(150)
            assert ticked.wait(timeout=10)
        lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("Reading stream=orders shop_id=7 ")
    assert lines[-1].startswith("Read stream=orders shop_id=7 rows=40 rows_per_second=")
    assert lines[-1].endswith("done_percent=25.0")
    assert caplog.records[-1].progress["rows"] == 40


def test_on_a_terminal_a_bar_shows_rows_speed_and_the_share_done(monkeypatch, caplog):
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf8") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        with Progress(logger, "orders", "7", start=100, end=300) as progress:
            progress.add(40)
            progress.reached(200)
            progress.add(2)
            progress.reached(300)
        terminal.flush()
        shown = os.read(ours, 65536).decode()
    os.close(ours)
    frames = [frame for frame in shown.split("\r") if "orders" in frame]
    assert "50%" in "".join(frames)
    assert "42 rows" in frames[-1]
    assert "100%" in frames[-1]


def test_an_empty_range_is_all_done():
    assert Progress(logger, "orders", "7", start=5, end=5, terminal=False).done == 100.0
