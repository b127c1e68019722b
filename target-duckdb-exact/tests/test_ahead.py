"""Reading ahead gives the same lines, however the bytes come."""

import io
import os

import pytest
from target_duckdb_exact.ahead import ROOM, Ahead


class Parts:
    """A source that gives one part at a time, and counts those it gave."""

    def __init__(self, *parts):
        self.left, self.given = [*parts, b""], 0

    def read1(self, _size, /):
        self.given += 1
        part = self.left.pop(0)
        if isinstance(part, Exception):
            raise part
        return part


TEXT = b'{"a":1}\n\n{"b":"' + b"x" * 100 + b'"}\n{"c'


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_are_whole_whatever_the_parts_are(size):
    parts = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
    assert list(Ahead(Parts(*parts)).lines()) == TEXT.splitlines(keepends=True)


def test_an_empty_source_has_no_lines():
    assert list(Ahead(io.BytesIO()).lines()) == []


def test_what_was_read_before_a_fault_comes_before_it():
    lines = Ahead(Parts(b"one\ntw", OSError("gone"))).lines()
    assert next(lines) == b"one\n"
    with pytest.raises(OSError, match="gone"):
        next(lines)


def test_a_line_comes_while_the_next_is_not_yet_written():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as tap:
        lines = Ahead(source).lines()
        tap.write(b"one\ntw")
        assert next(lines) == b"one\n"
        tap.write(b"o\n")
        assert next(lines) == b"two\n"
        tap.close()
        assert list(lines) == []


def test_no_more_is_read_ahead_than_there_is_room_for():
    source = Parts(*[b"x" * (ROOM - 1) + b"\n"] * 5)
    lines = Ahead(source).lines()
    for taken in range(1, 6):
        assert len(next(lines)) == ROOM
        assert source.given <= taken + 2
    assert list(lines) == []
