"""A pair is found in whichever envelope the token host sends it; two pairs, or a code that is no zero, are an error."""

from __future__ import annotations

import json
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiktokshop_client import MemoryStore, Secret, Settings, Token, errors
from tiktokshop_client.http.transport import Reply
from tiktokshop_client.redaction import Redactor
from tiktokshop_client.tokens.host import TokenHost

PAIR = {"access_token": "canary-access-1", "refresh_token": "canary-refresh-1", "open_id": "7"}
OTHER = {"access_token": "canary-access-2", "refresh_token": "canary-refresh-2"}
OLD = Token(Secret("access-0"), Secret("refresh-0"))
MISSING = ...

ZEROS = [MISSING, None, 0, 0.0, -0.0, "0", "0.0", "00", " 0 "]
OTHERS = [False, True, 1, 0.5, "", "x", "0x", [], {}, 36004005, "36004005", 36004005.0]
SHAPES = {
    "an object": lambda pair: {"data": pair},
    "text": lambda pair: {"data": json.dumps(pair)},
    "text of text": lambda pair: {"data": json.dumps(json.dumps(pair))},
    "a list": lambda pair: {"data": [pair]},
    "a list beside nothing": lambda pair: {"data": [None, pair, {}]},
    "text of a list": lambda pair: {"data": json.dumps([pair])},
    "beside code": dict,
    "beside code, data empty": lambda pair: {**pair, "data": {}},
    "both": lambda pair: {**pair, "data": pair},
    "both, one in part": lambda pair: {"access_token": pair["access_token"], "data": pair},
    "twice in a list": lambda pair: {"data": [pair, dict(pair)]},
}
TAILS = [b"", b"\n\x00", b"\r\n0\r\n\r\n", b"}", b"<!-- served by a proxy -->", b" null", b'{"data": ', b"\xff\xfe"]
HEADS = [b"", b" \n", b"\xef\xbb\xbf"]


class Wire:
    """A network that always answers with the same body."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.reply = Reply(status, {}, body)

    def send(self, *_, **__):
        return self.reply


def asked(body, clock, status=200):
    config = {"app_key": "k", "app_secret": "s", "refresh_token": "r", "max_tries": 1}
    return TokenHost(Settings.from_config(config), Wire(body, status), clock, Event(), Redactor()).refresh(
        OLD, "it", ""
    )


def envelope(shape, code, pair=PAIR):
    parts = SHAPES[shape](pair)
    return json.dumps(parts if code is MISSING else {"code": code, **parts}).encode()


many = settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
shapes = st.sampled_from(list(SHAPES))


@many
@given(shapes, st.sampled_from(ZEROS), st.sampled_from(HEADS), st.sampled_from(TAILS))
def test_one_pair_is_found_in_any_envelope_under_any_zero(clock, shape, code, head, tail):
    pair = asked(head + envelope(shape, code) + tail, clock)
    assert isinstance(pair, Token), pair
    assert (pair.access_token, pair.refresh_token) == (Secret("canary-access-1"), Secret("canary-refresh-1"))
    assert pair.open_id == "7"


@many
@given(shapes, st.sampled_from(OTHERS), st.sampled_from(HEADS), st.sampled_from(TAILS))
def test_no_pair_is_taken_under_a_code_that_is_no_zero(clock, shape, code, head, tail):
    error = asked(head + envelope(shape, code) + tail, clock)
    assert isinstance(error, errors.TikTokShopError)
    assert "canary" not in str(error)


@pytest.mark.parametrize("code", ZEROS, ids=repr)
@pytest.mark.parametrize(
    "parts",
    [
        {"data": [PAIR, OTHER]},
        {"data": PAIR, **OTHER},
        {"data": json.dumps([PAIR, OTHER])},
        {"data": PAIR, "refresh_token": OTHER["refresh_token"]},
        {"data": [{"access_token": "a"}, {"access_token": "b"}]},
    ],
)
def test_two_pairs_are_an_error_that_says_so(clock, code, parts):
    error = asked(json.dumps(parts if code is MISSING else {"code": code, **parts}).encode(), clock)
    assert isinstance(error, errors.TransientError)
    assert "2 different token pairs" in str(error)
    assert error.unclear


@pytest.mark.parametrize("first", SHAPES)
@pytest.mark.parametrize("second", SHAPES)
def test_envelopes_behind_each_other_have_to_agree(clock, first, second):
    one = envelope(first, 0)
    assert isinstance(asked(one + envelope(second, "0"), clock), Token)
    assert isinstance(asked(one + envelope(second, 0, OTHER), clock), errors.TransientError)
    assert isinstance(asked(one + envelope(second, 36004005), clock), errors.TransientError)


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_no_pair_is_taken_under_a_status_that_is_no_success(clock, status):
    assert isinstance(asked(envelope("an object", 0), clock, status), errors.TikTokShopError)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_pair_that_is_not_packed_as_its_header_says_is_found(platform, client, coding):
    platform.on("/api/v2/token/refresh", platform.say(body=envelope("text", "0"), headers={"Content-Encoding": coding}))
    store = MemoryStore()
    client(store, access_token=None).refresh()
    assert store.read().refresh_token == Secret("canary-refresh-1")
