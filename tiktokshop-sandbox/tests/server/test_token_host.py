"""The token host: codes, rotation, lifetimes and refusals."""

from __future__ import annotations

import pytest
from tiktokshop_sandbox.accounts import Accounts
from tiktokshop_sandbox.clock import Clock
from tiktokshop_sandbox.contract import ApiError

YEAR = 365 * 86400


def code_of(site):
    return site.accounts.new_code(site.accounts.new_grant([site.shop("US").id]))


def refused(call, *args):
    with pytest.raises(ApiError) as error:
        call(*args)
    return error.value.code, error.value.message, error.value.http


def test_a_code_buys_one_token_pair(site):
    code = code_of(site)
    data = site.accounts.exchange(code).data()
    now = int(site.now)
    assert data["access_token_expire_in"] == now + 7 * 86400
    assert data["refresh_token_expire_in"] == now + YEAR
    assert data["user_type"] == 0
    assert {"seller.order.info", "serller.product.optimize"} <= set(data["granted_scopes"])
    assert data["access_token"].startswith("TTP_")
    assert refused(site.accounts.exchange, code) == (36004004, "invalid auth code", 200)


def test_a_code_lives_thirty_minutes(site):
    codes = [code_of(site), code_of(site)]
    site.now += 30 * 60 - 1
    assert site.accounts.exchange(codes[0]).access
    site.now += 1
    assert refused(site.accounts.exchange, codes[1])[0] == 36004004


def test_a_refresh_kills_the_refresh_token_and_not_the_access_token(site):
    old = site.tokens
    site.now += 3600
    new = site.accounts.refresh(old.refresh)
    assert {new.access, new.refresh}.isdisjoint({old.access, old.refresh})
    assert new.access_expires == int(site.now) + 7 * 86400
    assert new.refresh_expires == old.refresh_expires, "the grant's end does not move"
    assert refused(site.accounts.refresh, old.refresh) == (36004005, "can not find related auth record", 200)
    assert site.ask(token=old.access)[0] == 200
    assert site.ask(token=new.access)[0] == 200


def test_an_unknown_refresh_token_has_no_record(site):
    assert refused(site.accounts.refresh, "ROW_junk")[0] == 36004005


def test_a_grant_ends_after_a_year(site):
    site.now += YEAR
    assert refused(site.accounts.refresh, site.tokens.refresh) == (36004001, "rt has expired", 200)


def test_a_revoked_grant_cannot_be_refreshed(site):
    site.accounts.revoke(site.tokens.grant.id)
    assert refused(site.accounts.refresh, site.tokens.refresh)[0] == 36004005


def test_tokens_survive_a_restart_and_a_stale_pair_is_replaced(site, small_world):
    pair = site.accounts.refresh(site.tokens.refresh)
    again = Accounts(small_world, Clock(source=lambda: site.now), seed=99)
    assert again.newest() == pair
    assert again.app == site.accounts.app, "the file's seed wins"
    later = Accounts(small_world, Clock(source=lambda: site.now + 8 * 86400), seed=7)
    assert later.newest().grant == pair.grant
    assert later.newest().access != pair.access
    assert later.refresh(pair.refresh).access, "the pair a client still holds works on"


def test_over_http_a_code_is_exchanged_and_refreshed(shopper):
    answer = shopper.token_host("refresh", refresh_token=shopper.tokens()["refresh_token"], grant_type="refresh_token")
    envelope = answer.json()
    assert (answer.status_code, envelope["code"], envelope["message"]) == (200, 0, "success")
    assert envelope["data"] == shopper.tokens()
    assert shopper.running.control("GET", "/stats")["refreshes"] == 1


@pytest.mark.parametrize("wrong", [{"app_key": "x"}, {"app_secret": "x"}, {"grant_type": "authorized_code"}])
def test_a_refresh_with_a_wrong_credential_or_grant_type_is_refused_and_burns_nothing(shopper, wrong):
    right = {"refresh_token": shopper.tokens()["refresh_token"], "grant_type": "refresh_token"}
    answer = shopper.token_host("refresh", **{**right, **wrong})
    assert (answer.status_code, answer.json()["code"]) == (200, 36009004)
    assert next(iter(wrong)) in answer.json()["message"]
    assert shopper.token_host("refresh", **right).json()["code"] == 0


def test_a_refused_code_answers_200_without_data(shopper):
    answer = shopper.token_host("get", auth_code="nope", grant_type="authorized_code")
    assert answer.status_code == 200
    assert answer.json().keys() == {"code", "message", "request_id"}


@pytest.mark.parametrize(("method", "step"), [("POST", "get"), ("POST", "refresh"), ("GET", "revoke")])
def test_anything_else_on_the_token_host_is_a_plain_404(shopper, method, step):
    answer = shopper.http.request(method, f"{shopper.running.auth_base_url}/api/v2/token/{step}", timeout=10)
    assert (answer.status_code, answer.text.strip()) == (404, "404 page not found")
    assert answer.headers["content-type"].startswith("text/plain")
