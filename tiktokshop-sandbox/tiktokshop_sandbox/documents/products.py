"""Products as search (a few fields) and Get Product (everything) show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.catalog import goods_of, is_bundle
from tiktokshop_sandbox.documents.associations import association
from tiktokshop_sandbox.documents.attributes import product_attributes, sales_attribute_ids
from tiktokshop_sandbox.documents.brands import brand_of
from tiktokshop_sandbox.documents.compliance import (
    PRODUCTS_A_MANUFACTURER,
    PRODUCTS_A_PERSON,
    manufacturer_id,
    person_id,
)
from tiktokshop_sandbox.documents.size_charts import chart_of
from tiktokshop_sandbox.draws import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

_AUDIT = {"DRAFT": "NONE", "PENDING": "AUDITING", "FAILED": "FAILED"}
TIERS = ("POOR", "FAIR", "GOOD", "EXCELLENT")


def image_url(uri: str) -> str:
    """Where an image could be seen."""
    return f"https://p16-oec-va.ibyteimg.com/{uri}~tplv-o3syd03w52-resize-jpeg:300:300.jpeg?from=522366036"


def image_uri(shop: Shop, number: int) -> str:
    """An image's storage name."""
    return f"tos-maliva-i-o3syd03w52-us/{number_of(shop.seed, shop.number, 'image', number):016x}{number:016x}"


def image(shop: Shop, number: int) -> Document:
    """An image with its thumbnails."""
    uri = image_uri(shop, number)
    return {"height": 600, "width": 600, "uri": uri, "urls": [image_url(uri)], "thumb_urls": [image_url(uri)]}


def price(shop: Shop, amount: int) -> Document:
    """A SKU's price: what the buyer sees, and the same without tax."""
    without = amount - money.included(amount, shop.market.vat)
    return {
        "currency": shop.currency,
        "sale_price": shop.amount(amount),
        "tax_exclusive_price": shop.amount(without),
    }


def inventory(shop: Shop, product: Product, sku: Sku) -> list[Document]:
    """Stock by warehouse."""
    return [
        {"warehouse_id": shop.warehouses[place].id, "quantity": stock}
        for place, stock in zip(product.warehouses, sku.stock, strict=True)
    ]


def audit(product: Product) -> Document:
    """What the platform's reviewers think of the listing."""
    if product.review is not None:
        return {"status": "AUDITING"}
    if product.verdict and product.status not in _AUDIT:
        return {"status": "FAILED"}
    return {"status": _AUDIT.get(product.status, "APPROVED")}


def _status_info(product: Product) -> Document:
    live = product.status == "ACTIVATE"
    return {"status": "NORMAL"} if live else {"status": "DEACTIVATED", "deactivation_source": "SELLER"}


def search_document(shop: Shop, product: Product) -> Document:
    """The product as Search Products shows it."""
    goods = goods_of(product)
    shown: Document = {
        "id": product.id,
        "title": product.title,
        "status": product.status,
        "create_time": product.created,
        "update_time": product.updated,
        "sales_regions": [shop.region],
        "is_not_for_sale": product.n % 29 == 11,
        "has_draft": product.status == "DRAFT",
        "audit": audit(product),
        "recommended_categories": [{"id": goods.categories[-1][0], "local_name": goods.categories[-1][1]}],
        "product_sync_fail_reasons": ["The required qualification is missed."] if product.status == "FAILED" else [],
        "product_tags": ["NEW_ARRIVAL"] if product.n % 5 == 0 else [],
        "selling_format": "FIXED_PRICE",
        "skus": [_search_sku(shop, product, sku) for sku in product.skus],
    }
    if shop.region == "US":
        shown["listing_quality_tier"] = TIERS[product.n % 4]
    if shop.region == "ID":
        shown["integrated_platform_statuses"] = [{"platform": "TOKOPEDIA", "status": product.status}]
    return shown


def _search_sku(shop: Shop, product: Product, sku: Sku) -> Document:
    shown = {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "price": price(shop, sku.price),
        "inventory": inventory(shop, product, sku),
        "status_info": _status_info(product),
    }
    if sku.list_price:
        shown["list_price"] = {"amount": shop.amount(sku.list_price), "currency": shop.currency}
    return shown


def detail_document(shop: Shop, product: Product) -> Document:
    """The product as Get Product shows it."""
    goods = goods_of(product)
    mass, length = shop.market.unit
    shown = {key: value for key, value in search_document(shop, product).items() if key not in _SEARCH_ONLY}
    shown |= {
        "product_status": product.status,
        "brand": {"id": brand_of(product).id, "name": brand_of(product).name},
        "category_chains": _chain(goods.categories),
        "description": f"<p>{product.title}. Handled with care — packed in {shop.warehouses[0].place.city}.</p>\n<ul>"
        "<li>Machine washable where sensible</li><li>100 % recycled parcel</li></ul>",
        "delivery_options": [{"id": item.id, "name": item.name, "is_available": True} for item in shop.options],
        "external_product_id": f"EXT-{shop.number}-{product.n}",
        "is_cod_allowed": shop.market.sea,
        "is_pre_owned": False,
        "is_replicated": False,
        "key_product_features": ["Easy care", "Ships within two days"],
        "main_images": [image(shop, product.n * 8 + index) for index in range(2)],
        "package_dimensions": {"height": "8", "length": "22", "width": "16", "unit": length},
        "package_weight": {"unit": mass, "value": _weight(goods.grams, mass)},
        "product_attributes": product_attributes(shop, product),
        "product_types": ["COMBINED_PRODUCT"] if is_bundle(product) else [],
        "shipping_insurance_requirement": "NOT_SUPPORTED" if shop.region != "US" else "OPTIONAL",
        "is_blind_box": False,
        "skus": [_detail_sku(shop, product, index) for index in range(len(product.skus))],
    }
    if shop.market.eu:
        shown["manufacturer_ids"] = [manufacturer_id(shop, product.n // PRODUCTS_A_MANUFACTURER)]
        shown["responsible_person_ids"] = [person_id(shop, product.n // PRODUCTS_A_PERSON)]
    chart = chart_of(shop, product)
    if chart:
        shown["size_chart"] = {"template": {"id": chart.id}}
    published = association(shop, product)
    if published:
        shown["global_product_association"] = published
    if product.verdict:
        shown["audit_failed_reasons"] = product.verdict
    elif product.status == "FAILED":
        reason = {"position": "product", "reasons": ["The image is blurred"], "suggestions": ["Upload a sharper image"]}
        shown["audit_failed_reasons"] = [reason | {"listing_platform": "TIKTOK_SHOP"}]
    return written_over(shown, product.shown)


def written_over(shown: Document, own: Mapping[str, Any]) -> Document:
    """A document with what the seller has written in place of what follows from the goods; None takes it away."""
    return {name: value for name, value in (shown | dict(own)).items() if value is not None} if own else shown


_SEARCH_ONLY = frozenset({"sales_regions", "product_sync_fail_reasons"})


def _weight(grams: int, unit: str) -> str:
    return money.text(grams * 1_000 // 4_536 if unit == "POUND" else grams // 10, 2)


def _chain(categories: tuple[tuple[str, str], ...]) -> list[Document]:
    last = len(categories) - 1
    return [
        {
            "id": number,
            "local_name": name,
            "is_leaf": index == last,
            "parent_id": categories[index - 1][0] if index else "0",
        }
        for index, (number, name) in enumerate(categories)
    ]


def _detail_sku(shop: Shop, product: Product, index: int) -> Document:
    sku = product.skus[index]
    goods = goods_of(product)
    _, length = shop.market.unit
    shown = _search_sku(shop, product, sku)
    shown["sales_attributes"] = [
        {
            "id": attribute,
            "name": name,
            "value_id": number,
            "value_name": value,
            "sku_img": image(shop, product.n * 8 + 4),
        }
        for (attribute, number), (name, value) in zip(sales_attribute_ids(product, sku), sku.attributes, strict=True)
    ]
    shown["external_sku_id"] = f"EXT-{sku.seller_sku}"
    shown["identifier_code"] = {"type": "GTIN", "code": f"{number_of('gtin', sku.id) % 10**14:014d}"}
    shown["sku_dimensions"] = {"height": "8", "length": "22", "width": "16", "unit": length}
    shown["sku_weight"] = {"unit": "GRAM", "value": str(goods.grams)}
    shown["global_listing_policy"] = {"price_sync": False, "inventory_type": "EXCLUSIVE"}
    if shop.market.eu:
        shown["sku_unit_count"] = "1.00"
    if sku.parts:
        shown["combined_skus"] = [
            {"product_id": other, "sku_id": part, "seller_sku": own, "sku_count": count}
            for other, part, own, count in sku.parts
        ]
    return written_over(shown, sku.shown)


def stock_document(shop: Shop, product: Product, sku: Sku) -> Document:
    """One SKU as Inventory Search shows it."""
    available, committed = sum(sku.stock), sum(sku.committed)
    return {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "total_available_quantity": available,
        "total_committed_quantity": committed,
        "warehouse_inventory": [
            {"warehouse_id": shop.warehouses[place].id, "available_quantity": stock, "committed_quantity": held}
            for place, stock, held in zip(product.warehouses, sku.stock, sku.committed, strict=True)
        ],
        "total_available_inventory_distribution": {
            "in_shop_inventory": {"quantity": available},
            "campaign_inventory": [],
            "creator_inventory": [],
        },
    }
