"""The rows of a page as the bytes they came in."""

from decimal import Decimal

import msgspec
import pytest
from tiktokshop_client import RawRows

ROWS = b'[{"id": 1, "price": 1.10, "name": "tea"}, {"id": 2}]'


def raw_rows(text=ROWS):
    return RawRows(msgspec.Raw(text))


def test_rows_that_wait_are_packed_and_come_back_as_they_were():
    many = b"[" + b",".join([b'{"id": "576461413038785752", "status": "COMPLETED"}'] * 100) + b"]"
    rows, packed = raw_rows(many), raw_rows(many)
    packed.pack()
    packed.pack()
    assert packed.weight < rows.weight / 10 == len(many) / 10
    assert len(packed) == len(rows) == 100
    assert packed.outline(("id", "no")) == rows.outline(("id", "no")) == [("576461413038785752", None)] * 100
    assert list(packed) == list(rows)
    assert [bytes(row) for row in packed.undecoded()] == [bytes(row) for row in rows.undecoded()]


def test_raw_rows_are_a_sequence_of_rows():
    rows = raw_rows()
    assert rows == [{"id": 1, "price": Decimal("1.10"), "name": "tea"}, {"id": 2}]
    assert rows[-1] == {"id": 2}
    assert rows[:1] == [{"id": 1, "price": Decimal("1.10"), "name": "tea"}]


def test_a_row_that_cannot_be_decoded_is_an_error_of_whoever_looks_at_it():
    rows = raw_rows(b'[{"id": 1}, {"id": "\xff"}]')
    assert rows[0] == {"id": 1}
    with pytest.raises(ValueError, match="not JSON"):
        _ = rows[1]
