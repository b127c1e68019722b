"""Which products of a cross-border shop were published from a global product, and what is called how on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.documents.attributes import sales_attribute_ids

if TYPE_CHECKING:
    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

LOCAL_EVERY, LOCAL_REST = 4, 3  # the numbers that leave this rest are listed in the shop alone
_UNPUBLISHED: Final = frozenset({"DRAFT", "DELETED"})
_SKUS: Final = 32  # more than a product has


def crosses_borders(shop: Shop) -> bool:
    """Whether the shop's goods are managed as global products."""
    return shop.seller_type == "CROSS_BORDER"


def is_global(shop: Shop, product: Product) -> bool:
    """Whether there is a global product behind a product."""
    return crosses_borders(shop) and product.n % LOCAL_EVERY != LOCAL_REST


def global_id(shop: Shop, number: int) -> str:
    """The id of the global product behind the shop's product of that number."""
    return shop.identify("global_product", number)


def global_sku_id(shop: Shop, product: Product, index: int) -> str:
    """The id of the global SKU behind a product's SKU."""
    return shop.identify("global_sku", product.n * _SKUS + index)


def association(shop: Shop, product: Product) -> Document | None:
    """What Get Product shows of the global product behind a product, while there is one."""
    if not is_global(shop, product) or product.status in _UNPUBLISHED:
        return None
    return {"global_product_id": global_id(shop, product.n), "sku_mappings": sku_mappings(shop, product)}


def sku_mappings(shop: Shop, product: Product) -> list[Document]:
    """Every SKU under both its ids. Attributes and their values have the same ids everywhere."""
    return [
        {
            "global_sku_id": global_sku_id(shop, product, index),
            "local_sku_id": sku.id,
            "sales_attribute_mappings": [
                {
                    "global_attribute_id": attribute,
                    "global_value_id": value,
                    "local_attribute_id": attribute,
                    "local_value_id": value,
                }
                for attribute, value in sales_attribute_ids(product, sku)
            ],
        }
        for index, sku in enumerate(product.skus)
    ]
