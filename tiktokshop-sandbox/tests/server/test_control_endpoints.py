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
        ("PUT", "/limit", {}),
        ("PUT", "/limit", {"scope": "all"}),
        *(("POST", "/clock", {"advance": n}) for n in (90 * 86_400 + 1, 10**12, 10**18, 10**30, 1e300, -(10**30))),
        *(("POST", "/clock", {"skew": n}) for n in (10**12, -(10**12), 10**30)),
        *(("PUT", "/limit", {"requests_per_second": n}) for n in (-1, 10**30, 1.5)),
        *(("POST", "/faults", {"kind": "slow", "seconds": n}) for n in (-1, 3_601, 1e300)),
        *(("POST", "/faults", {"kind": "rate_limit", "retry_after": n}) for n in (-1, 10**30)),
        *(("POST", "/faults", {"kind": "refused", "code": n}) for n in (0, -1, 10**30)),
        *(("POST", "/faults", {"kind": "refused", "next": n}) for n in (0, 10**30)),
        *(("POST", "/faults", {"kind": "refused", "probability": n}) for n in (-0.1, 1.1, 1e300)),
        ("DELETE", f"/faults/{10**30}", None),
        ("DELETE", f"/faults/{'9' * 5_000}", None),
        ("DELETE", "/faults/NaN", None),
        ("GET", f"/requests?limit={'9' * 5_000}", None),
    ],
)
def test_what_cannot_be_done_is_one_sentence(shopper, method, path, body):
    with pytest.raises(SandboxError, match="error"):
        shopper.running.control(method, path, body)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000, "[" * 20_000])
@pytest.mark.parametrize(("method", "path", "name"), [("POST", "clock", "advance"), ("PUT", "limit", "scope")])
def test_a_number_that_json_cannot_hold_is_one_sentence(shopper, method, path, name, number):
    url = f"{shopper.running.api_base_url}/_sandbox/{path}"
    answer = shopper.http.request(method, url, data=f'{{"{name}": {number}}}', timeout=10)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize("limit", [0, -5, 10**30])
def test_any_whole_number_of_requests_can_be_asked_for(shopper, limit):
    shopper.orders()
    found = shopper.running.control("GET", f"/requests?limit={limit}")["requests"]
    assert len(found) == (1 if limit > 0 else 0)


def test_what_the_budget_counts_can_be_changed_and_is_told(shopper):
    control = shopper.running.control
    assert control("GET", "")["scope"] == "family"
    try:
        assert control("PUT", "/limit", {"scope": "shop"}) == {"scope": "shop"}
        told = control("GET", "")
        assert (told["scope"], told["requests_per_second"]) == ("shop", 1000)
    finally:
        control("PUT", "/limit", {"scope": "family"})


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


def test_buyers_come_when_they_are_called(shopper):
    control, shop = shopper.running.control, shopper.shops()[0]
    before = control("GET", "/counts")[shop["id"]]["orders"]
    placed = control("POST", "/orders", {"count": 5, "shop_id": shop["id"], "one_buyer": True})
    assert list(placed) == [shop["id"]]
    assert control("GET", "/counts")[shop["id"]]["orders"] == before + len(placed[shop["id"]])
    assert len(set(placed[shop["id"]])) == 5
    with pytest.raises(SandboxError, match="there is no shop 1"):
        control("POST", "/orders", {"shop_id": "1"})
