"""Putting products on sale and taking them off, up to twenty at a time; each may fail separately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import Endpoint, Param
from tiktokshop_sandbox.endpoints._listing import TEXT
from tiktokshop_sandbox.life import products

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.life import Life
    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

MOST_PRODUCTS = 20
NOT_LISTED = 12052048
WRONG_STATUS = 12052003
FAILED_CHECK = 12052990
_NOT_LISTED_TEXT = "You can't edit the specified product(s) as it isn't listed in your account or shop."


@dataclass(frozen=True)
class ListingAction:
    """What is done to products of which status. A `nested` refusal stands in `extra_errors`."""

    word: str
    statuses: frozenset[str]
    apply: Callable[[Life, Shop, Product], None]
    nested: bool = False


def _deactivate(_life: Life, _shop: Shop, product: Product) -> None:
    product.status = "SELLER_DEACTIVATED"


def _delete(_life: Life, _shop: Shop, product: Product) -> None:
    product.before_deletion, product.status = product.status, "DELETED"


def _recover(_life: Life, _shop: Shop, product: Product) -> None:
    back = product.before_deletion
    product.status = "SELLER_DEACTIVATED" if back in {"", products.ON_SALE} else back
    product.before_deletion = ""


ACTIVATE = ListingAction(
    "activated", frozenset({"SELLER_DEACTIVATED", "DRAFT", "FAILED"}), products.activate, nested=True
)
DEACTIVATE = ListingAction("deactivated", frozenset({"ACTIVATE"}), _deactivate)
DELETE = ListingAction(
    "deleted",
    frozenset({"ACTIVATE", "DRAFT", "FAILED", "PLATFORM_DEACTIVATED", "SELLER_DEACTIVATED"}),
    _delete,
)
RECOVER = ListingAction("recovered", frozenset({"DELETED"}), _recover)


def _handler(action: ListingAction) -> Callable[[ApiCall], Mapping[str, Any]]:
    def handler(call: ApiCall) -> Mapping[str, Any]:
        errors = []
        with call.world.writing(call.now) as life:
            for product_id in dict.fromkeys(call.body["product_ids"]):
                key = call.world.key("products", call.the_shop, product_id)
                if key is None:
                    errors.append(_error(product_id, NOT_LISTED, _NOT_LISTED_TEXT))
                    continue
                product = life.store.products[key]
                if product.status in action.statuses:
                    action.apply(life, call.the_shop, product)
                    products.touch(life, product)
                else:
                    errors.append(_status_error(action, product_id))
        return {"errors": errors} if errors else {}

    return handler


def _error(product_id: str, code: int, words: str, *extra: Mapping[str, Any]) -> dict[str, Any]:
    detail: dict[str, Any] = {"product_id": product_id}
    if extra:
        detail["extra_errors"] = list(extra)
    return {"code": code, "message": words, "detail": detail}


def _status_error(action: ListingAction, product_id: str) -> dict[str, Any]:
    words = f"The current product status can not be {action.word}"
    if action.nested:
        reason = {"code": WRONG_STATUS, "message": words}
        return _error(product_id, FAILED_CHECK, "Batch activate business error.", reason)
    return _error(product_id, WRONG_STATUS, words)


_BODY = {"product_ids": Param("array", required=True, max_count=MOST_PRODUCTS, items=TEXT)}

ENDPOINTS = (
    *(
        Endpoint("POST", f"/product/202309/products/{verb}", scope, _handler(action), body=_BODY)
        for verb, action, scope in (
            ("activate", ACTIVATE, "seller.product.write"),
            ("deactivate", DEACTIVATE, "seller.product.write"),
            ("recover", RECOVER, "seller.product.delete"),
        )
    ),
    Endpoint("DELETE", "/product/202309/products", "seller.product.delete", _handler(DELETE), body=_BODY),
)
