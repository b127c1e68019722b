"""Edits of listings that must not take away what the shop has: SKUs, their stock, their prices."""

import json

import pytest
import requests
from described import amiss, operation_of
from target_tiktokshop.listings.difference import StaleError, _live_body, _live_price, _merged, _same_value, compare
from target_tiktokshop.listings.proposal import Proposal, bare_value
from target_tiktokshop.listings.reading import ReadError, attributes, decimal, read
from target_tiktokshop.listings.sources import PictureError, stays_outside

EDIT = "POST /product/202509/products/{product_id}/partial_edit"


def two(stall):
    """A live product with two SKUs, and the record that adds a third."""
    skus = [stall.sku(f"MUG-{n}", variations={"Color": color}) for n, color in enumerate(("Black", "Oak"))]
    record, before = stall.live(*skus)
    record["skus"] = [*skus, stall.sku("MUG-9", variations={"Color": "Red"})]
    return record, before


def later(change):
    """The product as it is shown when it is read once more, right before it is edited."""
    seen = []

    def after(path, answer):
        if path.startswith("/product/202309/products/") and "skus" in answer["data"]:
            seen.append(path)
            if len(seen) > 1:
                change(answer["data"])
                return answer
        return None

    return after


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda live: live.pop("skus"), "does not show SKUs that it showed a moment ago"),
        (lambda live: live.update(skus=live["skus"][1:]), "does not show SKUs that it showed a moment ago"),
        (lambda live: live["skus"][0].pop("inventory"), "is shown without its stock"),
        (lambda live: live["skus"][0]["inventory"][0].pop("quantity"), "is shown without its stock"),
        (lambda live: live["skus"][0].update(price=None), "is shown without its price"),
        (lambda live: live["skus"][0]["price"].pop("currency"), "is shown without its price"),
        (lambda live: live["skus"][0].update(combined_skus=[{"sku_id": "1"}]), "is made up of others"),
    ],
    ids=["no list", "one less", "no stock", "no units", "no price", "no currency", "combined"],
)
def test_an_edit_that_would_delete_or_blank_what_is_not_shown_is_not_sent(stall, change, words):
    record, before = two(stall)
    with stall.lab.between(after=later(change)):
        run = stall.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "stale_product")], {})
    assert words in run.row["message"]
    assert stall.shown(before["id"])["skus"] == before["skus"]


def test_what_the_shop_shows_of_a_sku_is_sent_along_as_the_call_takes_it(stall):
    record, _ = two(stall)
    attribute = {
        "id": "9",
        "values": [{"id": "8", "name": "Oak", "metric_standard_info": {"id": "7", "unit_name": "l"}}],
    }

    def more(live):
        live["skus"][0]["inventory"][0] |= {"quantity": "5", "handling_time": 3, "backorder_quantity": 2, "odd": 1}
        live["skus"][0]["combined_skus"] = []

    with stall.lab.between(after=later(more)):
        stall.feed(record)
    entries = stall.lab.sandbox.control("GET", "/requests?limit=100")["requests"]
    sent = next(json.loads(one["body"]) for one in entries if one["operation"] == EDIT)
    assert sent["skus"][0]["inventory"] == [
        {"warehouse_id": stall.places[0], "quantity": 5, "backorder_quantity": 2, "handling_time": 3}
    ]
    merged = _merged("product_attributes", [{"id": "1", "values": [{"id": "2"}]}], {"product_attributes": [attribute]})
    assert merged[0] == {
        "id": "9",
        "values": [{"id": "8", "name": "Oak", "metric_standard_info": {"id": "7", "metric_value_module_infos": []}}],
    }


SHOWN = {
    "id": 1729582718312380123,
    "seller_sku": 17,
    "identifier_code": {"code": 10000000000010, "type": "GTIN", "odd": 1},
    "sku_weight": {"value": 2.5, "unit": "POUND"},
    "sku_unit_count": "",
    "pre_sale": {"type": "PRE_ORDER", "fulfillment_type": {"handling_duration_days": "5", "release_date": None}},
    "external_urls": ["https://example.com/1"],
    "sales_attributes": [
        {"id": 100000, "name": "Color", "value_id": 7, "value_name": "Red", "sku_img": {"uri": "tos/1", "width": 9}}
    ],
    "price": {"sale_price": 12.5, "currency": "USD"},
    "inventory": [{"warehouse_id": 6966568648651605766, "quantity": "5"}],
    "status_info": {"status": "NORMAL"},
}


def test_what_is_shown_in_other_types_and_with_other_fields_is_repeated_in_the_types_of_the_call():
    body = _live_body(SHOWN, None, cross_border=False)
    assert body == {
        "id": "1729582718312380123",
        "seller_sku": "17",
        "identifier_code": {"type": "GTIN", "code": "10000000000010"},
        "sku_weight": {"value": "2.5", "unit": "POUND"},
        "pre_sale": {"type": "PRE_ORDER", "fulfillment_type": {"handling_duration_days": 5}},
        "external_urls": ["https://example.com/1"],
        "price": {"amount": "12.5", "currency": "USD"},
        "inventory": [{"warehouse_id": "6966568648651605766", "quantity": 5}],
        "sales_attributes": [
            {"id": "100000", "name": "Color", "value_id": "7", "value_name": "Red", "sku_img": {"uri": "tos/1"}}
        ],
    }
    shape = operation_of("POST", "/product/202509/products/1/partial_edit")["body"]["properties"]["skus"]["items"]
    assert list(amiss(shape, body, "sku")) == []


@pytest.mark.parametrize(
    "odd", [{"identifier_code": "GTIN"}, {"pre_sale": {"type": ["x"]}}, {"sku_weight": {"value": True}}, {"fees": 5}]
)
def test_what_is_shown_of_a_sku_and_cannot_be_read_is_not_made_blank(odd):
    with pytest.raises(StaleError, match="is shown with values that cannot be repeated"):
        _live_body({**SHOWN, **odd}, None, cross_border=False)


def test_an_attribute_that_is_shown_without_ids_is_not_made_blank():
    rest = {"product_attributes": [{"id": "9", "values": [{"odd": 1}]}]}
    with pytest.raises(ValueError, match="is shown without its id"):
        _merged("product_attributes", [], rest)


def test_prices_of_sellers_from_abroad_keep_both_of_their_amounts():
    price = {"currency": "USD", "sale_price": "11.90", "tax_exclusive_price": "10.00"}
    assert _live_price(price, "SKU", cross_border=True) == {"amount": "10.00", "sale_price": "11.90", "currency": "USD"}
    assert _live_price(price, "SKU", cross_border=False) == {"amount": "11.90", "currency": "USD"}


def test_the_last_skus_of_a_product_are_not_deleted_one_by_one(stall):
    record, before = stall.live()
    gone = {"product_id": before["id"], "skus": [{"seller_sku": "MUG-1", "status": "deleted"}]}
    run = stall.feed(gone, allow_delete=True, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "bad_listing")], {})
    assert "none would be left" in run.row["message"]
    assert record["skus"]


@pytest.mark.parametrize("number", ["1e400", "NaN", "Infinity", "1_000", "٣", 1e300, "9" * 40])
def test_numbers_that_are_none_are_faults_of_a_listing(number):
    with pytest.raises(ReadError):
        decimal(number)


def test_values_of_an_attribute_that_are_no_list_are_a_fault_of_the_record():
    with pytest.raises(ReadError, match="has values that are not a list"):
        attributes([{"id": "1", "values": 3}])


def test_what_the_tap_shows_of_papers_and_measures_is_sent_as_the_call_takes_it():
    metric = {"id": "7", "metric_value_module_infos": [{"id": "1", "value": "2", "unit_id": "3", "unit_name": "l"}]}
    shown = {"id": 8, "name": "Oak", "metric_standard_info": metric, "odd": 1}
    assert bare_value(shown) == {
        "id": "8",
        "name": "Oak",
        "metric_standard_info": {"id": "7", "metric_value_module_infos": [{"id": "1", "value": "2", "unit_id": "3"}]},
    }
    assert _same_value(bare_value({**shown, "id": ""}), {**shown, "id": ""})
    assert not _same_value({"metric_standard_info": {"id": "6"}}, {"metric_standard_info": metric})
    paper = {"id": "1", "files": [{"id": "2", "name": "a.pdf", "format": "PDF", "urls": ["https://x"]}]}
    wanted = read([{"certifications": [paper]}])
    assert wanted.fields["certifications"][0]["files"] == [{"id": "2", "name": "a.pdf", "format": "PDF"}]


def redirect(source, target):
    answer = requests.Response()
    answer.status_code, answer.url, answer.headers["location"] = 302, source, target
    return answer


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/a.png", "http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::1]/a.png"]
)
def test_a_server_of_the_open_internet_does_not_send_us_into_a_private_network(target):
    with pytest.raises(PictureError, match="sends us to a private network"):
        stays_outside(redirect("http://1.1.1.1/a.png", target))


def test_other_redirects_of_pictures_are_followed():
    for source, target in (("http://1.1.1.1/", "http://8.8.8.8/a.png"), ("http://127.0.0.1/", "http://127.0.0.1/b")):
        assert stays_outside(redirect(source, target)) is None


def test_a_measure_without_a_name_that_differs_is_an_edit():
    def measured(value):
        parts = [{"id": "1", "value": value, "unit_id": "3"}]
        info = {"metric_standard_info": {"id": "7", "metric_value_module_infos": parts}}
        return [{"id": "9", "values": [info]}]

    live = {"product_attributes": measured("2")}
    assert compare(Proposal({"product_attributes": measured("2")}), live, str).empty
    found = compare(Proposal({"product_attributes": measured("4")}), live, str)
    assert found.fields == {"product_attributes": measured("4")}
    assert (found.before, found.after) == (
        {"product_attributes": {"9": ["2 (3)"]}},
        {"product_attributes": {"9": ["4 (3)"]}},
    )
