"""Each check of the gateway: the platform's code, HTTP status and words, in the platform's order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from tiktokshop_sandbox import app
from tiktokshop_sandbox.app import SandboxApp
from tiktokshop_sandbox.control import Control
from tiktokshop_sandbox.journal import Journal
from tiktokshop_sandbox.webhooks.announcing import Announcing
from tiktokshop_sandbox.webhooks.dispatch import Dispatch

NOW = 1_780_000_000
SEARCH = "/order/202309/orders/search"
SHOPS = "/authorization/202309/shops"


def assert_refused(answer, http, code, words):
    status, envelope = answer
    assert (status, envelope["code"]) == (http, code)
    assert words in envelope["message"]
    assert len(envelope["request_id"]) == 34


def test_a_request_that_is_right_gets_its_data(site):
    http, envelope = site.ask(body=b'{"create_time_ge": 5}')
    assert http == 200
    assert (envelope["code"], envelope["message"]) == (0, "Success")
    assert envelope["data"] == {
        "path": {},
        "query": {"page_size": 10, "sort_order": "DESC"},
        "body": {"create_time_ge": 5},
        "now": site.gateway.clock.now(),
    }


def test_path_parameters_reach_the_endpoint(site):
    _, envelope = site.ask("GET", "/order/202407/orders/57646/price_detail", site.query())
    assert envelope["data"]["path"] == {"order_id": "57646"}


def test_an_unknown_path_is_404_before_anything_else(site):
    assert_refused(site.ask(path="/order/202309/order", query={}, sign=""), 404, 36009009, "Invalid path")


def test_a_trailing_slash_is_another_path(site):
    assert_refused(site.ask(path=SEARCH + "/"), 404, 36009009, "Invalid path")


def test_a_method_the_path_does_not_have_is_refused_before_the_app_key(site):
    assert_refused(site.ask("GET", SEARCH, query={}, sign=""), 400, 36009010, "method")


@pytest.mark.parametrize("query", [{}, {"app_key": "nobody"}])
def test_an_unknown_app_key_is_refused_before_the_timestamp(site, query):
    assert_refused(
        site.ask(query=query, sign=""), 400, 36009004, "Invalid credentials. Invalid 'app_key' query parameter."
    )


@pytest.mark.parametrize(
    ("timestamp", "words"),
    [
        ("", "'timestamp' query parameter is missing"),
        ("soon", "param timestamp type invalid. actual type:string, expected type:int64"),
        ("12.5", "param timestamp type invalid"),
        ("-5", "lesser than 0"),
        ("1779999699", "earlier than 5 minutes"),
        ("1780000031", "more than 30 seconds"),
        ("1780000000000", "more than 30 seconds"),
    ],
)
def test_a_timestamp_outside_the_window_is_refused_before_the_signature(site, timestamp, words):
    assert_refused(site.ask(query=site.query(timestamp=timestamp), sign="wrong"), 400, 36009004, words)


@pytest.mark.parametrize("timestamp", ["1779999700", "1780000030"])
def test_the_edges_of_the_timestamp_window_are_inside(site, timestamp):
    assert site.ask(query=site.query(timestamp=timestamp, page_size="1"))[0] == 200


def test_the_timestamp_may_be_the_machines_or_the_shops_time_but_nothing_between(site):
    site.gateway.clock.advance(86400)
    assert site.ask()[0] == 200
    assert site.ask(query=site.query(page_size="1", timestamp=str(NOW + 86400)))[0] == 200
    assert_refused(site.ask(query=site.query(timestamp=str(NOW + 43200))), 400, 36009004, "more than 30 seconds")


def test_a_skewed_clock_refuses_what_the_client_thinks_is_now(site):
    site.gateway.clock.skew = 400
    assert_refused(site.ask(), 400, 36009004, "earlier than 5 minutes")


def test_a_missing_signature_is_no_wrong_one(site):
    assert_refused(site.ask(sign=""), 400, 36009004, "Signature missing")


@pytest.mark.parametrize("sign", ["0" * 64, "ünsigned"])
def test_a_wrong_signature_is_106001(site, sign):
    assert_refused(site.ask(sign=sign, token="nonsense"), 401, 106001, "sign")


def test_an_upper_case_signature_is_wrong(site):
    sign = site.request().query["sign"]
    assert sign != sign.upper()
    assert_refused(site.ask(sign=sign.upper()), 401, 106001, "sign")


def test_the_body_is_signed_as_it_was_sent(site):
    sign = site.request(body=b'{"create_time_ge":5}').query["sign"]
    assert_refused(site.ask(body=b'{"create_time_ge": 5}', sign=sign), 401, 106001, "sign")


def test_an_empty_object_counts_as_two_bytes(site):
    assert_refused(site.ask(body=b"{}", sign=site.request(body=b"").query["sign"]), 401, 106001, "sign")
    assert site.ask(body=b"{}")[0] == 200


def test_a_multipart_body_is_not_signed(site):
    answer = site.ask(
        path="/product/202309/files/upload",
        query=site.query(None),
        body=b"--x\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer[0] == 200


def test_parameters_nobody_knows_are_signed_and_otherwise_ignored(site):
    query = site.query(page_size="10", version="202309", shop_id="")
    assert site.ask(query=query)[1]["data"]["query"] == {"page_size": 10, "sort_order": "DESC"}
    assert_refused(site.ask(query=query, sign=site.request().query["sign"]), 401, 106001, "sign")


@pytest.mark.parametrize("token", ["", "ROW_unknown"])
def test_an_unknown_token_is_36009004_without_data(site, token):
    answer = site.ask(token=token)
    assert_refused(answer, 401, 36009004, "Invalid credentials. The 'x-tts-access-token' header is invalid")
    assert "data" not in answer[1]


def test_a_token_may_come_in_the_query_unsigned(site):
    query = site.query(page_size="10", access_token=site.tokens.access)
    assert site.ask(query=query, token="")[0] == 200


def test_a_token_lives_seven_days(site):
    site.now += 7 * 86400 - 1
    assert site.ask()[0] == 200
    site.now += 1
    assert_refused(site.ask(), 401, 105002, "has expired")


def test_a_revoked_grant_makes_its_tokens_unknown(site):
    site.accounts.revoke(site.tokens.grant.id)
    assert_refused(site.ask(), 401, 36009004, "The 'x-tts-access-token' header is invalid")


def test_a_scope_the_token_does_not_have_is_105005(site):
    answer = site.ask("GET", "/affiliate_seller/202410/anything", site.query(None))
    assert_refused(answer, 401, 105005, "seller.affiliate_messages.write")


def test_a_shop_endpoint_wants_its_cipher(site):
    assert_refused(
        site.ask(query=site.query(None)),
        400,
        106013,
        "Missing identifier. The `shop_cipher` query parameter is required to identify the target shop.",
    )


def test_an_endpoint_without_shop_refuses_a_cipher(site):
    assert_refused(
        site.ask("GET", SHOPS, site.query("US")),
        400,
        36009004,
        "Unexpected identifier. The `shop_cipher` query parameter is not required for this request.",
    )


def test_a_cipher_nobody_has_is_101000(site):
    assert_refused(site.ask(query=site.query(None, shop_cipher="ROW_other")), 400, 101000, "shop_cipher")


def test_a_cipher_of_a_shop_outside_the_grant_is_101000(site):
    only_us = site.accounts.new_grant([site.shop("US").id])
    token = site.accounts.exchange(site.accounts.new_code(only_us)).access
    assert site.ask(token=token)[0] == 200
    assert_refused(site.ask(query=site.query("GB", page_size="10"), token=token), 400, 101000, "shop_cipher")


def test_a_body_of_another_media_type_is_36009022(site):
    assert_refused(site.ask(body=b"a=b", content_type="text/plain"), 400, 36009022, "content type")


@pytest.mark.parametrize("body", [b"{", b"[1]", b"[{}]", b'"text"', b"1", b"true", b"\xff", b"[" * 5_000])
def test_a_body_that_is_no_object_is_refused(site, body):
    assert_refused(site.ask(body=body), 400, 36009004, "Invalid request body")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "PageSize is a required field"),
        ({"page_size": ""}, "PageSize is a required field"),
        ({"page_size": "ten"}, "param page_size type invalid. actual type:string, expected type:int64"),
        ({"page_size": "101"}, "PageSize must be 100 or less"),
        ({"page_size": "0"}, "PageSize must be 1 or greater"),
        ({"page_size": "5", "sort_order": "asc"}, "SortOrder is invalid, allowed values: ASC,DESC."),
    ],
)
def test_a_query_parameter_that_does_not_fit_is_named(site, more, words):
    answer = site.ask(query=site.query(**more))
    assert_refused(answer, 400, 36009004, words)
    assert answer[1]["data"] is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"create_time_ge": "5"}', "param create_time_ge type invalid. actual type:string, expected type:int64"),
        (b'{"buyer_user_id": 749}', "param buyer_user_id type invalid. actual type:int64, expected type:string"),
    ],
)
def test_a_body_field_of_another_type_is_named(site, body, words):
    assert_refused(site.ask(body=body), 400, 36009004, words)


def test_an_endpoint_a_market_does_not_have_is_refused_there_only(site):
    assert_refused(
        site.ask("GET", "/finance/202309/payments", site.query("US")),
        400,
        36009004,
        "not available in the shop's market US",
    )
    assert site.ask("GET", "/finance/202309/payments", site.query("GB"))[0] == 200


def test_the_budget_is_exact_in_any_second_and_for_each_shop_and_family(site):
    for moment in (0.0, 0.5, 0.9):
        site.monotonic = moment
        assert site.ask()[0] == 200
    site.monotonic = 0.99
    assert_refused(
        site.ask(), 429, 36009002, "Too many requests. You've made too many requests in a short period of time."
    )
    assert site.ask(query=site.query("GB", page_size="10"))[0] == 200
    assert site.ask("GET", SHOPS, site.query(None))[0] == 200
    site.monotonic = 1.0
    assert site.ask()[0] == 200
    assert_refused(site.ask(), 429, 36009002, "Too many requests")


@pytest.mark.parametrize(
    ("scope", "other_family", "other_api"),
    [("shop", 429, 429), ("family", 200, 429), ("api", 200, 200)],
)
def test_the_budget_counts_by_shop_by_family_or_by_api(site, scope, other_family, other_api):
    site.gateway.budget.scope = scope
    assert [site.ask()[0] for _ in range(4)] == [200, 200, 200, 429]
    assert site.ask("GET", "/finance/202309/unsold")[0] == other_family
    assert site.ask("GET", "/order/202407/orders/1/price_detail")[0] == other_api
    assert site.ask(query=site.query("GB", page_size="10"))[0] == 200


def test_a_budget_starts_afresh_when_it_is_counted_otherwise(site):
    assert [site.ask()[0] for _ in range(4)] == [200, 200, 200, 429]
    site.gateway.budget.scope = "api"
    assert site.ask()[0] == 200


def test_a_request_that_had_to_wait_is_counted_when_it_came(site):
    site.monotonic = 5.0
    for arrived in (0.0, 0.1, 0.2):
        assert site.gateway.answer(replace(site.request(), arrived=arrived)).http == 200
    assert site.gateway.answer(replace(site.request(), arrived=0.9)).http == 429
    assert site.gateway.answer(replace(site.request(), arrived=1.0)).http == 200


async def served(app, request):
    """The HTTP status of what the server's application answers."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": request.body}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": request.method, "path": request.path, "client": ("127.0.0.1", 5)}
    query = urlencode(request.query).encode()
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    await app({**scope, "query_string": query, "headers": headers}, receive, send)
    return sent[0]["status"]


def test_the_server_counts_a_request_when_it_comes_not_when_it_gets_to_it(site, monkeypatch):
    clock, faults = site.gateway.clock, site.gateway.faults
    dispatch = Dispatch(site.world, clock, site.accounts, faults, Announcing(site.world))
    control = Control(site.world, site.accounts, clock, site.gateway, Journal(), dispatch)
    application = SandboxApp(site.gateway, control)
    came = iter([0.0, 0.1, 0.2, 0.9, 1.0])
    monkeypatch.setattr(app, "time", SimpleNamespace(monotonic=lambda: next(came)))
    site.monotonic = 5.0

    async def all_of_them():
        return [await served(application, site.request()) for _ in range(5)]

    assert asyncio.run(all_of_them()) == [200, 200, 200, 429, 200]


def test_a_refused_request_does_not_use_the_budget(site):
    for _ in range(5):
        assert site.ask(query=site.query())[0] == 400
    assert site.ask()[0] == 200
