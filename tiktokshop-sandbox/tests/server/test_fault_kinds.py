"""Every fault on demand, as a client meets it."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime

import pytest
import requests
from tiktokshop_sandbox.faults import KINDS, Faults, Spec, Target


def switch_on(shopper, **spec):
    return shopper.running.control("POST", "/faults", spec)


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "code"),
    [
        ("http_500", 500, "text/html", None),
        ("http_502", 502, "text/html", None),
        ("http_503", 503, "text/plain", None),
        ("html_page", 200, "text/html", None),
        ("internal_error", 200, "application/json", 36009003),
        ("internal_error_500", 500, "application/json", 36009003),
        ("rate_limit", 429, "application/json", 36009002),
        ("rate_limit_200", 200, "application/json", 36009002),
        ("seller_inactive", 401, "application/json", 36009044),
        ("shop_inactive", 401, "application/json", 36009043),
        ("scope_withheld", 401, "application/json", 105005),
        ("token_expired", 401, "application/json", 105002),
        ("grant_revoked", 401, "application/json", 36009004),
        ("refused", 400, "application/json", 12052055),
        ("not_kept", 200, "application/json", 0),
    ],
)
def test_a_fault_replaces_the_answer_once_and_then_is_gone(shopper, kind, status, content_type, code):
    switch_on(shopper, kind=kind, next=1)
    answer = shopper.orders()
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(content_type)
    if code is not None:
        assert answer.json()["code"] == code
    else:
        with pytest.raises(requests.exceptions.JSONDecodeError):
            answer.json()
    assert shopper.running.control("GET", "/faults")["on"] == []
    assert shopper.running.control("GET", "/stats")["faults"] == {kind: 1}
    assert shopper.running.control("GET", "/requests")["requests"][-1]["fault"] == kind


def test_a_reset_before_the_answer_leaves_nothing(shopper):
    switch_on(shopper, kind="reset_before", next=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        shopper.orders()
    assert shopper.orders().status_code == 200


def test_a_reset_in_the_middle_comes_after_the_headers(shopper):
    whole = shopper.orders()
    switch_on(shopper, kind="reset_middle", next=1)
    received = 0
    with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        received = len(shopper.orders().content)
    assert received == 0
    entry = shopper.running.control("GET", "/requests")["requests"][-1]
    assert (entry["code"], entry["fault"]) == (0, "reset_middle"), "the request was carried out"
    assert shopper.orders().json()["data"] == whole.json()["data"]


def test_truncated_json_is_a_whole_http_answer_around_half_a_body(shopper):
    whole = shopper.orders().content
    switch_on(shopper, kind="truncated_json", next=1)
    answer = shopper.orders()
    assert answer.status_code == 200
    assert whole.startswith(answer.content[:1000])
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_a_slow_answer_outlasts_the_clients_patience_and_another_does_not_wait_for_it(shopper):
    switch_on(shopper, kind="slow", next=1, seconds=0.3, path="/authorization/*")
    url = f"{shopper.running.api_base_url}/authorization/202309/shops"
    with pytest.raises(requests.exceptions.ReadTimeout):
        shopper.http.get(url, timeout=0.05)
    assert shopper.running.control("GET", "/stats")["faults"] == {"slow": 1}  # it has been carried out nevertheless
    assert shopper.running.control("GET", "/requests")["requests"][-1]["path"] == "/authorization/202309/shops"
    assert shopper.orders().elapsed.total_seconds() < 0.3


@pytest.mark.parametrize("kind", ["rate_limit", "rate_limit_200"])
def test_retry_after_is_sent_only_when_asked_for(shopper, kind):
    switch_on(shopper, kind=kind, next=1)
    assert "retry-after" not in shopper.orders().headers
    switch_on(shopper, kind=kind, next=1, retry_after=7)
    assert shopper.orders().headers["retry-after"] == "7"


def test_an_expired_token_stays_expired_until_it_is_refreshed(shopper):
    switch_on(shopper, kind="token_expired", next=1)
    assert [shopper.orders().json()["code"] for _ in range(2)] == [105002, 105002]
    refresh = shopper.tokens()["refresh_token"]
    assert shopper.token_host("refresh", refresh_token=refresh, grant_type="refresh_token").json()["code"] == 0
    assert shopper.orders().json()["code"] == 0


def test_a_revoked_grant_can_be_neither_used_nor_refreshed(shopper):
    switch_on(shopper, kind="grant_revoked", next=1)
    assert [shopper.orders().json()["code"] for _ in range(2)] == [36009004, 36009004]
    refresh = shopper.tokens()["refresh_token"]
    answer = shopper.token_host("refresh", refresh_token=refresh, grant_type="refresh_token")
    assert answer.json()["code"] == 36004005


def test_an_invalid_page_token_strikes_only_requests_that_have_one(shopper):
    switch_on(shopper, kind="page_token_invalid", next=1)
    first = shopper.orders()
    token = first.json()["data"]["next_page_token"]
    refused = shopper.orders(page_token=token).json()
    assert (refused["code"], refused["message"]) == (36009004, "PageToken is invalid")
    assert shopper.orders(page_token=token).json()["code"] == 0


def test_a_deactivated_shop_leaves_the_other_one_open(shopper):
    first = shopper.shops()[0]
    fault = switch_on(shopper, kind="shop_inactive", shop_id=first["id"])
    search = ("POST", "/order/202309/orders/search", {"page_size": "1"}, {})
    assert [shopper.call(*search, shop=n).json()["code"] for n in (0, 1, 0)] == [36009043, 0, 36009043]
    shopper.running.control("DELETE", f"/faults/{fault['id']}")
    assert shopper.call(*search, shop=0).json()["code"] == 0


def test_a_withheld_scope_leaves_the_others(shopper):
    switch_on(shopper, kind="scope_withheld", scope="seller.order.info")
    assert shopper.orders().json()["code"] == 105005
    assert shopper.call("GET", "/authorization/202309/shops", shop=None).json()["code"] == 0


def test_a_moved_clock_refuses_todays_timestamps_and_tells_its_own_time(shopper):
    url, clock = shopper.running.api_base_url, shopper.running.control("GET", "/clock")
    shopper.running.control("POST", "/clock", {"skew": 3600})
    query = {"app_key": shopper.running.app_key, "timestamp": str(clock["real"])}
    answer = shopper.http.get(f"{url}/authorization/202309/shops", params=query, timeout=10)
    assert "earlier than 5 minutes" in answer.json()["message"]
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == pytest.approx(clock["told"] + 3600, abs=5)
    assert shopper.orders().json()["code"] == 0, "who signs with the server's time gets in"


def test_the_token_host_has_faults_too(shopper):
    switch_on(shopper, kind="http_503", path="/api/v2/token/*", next=1)
    right = {"refresh_token": shopper.tokens()["refresh_token"], "grant_type": "refresh_token"}
    assert shopper.token_host("refresh", **right).status_code == 503
    assert shopper.token_host("refresh", **right).json()["code"] == 0, "the refresh token was not used up"


def test_a_path_filter_spares_the_rest(shopper):
    switch_on(shopper, kind="http_500", path="/product/*")
    assert shopper.orders().status_code == 200


def test_probability_strikes_about_that_often_and_alike_for_one_seed():
    def strikes(seed):
        faults = Faults(seed)
        faults.add(Spec("http_500", probability=0.05))
        return [bool(faults.strike(Target("/x"), "http_500")) for _ in range(2000)]

    assert 60 <= sum(strikes(7)) <= 140
    assert strikes(7) == strikes(7)
    assert strikes(7) != strikes(8)


def test_next_counts_strikes_and_not_requests():
    faults = Faults(7)
    faults.add(Spec("http_500", probability=0.5, next=3))
    assert sum(bool(faults.strike(Target("/x"), "http_500")) for _ in range(100)) == 3
    assert faults.listed() == []


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "flood"},
        {"kind": "slow", "probability": 2},
        {"kind": "slow", "next": 0},
        {"kind": "slow", "colour": "red"},
        {},
    ],
    ids=["kind", "probability", "next", "field", "nothing"],
)
def test_a_fault_that_makes_no_sense_is_refused(shopper, spec):
    answer = shopper.http.post(f"{shopper.running.api_base_url}/_sandbox/faults", json=spec, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_all_kinds_are_listed_with_what_they_do(shopper):
    assert shopper.running.control("GET", "/faults")["kinds"] == KINDS
