"""Stock and prices: the two writes that touch a product without an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.catalog import is_bundle
from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.derived.campaigns import locked_by_api
from tiktokshop_sandbox.endpoints._bodies import parts
from tiktokshop_sandbox.endpoints._listing import TEXT
from tiktokshop_sandbox.endpoints.products import product_key
from tiktokshop_sandbox.life import products

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

MOST_STOCK = 99_999
MOST_CENTS = 760_000  # 7,600 US dollars
STOCK_EDITABLE = frozenset({"DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED"})
_Refusal = tuple[int, str]

NOT_IN_THIS_STATUS = (12052901, "The current product status does not allow this action.")
SKU_REPEATED = (12052553, "The SKU id is repeated.")
SKU_OF_ANOTHER = (12052557, "The SKU does not belong to the product.")
TOO_MANY_SKUS = (12052050, "A product has at most 100 SKUs.")
BUNDLE_STOCK = (12052850, "The stock of a combined product can not be edited.")
MISSING_WAREHOUSE = (12019028, "All warehouses of the SKU must be sent.")
UNNAMED_WAREHOUSE = (12052037, "The stock is not editable: warehouse_id is needed with several warehouses.")
UNKNOWN_WAREHOUSE = (12052530, "The warehouse does not belong to the shop.")
RETURN_WAREHOUSE = (12052532, "The warehouse is not a sales warehouse.")
EXTRA_WAREHOUSE = (12052533, "Adding, removing or replacing warehouses is not allowed here.")
REPEATED_WAREHOUSE = (12052555, "The warehouse id is repeated.")
QUANTITY = (12052055, "The quantity of the warehouse is out of range.")
IN_PROMOTION = (12052393, "The product is in a promotion: its stock may not go below the current level.")
PRICE_LOCKED = (12052038, "The price is locked by a promotion.")
CURRENCY = (12052084, "The currency is not available for this shop.")
PRICE_FORMAT = (12052012, "The format of the price is invalid.")
PRICE_INVALID = (12052073, "The price is invalid.")
PRICE_MISSING = (12052571, "A SKU has no price.")
PRICE_HIGH = (12052570, "The price is above the limit.")
LIST_PRICE_MARKET = (12052376, "The list price is not supported here.")
LIST_PRICE_INVALID = (12052375, "The list price is invalid.")
LIST_PRICE_HIGH = (12052383, "The list price is too high.")


def refuse(refusal: _Refusal) -> ApiError:
    """The refusal as an answer."""
    return ApiError(*refusal, http=400)


def _chosen(product: Product, items: Sequence[Mapping[str, Any]]) -> list[tuple[Sku, Mapping[str, Any]]]:
    """The SKUs a request names, each once, each of this product."""
    ids = [item["id"] for item in items]
    if len(ids) > 100:
        raise refuse(TOO_MANY_SKUS)
    if len(set(ids)) != len(ids):
        raise refuse(SKU_REPEATED)
    by_id = {sku.id: sku for sku in product.skus}
    if not by_id.keys() >= set(ids):
        raise refuse(SKU_OF_ANOTHER)
    return [(by_id[item["id"]], item) for item in items]


def update_inventory(call: ApiCall) -> Mapping[str, Any]:
    """Sets stock per warehouse: absolute numbers, for all warehouses of each SKU sent.

    A SKU whose numbers are refused is named in `errors` and keeps its stock; the others are changed.

    Raises:
        ApiError: the product or its SKUs cannot be changed at all.
    """
    key = product_key(call, call.path["product_id"])
    errors = []
    with call.world.writing(call.now) as life:
        product = life.store.products[key]
        if product.status not in STOCK_EDITABLE:
            raise refuse(NOT_IN_THIS_STATUS)
        if is_bundle(product):
            raise refuse(BUNDLE_STOCK)
        changed, promoted = False, _promoted(call, product)
        for sku, item in _chosen(product, call.body["skus"]):
            refusals = _stock_refusals(call.the_shop, product, sku, item["inventory"], promoted=promoted)
            if refusals:
                errors.append(_stock_error(sku, refusals))
            else:
                sku.stock = _stock(call.the_shop, product, item["inventory"])
                changed = True
        if changed:
            products.touch(life, product)
    return {"errors": errors} if errors else {}


def _promoted(call: ApiCall, product: Product) -> bool:
    """Whether a promotion runs that locks the product: the standing one, or one that was made through the API."""
    return bool(product.promotion) or locked_by_api(call.world, call.the_shop, product.id, call.now)


def _stock_error(sku: Sku, refusals: list[tuple[str, _Refusal]]) -> dict[str, Any]:
    extra = [{"code": code, "message": words, "warehouse_id": place} for place, (code, words) in refusals]
    detail = {"sku_id": sku.id, "extra_errors": extra}
    return {"code": 12052990, "message": "batch update inventory error", "detail": detail}


def _stock_refusals(
    shop: Shop, product: Product, sku: Sku, rows: Sequence[Mapping[str, Any]], *, promoted: bool
) -> list[tuple[str, _Refusal]]:
    """What is wrong with a SKU's numbers, by warehouse."""
    own = [shop.warehouses[place].id for place in product.warehouses]
    if len(own) == 1 and len(rows) == 1 and not rows[0].get("warehouse_id"):
        rows = [{**rows[0], "warehouse_id": own[0]}]
    now = dict(zip(own, sku.stock, strict=True))
    refusals: list[tuple[str, _Refusal]] = []
    seen: set[str] = set()
    for row in rows:
        place = row.get("warehouse_id") or ""
        refusal = _row_refusal(shop, promoted, (place, row["quantity"]), (now, seen))
        if refusal:
            refusals.append((place, refusal))
        seen.add(place)
    refusals.extend((place, MISSING_WAREHOUSE) for place in own if place not in seen)
    return refusals


def _row_refusal(
    shop: Shop, promoted: bool, row: tuple[str, int], known: tuple[Mapping[str, int], set[str]]
) -> _Refusal | None:
    place, quantity = row
    now, seen = known
    kinds = {warehouse.id: warehouse.type for warehouse in shop.warehouses}
    checks = (
        (not place, UNNAMED_WAREHOUSE),
        (place not in kinds, UNKNOWN_WAREHOUSE),
        (kinds.get(place) == "RETURN_WAREHOUSE", RETURN_WAREHOUSE),
        (place not in now, EXTRA_WAREHOUSE),
        (place in seen, REPEATED_WAREHOUSE),
        (not 0 <= quantity <= MOST_STOCK, QUANTITY),
        (promoted and quantity < now.get(place, 0), IN_PROMOTION),
    )
    return next((refusal for wrong, refusal in checks if wrong), None)


def _stock(shop: Shop, product: Product, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    own = [shop.warehouses[place].id for place in product.warehouses]
    sent = {row.get("warehouse_id") or own[0]: row["quantity"] for row in rows}
    return [sent[place] for place in own]


def update_prices(call: ApiCall) -> Mapping[str, Any]:
    """Sets prices, of all SKUs sent or of none; the answer is always empty.

    Raises:
        ApiError: what is wrong with the first SKU that is refused.
    """
    shop = call.the_shop
    key = product_key(call, call.path["product_id"])
    with call.world.writing(call.now) as life:
        product = life.store.products[key]
        if product.status != products.ON_SALE:
            raise refuse(NOT_IN_THIS_STATUS)
        if _promoted(call, product):
            raise refuse(PRICE_LOCKED)
        for sku, item in _chosen(product, call.body["skus"]):
            sku.price = price_of(shop, item.get("price") or {})
            if item.get("list_price"):
                wanted = list_price_of(shop, item["list_price"])
                sku.list_price = wanted if wanted >= sku.price else 0  # a lower one is silently dropped
        products.touch(life, product)
    return {}


def price_of(shop: Shop, price: Mapping[str, Any]) -> int:
    """A SKU's price in minor units.

    Raises:
        ApiError: It is missing, malformed, out of range or in another currency.
    """
    if price.get("currency") != shop.currency:
        raise refuse(CURRENCY)
    text = price.get("amount") or price.get("sale_price")
    if not text:
        raise refuse(PRICE_MISSING)
    amount = money.parse(text, shop.market.decimals)
    if amount is None:
        raise refuse(PRICE_FORMAT)
    if amount <= 0:
        raise refuse(PRICE_INVALID)
    if amount > MOST_CENTS * shop.market.rate // 100:
        raise refuse(PRICE_HIGH)
    return amount


def list_price_of(shop: Shop, price: Mapping[str, Any]) -> int:
    """A SKU's list price in minor units.

    Raises:
        ApiError: The market has none, or it is malformed or out of range.
    """
    if shop.region != "US" or price.get("currency") != "USD":
        raise refuse(LIST_PRICE_MARKET)
    amount = money.parse(price.get("amount") or "", 2)
    if amount is None or amount <= 0:
        raise refuse(LIST_PRICE_INVALID)
    if amount > MOST_CENTS:
        raise refuse(LIST_PRICE_HIGH)
    return amount


def _skus(**fields: Param) -> Param:
    sku = Param("object", fields={"id": Param("string", required=True), **fields})
    return Param("array", required=True, items=sku)


_STOCK_ROW = Param(
    "object",
    fields={
        "quantity": Param("integer", required=True),
        "warehouse_id": TEXT,
        "backorder_quantity": Param("integer"),
        "handling_time": Param("integer"),
    },
)
_PRICE = Param("object", fields={"amount": TEXT, "currency": TEXT, "sale_price": TEXT})

ENDPOINTS = (
    Endpoint(
        "POST",
        "/product/202309/products/{product_id}/inventory/update",
        "seller.product.write",
        update_inventory,
        body={"skus": _skus(inventory=Param("array", required=True, items=_STOCK_ROW))},
    ),
    Endpoint(
        "POST",
        "/product/202309/products/{product_id}/prices/update",
        "seller.product.write",
        update_prices,
        body={
            "skus": _skus(
                price=_PRICE,
                list_price=_PRICE,
                external_list_prices=parts("source", "amount", "currency"),
            )
        },
    ),
)
