"""A market where an invoice comes first: nothing is handed over before the platform has accepted one."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, urlsplit

import pytest
from tiktokshop_sandbox import papers
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.exchange import RawRequest
from tiktokshop_sandbox.shops import World

NOW = 1_790_000_000
INVOICE = b'<?xml version="1.0"?><nfeProc xmlns="http://www.portalfiscal.inf.br/nfe"/>'


@pytest.fixture
def asker(asker_of):
    world = World.open(":memory:", seed=7, shops=1, orders=1500, now=NOW, regions=("BR",))
    yield asker_of(world)
    world.close()


def order(asker, order_id):
    return asker.ask("GET", "/order/202507/orders", {"ids": order_id})["orders"][0]


def upload(asker, package, content, **more):
    file = base64.b64encode(content).decode()
    body = {"invoices": [{"package_id": package, "file_type": "XML", "file": file, **more}]}
    return asker.ask("POST", "/fulfillment/202502/invoice/upload", None, body)


def ship(asker, package):
    return asker.ask("POST", f"/fulfillment/202309/packages/{package}/ship", None, {"handover_method": "DROP_OFF"})


def the_code(call, *args):
    with pytest.raises(ApiError) as refused:
        call(*args)
    return refused.value.code


def waiting(asker):
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "is_buyer_request_cancel": False}
    found = asker.pages("POST", "/order/202309/orders/search", "orders", {"page_size": 100}, body)
    return next(
        each
        for each in found
        if each["fulfillment_type"] == "FULFILLMENT_BY_SELLER"
        and len(each["packages"]) == 1
        and each["line_items"][0]["package_status"] == "TO_FULFILL"
    )


def test_a_package_leaves_once_its_invoice_is_accepted_and_has_labels_for_a_label_printer(asker):
    before = waiting(asker)
    (package,) = [each["id"] for each in before["packages"]]
    assert before["need_upload_invoice"] == "NEED_INVOICE"
    assert the_code(ship, asker, package) == 21004006
    assert upload(asker, package, b"no invoice") == {}
    assert order(asker, before["id"])["need_upload_invoice"] == "INVOICE_PROCESSING"
    assert the_code(ship, asker, package) == 21004020
    asker.now += 60
    assert order(asker, before["id"])["need_upload_invoice"] == "NEED_INVOICE", "it was none"
    upload(asker, package, INVOICE)
    asker.now += 60
    assert order(asker, before["id"])["need_upload_invoice"] == "INVOICE_UPLOADED"
    assert ship(asker, package) == {}
    for kind in ("SHIPPING_LABEL", "INVOICE_LABEL"):
        query = {"document_type": kind, "document_format": "ZPL"}
        parts = urlsplit(
            asker.ask("GET", f"/fulfillment/202309/packages/{package}/shipping_documents", query)["doc_url"]
        )
        request = RawRequest("GET", parts.path, dict(parse_qsl(parts.query)), {}, b"")
        label = papers.answer(asker.world, asker.now, request)
        assert (label.content_type, label.body[:3], label.body[-4:]) == ("application/zpl", b"^XA", b"^XZ\n")


def test_what_is_no_file_or_of_another_order_is_refused_for_itself(asker):
    before = waiting(asker)
    package = before["packages"][0]["id"]
    (error,) = upload(asker, package, INVOICE, order_ids=["17"])["errors"]
    assert (error["code"], error["detail"]) == (21001001, {"package_id": package, "order_ids": ["17"]})
    (error,) = upload(asker, package, b"x" * (1 << 20) + b"x")["errors"]
    assert error["code"] == 21001001
    assert order(asker, before["id"])["need_upload_invoice"] == "NEED_INVOICE"
