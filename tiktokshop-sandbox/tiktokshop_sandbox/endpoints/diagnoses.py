"""What the platform would improve about listings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import Endpoint, Param
from tiktokshop_sandbox.documents.diagnoses import diagnosis_document
from tiktokshop_sandbox.endpoints._listing import TEXT, Filter
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

MOST_PRODUCTS = 200


def diagnoses(call: ApiCall) -> Mapping[str, Any]:
    """The diagnoses of up to 200 of the shop's products that are on sale; other ids are left out."""
    shop = call.the_shop
    mine = Filter().also("shop = ?", shop.number).also("status = 'ACTIVATE'").among("id", call.query["product_ids"])
    sql = f"SELECT key FROM products WHERE {mine.sql} ORDER BY key"  # noqa: S608 - our own conditions
    keys = [key for (key,) in call.world.db.execute(sql, mine.parameters)]
    with call.world.reading() as store:
        shown = [diagnosis_document(shop, store.products[key]) for key in keys]
    return absent_when_empty(call, {"products": shown}, "products")


ENDPOINTS = (
    Endpoint(
        "GET",
        "/product/202405/products/diagnoses",
        "serller.product.optimize",  # spelt so on the wire
        diagnoses,
        query={"product_ids": Param("array", required=True, items=TEXT, max_count=MOST_PRODUCTS)},
    ),
)
