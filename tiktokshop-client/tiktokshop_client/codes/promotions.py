"""The codes that the platform documents for promotions, in our words: data only, ``table`` makes its rows of it."""

from __future__ import annotations

from typing import Final

_LATER = "the promotion service failed; try again later"
_CONFLICT = "a product is in another promotion that runs or is to come: take it out there first, or end that one"
_FORM = "it does not fit the kind of the promotion, or its product level"
_GIFT = "the gifts are not as the platform wants them"
_TERMS = "the terms are not as the platform wants them"
_FIXED = "this cannot be changed any more: make a new promotion"

FAILURES: Final = {17027107: _LATER, 17027802: _LATER, 17029055: _LATER}

TOO_FAST: Final = {17029054: "the promotion service refuses more requests for now"}

DONE: Final = {
    17029010: "the promotion is ended",
    17029023: "the product is not in the promotion",
    17029024: "the SKU is not in the promotion",
}
"""What is so already, if that was what was wanted."""

REFUSALS: Final = {
    # the promotion itself
    17003203: "free shipping for the whole shop is promoted already, and only one such promotion may be",
    17011102: "another promotion has this title: choose another one",
    17029001: "the promotion service refused a value",
    17029002: "the title is longer than 50 characters",
    17029003: "the title is missing",
    17029004: "another promotion has this title: choose another one",
    17029005: "it would begin in the past: choose a later begin_time",
    17029006: "it is shorter than the market allows",
    17029007: "it is longer than the market allows",
    17029008: "it is longer than the market allows for flash sales",
    17029009: "there is no such promotion",
    17029011: "it has begun, so its begin_time stays",
    17029012: "the promotion is over: make a new one",
    17029028: "the promotion belongs to another shop",
    17029035: "the platform's check of the shop does not let it: see Seller Center",
    17029036: "the platform does not offer this kind of promotion, or not this for it",
    17029049: "the platform does not support this version of the promotion",
    17029052: "the platform does not support this kind of product in it",
    17029068: "the platform does not offer this inventory_type in the shop's region",
    17029069: "the promotion is not the shop's own, so it cannot be changed",
    17029070: _GIFT,
    17029071: _GIFT,
    17029072: "a gift is named more than once",
    17029073: "a gift costs more than the platform allows",
    17029074: "a product cannot be its own gift",
    17029075: "a tier has too many gifts, or too few",
    17029076: "a gift is out of stock",
    17029077: "a gift is in several tiers",
    17029078: "there are too many tiers, or too few",
    17029082: "the times are outside what the platform allows for it",
    17029083: "a gift's claim limit can only be raised",
    17029084: _FIXED,
    17029085: _FIXED,
    17029102: "a promotion of products cannot become one of the whole shop, nor the other way round: make a new one",
    17029105: _FIXED,
    17029106: _FIXED,
    17029107: "it overlaps with other promotions, so it cannot be for the whole shop",
    17029109: "the threshold is higher than the platform allows",
    17029110: "the discount is smaller than the platform allows",
    17029111: _TERMS,
    17029112: _TERMS,
    17029114: "the platform does not offer this kind of promotion",
    # its products
    17029013: _FORM,
    17029014: "quantity_per_user must be 1 to 99, or -1 for no limit",
    17029015: "quantity_limit of a product must be -1 where its SKUs have limits of their own",
    17029016: "there is no such SKU",
    17029017: "the product is not this shop's",
    17029018: "the SKU's quantity_limit is more than its stock",
    17029019: "the product's quantity_limit is more than its stock",
    17029020: "the discount is larger than the platform allows: lower it",
    17029021: "the discount is larger than the platform allows: lower it",
    17029022: _CONFLICT,
    17029025: "the promotion would have more than 10,000 products or SKUs: make a second one",
    17029029: _FORM,
    17029030: _FORM,
    17029031: _FORM,
    17029032: _FORM,
    17029033: "no products were named",
    17029034: "the price in the promotion is not valid",
    17029037: _FORM,
    17029038: _FORM,
    17029039: "a product is named more than once",
    17029040: "a SKU is named more than once",
    17029041: _FORM,
    17029042: _FORM,
    17029043: _FORM,
    17029044: _FORM,
    17029046: "more than 300 products or SKUs were sent at once",
    17029047: "the flash sale runs, so its products cannot be changed: wait until it is over",
    17029048: "the flash sale runs, so its SKUs cannot be changed: wait until it is over",
    17029050: "quantity_limit and quantity_per_user must be 1 to 99, or -1 for no limit",
    17029051: "there is no such product",
    17029053: "the SKU belongs to another product",
    17029056: "the product's status does not allow it: activate it first",
    17029058: "a limit can only be raised while the promotion lasts",
    17029059: "more than 10,000 promotions match: ask for a narrower list",
    17029060: "the product's category may not be promoted so",
    17029062: "the discount is smaller than the platform allows: raise it",
    17029063: "the discount is smaller than the platform allows: raise it",
    17029064: "the product cannot be sold, so it cannot be promoted",
    17029065: "a quota can only be raised",
    17029066: "the limits cannot be changed any more",
    17029067: "products of auctions cannot be promoted",
    17029079: _CONFLICT,
    17029103: _CONFLICT,
    17029104: "a product is in another promotion of this kind then: take it out there first, or change the times",
    17029113: "the promotion would have more products than it may have: make a second one",
}

FAULTS: Final = {
    17029026: "the promotion service does not know the seller; please report it",
    17029027: "the promotion service misses a serial number; please report it",
    17029045: "the promotion service has had this serial number before; please report it",
}
"""What would be a fault of this program."""
