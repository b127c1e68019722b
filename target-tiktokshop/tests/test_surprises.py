"""Whatever is odd about one row, in looking, sending or reading back, is that row's outcome and nobody else's."""

import copy
import random

import pytest
from target_tiktokshop.settings import SETTINGS
from target_tiktokshop.writing.outcomes import CODES, documented

NUMBER = "9400112345670000000"
HOSTILE = [None, "", "soon", 5, -1, 1e300, True, [], {}, [None], [5], [[]], {"a": 1}, "9" * 400, "\x00"]
ORDERS = "/order/202507/orders"


@pytest.fixture
def lab(lab_of):
    with lab_of(orders=2_000, shops=1) as made:
        yield made


@pytest.fixture
def waiting(lab):
    """Orders that can be shipped now."""
    found = lab.orders(order_status="AWAITING_SHIPMENT")
    return [order for order in found if not order["is_buyer_request_cancel"]][:4]


def track(orders):
    return [
        {"order_id": order["id"], "tracking_number": f"{NUMBER}{place:02}", "shipping_provider": "USPS"}
        for place, order in enumerate(orders)
    ]


def altering(order_id, alter, reads=(1, 2, 3, 4, 5)):
    """Shows one order otherwise, at some of the times that it is read."""
    seen = []

    def after(path, answer):
        if path != ORDERS:
            return None
        for order in answer["data"].get("orders") or []:
            if order["id"] == order_id:
                seen.append(order_id)
                if len(seen) in reads:
                    alter(order)
        return answer

    return after


def all_lines(**facts):
    return lambda order: [line.update(facts) for line in order["line_items"]]


def setting(name, value):
    return lambda order: order.update({name: value})


ODD = {
    "all lines cancelled one by one": (all_lines(display_status="CANCELLED"), "no_lines"),
    "no list of lines": (lambda order: order.pop("line_items"), "no_lines"),
    "lines that are nothing": (setting("line_items", None), "no_lines"),
    "an object for the lines": (setting("line_items", {"a": 1}), "odd_answer"),
    "a number for the lines": (setting("line_items", 5), "odd_answer"),
    "a text for the lines": (setting("line_items", "none"), "odd_answer"),
    "a line that is nothing": (setting("line_items", [None]), "odd_answer"),
    "a number for the packages": (setting("packages", 5), "odd_answer"),
    "a package that is nothing": (setting("packages", [None]), "odd_answer"),
    "a time that is none": (all_lines(tracking_number="OLD", rts_time="soon"), "odd_answer"),
    "a time in a list": (all_lines(tracking_number="OLD", rts_time=[5]), "odd_answer"),
}


@pytest.mark.parametrize("case", ODD)
def test_one_odd_order_is_rejected_with_a_reason_and_the_others_go_out(lab, waiting, case):
    alter, code = ODD[case]
    with lab.between(after=altering(waiting[1]["id"], alter)):
        run = lab.feed("tracking", *track(waiting), dry_run=True, max_rejected_percent=50)
    assert run.error is None
    assert [outcome for outcome, _ in run.outcomes] == ["planned", "rejected", "planned", "planned"]
    assert run.rows[1]["code"] == code
    assert len(run.rows[1]["message"]) > 40


def test_an_order_that_is_odd_when_it_is_read_back_is_unconfirmed_and_the_others_are_applied(lab, waiting):
    with lab.between(after=altering(waiting[2]["id"], setting("line_items", 5), reads=(2, 3, 4, 5, 6, 7, 8))):
        run = lab.feed("tracking", *track(waiting))
    assert run.error is None
    assert run.outcomes == [("applied", None)] * 2 + [("unconfirmed", "odd_answer"), ("applied", None)]
    assert "may have been sent" in run.rows[2]["message"]
    assert sum(run.writes.values()) == 4


@pytest.mark.parametrize("warning", ["a text", 5, [], {"message": 5}, [None]])
def test_an_odd_answer_to_a_call_is_settled_by_what_the_shop_shows(lab, waiting, warning):
    def after(path, answer):
        return {**answer, "data": {"warning": warning}} if path.endswith("/packages") else None

    with lab.between(after=after):
        run = lab.feed("tracking", *track(waiting[:2]))
    assert (run.error, [outcome for outcome, _ in run.outcomes]) == (None, ["applied", "applied"])


@pytest.mark.parametrize("errors", [5, "x", {}, [None], ["x"], [{}], [{"detail": 5, "code": "x"}], [{"detail": {"extra_errors": 5}}]])  # fmt: skip  # noqa: E501
def test_odd_refusals_of_a_product_are_none_of_the_others(lab, errors):
    products = lab.plain()[:3]
    records = [
        {"sku_id": product["skus"][0]["id"], "quantity": product["skus"][0]["inventory"][0]["quantity"] + 1}
        for product in products
    ]

    def after(path, answer):
        odd = path.endswith(f"/{products[1]['id']}/inventory/update")
        return {**answer, "data": {"errors": errors}} if odd else None

    with lab.between(after=after):
        run = lab.feed("inventory", *records, max_rejected_percent=50)
    assert run.error is None
    assert [run.rows[place]["outcome"] for place in (0, 2)] == ["applied", "applied"]
    assert run.rows[1]["outcome"] in {"applied", "rejected"}


# -- anything, anywhere --------------------------------------------------------------------------------------------


def places(node, depth=0):
    """(container, key) of everything inside a JSON value."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(inside):
        yield node, key
        if depth < 6:
            yield from places(value, depth + 1)


def spoil(answer, rng):
    """Replaces one thing somewhere in an answer's data, or takes it away."""
    found = [place for place in places(answer.get("data")) if place[1] not in {"next_page_token", "total_count"}]
    if not found:
        return
    holder, key = rng.choice(found)
    if isinstance(holder, dict) and rng.random() < 0.2:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(rng.choice(HOSTILE))


def feeds(lab, waiting):
    """Records of all streams that read something."""
    products = lab.plain()[:4]
    skus = [product["skus"][0] for product in products]
    cancelled = [{"order_id": order["id"], "cancel_reason": "seller_cancel_reason_out_of_stock"} for order in waiting]
    return {
        "inventory": [{"seller_sku": sku["seller_sku"], "quantity": 60} for sku in skus],
        "prices": [
            {"sku_id": sku["id"], "amount": f"{float(sku['price']['sale_price']) + 1:.2f}", "currency": "USD"}
            for sku in skus
        ],
        "tracking": track(waiting),
        "product_status": [{"product_id": product["id"], "status": "inactive"} for product in products],
        "order_cancellations": cancelled,
        "cancellation_decisions": [{"cancel_id": "17", "decision": "approve"}],
        "return_decisions": [{"return_id": "17", "decision": "approve"}],
        "external_order_references": [
            {"order_id": order["id"], "platform": "SHOPIFY", "external_order_id": "1"} for order in waiting
        ],
    }


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_platform_shows_every_record_has_an_outcome_that_is_documented(lab, waiting, seed):
    rng = random.Random(seed)
    feed = feeds(lab, waiting)

    def after(path, answer):
        if path.startswith(("/authorization", "/api")):
            return None
        spoil(answer, rng)
        return answer

    with lab.between(after=after):
        for stream, records in feed.items():
            plan = rng.random() < 0.7
            run = lab.feed(stream, *records, dry_run=plan, max_rejected_percent=100, max_tries=1)
            assert type(run.error).__module__.startswith(("tiktokshop_client", "target_tiktokshop", "builtins"))
            assert run.error is None or not type(run.error).__module__.startswith("builtins"), repr(run.error)
            if run.error is None:
                assert len(run.rows) == len(records)
            for row in run.rows:
                assert documented(row["outcome"], row["code"], frozenset(SETTINGS)), row


def test_a_surprise_has_words_in_the_table():
    assert {"odd_answer", "no_lines", "deleted_row"} <= CODES.keys()
