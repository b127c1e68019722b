"""A list comes to an end: page tokens that are ever new do not help one that brings nothing new."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiktokshop_client import errors, operations
from tiktokshop_client.walk import MOST_BARREN, Walk

ORDERS = "/order/202309/orders/search"
THREE = [{"id": "1"}, {"id": "2"}, {"id": "3"}]


@pytest.mark.parametrize("total", [3, 0, None])
@pytest.mark.parametrize(
    "rows",
    [
        lambda _: THREE,
        lambda _: [],
        lambda number: THREE[number % 3 :] + THREE[: number % 3],
        lambda number: THREE if number == 1 else [],
        lambda number: [THREE[number % 3]],
    ],
    ids=["the same", "none", "turned round", "none after the first", "one after the other"],
)
@pytest.mark.parametrize("outline", [(), ("id",)])
def test_pages_that_bring_nothing_new_end_in_an_error_however_new_their_tokens(
    platform, client, shop, rows, total, outline
):
    numbers = itertools.count(1)

    def answer(_):
        number = next(numbers)
        count = {} if total is None else {"total_count": total}
        return platform.ok({"orders": rows(number), "next_page_token": f"t{number}", **count})

    platform.on(ORDERS, answer)
    with pytest.raises(errors.PagingError, match="brought nothing new, 10 in a row"):
        list(client(requests_per_second=500).pages(operations.SEARCH_ORDERS, shop=shop, outline=outline))
    assert len(platform.asked(ORDERS)) <= MOST_BARREN + 6


def test_a_few_empty_pages_are_passed_over(platform, client, shop):
    pages = [[{"id": "1"}], *([[]] * (MOST_BARREN - 1)), [{"id": "2"}], *([[]] * (MOST_BARREN - 1)), [{"id": "3"}]]
    tokens = [*(f"t{number}" for number in range(1, len(pages))), ""]
    platform.on(
        ORDERS,
        *(
            platform.ok({"orders": rows, "next_page_token": token, "total_count": 3})
            for rows, token in zip(pages, tokens, strict=True)
        ),
    )
    found = [row["id"] for page in client(requests_per_second=500).pages(operations.SEARCH_ORDERS, shop=shop)
             for row in page.rows]  # fmt: skip
    assert found == ["1", "2", "3"]


@given(
    pages=st.lists(st.integers(1, 5), min_size=1, max_size=60),
    total=st.one_of(st.none(), st.integers(0, 400)),
)
def test_no_list_of_new_rows_is_cut_whatever_its_count_says(pages, total):
    ids = itertools.count()
    walk = Walk("orders")
    for number, size in enumerate(pages):
        walk.see([{"id": next(ids)} for _ in range(size)], total)
        walk.go_on(f"t{number}")
