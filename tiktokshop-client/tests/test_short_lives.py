"""Pairs that have expired when they come, or live for seconds: each is bought once and used as it is."""

from __future__ import annotations

import json
import logging

import pytest
from tiktokshop_client import FileStore, MemoryStore, Secret, Token, errors, operations

NOW = 1_700_000_000
REFRESH = "/api/v2/token/refresh"
SHOPS = "/authorization/202309/shops"


@pytest.fixture
def sold(platform):
    """Lays out a token host whose pairs say that they end ``life`` seconds from now."""

    def lay(clock, life):
        def sell(_):
            return platform.pair(str(len(platform.asked(REFRESH))), access_token_expire_in=int(clock.now) + life)

        platform.on(REFRESH, sell)
        platform.on(SHOPS, platform.ok({"shops": []}))

    return lay


@pytest.mark.parametrize("life", [-864_000, -1, 0, 1, 2, 10, 59])
def test_a_pair_that_has_expired_or_soon_will_is_not_bought_again_at_every_call(platform, client, clock, sold, life):
    sold(clock, life)
    one = client(access_token=None)
    for _ in range(20):
        one.call(operations.GET_SHOPS)
        clock.now += 2.9
    assert len(platform.asked(REFRESH)) == 1
    assert {seen.headers["x-tts-access-token"] for seen in platform.asked(SHOPS)} == {"access-1"}


@pytest.mark.parametrize("life", [-864_000, -1, 0])
def test_a_pair_that_has_expired_is_used_by_the_next_runs_too_until_the_platform_refuses_it(
    platform, client, clock, sold, life, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    sold(clock, life)
    for _ in range(5):
        client(FileStore(tmp_path / "tokens.json"), access_token=None).call(operations.GET_SHOPS)
        clock.now += 86_400
    assert len(platform.asked(REFRESH)) == 1
    assert "has already expired" in caplog.text
    assert "the clock of this machine" in caplog.text
    platform.on(SHOPS, platform.no(105002, "expired", 401), platform.ok({"shops": []}))
    client(FileStore(tmp_path / "tokens.json"), access_token=None).call(operations.GET_SHOPS)
    assert len(platform.asked(REFRESH)) == 2
    assert json.loads((tmp_path / "tokens.json").read_bytes())["refresh_token"] == "refresh-2"


def test_a_pair_that_has_expired_and_is_refused_costs_one_refresh_and_ends_in_a_clear_error(
    platform, client, clock, sold
):
    sold(clock, -1)
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    with pytest.raises(errors.AuthorisationError, match="must authorise the app again") as caught:
        client().call(operations.GET_SHOPS)
    assert caught.value.reach == "run"
    assert len(platform.asked(REFRESH)) == 1


def test_a_pair_of_another_machine_whose_clock_is_ahead_is_used_until_it_is_refused(platform, client, clock, settings):
    store = MemoryStore()
    store.write(
        Token(Secret("access-0"), Secret("refresh-0"), access_expires_at=NOW + 900_000, issued_at=NOW + 86_400, seed="")
    )
    platform.on(SHOPS, platform.ok({"shops": []}))
    client(store, access_token=None, refresh_token=None, token_store="unused").call(operations.GET_SHOPS)
    assert platform.asked(REFRESH) == []
