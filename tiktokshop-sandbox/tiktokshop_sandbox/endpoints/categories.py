"""What a shop can list its goods under: categories with their attributes and rules, and brands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.derived import Item
from tiktokshop_sandbox.derived.catalogue import authorized_brands
from tiktokshop_sandbox.documents.attributes import attribute_documents
from tiktokshop_sandbox.documents.brands import brand_document
from tiktokshop_sandbox.documents.categories import CATEGORIES, category_document, listed
from tiktokshop_sandbox.documents.locales import CATALOGUE_LOCALES, ENGLISH
from tiktokshop_sandbox.documents.rules import rules_document
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, page_of
from tiktokshop_sandbox.endpoints._seller import PAGE_SIZE
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

NO_SUCH_CATEGORY = 12052023
NOT_A_LEAF = 12052024
NEEDS_V2 = 12052217
_SCOPE = "seller.product.basic"


def _check_version(call: ApiCall) -> None:
    """US shops must say that they mean the seven-level tree ("Get Categories", `category_version`)."""
    if call.the_shop.region == "US" and call.query["category_version"] != "v2":
        raise ApiError(NEEDS_V2, "The category version must be v2 for this shop.", 400)


def _check_category(category_id: str) -> None:
    if category_id not in CATEGORIES:
        raise ApiError(NO_SUCH_CATEGORY, "The category does not exist.", 400)


def _leaf(call: ApiCall) -> str:
    category_id = call.path["category_id"]
    _check_version(call)
    _check_category(category_id)
    if not CATEGORIES[category_id].is_leaf:
        raise ApiError(NOT_A_LEAF, "The category is not a leaf category.", 400)
    return category_id


def categories(call: ApiCall) -> Mapping[str, Any]:
    """The whole tree in one answer, or what of it has the keyword in its name.

    Names are English unless a locale is asked for: those of the products' chains are, too.

    Raises:
        ApiError: 12052217, for a shop in the US without `category_version=v2`.
    """
    _check_version(call)
    shop, locale = call.the_shop, call.query["locale"]
    items = listed(shop, prohibited=call.query["include_prohibited_categories"])
    documents = [category_document(shop, item, locale) for item in items]
    keyword = call.query.get("keyword", "").casefold()
    found = [document for document in documents if keyword in document["local_name"].casefold()]
    return absent_when_empty(call, {"categories": found}, "categories")


def rules(call: ApiCall) -> Mapping[str, Any]:
    """What a leaf category asks for, beyond attributes.

    Raises:
        ApiError: 12052023 for an unknown category, 12052024 for one with others below it, 12052217 as above.
    """
    return rules_document(call.the_shop, _leaf(call))


def attributes(call: ApiCall) -> Mapping[str, Any]:
    """The attributes of a leaf category; refuses what `rules` refuses."""
    return {"attributes": attribute_documents(call.the_shop, _leaf(call))}


def brands(call: ApiCall) -> Mapping[str, Any]:
    """A page of brands. A category adds whether authorised brands may be used in it, and hides none.

    Raises:
        ApiError: 12052023 for an unknown category, 12052217 as above if a category is asked for.
    """
    category_id = call.query.get("category_id", "")
    if category_id:
        _check_version(call)
        _check_category(category_id)
    beginning = call.query.get("brand_name", "").casefold()
    items = [
        Item(brand.number, brand.id, brand_document(brand, authorized=authorized, category_id=category_id))
        for brand, authorized in authorized_brands(call.world, call.the_shop, call.now)
        if (authorized or not call.query["is_authorized"]) and brand.name.casefold().startswith(beginning)
    ]
    shown, token = page_of(call, items, size=call.query["page_size"])
    data = {"brands": [item.doc for item in shown], "total_count": len(items), "next_page_token": token}
    return absent_when_empty(call, data, "brands")


_VERSION = Param("string", values=("v1", "v2"), default="v1")
_LANGUAGE = Param("string", values=CATALOGUE_LOCALES, default=ENGLISH)
_LIVE_QUICK = Param("boolean")

ENDPOINTS = (
    Endpoint(
        "GET",
        "/product/202309/categories",
        _SCOPE,
        categories,
        query={
            "locale": _LANGUAGE,
            "keyword": TEXT,
            "category_version": _VERSION,
            "listing_platform": Param("string", values=("TIKTOK_SHOP", "TOKOPEDIA"), default="TIKTOK_SHOP"),
            "include_prohibited_categories": Param("boolean", default=False),
            "is_live_quick": _LIVE_QUICK,
        },
    ),
    Endpoint(
        "GET",
        "/product/202309/categories/{category_id}/rules",
        _SCOPE,
        rules,
        query={"category_version": _VERSION, "locale": _LANGUAGE},
    ),
    Endpoint(
        "GET",
        "/product/202309/categories/{category_id}/attributes",
        _SCOPE,
        attributes,
        query={"locale": _LANGUAGE, "category_version": _VERSION, "is_live_quick": _LIVE_QUICK},
    ),
    Endpoint(
        "GET",
        "/product/202309/brands",
        _SCOPE,
        brands,
        query={
            "category_id": TEXT,
            "is_authorized": Param("boolean", default=False),
            "brand_name": TEXT,
            "page_size": PAGE_SIZE,
            "page_token": PAGE_TOKEN,
            "category_version": _VERSION,
        },
    ),
)
