"""Page tokens: opaque, awkward to escape, and bound to their search."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiktokshop_sandbox.contract import ApiCall, ApiError, Endpoint
from tiktokshop_sandbox.paging import absent_when_empty, page_token, position_of

SEARCH = Endpoint("POST", "/order/202309/orders/search", "", lambda _: {})


@pytest.fixture
def call(site):
    return ApiCall(
        endpoint=SEARCH,
        world=site.world,
        grant=site.tokens.grant,
        now=0,
        host_url="",
        shop=site.shop("US"),
        query={"page_size": 10, "sort_order": "DESC"},
        body={"create_time_ge": 5},
    )


def turned(call, token, **changes):
    return replace(call, query={**call.query, "page_token": token, **changes.pop("query", {})}, **changes)


@pytest.mark.parametrize("position", ["", "7", "42", "100", "1780000000:576461413038785752", "ü" * 30])
def test_a_position_comes_back_and_its_token_needs_escaping(call, position):
    token = page_token(call, position)
    assert all(character in token for character in "+/=")
    assert len(position) < 4 or position not in token  # a few digits are among its letters by chance
    assert position_of(turned(call, token)) == position


def test_the_first_page_has_no_position(call):
    assert position_of(call) is None


def test_the_page_size_may_change_between_pages(call):
    assert position_of(turned(call, page_token(call, "3"), query={"page_size": 50})) == "3"


def test_a_token_in_the_body_counts_too(call):
    assert position_of(replace(call, body={**call.body, "page_token": page_token(call, "3")})) == "3"


@pytest.mark.parametrize(
    "other",
    [
        {"query": {"sort_order": "ASC"}},
        {"body": {"create_time_ge": 6}},
        {"body": {}},
        {"endpoint": replace(SEARCH, path="/return_refund/202602/returns/search")},
    ],
)
def test_a_token_of_another_search_is_refused(call, other):
    with pytest.raises(ApiError) as error:
        position_of(turned(call, page_token(call, "3"), **other))
    assert (error.value.code, error.value.http, error.value.message) == (36009004, 400, "PageToken is invalid")


def test_a_token_of_another_shop_is_refused(call, site):
    with pytest.raises(ApiError, match="PageToken is invalid"):
        position_of(turned(call, page_token(call, "3"), shop=site.shop("GB")))


DAMAGES = {
    "a plus that became a space": lambda token: token.replace("+", " "),
    "cut at the end": lambda token: token[:-4],
    "cut at the beginning": lambda token: token[4:],
    "in lower case": str.lower,
    "not ours": lambda _: "ü",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_token_is_refused(call, damage):
    with pytest.raises(ApiError, match="PageToken is invalid"):
        position_of(turned(call, damage(page_token(call, "1780000000:5764"))))


def test_empty_lists_are_sometimes_left_out_and_full_ones_never(call):
    calls = [replace(call, body={"create_time_ge": second}) for second in range(40)]
    shown = [absent_when_empty(one, {"orders": [], "total_count": 0}, "orders") for one in calls]
    assert {tuple(data) for data in shown} == {("orders", "total_count"), ("total_count",)}
    assert shown == [absent_when_empty(one, {"orders": [], "total_count": 0}, "orders") for one in calls]
    assert all("orders" in absent_when_empty(one, {"orders": [1]}, "orders") for one in calls)
