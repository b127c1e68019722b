"""A product as an edit must begin with it: the version under review, if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import BusinessError
from tiktokshop_client.operations import GET_PRODUCT

from target_tiktokshop.listings.item import AUDITING
from target_tiktokshop.writing.live import object_of

if TYPE_CHECKING:
    from tiktokshop_client import Client, Shop

NO_REVIEW = "12052547"
NO_PRODUCT = frozenset({"12019150", "12052032", "12052034", "12052048", "12052260"})
"""What the platform answers about a product that the shop does not have. After any other refusal none is created."""


def live_product(client: Client, shop: Shop, product_id: str) -> dict[str, Any] | None:
    """A product, the version under review if there is one; None if the shop shows no such product.

    Raises:
        TikTokShopError: It cannot be read.
    """
    path = {"product_id": product_id}
    try:
        live = dict(client.call(GET_PRODUCT, shop=shop, path=path).data)
    except BusinessError as error:
        if str(error.code) not in NO_PRODUCT:
            raise
        return None
    if object_of(live.get("audit")).get("status") != AUDITING or live.get("status") == "PENDING":
        return live
    query = {"return_under_review_version": True}
    try:
        pending = dict(client.call(GET_PRODUCT, shop=shop, path=path, query=query).data)
    except BusinessError as error:
        if str(error.code) != NO_REVIEW:
            raise
        return live
    return {**pending, "status": live.get("status"), "audit": live.get("audit")}
