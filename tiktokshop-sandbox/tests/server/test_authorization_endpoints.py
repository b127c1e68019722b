"""Authorization and seller API over a running sandbox."""

from __future__ import annotations


def data(shopper, path):
    envelope = shopper.call("GET", path, shop=None).json()
    assert envelope["code"] == 0
    return envelope["data"]


def test_authorized_shops_come_with_their_ciphers(shopper):
    shops = data(shopper, "/authorization/202309/shops")["shops"]
    assert [{name: shop[name] for name in ("id", "name", "region", "cipher")} for shop in shops] == shopper.shops()
    for shop in shops:
        assert shop.keys() == {"cipher", "code", "id", "name", "region", "seller_type"}
        assert shop["seller_type"] in {"LOCAL", "CROSS_BORDER"}
        assert shop["cipher"].startswith({"US": "TTP_", "GB": "GCP_"}[shop["region"]])


def test_active_shops_are_ids_and_regions(shopper):
    expected = [{"id": shop["id"], "region": shop["region"]} for shop in shopper.shops()]
    assert data(shopper, "/seller/202309/shops") == {"shops": expected}


def test_only_cross_border_sellers_manage_global_products(shopper):
    kinds = {shop["seller_type"] for shop in data(shopper, "/authorization/202309/shops")["shops"]}
    expected = ["MANAGE_GLOBAL_PRODUCT"] if "CROSS_BORDER" in kinds else []
    assert data(shopper, "/seller/202309/permissions") == {"permissions": expected}


def test_the_shop_group_holds_all_shops(shopper):
    group = data(shopper, "/seller/202601/shop_groups")["shop_group_data"]
    assert [shop["shop_id"] for shop in group["shops"]] == [shop["id"] for shop in shopper.shops()]
