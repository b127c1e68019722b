"""The figures of a run at a Prometheus Pushgateway: a server on this machine takes what really comes."""

from collections import Counter

import pytest
from pushed import figures, gateway

STOCK = "POST /product/202309/products/{product_id}/inventory/update"


@pytest.mark.parametrize(("lowest", "failed"), [(100, False), (0, True)])
def test_a_run_sends_what_became_of_its_records_and_what_each_shop_was_asked(lab, monkeypatch, lowest, failed):
    """However it ends: once all is done, once too much of it was rejected."""
    monkeypatch.setenv("TIKTOKSHOP_LOG_SELLER", "anna")
    live = [(sku["id"], sku["inventory"][0]["quantity"]) for product in lab.plain()[:3] for sku in product["skus"][:1]]
    lab.fault("rate_limit", path="/product/202309/inventory/search", next=2)
    records = [{"sku_id": sku, "quantity": quantity + 1} for sku, quantity in live]
    records += [{"sku_id": live[0][0], "quantity": -1}]
    with gateway() as (address, came):
        run = lab.feed("inventory", *records, metrics_gateway=address, max_rejected_percent=lowest)
    ((_, path, text),) = came
    sent = figures(text)
    assert path == "/metrics/job/target-tiktokshop/seller/anna"
    outcomes = Counter(outcome for outcome, _ in run.outcomes)
    assert outcomes["rejected"] >= 1
    assert (run.error is not None) == failed
    assert {key: value for key, value in sent.items() if key[0] == "rows"} == {
        ("rows", outcome, "" if outcome == "rejected" else lab.us.id, "inventory"): count  # that one is no quantity
        for outcome, count in outcomes.items()
    }
    calls = sum(value for (name, *_), value in sent.items() if name == "calls")
    assert calls == run.calls
    assert (sent["refusals", lab.us.id], sent["retries", lab.us.id]) == (2, 2)
    assert sent["wait_seconds", lab.us.id] >= 0
    assert sent["run_ended_seconds"] > 1_700_000_000
