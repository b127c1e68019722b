"""The rows of a page as the bytes they came in."""

from decimal import Decimal

import msgspec
import pytest
from tiktokshop_client import RawRows, decode_row, operations
from tiktokshop_client.errors import Context
from tiktokshop_client.http.answers import read_answer
from tiktokshop_client.http.transport import Reply

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
    with pytest.raises(ValueError, match="not JSON"):
        decode_row(msgspec.Raw(b'{"id": }'))


def test_bytes_that_are_not_utf8_cost_one_value_and_are_told_of_once():
    for look in (list, lambda rows: [{"id": row[0]} for row in rows.outline(("id",))]):
        rows, told = raw_rows(b'[{"id": "1"}, {"id": "\xff", "no": [2]}]'), []
        rows.on_mended = told.append
        assert [row["id"] for row in look(rows)] == ["1", "\ufffd"]
        assert told == [1]


def test_a_row_that_is_not_an_object_has_no_fields_and_leaves_the_others_theirs():
    rows = raw_rows(b'[5, {"id": "1"}, null, ["id"], {"id": "2"}]')
    assert rows.outline(("id",)) == [(None,), ("1",), (None,), (None,), ("2",)]


def test_a_number_that_no_type_takes_is_its_text():
    digits = "9" * 5000
    rows = raw_rows(b'[{"a": 1e400, "b": 1e99999999999999999999, "c": %s, "d": 1.10}]' % digits.encode())
    assert rows == [{"a": "1e400", "b": "1e99999999999999999999", "c": digits, "d": Decimal("1.10")}]


def answered(text, rows="orders", outline=("id", "update_time")):
    context = Context.of(operations.SEARCH_ORDERS, "shop 1", "1", "GB")
    return read_answer(Reply(200, {}, text), context, 0.0, rows=rows, outline=outline)


PAGE = b"""{"code": "0", "message": "Success", "request_id": "r",
 "data": {"next_page_token": "t", "new": {"orders": [1]},
 "orders": [{"id": "5", "new": {"id": 6, "orders": []}, "update_time": 7}, {"status": "NEW", "price": 1.10}],
 "total_count": 2, "orders_of": [3]}}"""


def test_a_page_and_the_outline_of_its_rows_are_read_in_one_go():
    answer = answered(PAGE)
    assert (answer.request_id, answer.data["total_count"], answer.data["next_page_token"]) == ("r", 2, "t")
    rows = answer.data["orders"]
    assert rows.weight == len(PAGE)
    for _ in range(2):
        assert rows.outline(("id", "update_time")) == [("5", 7), (None, None)]
        assert rows.outline(("status",)) == [(None,), ("NEW",)]
        assert list(rows) == [
            {"id": "5", "new": {"id": 6, "orders": []}, "update_time": 7},
            {"status": "NEW", "price": Decimal("1.10")},
        ]
        rows.pack()
        assert rows.weight < len(PAGE)


def test_numbers_in_an_outline_are_exact_so_that_ids_with_a_fraction_stay_apart():
    ids = [Decimal("1731111041314204720.0"), Decimal("1731111041314204721.0")]
    text = b'[{"id":1731111041314204720.0,"update_time":1780000000.0},{"id":1731111041314204721.0,"update_time":1E+9}]'
    times = [Decimal("1780000000.0"), Decimal("1E+9")]
    wanted = list(zip(ids, times, strict=True))
    assert RawRows(text).outline(("id", "update_time")) == wanted
    page = answered(b'{"code":0,"data":{"orders":' + text + b"}}").data["orders"]
    assert page.outline(("id", "update_time")) == wanted


def test_a_page_whose_outline_is_known_reads_as_any_other():
    one_go, two = answered(PAGE), answered(PAGE, outline=())
    assert one_go.data["orders"] == two.data["orders"]
    assert [bytes(row) for row in one_go.data["orders"].undecoded()] == [
        bytes(row) for row in two.data["orders"].undecoded()
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"{}",
        b'{"orders": null}',
        b'{"orders": []}',
        b'{"orders": {}}',
        b'{"orders": [5]}',
        b'{"orders": [null]}',
    ],
)
def test_a_page_without_the_rows_it_should_have_is_read_as_if_no_outline_had_been_asked_for(data):
    text = b'{"code": 0, "data": %s}' % data
    one_go, two = answered(text), answered(text, outline=())
    assert list(one_go.data.get("orders") or []) == list(two.data.get("orders") or [])


def test_a_refusal_is_one_whatever_outline_was_asked_for():
    assert answered(b'{"code": 36009002, "message": "slow", "data": {"orders": []}}').code == 36009002


@pytest.mark.parametrize(("data", "rows"), [(b"[]", []), (b'[{"id": "1"}]', [{"id": "1"}]), (b"[5]", [5])])
def test_data_that_is_a_list_is_that_list_or_nothing(data, rows):
    assert list(answered(b'{"code": 0, "data": %s}' % data).data.get("orders", [])) == rows
