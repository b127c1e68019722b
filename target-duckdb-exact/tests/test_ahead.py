"""What a tap says while a transaction is written is read meanwhile, and nothing of it is lost or turned round."""

import contextlib
import io
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_duckdb_exact import ahead
from target_duckdb_exact.ahead import Ahead
from target_duckdb_exact.reader import LineReader

BIG = bytes(range(256)) * 16_384
"""More than any pipe holds."""


@contextlib.contextmanager
def said(data, step=1 << 16):
    """A pipe into which a thread writes all this, and the thread."""
    source, sink = os.pipe()

    def write():
        with os.fdopen(sink, "wb", buffering=0) as output, contextlib.suppress(BrokenPipeError):
            for begin in range(0, len(data), step):
                output.write(data[begin : begin + step])

    writer = threading.Thread(target=write, daemon=True)
    with os.fdopen(source, "rb") as pipe:
        writer.start()
        yield pipe, writer


def test_a_tap_goes_on_while_a_transaction_is_written():
    with said(BIG) as (pipe, writer):
        reader = Ahead(pipe)
        with reader.reading():
            writer.join(timeout=60)
            assert not writer.is_alive()
        assert reader
        assert b"".join(iter(reader.chunk, None)) + pipe.read() == BIG


def test_no_more_is_read_ahead_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(ahead, "MOST_AHEAD", 1 << 20)
    with said(BIG) as (pipe, _):
        reader = Ahead(pipe)
        for _ in range(3):
            with reader.reading():
                os.sched_yield()
        found = list(iter(reader.chunk, None))
        assert sum(map(len, found)) <= (1 << 20) + ahead.CHUNK
        assert b"".join(found) + pipe.read() == BIG


@settings(max_examples=30)
@given(
    lines=st.lists(st.binary(max_size=3_000).map(lambda line: line.replace(b"\n", b"-")), max_size=40),
    step=st.sampled_from([7, 1_000, 1 << 16]),
    pauses=st.lists(st.booleans(), min_size=1, max_size=8),
)
def test_lines_come_out_in_their_order_however_much_was_read_ahead(lines, step, pauses):
    data = b"\n".join(lines)
    reader, found = LineReader(), []
    with said(data, step) as (pipe, _):
        for number, line in enumerate(reader._lines(pipe)):
            found.append(line)
            with reader.ahead.reading() if pauses[number % len(pauses)] else contextlib.nullcontext():
                os.sched_yield()
    assert found == data.split(b"\n")


@pytest.mark.parametrize("source", [None, [], io.BytesIO(b"a"), io.StringIO("a")])
def test_what_is_no_pipe_is_not_read_ahead(source):
    reader, before = Ahead(source), threading.active_count()
    with reader.reading():
        assert threading.active_count() == before
    assert (bool(reader), reader.chunk()) == (False, None)


def test_a_failure_while_a_transaction_is_written_ends_the_reading():
    with said(b"a\n") as (pipe, _):
        reader = Ahead(pipe)
        before = threading.active_count()
        with pytest.raises(KeyError), reader.reading():
            raise KeyError
        assert threading.active_count() <= before
        assert (reader.chunk() or b"") + pipe.read() == b"a\n"
