"""The page on which the seller lets an app in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest


def came_back(answer):
    assert answer.status_code == 302
    where = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(where.query, keep_blank_values=True).items()}
    return f"{where.scheme}://{where.netloc}{where.path}", query


@pytest.mark.parametrize(("path", "name"), [("/open/authorize", "service_id"), ("/oauth/authorize", "app_key")])
def test_both_addresses_show_the_form(shopper, path, name):
    app = shopper.running.control("GET", "")["app"]
    answer = shopper.http.get(shopper.running.auth_base_url + path, params={name: app[name]}, timeout=10)
    assert answer.status_code == 200
    assert '<form method="post">' in answer.text
    for shop in shopper.shops():
        assert shop["id"] in answer.text


@pytest.mark.parametrize("path", ["/open/authorize", "/oauth/authorize?service_id=1&app_key=2"])
def test_an_unknown_app_has_no_form(shopper, path):
    answer = shopper.http.get(shopper.running.auth_base_url + path, timeout=10)
    assert answer.status_code == 400
    assert "<form" not in answer.text


def test_approval_sends_the_browser_back_with_a_code(shopper):
    where, query = came_back(shopper.consent(state="a b&c"))
    assert where == shopper.running.control("GET", "")["app"]["redirect_uri"]
    assert query.pop("code").startswith("TTP_")
    assert query == {
        "state": "a b&c",
        "app_key": shopper.running.app_key,
        "locale": "en",
        "shop_region": shopper.shops()[0]["region"],
    }


def test_denial_sends_the_browser_back_without_a_code(shopper):
    _, query = came_back(shopper.consent("deny"))
    assert "code" not in query
    assert (query["error"], query["state"]) == ("access_denied", "xyz")


def test_a_seller_may_let_the_app_into_one_shop_only(shopper):
    second = shopper.shops()[1]
    _, query = came_back(shopper.consent(shop=[second["id"]]))
    shopper.token_host("get", auth_code=query["code"], grant_type="authorized_code")
    shops = shopper.call("GET", "/authorization/202309/shops", shop=None).json()["data"]["shops"]
    assert [shop["id"] for shop in shops] == [second["id"]]


def test_the_redirect_uri_is_the_apps_and_can_be_changed_in_the_console(shopper):
    before = shopper.running.control("GET", "")["app"]["redirect_uri"]
    shopper.running.control("PUT", "/app", {"redirect_uri": "https://example.com/in?tenant=4"})
    try:
        where, query = came_back(shopper.consent())
    finally:
        shopper.running.control("PUT", "/app", {"redirect_uri": before})
    assert where == "https://example.com/in"
    assert query["tenant"] == "4"
