"""JSON that is a little broken loses no more than what is broken."""

import json
import time

import psycopg
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from store_places import PASSWORD
from tiktokshop_client import RawRows, operations
from tiktokshop_client.errors import Context, TikTokShopError
from tiktokshop_client.http.answers import read_answer
from tiktokshop_client.http.mending import _TOKEN, MOST_NESTED, mend
from tiktokshop_client.http.transport import Reply

BREAKS = [
    (b'"Mug \\ud83d"', "Mug \ufffd"),
    (b'"\\ude00 Mug"', "\ufffd Mug"),
    (b'"\\ud83d\\u0041"', "\ufffdA"),
    (b'"Caf\xe9"', "Caf\ufffd"),
    (b'"\xed\xa0\xbd"', "\ufffd" * 3),
    (b'"\xf0\x9f\x8d"', "\ufffd"),
    (b'"a\x01b"', "a\ufffdb"),
    (b'"a\nb"', "a\ufffdb"),
    (b'"a\x00b"', "a\ufffdb"),
    (b'"a\\u0000b"', "a\ufffdb"),
    (b'"a\\xb"', "a\ufffdb"),
    (b'"a\\u12"', "a\ufffd12"),
    (b"NaN", None),
    (b"-Infinity", None),
    (b"9" * 5000, "9" * 5000),
    (b"[" * 5000 + b"]" * 5000, None),
]


def answer(body):
    found = read_answer(Reply(200, {}, body), Context.of(operations.SEARCH_ORDERS), 0.0, rows="orders", outline=("id",))
    assert not isinstance(found, TikTokShopError), found
    return found


@pytest.mark.parametrize(("broken", "right"), BREAKS, ids=[str(broken[:12]) for broken, _ in BREAKS])
@pytest.mark.parametrize("place", ["in a row", "beside the rows"])
def test_what_is_broken_costs_its_own_value_only(broken, right, place):
    inside, beside = (broken, b"1") if place == "in a row" else (b"1", broken)
    body = b'{"code":0,"data":{"orders":[{"id":"1"},{"id":"2","x":%s,"y":"\xf0\x9f\x8d\xb5"},{"id":"3"}],"z":%s}}'
    told = []
    found = answer(body % (inside, beside))
    rows = found.data["orders"]
    rows.on_mended = told.append
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["y"] == "\U0001f375"
    if place == "in a row" and right is not None:
        assert rows[1]["x"] == right
    if place == "in a row":
        assert found.mended + sum(told) >= 1


GOOD = [
    '{"a": "\\\\u0000", "b": "\\\\ud83d", "c": "\\ud83c\\udf75", "d": "\\"[{\\\\", "e": "NaN Infinity 1e999"}',
    json.dumps({"a": "\U0001f375\ufffd\u0e0a", "b": [1, -2.5e3, True, None, ""], "c": {}}, ensure_ascii=False),
    "[" * (MOST_NESTED - 1) + "1" + "]" * (MOST_NESTED - 1),
]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_not_broken_stays_as_it_is(text):
    assert mend(text.encode())[0] == text.encode()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_json_without_nul_means_the_same_after_mending(value):
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        if "\\u0000" not in text:
            assert json.loads(mend(text.encode("utf8", "surrogatepass"))[0]) == json.loads(
                text.encode("utf8", "surrogatepass").decode("utf8", "replace")
            )


@given(st.binary(max_size=40), st.integers(0, 60))
def test_any_bytes_in_a_text_leave_the_rows_around_it(noise, cut):
    clean = noise.replace(b'"', b"").replace(b"\\", b"")
    body = b'{"code":0,"data":{"orders":[{"id":"1"},{"id":"2","x":"%s"},{"id":"3"}]}}' % clean[:cut]
    assert [row["id"] for row in answer(body).data["orders"]] == ["1", "2", "3"]


def test_a_text_that_is_cut_short_is_still_no_answer():
    body = b'{"code":0,"data":{"orders":[{"id":"1","x":"\xff'
    assert isinstance(read_answer(Reply(200, {}, body), Context.of(operations.SEARCH_ORDERS), 0.0), TikTokShopError)


HALF = [
    b'{"code":0,"message":"' + b'\\"' * 200_000,
    b'{"a":"' + b'\\"' * 200_000 + b"\\",
    b'{"a":"' + b'\\"' * 200_000 + b"}",
]


@pytest.mark.parametrize("body", HALF, ids=["cut short", "cut short in an escape", "never closed"])
def test_a_text_without_an_end_is_looked_at_once_and_not_from_each_of_its_quotes(body):
    """As one that is tried from each of its quotes 400 KB would take half an hour."""
    before = time.process_time()
    assert mend(body) == (body, 0)
    assert isinstance(read_answer(Reply(200, {}, body), Context.of(operations.SEARCH_ORDERS), 0.0), TikTokShopError)
    assert time.process_time() - before < 5
    assert [token[0] for token in _TOKEN.finditer(body[:1000].decode())][-1] == body[
        body.rindex(b':"', 0, 30) + 1 : 1000
    ].decode()


@pytest.mark.slow
def test_postgresql_takes_every_mended_text_as_text_and_as_json(postgresql_port):
    """A NUL is good JSON, which PostgreSQL takes in neither: the loaders of such a shop would stop for ever."""
    place = {"host": "127.0.0.1", "port": postgresql_port, "user": "owner", "password": PASSWORD, "dbname": "postgres"}
    with psycopg.connect(**place, autocommit=True) as database:
        database.execute("CREATE TABLE mended (word text, whole jsonb)")
        for broken, _ in BREAKS:
            row = answer(b'{"code":0,"data":{"orders":[{"id":"1","x":%s}]}}' % broken).data["orders"][0]
            word = row["x"] if isinstance(row["x"], str) else None
            database.execute("TRUNCATE mended")
            database.execute("INSERT INTO mended VALUES (%s, %s)", (word, json.dumps(row)))
            assert database.execute("SELECT word, whole FROM mended").fetchall() == [(word, row)]


PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\x00",
    b"\xff",
    b"\\ud83d",
    b"\\u0000",
    b"1e999",
    b"NaN",
    b"null",
    b"-",
]


@seed(16)
@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 119), st.sampled_from(PIECES)), max_size=4))
def test_whatever_is_damaged_in_an_answer_it_is_rows_or_an_error_of_ours(damage):
    body = b'{"code":0,"data":{"orders":[{"id":"1","a":[1,2.5]},{"id":"2","t":"\xf0\x9f\x8d\xb5"}],"total_count":2}}'
    for place, piece in damage:
        body = body[:place] + piece + body[place + 1 :]
    found = read_answer(Reply(200, {}, body), Context.of(operations.SEARCH_ORDERS), 0.0, rows="orders", outline=("id",))
    if isinstance(found, TikTokShopError):
        return
    rows = found.data.get("orders")
    if isinstance(rows, RawRows):
        assert len(rows.outline(("id",))) == len(rows) == len(list(rows))
