"""An answer of the token host that did not come, or is no answer, is named as what may have spent a token."""

from __future__ import annotations

import json

import pytest
from tiktokshop_client import MemoryStore, Secret, errors, operations
from tiktokshop_client.authorise import exchange

REFRESH = "/api/v2/token/refresh"
EXCHANGE = "/api/v2/token/get"
SHOPS = "/authorization/202309/shops"
UNKNOWN = (36004005, "can not find related auth record")
UNCLEAR = {
    "html": ({"body": b"<html>canary-page</html>"}, "an answer that is not the platform's JSON"),
    "no token": ({"body": b'{"code": 0, "data": {}}'}, "the token host's answer holds no token"),
    "cut": ({"body": b'{"code": 0, "data": {}}', "fault": "cut"}, "broke the connection"),
    "bad gateway": ({"status": 502}, "HTTP 502"),
}


def refused(one):
    with pytest.raises(errors.TikTokShopError) as caught:
        one.call(operations.GET_SHOPS)
    return caught.value


@pytest.mark.parametrize("kind", UNCLEAR)
@pytest.mark.parametrize("times", [1, 2])
def test_a_refusal_after_an_unclear_answer_names_that_answer_as_the_cause(platform, client, kind, times):
    answer, said = UNCLEAR[kind]
    platform.on(REFRESH, *[platform.say(**answer)] * times, platform.no(*UNKNOWN))
    error = refused(client(access_token=None))
    assert isinstance(error, errors.AuthorisationError)
    assert said in str(error)
    assert "may have spent the refresh token" in str(error)
    assert "authorise the app again" in str(error)
    assert "canary" not in str(error)


def test_an_unclear_answer_is_remembered_until_the_next_refresh(platform, client):
    platform.on(REFRESH, platform.say(body=b"{"), platform.no(*UNKNOWN))
    one = client(access_token=None, max_tries=1)
    first = refused(one)
    assert isinstance(first, errors.TransientError)
    assert "may have spent the refresh token" in str(first)
    assert str(refused(one)).count("may have spent the refresh token") == 1


def test_a_refusal_without_an_unclear_answer_blames_none(platform, client):
    platform.on(REFRESH, platform.no(*UNKNOWN))
    assert "may have spent" not in str(refused(client(access_token=None)))


def test_an_unclear_answer_is_not_blamed_for_the_end_of_a_later_token(platform, client, clock):
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    platform.on(REFRESH, platform.say(body=b"<p>"), platform.pair("1"), platform.no(*UNKNOWN))
    store = MemoryStore()
    one = client(store, access_token=None)
    refused(one)
    clock.now += 3600
    error = refused(one)
    assert isinstance(error, errors.AuthorisationError)
    assert "may have spent" not in str(error)
    assert store.read().refresh_token == Secret("refresh-1")


def test_an_authorisation_code_may_be_spent_as_well(platform, settings, clock):
    platform.on(EXCHANGE, platform.say(body=json.dumps([]).encode()), platform.no(36004004, "invalid auth code"))
    with pytest.raises(errors.AuthorisationError, match="may have spent the authorisation code"):
        exchange(settings(), MemoryStore(), Secret("canary-code"), clock)
