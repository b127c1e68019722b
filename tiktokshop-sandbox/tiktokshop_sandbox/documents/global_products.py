"""Global products as their search (a few fields) and Get Global Product (everything) show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox import money
from tiktokshop_sandbox.catalog import goods_of
from tiktokshop_sandbox.documents.associations import global_id, global_sku_id, sku_mappings
from tiktokshop_sandbox.documents.compliance import PRODUCTS_A_MANUFACTURER, manufacturer
from tiktokshop_sandbox.documents.locales import locale_of
from tiktokshop_sandbox.documents.products import detail_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

DRAFT, DELETED = "DRAFT", "DELETED"
# What a global product is, by what its product in the shop is.
STATUSES: Final[Mapping[str, str]] = {
    "DRAFT": DRAFT,
    "PENDING": "PUBLISHED",
    "FAILED": "UNPUBLISHED",
    "ACTIVATE": "PUBLISHED",
    "SELLER_DEACTIVATED": "UNPUBLISHED",
    "PLATFORM_DEACTIVATED": "UNPUBLISHED",
    "FREEZE": "PUBLISHED",
    "DELETED": DELETED,
}
_SAME: Final = (
    "title",
    "description",
    "create_time",
    "update_time",
    "product_attributes",
    "size_chart",
    "manufacturer_ids",
    "responsible_person_ids",
)
_SAME_OF_SKU: Final = ("seller_sku", "identifier_code", "sku_unit_count")


def global_search_document(shop: Shop, product: Product) -> Document:
    """The global product behind a product, as Search Global Products shows it."""
    return {
        "id": global_id(shop, product.n),
        "title": product.title,
        "status": STATUSES[product.status],
        "skus": [
            {"id": global_sku_id(shop, product, index), "seller_sku": sku.seller_sku}
            for index, sku in enumerate(product.skus)
        ],
        "create_time": product.created,
        "update_time": product.updated,
    }


def global_document(shop: Shop, product: Product, seller_id: str) -> Document:
    """The same as Get Global Product shows it. A draft has not been published anywhere."""
    local = detail_document(shop, product)
    goods = goods_of(product)
    shown: Document = {name: local[name] for name in _SAME if name in local}
    shown |= {
        "id": global_id(shop, product.n),
        "global_seller_id": seller_id,
        "brand": {"id": local["brand"]["id"]},
        "category": {"id": goods.categories[-1][0]},
        "main_images": [{name: image[name] for name in ("height", "width", "uri")} for image in local["main_images"]],
        "package_dimensions": {"height": "8", "length": "22", "width": "16", "unit": "CENTIMETER"},
        "package_weight": {"unit": "KILOGRAM", "value": money.text(goods.grams, 3)},
        "external_global_product_id": f"GLOBAL-{shop.number}-{product.n}",
        "skus": [_sku(shop, product, index, detail) for index, detail in enumerate(local["skus"])],
    }
    if STATUSES[product.status] != DRAFT:
        mappings = sku_mappings(shop, product)
        shown["products"] = [{"region": shop.region, "id": product.id, "sku_mappings": mappings}]
    if shop.market.eu:
        shown["source_locale"] = locale_of(shop.region)
        shown["manufacturer"] = _manufacturer(shop, product)
    return shown


def _sku(shop: Shop, product: Product, index: int, local: Document) -> Document:
    sku = product.skus[index]
    return {name: local[name] for name in _SAME_OF_SKU if name in local} | {
        "id": global_sku_id(shop, product, index),
        "price": _price(shop, sku),
        "global_quantity": sum(sku.stock),
        "sales_attributes": local["sales_attributes"],
        "external_global_sku_id": f"GLOBAL-{sku.seller_sku}",
    }


def _price(shop: Shop, sku: Sku) -> Document:
    """The price before tax that the local one was made of: in euros for sellers inside the EU, else in dollars."""
    local = sku.price - money.included(sku.price, shop.market.vat)
    cents = local if shop.market.eu else local * 100 // shop.market.rate
    return {"amount": money.text(cents, 2), "currency": "EUR" if shop.market.eu else "USD"}


def _manufacturer(shop: Shop, product: Product) -> Document:
    """The manufacturer in the words of before there were ids for it."""
    contact = manufacturer(shop, product.n // PRODUCTS_A_MANUFACTURER)
    return {
        "name": contact.name,
        "address": f"{contact.street}, {contact.postcode} {contact.city}",
        "email": contact.email,
        "phone_number": f"{contact.code} {contact.number}".strip(),
    }
