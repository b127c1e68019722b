"""The testers' side: counts, statistics, the request log, clocks."""

from __future__ import annotations

import pytest
from tiktokshop_sandbox import SandboxError


def test_the_status_has_what_a_client_needs(shopper):
    status, running = shopper.running.control("GET", ""), shopper.running
    assert status["api_base_url"] == status["auth_base_url"] == running.api_base_url
    assert (status["app"]["app_key"], status["app"]["app_secret"]) == (running.app_key, running.app_secret)
    assert {shop["region"] for shop in status["shops"]} == {"US", "GB"}


def test_counts_say_what_each_shop_holds(shopper):
    counts = shopper.running.control("GET", "/counts")
    assert set(counts) == {shop["id"] for shop in shopper.shops()}
    for held in counts.values():
        assert held["shops"] == 1
        assert held["orders"] > 0


def test_a_search_finds_as_many_orders_as_the_counts_say(shopper):
    shop = shopper.shops()[0]
    total = shopper.orders().json()["data"]["total_count"]
    assert total == shopper.running.control("GET", "/counts")[shop["id"]]["orders"]


def test_statistics_count_by_operation_code_and_status(shopper):
    shopper.orders()
    shopper.orders(sort_order="up")
    shopper.http.get(f"{shopper.running.api_base_url}/nothing/here", timeout=10)
    stats = shopper.running.control("GET", "/stats")
    assert stats["operations"] == {"POST /order/202309/orders/search": 2, "unknown": 1}
    assert stats["codes"] == {"0": 1, "36009004": 1, "36009009": 1}
    assert stats["http"] == {"200": 1, "400": 1, "404": 1}
    assert (stats["requests"], stats["refreshes"], stats["exchanges"], stats["rate_limited"]) == (3, 0, 0, 0)
    shopper.running.control("DELETE", "/stats")
    assert shopper.running.control("GET", "/stats")["requests"] == 0


def test_the_budget_in_the_status_is_the_one_it_was_started_with(shopper):
    assert shopper.running.control("GET", "")["requests_per_second"] == 1000
    before = shopper.running.control("GET", "/stats")["rate_limited"]
    shopper.running.control("POST", "/faults", {"kind": "rate_limit", "next": 2})
    assert [shopper.orders().status_code for _ in range(3)] == [429, 429, 200]
    assert shopper.running.control("GET", "/stats")["rate_limited"] == before + 2


def test_the_budget_can_be_cut_and_given_back(shopper):
    control = shopper.running.control
    try:
        assert control("PUT", "/limit", {"requests_per_second": 1}) == {"requests_per_second": 1}
        assert 429 in [shopper.orders().status_code for _ in range(2)]
    finally:
        control("PUT", "/limit", {"requests_per_second": 1000})
    assert control("GET", "")["requests_per_second"] == 1000
    assert shopper.orders().status_code == 200


def test_the_request_log_tells_what_was_asked_and_keeps_no_secret(shopper):
    refresh = shopper.tokens()["refresh_token"]
    shopper.orders(sort_order="ASC")
    shopper.token_host("refresh", refresh_token=refresh, grant_type="refresh_token")
    first, second = shopper.running.control("GET", "/requests?limit=2")["requests"]
    assert first["operation"] == "POST /order/202309/orders/search"
    assert (first["shop_id"], first["code"], first["body"]) == (shopper.shops()[0]["id"], 0, "{}")
    assert first["query"]["sort_order"] == "ASC"
    assert second["query"] == {"app_key": shopper.running.app_key, "grant_type": "refresh_token"}
    assert shopper.running.app_secret not in str([first, second])


def test_the_shops_live_when_their_clock_is_advanced(shopper):
    before = shopper.running.control("GET", "/clock")
    moved = shopper.running.control("POST", "/clock", {"advance": 86400})
    assert 86400 <= moved["now"] - before["now"] <= 86410
    assert moved["real"] - before["real"] <= 10
    assert moved["events"] > 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/clock", {"advance": -1}),
        ("POST", "/clock", {"advance": "1h"}),
        ("POST", "/tokens/expire", {"which": "all"}),
        ("DELETE", "/faults/99999", None),
        ("GET", "/requests?limit=many", None),
        ("PUT", "/app", {}),
        ("PUT", "/limit", {"requests_per_second": 0}),
    ],
)
def test_what_cannot_be_done_is_one_sentence(shopper, method, path, body):
    with pytest.raises(SandboxError, match="error"):
        shopper.running.control(method, path, body)


def test_all_access_tokens_can_expire_now(shopper):
    shopper.running.control("POST", "/tokens/expire")
    assert shopper.orders().json()["code"] == 105002


def test_all_refresh_tokens_can_expire_now(shopper):
    shopper.running.control("POST", "/tokens/expire", {"which": "refresh"})
    refresh = shopper.tokens()["refresh_token"]
    answer = shopper.token_host("refresh", refresh_token=refresh, grant_type="refresh_token")
    assert answer.json()["code"] == 36004001


def test_all_grants_can_be_revoked_now(shopper):
    shopper.running.control("POST", "/grants/revoke")
    assert shopper.orders().status_code == 401
