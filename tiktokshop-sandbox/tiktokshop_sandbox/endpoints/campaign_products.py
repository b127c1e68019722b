"""The products of promotion activities: put in, changed, taken out; of a call everything is done, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.activities import LOCKING, NO_LIMIT, WHOLE_SHOP, KeptActivity, KeptMember, KeptOffer, layer_of
from tiktokshop_sandbox.contract import Endpoint, Param
from tiktokshop_sandbox.derived.promotion import activities
from tiktokshop_sandbox.endpoints._listing import TEXT, TEXTS
from tiktokshop_sandbox.endpoints.campaigns import INVALID, ROOT, SCOPE, found, refuse, saved
from tiktokshop_sandbox.endpoints.promotion import shown_in_full
from tiktokshop_sandbox.life.products import ON_SALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.states import Product, Sku

A_CALL, AN_ACTIVITY = 300, 10_000
HIGHEST_LIMIT = 99
LARGEST_CUT = 90  # percent
LEVELS = {"PRODUCT": 0, "VARIATION": 1}
SKUS_GIVEN = (17029013, "`sku` must be `[]` for activities of which `product_level==PRODUCT`.")
PER_USER = (17029014, "The value of `quantity_per_user` is out of range.")
PRODUCT_LIMIT = (17029015, "When `product_level==VARIATION`, the value of `quantity_limit` must be `-1`.")
# By level: a product, a SKU.
STOCK = ((17029019, "The product quantity is above the stock."), (17029018, "The SKU quantity is above the stock."))
TOO_LOW = ((17029020, "Product discount exceeds limit."), (17029021, "SKU discount exceeds limit."))
TOO_LITTLE = ((17029062, "Discount is below the limit."), (17029063, "SKU discount is below the limit."))
PRICE_FOR_PERCENT = ((17029029, "Specify discount."), (17029031, "Specify discount."))
PERCENT_FOR_PRICE = ((17029030, "Specify the activity price."), (17029032, "Specify the activity price."))
NO_PERCENT = ((17029041, "discount is missing."), (17029043, "sku.discount is missing."))
NO_PRICE = ((17029042, "activity_price_amount is missing."), (17029044, "sku.activity_price_amount is missing."))
FROZEN = (
    (17029047, "An `ONGOING` flash sale product cannot be updated."),
    (17029048, "An `ONGOING` flash sale SKU cannot be updated."),
)
NOT_IN = ((17029023, "Products Not In Promotion"), (17029024, "SKU(s) not found in this promotion."))
TWICE = ((17029039, "Duplicate product ID."), (17029040, "Duplicate SKU ID."))
ELSEWHERE = (17029022, "The product or SKU cannot be in two `ONGOING` or `NOT_START` activities at the same time.")
ELSEWHERE_TIERS = (
    17029104,
    "The product(s) selected have already been applied to another buy more save more promotion.",
)
ELSEWHERE_OTHERS = (17029079, "Product is already assigned in another conflicting promotion.")
FULL = (17029025, "The quantity of the products or the SKUs included in the activity exceeds `10000`.")
NONE_GIVEN = (17029033, "`products` is empty.")
BAD_PRICE = (17029034, "`activity_price_amount` is invalid.")
NO_SKUS = (17029037, "`skus` is empty when `product_level==VARIATION`.")
PRODUCT_OFFER = (17029038, "Do not specify the price of a product when `product_level==VARIATION`.")
TOO_MANY = (17029046, "Number of items per request exceeds the limit.")
LIMITS = (17029050, "The value of `quantity_limit` and `quantity_per_user` must be `-1` or in the range of `[1, 99]`.")
UNKNOWN_PRODUCT = (17029051, "Product ID not found.")
OTHER_PRODUCT = (17029053, "The SKU ID does not match the product ID.")
NOT_ON_SALE = (17029056, "Invalid product status.")
DECREASE = (17029058, "Unable to decrease buyer/num PurchaseLimit.")


def put(call: ApiCall) -> Mapping[str, Any]:
    """Puts products in, and changes those that are."""
    activity, rows = found(call), call.body.get("products") or []
    if activity.level == WHOLE_SHOP and rows:
        raise refuse(INVALID)
    others = [call.body.get(name) or [] for name in ("benefit_product_ids", "exclude_product_ids")]
    if not rows and not any(others):
        raise refuse(NONE_GIVEN)
    skus = [sku["id"] for row in rows for sku in row.get("skus") or ()]
    if max(len(rows), len(skus)) > A_CALL:
        raise refuse(TOO_MANY)
    for level, ids in enumerate(([row["id"] for row in rows], skus)):
        if len(set(ids)) < len(ids):
            raise refuse(TWICE[level])
    taken = _taken(call, activity)
    for row in rows:
        _put_one(call, activity, row, taken)
    activity.benefits = list(dict.fromkeys([*activity.benefits, *others[0]]))
    activity.excluded = list(dict.fromkeys([*activity.excluded, *others[1]]))
    if activity.items > AN_ACTIVITY:
        raise refuse(FULL)
    return {**saved(call, activity), "total_count": len(activity.products)}


def _taken(call: ApiCall, own: KeptActivity) -> dict[str, set[str]]:
    """Products in other activities of the layer that run or are to come, with their SKUs; none stands for all."""
    found_ids: dict[str, set[str]] = {}
    for item in activities(call.world, call.the_shop, call.now):
        if item.id == own.id or layer_of(item.kind) != layer_of(own.kind):
            continue
        if item.status_at(call.now) in {"NOT_START", "ONGOING"}:
            by_sku = item.level == "VARIATION"
            for row in shown_in_full(call, item).get("products", ()):
                skus = {sku["id"] for sku in row.get("skus", ())} if by_sku else set()
                known = found_ids.get(row["id"], skus)
                found_ids[row["id"]] = known | skus if known and skus else set()
    return found_ids


def _put_one(call: ApiCall, activity: KeptActivity, row: Mapping[str, Any], taken: Mapping[str, set[str]]) -> None:
    key = call.world.key("products", call.the_shop, row["id"])
    if key is None:
        raise refuse(UNKNOWN_PRODUCT)
    with call.world.reading() as store:
        product = store.products[key]
    if product.status != ON_SALE:
        raise refuse(NOT_ON_SALE)
    skus = row.get("skus") or []
    if activity.level == "PRODUCT" and skus:
        raise refuse(SKUS_GIVEN)
    other = taken.get(row["id"])
    if other is not None and (not other or not skus or other & {sku["id"] for sku in skus}):
        raise refuse({"price": ELSEWHERE, "FLASHSALE": ELSEWHERE}.get(layer_of(activity.kind)) or _elsewhere(activity))
    member = activity.products.get(row["id"])
    if activity.level != "VARIATION":
        offer = _offer(call, activity, product.skus, row, member.offer if member else None)
        activity.came(row["id"], call.now)
        activity.products[row["id"]] = KeptMember(offer)
        return
    _check_variation(product, row, skus)
    activity.came(row["id"], call.now)
    member = activity.products.setdefault(row["id"], KeptMember(KeptOffer()))
    by_id = {sku.id: sku for sku in product.skus}
    for item in skus:
        member.skus[item["id"]] = _offer(call, activity, [by_id[item["id"]]], item, member.skus.get(item["id"]))


def _elsewhere(activity: KeptActivity) -> tuple[int, str]:
    return ELSEWHERE_TIERS if activity.kind == "BUY_MORE_SAVE_MORE" else ELSEWHERE_OTHERS


def _check_variation(product: Product, row: Mapping[str, Any], skus: Sequence[Mapping[str, Any]]) -> None:
    if not skus:
        raise refuse(NO_SKUS)
    if row.get("activity_price_amount") or row.get("discount"):
        raise refuse(PRODUCT_OFFER)
    if {row.get("quantity_limit", NO_LIMIT), row.get("quantity_per_user", NO_LIMIT)} != {NO_LIMIT}:
        raise refuse(PRODUCT_LIMIT)
    if not {sku.id for sku in product.skus} >= {item["id"] for item in skus}:
        raise refuse(OTHER_PRODUCT)


def _offer(
    call: ApiCall, activity: KeptActivity, skus: Sequence[Sku], row: Mapping[str, Any], before: KeptOffer | None
) -> KeptOffer:
    """What a row offers for a product, or for one SKU."""
    level = LEVELS.get(activity.level, 0)
    if before and activity.kind == "FLASHSALE" and activity.status_at(call.now) == "ONGOING":
        raise refuse(FROZEN[level])
    offer = KeptOffer(used=before.used if before else 0)
    offer.limit, offer.per_user = row.get("quantity_limit", NO_LIMIT), row.get("quantity_per_user", NO_LIMIT)
    _check_limits(offer, before, sum(sum(sku.stock) for sku in skus), level)
    if activity.kind not in LOCKING:
        return offer
    if activity.kind == "DIRECT_DISCOUNT":
        offer.percent = _percent(row, level)
    else:
        offer.price = _price(call, row, [sku.price for sku in skus], level)
    return offer


def _check_limits(offer: KeptOffer, before: KeptOffer | None, stock: int, level: int) -> None:
    for limit, refusal in ((offer.limit, LIMITS), (offer.per_user, PER_USER)):
        if limit != NO_LIMIT and not 1 <= limit <= HIGHEST_LIMIT:
            raise refuse(refusal)
    if offer.limit > stock:
        raise refuse(STOCK[level])
    if before and any(
        new != NO_LIMIT and (old == NO_LIMIT or new < old)
        for old, new in ((before.limit, offer.limit), (before.per_user, offer.per_user))
    ):
        raise refuse(DECREASE)


def _percent(row: Mapping[str, Any], level: int) -> str:
    if row.get("activity_price_amount"):
        raise refuse(PRICE_FOR_PERCENT[level])
    percent = str(row.get("discount") or "")
    if not percent:
        raise refuse(NO_PERCENT[level])
    if not percent.isdigit():
        raise refuse(INVALID)
    if int(percent) > LARGEST_CUT:
        raise refuse(TOO_LOW[level])
    if int(percent) < 1:
        raise refuse(TOO_LITTLE[level])
    return percent


def _price(call: ApiCall, row: Mapping[str, Any], prices: Sequence[int], level: int) -> int:
    if row.get("discount"):
        raise refuse(PERCENT_FOR_PRICE[level])
    if not row.get("activity_price_amount"):
        raise refuse(NO_PRICE[level])
    amount = money.parse(row["activity_price_amount"], call.the_shop.market.decimals)
    if amount is None or amount <= 0:
        raise refuse(BAD_PRICE)
    if amount >= min(prices):
        raise refuse(TOO_LITTLE[level])
    if amount * 100 < max(prices) * (100 - LARGEST_CUT):
        raise refuse(TOO_LOW[level])
    return amount


def remove(call: ApiCall) -> Mapping[str, Any]:
    """Takes products, or SKUs, out."""
    activity, body = found(call), call.body
    groups = [body.get(name) or [] for name in ("product_ids", "sku_ids", "benefit_product_ids", "exclude_product_ids")]
    if not any(groups):
        raise refuse(NONE_GIVEN)
    if max(map(len, groups)) > A_CALL:
        raise refuse(TOO_MANY)
    running = activity.kind == "FLASHSALE" and activity.status_at(call.now) == "ONGOING"
    owners = {sku: key for key, member in activity.products.items() for sku in member.skus}
    for level, (ids, known) in enumerate(((groups[0], set(activity.products)), (groups[1], set(owners)))):
        if not known >= set(ids):
            raise refuse(NOT_IN[level])
        if ids and running:
            raise refuse(FROZEN[level])
    for product in groups[0]:
        activity.went(product, call.now)
    for sku in [sku for sku in groups[1] if owners[sku] in activity.products]:
        member = activity.products[owners[sku]]
        member.skus.pop(sku, None)
        if not member.skus:
            activity.went(owners[sku], call.now)
    activity.benefits = [one for one in activity.benefits if one not in groups[2]]
    activity.excluded = [one for one in activity.excluded if one not in groups[3]]
    return saved(call, activity)


_LIMIT = Param("integer")
_OFFER = {
    "id": Param("string", required=True),
    "quantity_limit": _LIMIT,
    "quantity_per_user": _LIMIT,
    "activity_price_amount": TEXT,
    "discount": TEXT,
}
_PRODUCT = Param("object", fields={**_OFFER, "skus": Param("array", items=Param("object", fields=_OFFER))})
_FEW = Param("array", items=TEXT, max_count=100)
_PATH = f"{ROOT}/{{activity_id}}/products"

ENDPOINTS = (
    Endpoint(
        "PUT",
        _PATH,
        SCOPE,
        put,
        body={
            "activity_id": TEXT,
            "products": Param("array", items=_PRODUCT),
            "benefit_product_ids": TEXTS,
            "exclude_product_ids": _FEW,
        },
    ),
    Endpoint(
        "DELETE",
        _PATH,
        SCOPE,
        remove,
        body={
            "product_ids": TEXTS,
            "sku_ids": TEXTS,
            "benefit_product_ids": _FEW,
            "exclude_product_ids": _FEW,
        },
    ),
)
