"""Calls and pages against a platform that answers as laid out."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from decimal import Decimal

import pytest
from tiktokshop_client import Tally, errors, operations, sign
from tiktokshop_client.calls.limits import Limits

ORDERS = "/order/202309/orders/search"
SHOPS = "/authorization/202309/shops"
ROWS = [
    {"id": 7495, "name": "Tea & Co", "region": "GB", "seller_type": "LOCAL", "code": "A", "cipher": "GCP_abcdefgh"},
    {"id": "7496", "name": "Mugs", "region": "US", "seller_type": "LOCAL", "code": "B", "cipher": "TTP_abcdefgh"},
]


def test_a_call_is_signed_as_the_platform_checks_it(platform, client, shop):
    platform.on(ORDERS, platform.ok({"orders": []}))
    client().call(operations.SEARCH_ORDERS, shop=shop, query={"page_size": 20, "page_token": "a+b/c="}, body={"x": "é"})
    seen = platform.requests[0]
    assert seen.query["page_token"] == "a+b/c="
    assert seen.query["shop_cipher"] == "GCP_cipher-0123456789"
    assert seen.query["timestamp"] == "1700000000"
    assert seen.query["sign"] == sign("app-secret-0123456789", ORDERS, seen.query, seen.body)
    assert seen.headers["x-tts-access-token"] == "access-seed"
    assert seen.headers["content-type"] == "application/json"


def test_a_request_that_may_not_leave_any_more_is_neither_sent_nor_counted(platform, client, shop):
    platform.on(ORDERS, platform.ok({"orders": []}))
    one, tally, asked = client(requests_per_day=1), Tally(), iter([False, True])
    with pytest.raises(errors.ClaimLostError, match=r"search_orders for shop 7495 .* so nothing was sent"):
        one.call(operations.SEARCH_ORDERS, shop=shop, tally=tally, only_if=lambda: next(asked))
    assert (len(platform.requests), tally.calls) == (0, 0)
    one.call(operations.SEARCH_ORDERS, shop=shop, tally=tally, only_if=lambda: next(asked))
    assert (len(platform.requests), tally.calls) == (1, 1), "the day's one request is still there"


class OnePlace:
    """A place where budgets are shared, on the clock of the test, with one process and a document in memory."""

    name, alone, wanted = "the place", 1.0, True

    def __init__(self, clock, *, away):
        self._clock, self._away, self._document = clock, away, None

    def now(self):
        return self._clock.monotonic()

    def exchange(self, _key, change):
        if self._away:
            raise errors.TransientError("the place cannot be reached")
        self._document, told = change(self._document, self.now())
        return told


def asked_in_vain(_moment):
    raise errors.TransientError("the claims cannot be reached")


@pytest.mark.parametrize("away", [None, False, True], ids=["own", "shared", "place away"])
@pytest.mark.parametrize("stopped", [lambda _: False, asked_in_vain], ids=["lost", "not known"])
def test_a_request_that_may_not_leave_any_more_costs_the_budget_nothing(platform, client, shop, clock, away, stopped):
    platform.on(ORDERS, platform.ok({"orders": []}))
    one, moments = client(), []
    place = None if away is None else OnePlace(clock, away=away)
    one._caller._limits = Limits(50, clock, threading.Event(), scope="shop", place=place)
    for asked in (None, stopped, stopped, stopped, None):
        with contextlib.suppress(errors.TikTokShopError):
            one.call(operations.SEARCH_ORDERS, shop=shop, only_if=lambda asked=asked: asked is None or asked(clock.now))
        moments.append(clock.monotonic())
    assert len(platform.requests) == 2
    after = [moment - moments[0] for moment in moments]
    assert after == pytest.approx([0.0, 0.02, 0.02, 0.02, 0.02], abs=0.002), "all of them have the second's slot"


def test_an_upload_is_a_form_that_the_signature_leaves_out(platform, client):
    path = operations.UPLOAD_IMAGE.path
    platform.on(path, platform.ok({"uri": "tos/1"}))
    files = {"data": ("é.png", b"\x89PNG\r\n--\x00\xff")}
    answer = client().upload(operations.UPLOAD_IMAGE, texts={"use_case": "MAIN_IMAGE"}, files=files)
    seen = platform.requests[0]
    assert answer.data == {"uri": "tos/1"}
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert seen.query["sign"] == sign("app-secret-0123456789", path, seen.query)
    assert "shop_cipher" not in seen.query
    assert b"\x89PNG\r\n--\x00\xff\r\n--" in seen.body
    assert b'name="use_case"\r\n' in seen.body
    assert b"\r\n\r\nMAIN_IMAGE\r\n" in seen.body


def test_an_upload_that_failed_is_sent_again_with_its_bytes(platform, client):
    path = operations.UPLOAD_IMAGE.path
    platform.on(path, platform.say(503), platform.ok({"uri": "tos/1"}))
    client().upload(operations.UPLOAD_IMAGE, texts={"use_case": "MAIN_IMAGE"}, files={"data": ("a.png", b"bytes")})
    first, second = platform.requests
    assert first.body == second.body
    assert b"bytes" in second.body


def test_an_answer_keeps_numbers_exact(platform, client, shop):
    platform.on(ORDERS, platform.say(body=b'{"code":0,"data":{"id":576461413038785752123,"a":12.50},"request_id":"R"}'))
    answer = client().call(operations.SEARCH_ORDERS, shop=shop)
    assert answer.data == {"id": 576461413038785752123, "a": Decimal("12.50")}
    assert str(answer.data["a"]) == "12.50"
    assert answer.request_id == "R"


@pytest.mark.parametrize("body", [b'{"code":0,"data":null}', b'{"code":0}', b'{"code":0,"data":{}}', b'{"code":"0"}'])
def test_missing_data_is_empty_data(platform, client, shop, body):
    platform.on(ORDERS, platform.say(body=body))
    (page,) = client().pages(operations.SEARCH_ORDERS, shop=shop)
    assert (page.rows, page.data, page.total_count, page.next_page_token) == ([], {}, None, "")


def test_query_values_are_written_as_the_platform_reads_them(platform, client, shop):
    platform.on("/order/202507/orders", platform.ok({"orders": []}))
    query = {"ids": ["1", "2"], "flag": True, "off": False, "none": None, "empty": ""}
    client().call(operations.GET_ORDERS, shop=shop, query=query)
    seen = platform.requests[0]
    wanted = {"ids": "1,2", "flag": "true", "off": "false", "empty": ""}
    assert {key: value for key, value in seen.query.items() if key in query} == wanted
    assert "ids=1%2C2" in seen.target
    assert seen.body == b""


def test_a_post_without_filters_sends_an_empty_object(platform, client, shop):
    platform.on(ORDERS, platform.ok({}))
    client().call(operations.SEARCH_ORDERS, shop=shop)
    assert platform.requests[0].body == b"{}"


def test_pages_keep_filters_and_follow_tokens_to_the_end(platform, client, shop):
    platform.on(
        ORDERS,
        platform.ok({"orders": [{"id": "1"}], "total_count": 2, "next_page_token": "t/1+="}),
        platform.ok({"orders": [{"id": "2"}], "total_count": "2", "next_page_token": ""}),
    )
    query = {"sort_field": "update_time"}
    pages = list(client().pages(operations.SEARCH_ORDERS, shop=shop, query=query, body={"update_time_ge": 1}))
    assert [(page.number, page.rows, page.total_count) for page in pages] == [
        (1, [{"id": "1"}], 2),
        (2, [{"id": "2"}], 2),
    ]
    first, second = platform.requests
    assert "page_token" not in first.query
    assert second.query["page_token"] == "t/1+="
    assert first.query["page_size"] == second.query["page_size"] == "100"
    assert first.query["sort_field"] == second.query["sort_field"] == "update_time"
    assert first.body == second.body == b'{"update_time_ge":1}'


@pytest.mark.parametrize(("data", "count"), [({"orders": [{"id": "1"}]}, None), ({"orders": []}, 0), ({}, 0)])
def test_a_count_of_no_rows_beside_rows_is_no_count(platform, client, shop, data, count):
    platform.on(ORDERS, platform.ok({**data, "total_count": 0}))
    assert [page.total_count for page in client().pages(operations.SEARCH_ORDERS, shop=shop)] == [count]


@pytest.mark.parametrize(
    ("total", "count"),
    [("12", 12), (10**12, 10**12), (10**18, None), (int("9" * 350), None), ("9" * 5000, None), (-(10**18), None)],
)
def test_a_count_of_more_digits_than_any_has_is_no_count(platform, client, shop, total, count):
    platform.on(ORDERS, platform.ok({"orders": [{"id": "1"}], "total_count": total}))
    assert [page.total_count for page in client().pages(operations.SEARCH_ORDERS, shop=shop)] == [count]


def test_an_empty_page_with_a_token_is_not_the_end(platform, client, shop):
    platform.on(ORDERS, platform.ok({"orders": [], "next_page_token": "t"}), platform.ok({"orders": [{"id": "1"}]}))
    pages = list(client().pages(operations.SEARCH_ORDERS, shop=shop))
    assert [page.rows for page in pages] == [[], [{"id": "1"}]]


def test_a_repeated_page_token_ends_in_an_error_after_its_page(platform, client, shop):
    answers = [platform.ok({"orders": [{"id": str(n)}], "next_page_token": token}) for n, token in enumerate("abab")]
    platform.on(ORDERS, *answers)
    rows = []
    with pytest.raises(errors.PagingError, match="repeats a page token on page 3"):
        rows.extend(page.rows[0]["id"] for page in client().pages(operations.SEARCH_ORDERS, shop=shop))
    assert rows == ["0", "1", "2"]
    assert len(platform.requests) == 3


def test_body_paging_puts_size_and_token_into_the_body(platform, client, shop):
    activities = operations.SEARCH_ACTIVITIES
    path = activities.path
    platform.on(path, platform.ok({"activities": [1], "next_page_token": "n"}), platform.ok({"activities": [2]}))
    pages = list(client().pages(activities, shop=shop, body={"status": "ONGOING"}))
    assert [page.rows for page in pages] == [[1], [2]]
    assert [seen.body for seen in platform.requests] == [
        b'{"status":"ONGOING","page_size":100}',
        b'{"status":"ONGOING","page_size":100,"page_token":"n"}',
    ]
    assert "page_size" not in platform.requests[0].query


def test_some_searches_have_their_place_in_an_object_of_the_body(platform, client, shop):
    path = operations.SEARCH_RMAS.path
    rows = [platform.ok({"return_merchandise_authorizations": [{"id": n}], "next_page_token": n}) for n in ("a", "")]
    platform.on(path, *rows)
    body = {"filters": {"rma_ids": ["1"]}}
    assert len(list(client().pages(operations.SEARCH_RMAS, shop=shop, body=body))) == 2
    assert [seen.body for seen in platform.requests] == [
        b'{"filters":{"rma_ids":["1"]},"pagination":{"page_size":50}}',
        b'{"filters":{"rma_ids":["1"]},"pagination":{"page_size":50,"page_token":"a"}}',
    ]
    assert "page_size" not in platform.requests[0].query


@pytest.mark.parametrize("data", [{}, {"performance": None}, {"performance": {}}, {"performance": []}])
def test_rows_that_lie_deeper_are_found_and_may_be_missing(platform, client, shop, data):
    operation = operations.GET_SHOP_PERFORMANCE
    platform.on(operation.path, platform.ok({"performance": {"intervals": [{"a": 1}]}}), platform.ok(data))
    assert [[page.rows for page in client().pages(operation, shop=shop)] for _ in range(2)] == [[[{"a": 1}]], [[]]]


def test_a_tally_adds_up_requests_and_tries(platform, client, shop):
    platform.on(ORDERS, platform.no(36009003), platform.ok({"orders": [], "next_page_token": "t"}), platform.ok({}))
    tally = Tally()
    list(client().pages(operations.SEARCH_ORDERS, shop=shop, tally=tally))
    assert (tally.calls, tally.retries) == (3, 1)


def test_what_is_only_for_cross_border_shops_is_not_asked_of_others(platform, client, shop):
    operation = dataclasses.replace(operations.SEARCH_GLOBAL_PRODUCTS, cipher=True)
    with pytest.raises(errors.MarketError, match="to CROSS_BORDER shops only"):
        client().call(operation, shop=shop)
    assert platform.requests == []


def test_finance_lists_are_sent_the_sort_field_they_insist_on(platform, client, shop):
    platform.on("/finance/202309/statements", platform.ok({"statements": []}))
    list(client().pages(operations.GET_STATEMENTS, shop=shop, query={"sort_order": "ASC"}))
    assert platform.requests[0].query["sort_field"] == "statement_time"


@pytest.mark.parametrize("message", ["Invalid page_token.", "The PageToken has expired", "page token is invalid"])
def test_a_refused_page_token_is_told_apart(platform, client, shop, message):
    platform.on(ORDERS, platform.ok({"next_page_token": "t"}), platform.no(36009004, message, 400))
    pages = client().pages(operations.SEARCH_ORDERS, shop=shop)
    next(pages)
    with pytest.raises(errors.PageTokenInvalid, match="read this window again from its first page"):
        next(pages)


def test_rows_that_are_no_list_are_never_taken_for_rows(platform, client, shop):
    platform.on(ORDERS, platform.ok({"orders": {"id": "1"}}))
    with pytest.raises(errors.TransientError, match="orders is not a list"):
        list(client().pages(operations.SEARCH_ORDERS, shop=shop))


@pytest.mark.parametrize("nothing", ["", {}, [], None])
def test_an_empty_list_in_whatever_form_is_a_page_without_rows_and_with_its_count(platform, client, shop, nothing):
    platform.on(ORDERS, platform.ok({"orders": nothing, "total_count": 3}))
    (page,) = client().pages(operations.SEARCH_ORDERS, shop=shop)
    assert (list(page.rows), page.total_count) == ([], 3)


def test_shops_are_asked_once_and_carry_their_cipher_as_a_secret(platform, client):
    platform.on(SHOPS, platform.ok({"shops": ROWS}))
    one = client()
    threads = [threading.Thread(target=one.shops) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tea, mugs = one.shops()
    assert len(platform.requests) == 1
    assert "shop_cipher" not in platform.requests[0].query
    assert (tea.id, tea.name, tea.region, mugs.id) == ("7495", "Tea & Co", "GB", "7496")
    assert tea.cipher.reveal() == "GCP_abcdefgh"
    assert "cipher" not in tea.data
    assert "GCP_abcdefgh" not in repr(tea)


@pytest.mark.parametrize(
    "odd", [{"id": {"a": 1}}, {"id": []}, {"id": True}, {"id": 0}, {"id": ""}, {"id": None}, {}, 5]
)
def test_a_shop_whose_id_is_none_is_left_out(platform, client, odd):
    platform.on(SHOPS, platform.ok({"shops": [odd, *ROWS]}))
    assert [shop.id for shop in client().shops()] == ["7495", "7496"]


@pytest.mark.parametrize("cipher", [None, "", 5, {}, [], True])
def test_a_shop_that_is_listed_without_its_cipher_is_not_asked_about_and_costs_no_other(platform, client, cipher):
    platform.on(SHOPS, platform.ok({"shops": [{**ROWS[0], "cipher": cipher}, ROWS[1]]}))
    platform.on(ORDERS, platform.ok({}))
    one = client()
    tea, mugs = one.shops()
    with pytest.raises(errors.AuthorisationError, match=r"for shop 7495 \(Tea & Co\): .* no cipher for it") as caught:
        one.call(operations.SEARCH_ORDERS, shop=tea)
    assert (caught.value.reach, caught.value.shop_id) == ("shop", "7495")
    one.call(operations.SEARCH_ORDERS, shop=mugs)
    assert [seen.query["shop_cipher"] for seen in platform.requests[1:]] == ["TTP_abcdefgh"]


def test_shop_ids_narrow_the_shops(platform, client):
    platform.on(SHOPS, platform.ok({"shops": ROWS}))
    assert [shop.id for shop in client(shop_ids=["7496"]).shops()] == ["7496"]


def test_a_shop_id_outside_the_grant_is_named_with_those_inside(platform, client):
    platform.on(SHOPS, platform.ok({"shops": ROWS}))
    with pytest.raises(errors.ConfigurationError) as caught:
        client(shop_ids=["7496", "1"]).shops()
    assert str(caught.value) == (
        "the setting shop_ids names 1, which the grant does not cover; it covers 7495 (Tea & Co), 7496 (Mugs)"
    )


def test_a_grant_without_shops_is_an_error_and_not_an_empty_success(platform, client):
    platform.on(SHOPS, platform.ok({}))
    with pytest.raises(errors.AuthorisationError, match="covers no shop"):
        client().shops()


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (5, "the answer's shops is not a list"),
        ([None], "no shop of the answer has an id"),
        ([{"name": "Tea & Co"}], "no shop of the answer has an id"),
    ],
)
def test_shops_that_cannot_be_read_are_not_taken_for_a_grant_without_any(platform, client, listed, words):
    platform.on(SHOPS, platform.ok({"shops": listed}))
    with pytest.raises(errors.TransientError, match=words):
        client().shops()


def test_a_list_falls_back_to_the_older_path_and_stays_there(platform, client, shop):
    listed = dataclasses.replace(operations.GET_PAYMENTS, fallback="/finance/202309/payments")
    platform.on("/finance/202605/payments", platform.no(36009009, "Invalid path", 404))
    platform.on(
        "/finance/202309/payments",
        platform.ok({"payments": [1], "next_page_token": "t"}),
        platform.ok({"payments": [2]}),
    )
    pages = list(client().pages(listed, shop=shop))
    assert [page.rows for page in pages] == [[1], [2]]
    assert len(platform.asked("/finance/202605/payments")) == 1
    assert len(platform.asked("/finance/202309/payments")) == 2


def test_an_older_path_is_not_sent_what_only_the_newer_one_has(platform, client, shop):
    newest, older = (f"/return_refund/{version}/orders/1/aftersale_eligibility" for version in ("202602", "202309"))
    platform.on(newest, platform.no(36009014, "Invalid API version"))
    platform.on(older, platform.ok({"sku_eligibility": []}))
    query = {"initiate_aftersale_user": "SELLER", "request_types": ["REFUND"]}
    client().call(operations.GET_AFTERSALE_ELIGIBILITY, shop=shop, path={"order_id": "1"}, query=query)
    (first,), (second,) = platform.asked(newest), platform.asked(older)
    assert first.query["request_types"] == "REFUND"
    assert second.query.keys() == first.query.keys() - {"request_types"}


def test_what_an_older_path_would_not_understand_is_not_sent_there(platform, client, shop):
    """A refusal that offers a part of the money would be a refusal without it."""
    newest, older = (f"/return_refund/{version}/returns/1/reject" for version in ("202606", "202309"))
    platform.on(newest, platform.no(36009009, "Invalid path", 404))
    platform.on(older, platform.ok({}))
    own, path = client(), {"return_id": "1"}
    refused, offered = {"decision": "REJECT_RETURN"}, {"partial_refund_amount": {"partial_refund_total": "1"}}
    for body, sent in ((refused | offered, 0), (refused, 1), (refused | offered, 1), (refused, 2)):
        if offered.keys() <= body.keys():
            with pytest.raises(errors.TikTokShopError, match="does not know the path"):
                own.call(operations.REJECT_RETURN, shop=shop, path=path, body=body)
        else:
            own.call(operations.REJECT_RETURN, shop=shop, path=path, body=body)
        assert len(platform.asked(older)) == sent


def test_a_path_without_an_older_one_is_reported(platform, client, shop):
    platform.on(ORDERS, platform.no(36009009, "Invalid path", 404))
    with pytest.raises(errors.BugError, match="does not know the path /order/202309/orders/search"):
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert len(platform.requests) == 1


def test_a_market_that_lacks_the_operation_is_not_asked(platform, client, shop):
    brazil = type(shop)("1", "Loja", "BR", "LOCAL", "", shop.cipher)
    with pytest.raises(errors.MarketError, match=r"not offer this in the shop's market \(BR\)"):
        client().call(operations.MARK_PACKAGE_AS_SHIPPED, shop=brazil, path={"order_id": "1"}, body={})
    assert platform.requests == []


def test_uk_and_gb_are_one_market(platform, client, shop):
    platform.on("/fulfillment/202610/orders/1/packages", platform.ok({"package_id": "9"}))
    for region in ("UK", "GB"):
        one = type(shop)("1", "Shop", region, "LOCAL", "", shop.cipher)
        answer = client().call(operations.MARK_PACKAGE_AS_SHIPPED, shop=one, path={"order_id": "1"}, body={})
        assert answer.data == {"package_id": "9"}


def test_a_refusal_where_the_operation_is_undocumented_is_about_the_market(platform, client, shop):
    platform.on("/finance/202605/payments", platform.no(99999999, "no payments here"))
    vietnam = type(shop)("1", "Shop", "VN", "LOCAL", "", shop.cipher)
    with pytest.raises(errors.MarketError, match=r'market \(VN\): "no payments here"') as caught:
        list(client().pages(operations.GET_PAYMENTS, shop=vietnam))
    assert caught.value.reach == "stream"


@pytest.mark.parametrize("value", ["", "1/../2", "1?x=2", "a b", "é"])
def test_a_path_parameter_can_only_be_an_id(client, shop, value):
    with pytest.raises(ValueError, match="product_id is not an id"):
        client().call(operations.GET_PRODUCT, shop=shop, path={"product_id": value})


def test_a_missing_shop_or_parameter_is_refused_before_anything_is_sent(platform, client, shop):
    with pytest.raises(ValueError, match="search_orders is called with a shop"):
        client().call(operations.SEARCH_ORDERS)
    with pytest.raises(ValueError, match="get_shops is called without a shop"):
        client().call(operations.GET_SHOPS, shop=shop)
    with pytest.raises(ValueError, match="path parameters"):
        client().call(operations.GET_PRODUCT, shop=shop)
    with pytest.raises(ValueError, match="takes no body"):
        client().call(operations.GET_STATEMENTS, shop=shop, body={})
    assert platform.requests == []


def test_a_closed_client_wakes_its_waiting_calls(platform, client, shop):
    one = client()

    def busy(_):
        one._closing.set()
        return platform.say(503)

    platform.on(ORDERS, busy)
    with pytest.raises(errors.ClosedError, match="closed while a request waited for its next try"):
        one.call(operations.SEARCH_ORDERS, shop=shop)


def test_a_closed_client_sends_nothing(platform, client, shop):
    with client() as one:
        pass
    with pytest.raises(errors.ClosedError, match="the client is closed"):
        one.call(operations.SEARCH_ORDERS, shop=shop)
    assert platform.requests == []


ODD = "Te\x1b[2Ja\r\nGrant ends never\u202e" + "x" * 5_000


def test_what_the_platform_calls_a_shop_is_one_short_line_in_every_sentence(platform, client):
    listed = [{"id": "1\n2", "name": ODD, "region": ODD, "seller_type": ODD, "cipher": "c" * 20}]
    platform.on("/authorization/202309/shops", platform.ok({"shops": listed}))
    platform.on("/order/202309/orders/search", platform.no(36009004, ODD, 400))
    one = client()
    [shop] = one.shops()
    assert (shop.id, shop.name, shop.region) == ("1 2", ODD, ODD)
    with pytest.raises(errors.TikTokShopError) as refused:
        list(one.pages(operations.SEARCH_ORDERS, shop=shop))
    with pytest.raises(errors.ConfigurationError, match="which the grant does not cover") as missed:
        client(shop_ids=["9"]).shops()
    elsewhere = dataclasses.replace(shop, region="ID" + ODD)
    told = [shop.label, shop.market, elsewhere.market, str(refused.value), str(missed.value)]
    assert all(text.isprintable() and len(text) < 700 for text in told)
    assert str(refused.value).startswith("search_orders for shop 1 2 (Te [2Ja Grant ends never xxx")


@pytest.mark.parametrize(
    ("scope", "units"),
    [
        ("shop", ("order", "order", "product")),
        ("family", ("order", "order", "product")),
        ("api", ("search_orders", "get_price_detail", "search_products")),
    ],
)
def test_what_shares_a_budget_goes_by_the_setting(client, scope, units):
    asked = (operations.SEARCH_ORDERS, operations.GET_PRICE_DETAIL, operations.SEARCH_PRODUCTS)
    assert tuple(client(budget_scope=scope).unit(operation) for operation in asked) == units
