"""What shows products lags behind what made them: however it does, a product is listed once."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SEARCH = "/product/202502/products/search"
GET = "/product/202309/products/"
NUMBERS = count(1)


class Lag:
    """For each call that shows products, whether it lags: it does not know the products that are new."""

    def __init__(self, calls):
        self.calls = iter(calls)

    def __call__(self, path, answer):
        shows = path == SEARCH or (path.startswith(GET) and path != GET)
        if not shows or answer.get("code") or not next(self.calls, False):
            return None
        if path == SEARCH:
            answer["data"]["products"] = []
            return answer
        return {"code": 12052048, "message": "not listed in your account or shop", "request_id": "x"}


@pytest.mark.slow
@given(lags=st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=4), lost=st.booleans())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_lists_and_products_lag_a_product_is_listed_once(stall, lags, lost):
    number = f"LAG-{next(NUMBERS)}"
    record = stall.record(stall.sku(number))
    if lost:
        stall.lab.fault("reset_middle", path="/product/202309/products", next=1)
        stall.feed(record, max_rejected_percent=100)
        stall.lab.sandbox.control("DELETE", "/faults")
    outcomes = []
    for calls in [*lags, []]:
        with stall.lab.between(after=Lag(calls)):
            run = stall.feed(record, max_rejected_percent=100, max_changed_listings_percent=100)
        outcomes.append(run.row["outcome"])
    listed = [row for row in stall.lab.products("PENDING") if row["skus"][0]["seller_sku"] == number]
    assert len(listed) == 1
    assert set(outcomes) <= {"in_review", "rejected"}
    assert outcomes[-1] == "in_review"


def test_a_product_that_is_not_shown_long_after_it_was_made_is_rejected_and_not_made_again(stall, monkeypatch):
    record = stall.record()
    stall.feed(record)
    monkeypatch.setattr("target_tiktokshop.streams.listings.PATIENCE", 0)
    with stall.lab.between(after=Lag([True] * 9)):
        run = stall.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "unseen_product")], {})
    assert "which the shop does not show, so nothing was sent" in run.row["message"]
