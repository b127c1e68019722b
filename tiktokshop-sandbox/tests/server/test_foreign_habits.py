"""What clients in other languages are in the habit of sending, and the slips that the console knows by name."""

from __future__ import annotations

import pytest
from tiktokshop_sandbox.console.signing import rejection
from tiktokshop_sandbox.console.slips import slips
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.exchange import RawRequest

SEARCH = "/order/202309/orders/search"
DETAIL = "/order/202507/orders"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b" [ ] ", b"\n{}\n"])
def test_no_filters_may_be_written_in_every_way_clients_write_it(site, body):
    http, envelope = site.ask(body=body)
    assert (http, envelope["code"]) == (200, 0)
    assert envelope["data"]["body"] == {}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"],
)
def test_the_content_type_may_carry_a_charset_and_capitals(site, content_type):
    assert site.ask(body=b"{}", content_type=content_type)[0] == 200


def test_a_shop_id_that_is_not_that_of_the_cipher_is_refused(site):
    own, other = site.shop("US").id, site.shop("GB").id
    for right in (own, ""):
        assert site.ask(query=site.query("US", page_size="10", shop_id=right))[0] == 200
    for wrong in (other, "1", own + "0", "x"):
        http, envelope = site.ask(query=site.query("US", page_size="10", shop_id=wrong))
        assert (http, envelope["code"]) == (400, 36009004)
        assert "shop_id" in envelope["message"]


def test_a_market_without_an_operation_is_refused_with_the_code_of_its_family(site):
    http, envelope = site.ask("POST", "/fulfillment/202309/marks", site.query("GB"))
    assert (http, envelope["code"]) == (400, 21008106)
    assert site.ask("POST", "/fulfillment/202309/marks", site.query("US"))[0] == 200


def test_a_retired_version_is_refused_from_its_day_on_and_served_before(site):
    http, envelope = site.ask("GET", "/finance/202301/payments")
    assert (http, envelope["code"]) == (400, 36009014)
    assert site.ask("GET", "/finance/202302/payments")[0] == 200


def test_payments_of_202309_ended_in_the_middle_of_august_2026():
    found = {one.path: one.retired for one in all_endpoints() if one.path.endswith("/payments")}
    assert found == {"/finance/202309/payments": 1_786_752_000, "/finance/202605/payments": 0}


def found_slips(site, request):
    site.gateway.router = Router(all_endpoints())
    return list(slips(site.gateway, request, site.gateway.answer(request).code))


PATHS = {
    "/order/202309/orders/search/": ["The path is /order/202309/orders/search, with one slash"],
    "//order/202309/orders/search": ["The path is /order/202309/orders/search, with one slash"],
    "/order/202312/orders/search": ["it serves /order/202309/orders/search."],
    "/order/202312/orders": ["it serves /order/202309/orders, /order/202507/orders."],
    "/order/202312/orders/": ["it serves /order/202309/orders, /order/202507/orders."],
    "/product/209912/products/17": [
        "it serves /product/202309/products/{product_id}, /product/202509/products/{product_id}."
    ],
    "/nothing/202309/here": [],
    "/": [],
    "/order": [],
}


@pytest.mark.parametrize("path", PATHS)
def test_the_console_names_the_version_and_the_path_that_are_served(site, path):
    found = found_slips(site, site.request("POST", path))
    assert len(found) == len(PATHS[path])
    assert all(words in slip for words, slip in zip(PATHS[path], found, strict=True))


def test_the_console_names_the_methods_that_a_path_takes(site):
    assert found_slips(site, site.request("GET", SEARCH)) == ["This path takes POST, not GET."]
    for method in ("HEAD", "OPTIONS", "PATCH"):
        request = site.request(method, DETAIL)
        assert site.gateway.answer(request).code in {36009009, 36009010}
        assert found_slips(site, request) == [f"This path takes GET, not {method}."]


def test_the_console_names_shop_and_cipher_that_do_not_fit(site):
    (slip,) = found_slips(site, site.request(query=site.query("US", page_size="10", shop_id="17")))
    assert "shop_id and shop_cipher stand for different shops" in slip


def test_the_console_says_nothing_of_a_request_without_a_slip(site):
    assert found_slips(site, site.request()) == []
    assert found_slips(site, site.request(query=site.query(page_size="0"))) == []


def test_repeated_keys_are_named_in_a_refused_signature_and_all_of_them_shown():
    query = {"ids": "A", "app_key": "k", "sign": "0" * 64}
    found = rejection("secret", RawRequest("GET", DETAIL, query, {}, b"", repeated={"ids": ("A", "B", "C")}))
    assert found.slips == ("ids came 3 times, of which the first counts: lists go comma-joined in one value.",)
    assert "ids=A&ids=B&ids=C" in found.line


def test_repeated_keys_are_all_in_the_log_but_only_the_first_counts(shopper):
    orders = [row["id"] for row in shopper.orders().json()["data"]["orders"][:2]]
    joined = shopper.call("GET", DETAIL, {"ids": ",".join(orders)})
    assert {row["id"] for row in joined.json()["data"]["orders"]} == set(orders)
    assert shopper.running.control("GET", "/requests?limit=1")["requests"][0]["slips"] == []
    url = joined.request.url.replace(f"ids={orders[0]}%2C{orders[1]}", f"ids={orders[0]}&ids={orders[1]}")
    assert shopper.http.get(url, headers=joined.request.headers, timeout=10).json()["code"] == 106001
    (entry,) = shopper.running.control("GET", "/requests?limit=1")["requests"]
    assert entry["query"]["ids"] == orders
    assert "lists go comma-joined" in entry["slips"][0]
    assert "access_token" not in entry["query"]


def test_the_log_page_tells_the_slip(shopper):
    shopper.call("GET", "/order/202312/orders", {"ids": "1"})
    page = shopper.http.get(f"{shopper.running.api_base_url}/console/requests", timeout=10).text
    assert "it serves /order/202309/orders, /order/202507/orders." in page
