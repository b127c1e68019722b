"""A client none of us wrote, with its own signing and its own models, meets the sandbox."""

from __future__ import annotations

import importlib
import io
import json
import struct
import sys
import time
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import tiktokshop_sandbox

if sys.version_info < (3, 11):
    pytest.skip("tiktok-shop-api needs Python 3.11", allow_module_level=True)


class Later:
    """A module that is imported when it is first needed: who only collects tests need not wait for 1,100 models."""

    def __init__(self, module: str) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.module), name)


library = Later("tiktok_shop_api")
models = Later("tiktok_shop_api.generated.models")
types = Later("tiktok_shop_api.generated.types")


@pytest.fixture(scope="module")
def running():
    with tiktokshop_sandbox.start(orders=250, rps=1000) as running:
        yield running


@pytest.fixture(scope="module")
def auth(running):
    status = running.control("GET", "")
    service = status["app"]["service_id"]
    return library.TikTokShopAuth(running.app_key, running.app_secret, service, base_url=running.auth_base_url)


@pytest.fixture(scope="module")
def tokens(running, auth):
    """A token pair for a code that came through the consent page."""
    where = urlsplit(auth.authorization_url(type="seller", region="us", state="s 1"))
    form = {"decision": "approve", "shop": [shop["id"] for shop in running.control("GET", "")["shops"]]}
    url = f"{running.auth_base_url}{where.path}?{where.query}"
    back = requests.post(url, data=form, allow_redirects=False, timeout=10).headers["location"]
    query = parse_qs(urlsplit(back).query)
    assert query["state"] == ["s 1"]
    return auth.exchange_code(query["code"][0])


@pytest.fixture(scope="module")
def client(running, tokens):
    with library.TikTokShop(
        running.app_key, running.app_secret, tokens.access_token, base_url=running.api_base_url
    ) as client:
        yield client


@pytest.fixture(scope="module")
def shops(client):
    return client.authorization.get_authorized_shops().data.shops


@pytest.fixture(scope="module", params=["US", "GB"])
def shop(client, shops, request):
    """The client for one shop, and what the sandbox says that shop holds."""
    found = next(shop for shop in shops if shop.region == request.param)
    with client.with_shop(shop_cipher=found.cipher) as shop:
        shop.id = found.id
        yield shop


@pytest.fixture
def held(running, shop):
    return running.control("GET", "/counts")[shop.id]


def pages(fetch, key):
    """All rows of a paged list, and the total it announced."""
    rows, token = [], None
    while True:
        data = fetch(**({"page_token": token} if token else {})).data.to_dict()
        rows += data.get(key) or []
        token = data.get("next_page_token")
        if not token:
            return rows, data.get("total_count")


def test_a_code_from_the_consent_page_gives_a_seller_its_tokens(tokens):
    assert tokens.user_type == 0
    assert tokens.access_token_expire_in == pytest.approx(time.time() + 7 * 86400, abs=60)
    assert "seller.order.info" in tokens.granted_scopes


def test_a_refresh_gives_a_new_pair_and_kills_the_old_refresh_token(running, auth, tokens):
    new = auth.refresh(tokens.refresh_token)
    with library.TikTokShop(
        running.app_key, running.app_secret, new.access_token, base_url=running.api_base_url
    ) as client:
        assert client.authorization.get_authorized_shops().code == 0
    with pytest.raises(library.TikTokShopError) as refused:
        auth.refresh(tokens.refresh_token)
    assert refused.value.code == 36004005


def test_a_wrong_secret_is_a_wrong_signature(running, tokens):
    with (
        library.TikTokShop(running.app_key, "wrong", tokens.access_token, base_url=running.api_base_url) as client,
        pytest.raises(library.TikTokShopError) as refused,
    ):
        client.authorization.get_authorized_shops()
    assert (refused.value.code, refused.value.http_status) == (106001, 401)


def test_the_seller_has_a_us_and_a_gb_shop(shops, client):
    assert {shop.region for shop in shops} == {"US", "GB"}
    assert {shop.id for shop in client.seller.get_active_shops().data.shops} == {shop.id for shop in shops}


def test_it_pages_through_all_orders(shop, held):
    search = shop.orders.get_order_list
    body = models.GetOrderListRequest.from_dict({})
    orders, total = pages(lambda **page: search(page_size=40, body=body, **page), "orders")
    assert len({order["id"] for order in orders}) == len(orders) == total == held["orders"]
    for order in orders:
        assert order["line_items"], order["id"]


def test_it_pages_through_all_products(shop, held):
    body = models.SearchProductsRequest.from_dict({"status": "ALL"})
    products, total = pages(lambda **page: shop.products.search_products(page_size=30, body=body, **page), "products")
    assert len({product["id"] for product in products}) == len(products) == total
    deleted = models.SearchProductsRequest.from_dict({"status": "DELETED"})
    gone, _ = pages(lambda **page: shop.products.search_products(page_size=30, body=deleted, **page), "products")
    assert gone
    assert {product["status"] for product in gone} == {"DELETED"}
    assert len(products) == held["products"]
    assert {product["id"] for product in products}.isdisjoint(product["id"] for product in gone)


def test_it_pages_through_all_returns(shop, held):
    body = models.SearchReturnsRequest.from_dict({})
    search = shop.return_and_refund.search_returns
    returns, total = pages(lambda **page: search(page_size="10", body=body, **page), "return_orders")
    assert len({item["return_id"] for item in returns}) == len(returns) == total == held["returns"]


def test_it_pages_through_all_statements_and_their_transactions(shop, held):
    finance = shop.finance
    listed, _ = pages(
        lambda **page: finance.get_statements(page_size=30, sort_field="statement_time", **page), "statements"
    )
    assert len({statement["id"] for statement in listed}) == len(listed) == held["statements"]
    found = 0
    for statement in listed:
        rows, total = pages(
            lambda statement=statement, **page: finance.get_transactions_by_statement(
                statement["id"], page_size=50, sort_field="order_create_time", **page
            ),
            "transactions",
        )
        assert len(rows) == total
        found += len(rows)
    assert found == held["statement_transactions"]


def test_it_updates_an_inventory_and_reads_it_back(shop):
    body = models.SearchProductsRequest.from_dict({"status": "ACTIVATE"})
    product = shop.products.search_products(page_size=1, body=body).data.products[0]
    sku = shop.products.get_product(product.id).data.skus[0].to_dict()
    wanted = {entry["warehouse_id"]: 4321 + n for n, entry in enumerate(sku["inventory"])}
    stock = [{"warehouse_id": warehouse, "quantity": quantity} for warehouse, quantity in wanted.items()]
    change = models.UpdateInventoryRequest.from_dict({"skus": [{"id": sku["id"], "inventory": stock}]})

    answer = shop.products.update_inventory(product.id, body=change)
    assert answer.code == 0
    assert not answer.to_dict().get("data", {}).get("errors")

    again = next(s for s in shop.products.get_product(product.id).data.skus if s.id == sku["id"]).to_dict()
    assert {entry["warehouse_id"]: entry["quantity"] for entry in again["inventory"]} == wanted
    found = shop.products.inventory_search(body=models.InventorySearchRequest.from_dict({"sku_ids": [sku["id"]]}))
    (read,) = found.data.inventory[0].to_dict()["skus"]
    available = {entry["warehouse_id"]: entry["available_quantity"] for entry in read["warehouse_inventory"]}
    assert available == wanted


def ready(shop):
    """An order whose parcel the platform's carrier takes."""
    body = models.GetOrderListRequest.from_dict({"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK"})
    orders, _ = pages(lambda **page: shop.orders.get_order_list(page_size=100, body=body, **page), "orders")
    own = [order for order in orders if order["fulfillment_type"] == "FULFILLMENT_BY_SELLER"]
    return next(order for order in own if not order["is_buyer_request_cancel"])


def test_it_ships_a_package_of_the_platform_and_fetches_its_label(shop, shops):
    order = ready(shop)
    if next(one.region for one in shops if one.id == shop.id) == "US":
        body = models.CreatePackagesRequest.from_dict({"ship_type": "1", "order_id": order["id"]})
        package = shop.fulfillment.create_packages(body=body).data.package_id
    else:
        package = order["packages"][0]["id"]
        slots = shop.fulfillment.get_package_handover_time_slots(package).data.to_dict()["pickup_slots"]
        slot = {name: time for name, time in next(s for s in slots if s["avaliable"]).items() if name != "avaliable"}
        parcel = {"id": package, "handover_method": "PICKUP", "pickup_slot": slot}
        answer = shop.fulfillment.batch_ship_packages(
            body=models.BatchShipPackagesRequest.from_dict({"packages": [parcel]})
        )
        assert not answer.to_dict().get("data", {}).get("errors")
    document = shop.fulfillment.get_package_shipping_document(package, document_type="SHIPPING_LABEL").data
    label = requests.get(document.doc_url, timeout=10)
    assert (label.headers["content-type"], label.content[:5]) == ("application/pdf", b"%PDF-")
    assert document.tracking_number.encode() in label.content


def png(side):
    """A white square, as small as can be."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\xff" * (side * (side // 8 + 2)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_it_uploads_a_picture_lists_a_product_with_it_and_edits_the_product(running, client, shop):
    picture = models.UploadProductImageRequest(types.File(io.BytesIO(png(600)), "mug.png", "image/png"))
    uploaded = client.products.upload_product_image(body=picture).data
    assert (uploaded.width, uploaded.height) == (600, 600)
    unit = shop.products.get_product(
        shop.products.search_products(page_size=1, body=models.SearchProductsRequest.from_dict({"status": "ACTIVATE"}))
        .data.products[0]
        .id
    ).data.skus[0]
    sku = {
        "seller_sku": "FOREIGN-1",
        "price": {"amount": "12.50", "currency": unit.price.currency},
        "inventory": [{"warehouse_id": unit.inventory[0].warehouse_id, "quantity": 7}],
    }
    body = {
        "title": "A mug of stoneware from Lisbon",
        "description": "<p>Holds tea.</p>",
        "category_id": "853000",
        "category_version": "v2",
        "main_images": [{"uri": uploaded.uri}],
        "package_weight": {"value": "0.5", "unit": "KILOGRAM"},
        "package_dimensions": {"length": "10", "width": "10", "height": "9", "unit": "CENTIMETER"},
        "product_attributes": [{"id": "100701", "values": [{"id": "1004101"}]}],
        "skus": [sku],
    }
    made = shop.products.create_product(body=models.CreateProductRequest.from_dict(body)).data
    assert made.skus[0].seller_sku == "FOREIGN-1"
    running.control("POST", "/clock", {"advance": 3_600})
    listed = shop.products.get_product(made.product_id).data
    assert (listed.title, listed.status) == ("A mug of stoneware from Lisbon", "ACTIVATE")
    assert [image.uri for image in listed.main_images] == [uploaded.uri]

    change = models.PartialEditProductRequest.from_dict({"title": "A mug of the finest stoneware"})
    assert shop.products.partial_edit_product(made.product_id, body=change).data.audit.status == "AUDITING"
    running.control("POST", "/clock", {"advance": 3_600})
    edited = shop.products.get_product(made.product_id).data
    assert edited.title == "A mug of the finest stoneware"
    assert edited.skus[0].inventory[0].quantity == 7


def test_it_reads_a_conversation_and_answers_it(client, shops):
    answered = 0
    for one in shops:
        with client.with_shop(shop_cipher=one.cipher) as shop:
            service = shop.customer_service
            rows, _ = pages(
                lambda service=service, **page: service.get_conversations(page_size=20, **page), "conversations"
            )
            for conversation in [row["id"] for row in rows if row["can_send_message"]][:1]:
                read = models.MarkBuyerMessagesAsReadRequest.from_dict({})
                assert service.mark_buyer_messages_as_read(conversation, body=read).code == 0
                said = {"type": "TEXT", "content": json.dumps({"content": "It leaves today."})}
                body = models.SendMessageRequest.from_dict({**said, "sender_role": "CUSTOMER_SERVICE"})
                sent = service.send_message(conversation, body=body).data
                latest = service.get_conversation_messages(conversation, page_size=10).data.messages[0]
                assert (latest.id, json.loads(latest.content)) == (sent.message_id, {"content": "It leaves today."})
                file = types.File(io.BytesIO(png(600)), "mug.png", "image/png")
                picture = service.upload_image_for_buyer_messages(
                    body=models.UploadImageForBuyerMessagesRequest(file)
                ).data
                assert (picture.width, picture.height) == (600, 600)
                said = {"type": "IMAGE", "content": json.dumps(picture.to_dict())}
                service.send_message(conversation, body=models.SendMessageRequest.from_dict(said))
                latest = service.get_conversation_messages(conversation, page_size=10).data.messages[0]
                assert (latest.type_, json.loads(latest.content)) == ("IMAGE", picture.to_dict())
                answered += 1
    assert answered >= 1


def test_it_calculates_a_refund_and_makes_it(shop):
    body = models.GetOrderListRequest.from_dict({"order_status": "DELIVERED"})
    orders, _ = pages(lambda **page: shop.orders.get_order_list(page_size=100, body=body, **page), "orders")
    returned = models.SearchReturnsRequest.from_dict({"order_ids": [order["id"] for order in orders]})
    back, _ = pages(
        lambda **page: shop.return_and_refund.search_returns(page_size="50", body=returned, **page), "return_orders"
    )
    key = next(order["id"] for order in orders if order["id"] not in {one["order_id"] for one in back})
    skus = shop.return_and_refund.get_aftersale_eligibility(
        key, request_types=[models.GetAftersaleEligibilityRequestTypesItem.REFUND]
    ).data.sku_eligibility
    (line,) = [one for one in skus[0].line_item_eligibility if one.request_type == "REFUND"]
    assert line.eligible is True
    reason = next(name for name in line.available_reason_names if "damaged" in name)
    asked = models.CalculateRefundRequest.from_dict({"order_id": key, "request_type": "REFUND", "reason_name": reason})
    total = shop.return_and_refund.calculate_refund(body=asked).data.order_refund_amount.refund_total
    wanted = {"order_id": key, "return_type": "REFUND", "return_reason": reason, "refund_total": total}
    for _ in range(2):
        made = shop.return_and_refund.create_return(
            body=models.CreateReturnRequest.from_dict(wanted), idempotency_key="foreign-1"
        ).data
    one = models.SearchReturnsRequest.from_dict({"order_ids": [key]})
    (shown,) = pages(
        lambda **page: shop.return_and_refund.search_returns(page_size="10", body=one, **page), "return_orders"
    )[0]
    assert (shown["return_id"], shown["refund_amount"]["refund_total"]) == (made.return_id, total)


def test_it_makes_a_promotion_puts_products_in_changes_it_and_ends_it(shop):
    promotion = shop.promotion
    listed, _ = pages(
        lambda **page: promotion.search_promotion_activities(
            body=models.SearchPromotionActivitiesRequest.from_dict({"page_size": 100, **page})
        ),
        "activities",
    )
    shown = [
        promotion.get_activity(row["id"]).data.to_dict() for row in listed if row["status"] in {"NOT_START", "ONGOING"}
    ]
    taken = {product["id"] for row in shown for product in row.get("products") or ()}
    body = models.SearchProductsRequest.from_dict({"status": "ACTIVATE"})
    products, _ = pages(lambda **page: shop.products.search_products(page_size=100, body=body, **page), "products")
    one, two = [row["id"] for row in products if row["id"] not in taken][:2]
    begin = max(row["create_time"] for row in listed) + 30 * 86_400
    made = promotion.create_promotion_activity(
        body=models.CreatePromotionActivityRequest.from_dict(
            {
                "title": "Foreign sale",
                "activity_type": "DIRECT_DISCOUNT",
                "product_level": "PRODUCT",
                "begin_time": begin,
                "end_time": begin + 86_400,
            }
        )
    ).data
    offers = [
        {"id": key, "discount": "20", "quantity_limit": -1, "quantity_per_user": -1, "skus": []} for key in (one, two)
    ]
    put = models.UpdatePromotionActivityProductsRequest.from_dict({"activity_id": made.activity_id, "products": offers})
    assert promotion.update_promotion_activity_products(made.activity_id, body=put).data.total_count == 2
    gone = models.RemovePromotionActivityProductsRequest.from_dict({"product_ids": [two]})
    promotion.remove_promotion_activity_products(made.activity_id, body=gone)
    change = models.UpdatePromotionActivityRequest.from_dict(
        {"title": "Foreign sale, longer", "begin_time": begin, "end_time": begin + 2 * 86_400}
    )
    assert promotion.update_promotion_activity(made.activity_id, body=change).data.title == "Foreign sale, longer"
    live = promotion.get_activity(made.activity_id).data.to_dict()
    assert (live["title"], live["status"], live["end_time"]) == (
        "Foreign sale, longer",
        "NOT_START",
        begin + 2 * 86_400,
    )
    assert [(row["id"], row["discount"]) for row in live["products"]] == [(one, "20")]
    ended = promotion.deactivate_activity(made.activity_id, body=models.DeactivateActivityRequest.from_dict({})).data
    assert ended.to_dict()["status"] == "DEACTIVATED"


def test_it_cancels_an_order_by_its_line_items(shop):
    body = models.GetOrderListRequest.from_dict({"order_status": "AWAITING_SHIPMENT"})
    orders, _ = pages(lambda **page: shop.orders.get_order_list(page_size=100, body=body, **page), "orders")
    order = next(one for one in orders if not one["is_buyer_request_cancel"])
    lines = [{"order_line_item_id": line["id"]} for line in order["line_items"]]
    asked = {"order_id": order["id"], "cancel_reason": "seller_cancel_reason_out_of_stock", "order_line_list": lines}
    done = shop.return_and_refund.cancel_order(body=models.CancelOrderRequest.from_dict(asked)).data
    assert done.cancel_status == "CANCELLATION_REQUEST_SUCCESS"
    with pytest.raises(library.TikTokShopError) as refused:
        shop.return_and_refund.cancel_order(body=models.CancelOrderRequest.from_dict(asked))
    assert refused.value.code == 25001011
