"""The counts of what hangs on stored lists, against what asking for every single row finds."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts

DAY = 86_400
SEARCHES = {
    "orders": ("POST", "/order/202309/orders/search", "orders", {"page_size": 100}),
    "products": ("POST", "/product/202502/products/search", "products", {"page_size": 100}),
    "packages": ("POST", "/fulfillment/202309/packages/search", "packages", {"page_size": 50}),
    "returns": ("POST", "/return_refund/202602/returns/search", "return_orders", {"page_size": 50}),
    "cancellations": ("POST", "/return_refund/202602/cancellations/search", "cancellations", {"page_size": 50}),
}
EXTERNAL = "/order/202406/orders/external_orders"


@pytest.fixture
def asker(new_world):
    """Six shops, one of them cross-border, three days after they were copied."""
    asker = new_world(60, shops=6)
    asker.now += 3 * DAY
    asker.world.advance(asker.now)
    return asker


def ids(asker, shop, name, key="id"):
    return [row[key] for row in asker.pages(*SEARCHES[name], shop=shop)]


def asked(asker, shop, path, rows, query=None):
    return asker.ask("GET", path, query, shop=shop)[rows]


def price_details(asker, shop):
    for number in ids(asker, shop, "orders"):
        assert asker.ask("GET", f"/order/202407/orders/{number}/price_detail", shop=shop)["line_items"]
        yield number


def package_details(asker, shop):
    for number in ids(asker, shop, "packages"):
        yield asker.ask("GET", f"/fulfillment/202309/packages/{number}", shop=shop)["package_id"]


def tracking(asker, shop):
    for number in ids(asker, shop, "orders"):
        for event in asked(asker, shop, f"/fulfillment/202309/orders/{number}/tracking", "tracking"):
            yield number, event["update_time_millis"], event["description"]


def delivery_options(asker, shop):
    for place in asked(asker, shop, "/logistics/202309/warehouses", "warehouses"):
        path = f"/logistics/202309/warehouses/{place['id']}/delivery_options"
        if place["type"] == "SALES_WAREHOUSE":
            for option in asked(asker, shop, path, "delivery_options"):
                yield place["id"], option["id"]
        else:
            with pytest.raises(ApiError):
                asker.ask("GET", path, shop=shop)


def shipping_providers(asker, shop):
    for option in {option for _, option in delivery_options(asker, shop)}:
        path = f"/logistics/202309/delivery_options/{option}/shipping_providers"
        try:
            found = asked(asker, shop, path, "shipping_providers")
        except ApiError:
            continue
        yield from ((option, row["id"]) for row in found)


def return_records(asker, shop):
    for number in ids(asker, shop, "returns", "return_id"):
        found = asked(asker, shop, f"/return_refund/202309/returns/{number}/records", "records")
        yield from ((number, position) for position, _ in enumerate(found))


def reject_reasons(asker, shop):
    for number in ids(asker, shop, "returns", "return_id") + ids(asker, shop, "cancellations", "cancel_id"):
        query = {"return_or_cancel_id": number}
        yield from (row["name"] for row in asked(asker, shop, "/return_refund/202309/reject_reasons", "reasons", query))


def inventory(asker, shop):
    products = ids(asker, shop, "products")
    for start in range(0, len(products), 100):
        body = {"product_ids": products[start : start + 100]}
        for product in asker.ask("POST", "/product/202309/inventory/search", None, body, shop)["inventory"]:
            for sku in product["skus"]:
                for place in sku["warehouse_inventory"]:
                    yield product["product_id"], sku["id"], place["warehouse_id"]


def order_transactions(asker, shop):
    for number in ids(asker, shop, "orders"):
        data = asker.ask("GET", f"/finance/202501/orders/{number}/statement_transactions", shop=shop)
        if data["sku_transactions"]:
            yield number


def shop_groups(asker, shop):
    group = asker.ask("GET", "/seller/202601/shop_groups")["shop_group_data"]
    return (row["shop_id"] for row in group["shops"] if row["shop_id"] == asker.world.shops[shop].id)


def seller_permissions(asker, shop):
    return asker.ask("GET", "/seller/202309/permissions")["permissions"] if shop == 0 else []


READERS = {
    "order_price_details": price_details,
    "package_details": package_details,
    "order_tracking": tracking,
    "delivery_options": delivery_options,
    "shipping_providers": shipping_providers,
    "return_records": return_records,
    "reject_reasons": reject_reasons,
    "inventory": inventory,
    "order_transactions": order_transactions,
    "shop_groups": shop_groups,
    "seller_permissions": seller_permissions,
}


@pytest.mark.parametrize("name", READERS)
def test_asking_for_every_row_finds_what_the_world_counts(asker, name):
    counts = row_counts(asker.world)
    for shop in (0, 1, 4):  # the US, the UK, and Indonesia, whose shop is the cross-border one
        found = list(READERS[name](asker, shop))
        assert len(set(found)) == counts[asker.world.shops[shop].id][name]
        assert found or (name, shop) in {("seller_permissions", 1), ("seller_permissions", 4)}


def test_a_seller_without_a_cross_border_shop_has_no_permission(new_world):
    asker = new_world(60)
    assert seller_permissions(asker, 0) == []
    assert {shop["seller_permissions"] for shop in row_counts(asker.world).values()} == {0}


def test_references_count_in_the_shop_of_the_order(new_world):
    asker = new_world(60)
    one, two = ids(asker, 0, "orders")[:2]
    other = ids(asker, 1, "orders")[0]

    def keep(order, number, platform, shop=0):
        lines = [{"id": f"{number}-1", "origin_id": "1"}]
        row = {"id": order, "external_order": {"id": number, "platform": platform, "line_items": lines}}
        asker.ask("POST", EXTERNAL, None, {"orders": [row]}, shop)

    assert {shop["external_order_references"] for shop in row_counts(asker.world).values()} == {0}
    keep(one, "#1", "SHOPIFY")
    keep(one, "#2", "SHOPIFY")
    keep(one, "A-1", "ERP_SYSTEM")
    keep(two, "#1", "SHOPIFY")
    keep(other, "#1", "ORDER_MANAGEMENT_SYSTEM", shop=1)
    assert [shop["external_order_references"] for shop in row_counts(asker.world).values()] == [4, 1]


def test_a_deleted_product_has_no_stock_to_count(new_world):
    asker = new_world(60)
    product = asker.ask("POST", "/product/202502/products/search", {"page_size": 1}, {"status": "ACTIVATE"})["products"]
    body = {"product_ids": [product[0]["id"]]}
    rows = asker.ask("POST", "/product/202309/inventory/search", None, body)["inventory"][0]["skus"]
    shop = asker.world.shops[0].id
    before = row_counts(asker.world)[shop]["inventory"]
    asker.ask("DELETE", "/product/202309/products", None, body)
    gone = sum(len(row["warehouse_inventory"]) for row in rows)
    assert row_counts(asker.world)[shop]["inventory"] == before - gone < before


def test_a_shop_where_nothing_was_sent_back_or_cancelled_knows_no_reasons(new_world, tmp_path):
    asker = new_world(1, shops=1, path=tmp_path / "new.db")
    (counts,) = row_counts(asker.world).values()
    assert counts["returns"] == counts["cancellations"] == counts["reject_reasons"] == 0


def test_the_counts_grow_with_the_shop(new_world):
    asker = new_world(300, shops=1)
    (before,) = row_counts(asker.world).values()
    asker.now += 9 * DAY
    asker.world.advance(asker.now)
    (after,) = row_counts(asker.world).values()
    for name in ("order_price_details", "package_details", "order_tracking", "return_records", "order_transactions"):
        assert after[name] > before[name], name
