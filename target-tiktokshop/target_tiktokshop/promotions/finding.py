"""What the shop has of what a record names: SKUs and products with their prices, and the activity itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import BugError, BusinessError
from tiktokshop_client.operations import GET_ACTIVITY, GET_PRODUCT, SEARCH_ACTIVITIES

from target_tiktokshop.promotions.difference import OVER
from target_tiktokshop.writing.live import product_of, units_of, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tiktokshop_client import Shop

    from target_tiktokshop.promotions.wanted import WantedOffer
    from target_tiktokshop.writing.live import Catalogue, Product, Sku
    from target_tiktokshop.writing.run import WriteRun

NO_ACTIVITY = frozenset({"16032001", "17029009", "17029028"})
"""What the platform answers about an activity that the shop does not have."""
FEW = 30
"""So many products are asked for one by one before the whole list is read."""


def resolve(run: WriteRun, shop: Shop, catalogue: Catalogue, offers: Sequence[WantedOffer]) -> None:
    """Gives offers their product, their SKUs and what those cost; what the shop does not have is a fault."""
    _choose(catalogue, [offer for offer in offers if offer.seller_sku and not offer.sku_id])
    by_sku = [offer for offer in offers if offer.sku_id]
    live = catalogue.offers(offer.sku_id for offer in by_sku) if by_sku else {}
    for offer in by_sku:
        _take(shop, offer, live.get(offer.sku_id))
    by_product = [offer for offer in offers if offer.product_id and not offer.sku_id and not offer.seller_sku]
    found = products(run, shop, catalogue, {offer.product_id for offer in by_product})
    for offer in by_product:
        product = found.get(offer.product_id)
        offer.skus = product.skus if product else []
        if product is None and not offer.removed:
            offer.fault(f"shop {shop.id} has no product {offer.product_id}: check product_id")


def _take(shop: Shop, offer: WantedOffer, sku: Sku | None) -> None:
    if sku is None:
        if not offer.removed:
            offer.fault(f"shop {shop.id} has no SKU {offer.sku_id}: check sku_id")
    elif not sku.product_id:
        offer.fault(f"the shop shows SKU {sku.id} without its product: look at it in Seller Center")
    elif offer.product_id and offer.product_id != sku.product_id:
        offer.fault(f"SKU {sku.id} belongs to product {sku.product_id}, not {offer.product_id}")
    else:
        offer.product_id, offer.skus = sku.product_id, [sku]


def _choose(catalogue: Catalogue, offers: Sequence[WantedOffer]) -> None:
    """Finds the SKU ids of seller SKUs; unknown and ambiguous ones are faults, never guessed."""
    known = catalogue.seller_skus({offer.seller_sku for offer in offers}) if offers else {}
    for offer in offers:
        found = [sku for sku in known.get(offer.seller_sku, ()) if offer.product_id in {"", sku.product_id}]
        if len(found) == 1:
            offer.sku_id = found[0].id
        elif found:
            ids = ", ".join(f"{sku.id} of product {sku.product_id}" for sku in found)
            offer.fault(f"{len(found)} SKUs have this number ({ids}): name sku_id")
        else:
            offer.fault("the shop has no SKU with this number: check seller_sku")


def products(run: WriteRun, shop: Shop, catalogue: Catalogue, ids: set[str]) -> dict[str, Product]:
    """Products by id, with the prices of their SKUs; those that the shop does not have are left out."""
    found: dict[str, Product] = {}
    if len(ids) > FEW:
        found = {product.id: product for product in catalogue.all("ACTIVATE") if product.id in ids}
    for product in run.each(lambda key: _product(run, shop, key), sorted(ids - found.keys())):
        if product is not None:
            found[product.id] = product
    return found


def _product(run: WriteRun, shop: Shop, product_id: str) -> Product | None:
    try:
        return product_of(run.client.call(GET_PRODUCT, shop=shop, path={"product_id": product_id}).data)
    except BusinessError:
        return None


class UnseenActivityError(LookupError):
    """The platform answers about an activity without showing it, so that nobody knows whether there is one."""


def read_activity(run: WriteRun, shop: Shop, activity_id: str) -> dict[str, Any]:
    """An activity with its products, {} if the platform says that the shop has no such activity.

    Raises:
        UnseenActivityError: The platform shows nothing of it: were it taken for gone, it would be made again.
    """
    try:
        found = dict(run.client.call(GET_ACTIVITY, shop=shop, path={"activity_id": activity_id}).data)
    except (BusinessError, BugError) as error:
        if str(error.code) not in NO_ACTIVITY:
            raise
        return {}
    if not (found.get("activity_type") and found.get("status")):
        raise UnseenActivityError(activity_id)
    return found


def titled(run: WriteRun, shop: Shop, title: str, *, everywhere: bool = False) -> list[str]:
    """The ids of the activities of a title; of those that are not over, if there are such, or else the newest one.

    Args:
        run: The run.
        shop: Whose they are.
        title: The title, exactly.
        everywhere: Whether to look through the whole list, in case the platform's search by title misses some.

    Raises:
        UnseenActivityError: The platform lists one without its id.
    """
    body = {} if everywhere else {"activity_title": title}
    rows = [row for row in whole(run, SEARCH_ACTIVITIES, shop, body) if _title(row.get("title")) == _title(title)]
    if not all(row.get("id") for row in rows):
        raise UnseenActivityError(title)  # were it taken for none, another one would be made
    live = _ids(row for row in rows if row.get("status") not in OVER)
    newest = max(rows, key=lambda row: units_of(row.get("create_time")) or 0, default=None)
    return live or ([str(newest["id"])] if newest else [])


def _title(value: Any) -> str:
    return " ".join(str(value or "").split())


def _ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(row["id"]) for row in rows))
