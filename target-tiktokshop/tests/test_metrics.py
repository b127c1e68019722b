"""The figures of a run at a Prometheus Pushgateway: a server on this machine takes what really comes."""

import contextlib
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

STOCK = "POST /product/202309/products/{product_id}/inventory/update"


@contextlib.contextmanager
def gateway():
    """Address, and what comes there: path and figures, (name, its labels) -> value."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            lines = re.findall(r"^tiktokshop_(\w+)(?:\{(.*)\})? ([\d.e+-]+)$", text, re.MULTILINE)
            figures = {(name, *re.findall(r'"(.*?)"', labels)): float(value) for name, labels, value in lines}
            came.append((self.path, figures))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", came
    server.shutdown()
    server.server_close()
    thread.join()


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
    ((path, figures),) = came
    assert path == "/metrics/job/target-tiktokshop/seller/anna"
    outcomes = Counter(outcome for outcome, _ in run.outcomes)
    assert outcomes["rejected"] >= 1
    assert (run.error is not None) == failed
    assert {key: value for key, value in figures.items() if key[0] == "rows"} == {
        ("rows", outcome, "" if outcome == "rejected" else lab.us.id, "inventory"): count  # that one is no quantity
        for outcome, count in outcomes.items()
    }
    calls = sum(value for (name, *_), value in figures.items() if name == "calls")
    assert calls == run.calls
    assert (figures["refusals", lab.us.id], figures["retries", lab.us.id]) == (2, 2)
    assert figures["wait_seconds", lab.us.id] >= 0
    assert figures["run_ended_seconds",] > 1_700_000_000
