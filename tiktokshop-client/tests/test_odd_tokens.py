"""Tokens and answers of the token host as they should not be: refused where they come in, never shown, never lost."""

from __future__ import annotations

import json
import logging

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tiktokshop_client import FileStore, MemoryStore, Secret, Settings, Token, errors, operations
from tiktokshop_client.token import KEY_VARIABLE, LONGEST_SCOPES, LONGEST_TEXT, ROOM, decode, encode
from tiktokshop_client.tokens.host import FOREVER, pair_of
from tiktokshop_client.tokens.refresh import store_for

NOW = 1_700_000_000
REFRESH = "/api/v2/token/refresh"
SHOPS = "/authorization/202309/shops"
KEY = Fernet.generate_key().decode()
OLD = Token(Secret("canary-access-0"), Secret("canary-refresh-0"), access_expires_at=NOW - 1, granted_scopes=("old",))
FIELDS = [
    "access_token_expire_in", "refresh_token_expire_in", "open_id", "seller_name", "seller_base_region", "user_type",
    "granted_scopes", "undocumented",
]  # fmt: skip
ODD = [
    None, True, 0, -1, 1.5, 10**30, -(10**400), "", " ", "x" * 100_000, "\x00\x1f\x7f", "é\u2028", [], {}, [[]],
    [None, 1, {}], {"a": [{}]}, ["s"] * 10_000, ["x" * 9_000], "9" * 5_000, "\u0663", "²",
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_odd_fields_cost_the_pair_nothing(platform, client, tmp_path, value):
    platform.on(REFRESH, platform.pair("1", **dict.fromkeys(FIELDS, value)))
    platform.on(SHOPS, platform.ok({}))
    store = FileStore(tmp_path / "tokens.json")
    store.write(OLD)
    client(store, access_token=None, refresh_token=None, token_store="unused").call(operations.GET_SHOPS)
    assert store.read().access_token == Secret("access-1")
    assert store.read().refresh_token == Secret("refresh-1")
    assert len(platform.asked(REFRESH)) == 1


@pytest.mark.parametrize(
    ("value", "scopes"),
    [
        (["a", "b"], ("a", "b")),
        ("a,b c", ("a", "b", "c")),
        ("seller.order.info", ("seller.order.info",)),
        (["a", None, 7, ["b"], {}], ("a", "7")),
        (None, ("old",)),
        ({"a": 1}, ("old",)),
        (5, ("old",)),
        ([], ("old",)),
    ],
)
def test_scopes_are_a_list_or_a_text_and_otherwise_stay_as_they_were(value, scopes):
    assert pair_of({"access_token": "a", "granted_scopes": value}, OLD, "", NOW).granted_scopes == scopes


@pytest.mark.parametrize(
    "tail",
    [
        b'"seller_name": "Mug \\ud83d"',
        b'"seller_name": "Mug \xff"',
        b'"seller_name": "Mug \n\x01"',
        b'"refresh_token_expire_in": 1e400',
        b'"refresh_token_expire_in": NaN',
        b'"refresh_token_expire_in": -Infinity',
        b'"refresh_token_expire_in": 1' + b"0" * 5000,
    ],
    ids=["half a character", "no character", "control", "endless", "no number", "minus infinity", "huge"],
)
def test_an_answer_that_is_a_little_broken_still_brings_the_pair(platform, client, tail):
    body = b'{"code": 0, "data": {"access_token": "access-1", "refresh_token": "refresh-1", ' + tail + b"}}"
    platform.on(REFRESH, platform.say(body=body))
    platform.on(SHOPS, platform.ok({}))
    store = MemoryStore()
    client(store, access_token=None).call(operations.GET_SHOPS)
    assert store.read().refresh_token == Secret("refresh-1")
    assert len(platform.asked(REFRESH)) == 1
    assert decode(encode(store.read()), "it") == store.read()


texts = st.text(st.characters(codec=None), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=10,
)


@settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.dictionaries(st.sampled_from(["access_token", "refresh_token", *FIELDS]), values))
@example({"seller_name": "\ud83d" * 300, "granted_scopes": ["\x01" * 250] * 100, "access_token": "\\" * 4096})
def test_whatever_the_token_host_answers_becomes_a_pair_that_fits(data):
    with pytest.MonkeyPatch.context() as patch:
        pair = pair_of(data, OLD, "f" * 64, NOW)
        for key in ("", KEY):
            patch.setenv(KEY_VARIABLE, key)
            text = encode(pair)
            assert len(text) <= ROOM
            assert decode(text, "it") == pair
    assert pair.refresh_token
    assert (pair.access_expires_at or 1) <= FOREVER
    assert len(pair.seller_name) <= LONGEST_TEXT
    assert sum(map(len, pair.granted_scopes)) <= LONGEST_SCOPES


def test_the_largest_pair_fits_with_a_key(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
    data = {
        "access_token": "\\" * 4096,
        "refresh_token": "\\" * 4096,
        "open_id": "\x01" * 999,
        "seller_name": "\x01" * 999,
        "seller_base_region": "\x01" * 999,
        "granted_scopes": ["\x01"] * 99_999,
        "access_token_expire_in": 10**99,
        "refresh_token_expire_in": 10**99,
    }
    assert ROOM / 4 < len(encode(pair_of(data, OLD, "f" * 64, NOW))) <= ROOM


BAD = ["canary\naccess", "canary\raccess", "canary access", "canary\x00", "canary\x7f", "canaryé", "c" + "a" * 5000]


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_an_access_token_that_no_header_takes_is_refused_where_it_comes_in(bad, tmp_path, monkeypatch):
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps({"access_token": bad, "seed": ""}))
    path.chmod(0o600)
    sources = [lambda: FileStore(path).read(), lambda: opened(f"command:cat {path}").read()]
    bare = tmp_path / "bare"
    bare.write_text(bad)
    sources.append(lambda: opened(f"command:cat {bare}").read())
    if "\x00" not in bad:
        monkeypatch.setenv("SHOP_TOKEN", bad)
        sources.append(lambda: opened("env:SHOP_TOKEN").read())
    if len(bad) < 100:
        sources.append(lambda: Settings.from_config({"app_key": "k", "app_secret": "s", "access_token": bad}))
    for source in sources:
        with pytest.raises(
            errors.ConfigurationError, match=r"copy (it|all of it) again|does not hold a token pair"
        ) as caught:
            source()
        assert "canary" not in f"{caught.value} {caught.value.__context__!r} {caught.value.__cause__!r}"


def opened(address):
    return store_for(Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": address}))


@pytest.mark.parametrize("space", ["\n", "\r\n", " ", "\t\n"])
def test_space_around_a_token_is_taken_away(space, tmp_path, monkeypatch):
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({"access_token": f"{space}good{space}", "seed": "", "refresh_token": f"fine{space}"}))
    file.chmod(0o600)
    bare = tmp_path / "bare"
    bare.write_text(f"{space}good{space}")
    monkeypatch.setenv("SHOP_TOKEN", f"good{space}")
    for store in (
        FileStore(file),
        opened(f"command:cat {bare}"),
        opened(f"command:cat {file}"),
        opened("env:SHOP_TOKEN"),
    ):
        assert store.read().access_token == Secret("good")
    assert FileStore(file).read().refresh_token == Secret("fine")
    config = {"app_key": "k", "app_secret": "s", "access_token": f"good{space}"}
    assert Settings.from_config(config).access_token == Secret("good")


@pytest.mark.parametrize("bad", [token for token in BAD if "é" not in token], ids=repr)
def test_a_bad_access_token_of_the_token_host_does_not_cost_the_good_refresh_token(platform, client, bad, caplog):
    caplog.set_level(logging.DEBUG)
    platform.on(REFRESH, platform.pair("1", access_token=bad), platform.pair("2"))
    platform.on(SHOPS, platform.ok({}))
    store = MemoryStore()
    one = client(store, access_token=None)
    with pytest.raises(errors.TransientError, match=r"sent .* an access token that cannot be one") as caught:
        one.call(operations.GET_SHOPS)
    assert "canary" not in f"{caught.value} {caught.value.__context__!r} {caplog.text}"
    assert store.read().refresh_token == Secret("refresh-1")
    one.call(operations.GET_SHOPS)
    assert [seen.query["refresh_token"] for seen in platform.asked(REFRESH)] == ["refresh-seed", "refresh-1"]
    assert store.read().access_token == Secret("access-2")


def test_a_token_with_space_around_it_from_the_token_host_is_trimmed(platform, client):
    platform.on(REFRESH, platform.pair("1", access_token="access-1\n", refresh_token=" refresh-1\r\n"))
    platform.on(SHOPS, platform.ok({}))
    store = MemoryStore()
    client(store, access_token=None).call(operations.GET_SHOPS)
    assert (store.read().access_token, store.read().refresh_token) == (Secret("access-1"), Secret("refresh-1"))
