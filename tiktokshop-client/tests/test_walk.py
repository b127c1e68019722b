"""A list comes to an end: page tokens that are ever new do not help one that brings nothing new."""

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiktokshop_client import errors, operations
from tiktokshop_client.calls.walk import CAPPED, MOST_BARREN, MOST_BEYOND, MOST_KNOWN, MOST_PAGES, Walk

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
    assert walked([total] * len(pages), pages) == len(pages)


def walked(counts, sizes=None):
    """Walks through pages of new rows, one for each count; returns how many it has come through."""
    ids = itertools.count()
    walk = Walk("orders")
    number = 0
    for number, (count, size) in enumerate(zip(counts, sizes or itertools.repeat(100), strict=False), 1):
        walk.see([{"id": next(ids)} for _ in range(size)], count)
        walk.go_on(f"t{number}")
    return number


@pytest.mark.parametrize(
    "counts",
    [
        [None] * 300,
        [2_999] * 30,
        [1_500] * 30,
        [3_000, *([2_000] * 29)],
        [100] * 100,
        [3] * 99,
        [CAPPED] * 500,
        [9_000] * 30 + [CAPPED] * 500,
        range(100, 60_000, 100),
        [1] + [None] * 98,
    ],
    ids=[
        "none",
        "one too small",
        "half",
        "rows leave",
        "that of the page",
        "stale",
        "capped",
        "capped later",
        "as far as read",
        "once",
    ],
)
def test_a_count_that_is_wrong_cuts_no_list(counts):
    assert walked(counts) == len(counts)


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("count", [1, 3, 50, 900, CAPPED - 1])
def test_new_rows_without_end_beside_a_count_end_soon_behind_it(count, size):
    with pytest.raises(
        errors.PagingError, match=f"orders: the list does not end: .* rows of {count} counted"
    ) as caught:
        walked(itertools.repeat(count), itertools.repeat(size))
    pages = int(str(caught.value).rsplit("on ", 1)[1].split()[0])
    assert pages == -(-count // size) + MOST_BEYOND


def test_new_rows_without_end_that_nobody_counts_end_too():
    with pytest.raises(errors.PagingError, match=f"the list does not end: {MOST_PAGES} rows on {MOST_PAGES} pages"):
        walked(itertools.repeat(None), itertools.repeat(1))


def test_new_rows_without_end_end_in_an_error_of_the_client(platform, client, shop):
    numbers = itertools.count(1)

    def answer(_):
        number = next(numbers)
        return platform.ok({"orders": [{"id": f"{number}"}], "next_page_token": f"t{number}", "total_count": 3})

    platform.on(ORDERS, answer)
    with pytest.raises(errors.PagingError, match=r"shop 7495 .*: the list does not end: 103 rows of 3 counted"):
        list(client(requests_per_second=500).pages(operations.SEARCH_ORDERS, shop=shop))


def test_long_page_tokens_are_not_kept_and_a_circle_of_them_is_noticed():
    walk = Walk("orders")
    tracemalloc.start()
    for number in range(300):
        walk.see([number], None)
        walk.go_on(f"{number}" * 20_000)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 200_000
    walk.see([300], None)
    with pytest.raises(errors.PagingError, match="repeats a page token on page 301"):
        walk.go_on("7" * 20_000)


def test_no_more_tokens_and_rows_are_kept_in_mind_than_a_bound():
    walk = Walk("orders")
    for number in range(2 * MOST_KNOWN):
        walk.see([number], None)
        walk.go_on(f"t{number}")
    assert len(walk._tokens) <= MOST_KNOWN
    assert len(walk._known) <= MOST_KNOWN
