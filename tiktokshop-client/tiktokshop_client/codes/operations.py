"""The codes that the platform documents for single operations, beside those of ``table``: what a person can do.

Data only; ``error_table`` makes its rows of it. What is not sure to pass by itself is (business, stop), as unknown
codes are.
"""

from __future__ import annotations

from typing import Final

_FAILED = "the platform's service failed; try again later, and ask its support if it persists"

FAILURES: Final = dict.fromkeys(
    (
        11001027, 11001031, 11005010, 11006005, 11006026, 21001003, 21001008, 21001029, 21001043, 21001055, 21008300,
        11006010, 21022026, 21022029, 21022030, 21023022, 21023034, 21034006, 21042001, 21042076, 25001028, 25001058,
        25007002, 38023025,
    ),
    _FAILED,
) | {
    11034023: "the label took too long; try again later",
    11034037: "the carrier still prepares the label; try again later",
    21030005: "a shipping label is being bought; look again later",
}  # fmt: skip
"""What passes by waiting."""

TOO_FAST: Final = {45111012: "the message service refuses more requests for now"}

QUOTAS: Final = {45101004: "the day's 10,000 requests of this call are used up: try again tomorrow"}

_CANCEL = "; change it, or cancel the order for this reason"

DONE: Final = {
    11006021: "the package is already shipped",
    21008099: "the package is already shipped",
    21011020: "the orders are already shipped",
    21011040: "the package is already shipped",
    21022025: "a shipping label has already been bought",
}
"""What is so already."""

REFUSALS: Final = {
    # labels and slips
    11003011: "there is no such shipping service: ask again which there are",
    11034002: "the seller ships the order, so the platform has no label for it",
    21004008: "there is no such shipping service: ask again which there are",
    21004010: "the platform does not offer this in the shop's country",
    21008017: "the seller ships the order, so the platform has no label for it",
    21008043: "the platform fulfils the order, so there is no label for it",
    21008109: "the order's status has no shipping data yet: ship it first",
    21023035: "the package is not shipped yet: ship it, then ask for its label",
    21023046: "the carrier has the package already, so there is no label for it any more",
    21023059: "the package is cancelled",
    21030006: "a shipping label is bought, so this is not possible any more",
    21042102: "the carrier has the package already, so there is no label for it any more",
    21042104: "the package is not shipped yet: ship it, then ask for its label",
    # splitting and combining
    21011031: "the order is not in this package to be combined: look again which can be",
    21011035: "the order cannot be split",
    # what can be shipped, and when
    10007002: "the order's status does not allow its shipping information to be changed",
    11005004: "there is no such warehouse",
    11006013: "goods of this category cannot be shipped this way: ship them as the category demands",
    11006014: "goods of this category must be shipped apart from others: split the package",
    21004006: "the invoice is missing: upload it, then ship",
    21004017: "the shop's time for an on-demand pick-up has not come: ship within the pick-up time",
    21004019: "the invoices are missing: upload one for every order of the package, then ship",
    21004020: "the invoice has not been accepted yet: wait until it is, or upload a right one",
    21004024: "the platform's limits do not let this order be shipped: see its page in Seller Center",
    21008025: "the platform fulfils the order, so the seller cannot ship it",
    21008042: "the shipping label is already printed",
    21008044: "a return or cancellation is open on an item: settle that first",
    21008106: "the platform does not offer this call in the shop's market",
    21008117: "the platform ships this delivery option itself, so there is no carrier to choose",
    21011003: "the package's state does not allow this",
    21011008: "the package is not complete yet: try again later",
    21011012: "a rule of the platform about orders does not allow this",
    21011013: "a rule of the platform about shipping does not allow this",
    21011027: "the package is already delivered",
    21011033: "the order is already combined with others",
    21011036: "one SKU cannot be split over several packages here",
    21011041: "the order is cancelled",
    21011042: "the order is cancelled",
    21011046: "the order is combined with others, so it cannot be split",
    21011053: "the time is outside the pick-up slot: choose another slot",
    21011054: "a pick-up slot is needed: choose one",
    21014009: "the package cannot be shipped: see the order in Seller Center, it may be cancelled without penalty",
    21021010: "a return or cancellation is open on an item: settle that first",
    21022028: "the package could not be split",
    21022032: "no carrier fits the package: choose one",
    21032001: "the package's state does not allow it to be changed",
    21042056: "the orders are already shipped",
    21042057: "the orders are not awaiting shipment, so there can be no labels for them",
    21042067: "the carrier could not take the order: see it in Seller Center",
    22005007: "the platform cannot find the seller",
    # the parcel and its addresses
    11021009: "no shipping service takes the package: check its weight and its size",
    11021010: "the postal code is not valid: ask the buyer to correct the address",
    11021011: "the carrier does not accept the product's name" + _CANCEL,
    11021012: "the address is not valid: correct it",
    11021013: "the address is too long for the carrier: ask the buyer for a shorter one",
    11021014: "the product is too large for the carrier" + _CANCEL,
    11021015: "the package is too heavy for the carrier" + _CANCEL,
    11021016: "the SKU is too heavy for the carrier" + _CANCEL,
    11021017: "the SKU is too large for the carrier" + _CANCEL,
    11021018: "the package holds more items than the carrier takes" + _CANCEL,
    11021019: "the package is too large for the carrier" + _CANCEL,
    11021020: "the girth of the package is too large for the carrier" + _CANCEL,
    11021021: "the carrier does not accept the SKU's name" + _CANCEL,
    11021022: "the package is too long for the carrier" + _CANCEL,
    11021023: "the buyer's or the shop's address is not valid: correct it",
    11021024: "the buyer's address is not valid: ask the buyer to correct it",
    11021025: "the shop's own address is not valid: correct it in Seller Center",
    # tracking
    11028006: "no carrier matches this tracking number: check it",
    21004012: "the tracking number holds characters that it may not",
    21004015: "the tracking number is not one of this carrier: check both",
    21004016: "the carrier or its service cannot be used with this tracking number: check both",
    21011025: "the tracking number is used for another package",
    21011026: "the tracking number is used too often",
    21011049: "the platform no longer lets the tracking number be changed",
    21034012: "the tracking number is used for another package",
    # aftersales
    25001003: "the order's status does not allow this",
    25001010: "the return is already completed, or the order cancelled",
    25001014: "there is no such reason: choose one that the platform lists for it",
    25001015: "the seller cannot give this reason: choose another of the list",
    25001016: "the reason does not fit what is done: choose another of the list",
    25001020: "the reason is not in use any more: choose another of the list",
    25001021: "the reason does not fit the order's status: choose another of the list",
    25001044: "the return cannot be approved",
    25001045: "the order is on its way and the carrier cannot be stopped, so it cannot be cancelled",
    25001046: "the platform's risk control has stopped the return: see it in Seller Center",
    25001051: "the order is completed or cancelled, so nothing can be returned or cancelled",
    25001057: "the reason is of another kind: choose another of the list",
    25005010: "this request cannot be cancelled item by item: cancel all of it",
    25005011: "more items are named than can be returned",
    25007006: "there is no such order",
    25007007: "a negotiation about the order is open: settle that first",
    25011010: "the platform decides about the request now",
    25011011: "the request's state does not allow it to be rejected",
    25011012: "the request's state does not allow it to be approved",
    25011013: "the request's state does not allow the receipt of goods to be approved",
    25011023: "goods with an authenticity guarantee cannot be decided about here: use Seller Center",
    25011025: "after a quick refund the receipt of goods cannot be rejected",
    25011026: "the platform receives the goods of its own warehouses itself",
    25011032: "the request's state does not allow a part to be refunded",
    25011035: "the parcel cannot be rejected yet",
    25020003: "the decision does not fit the request's state",
    25020004: "the decision does not fit the kind of request",
    25020009: "the request is already cancelled",
    25020010: "the request is already approved, so it cannot be rejected",
    25020011: "the returned goods are already received",
    25020012: "the request's state does not allow the receipt of goods to be rejected",
    # products, stock and prices
    12019008: "the product id is not valid",
    12019015: "that is too many SKUs at once",
    12019059: "the seller SKU is not valid",
    12019112: "the platform cannot find the seller",
    12019210: "this cannot be published as it is: look at the product in Seller Center",
    12052025: "the category is not valid: choose another",
    12052093: "the shop may not list more products: deactivate others, or have the limit raised",
    12052160: "the product may have one SKU only",
    12052163: "the product is a gift and cannot be changed",
    12052207: "the product's brand does not allow this warehouse",
    12052220: "the platform does not allow this category: choose another",
    12052223: "the category is restricted: apply for it in Seller Center",
    12052226: "the category is restricted: apply for it in Seller Center",
    12052330: "the product may not be listed on this platform",
    12052364: "the product cannot be sent to its market from this warehouse: choose another warehouse",
    12052403: "the warehouse does not serve this shop: choose another warehouse",
    12052446: "the category is not open in this market",
    12052465: "the warehouse cannot be used for goods under the EU's product safety rules",
    12052535: "the shop has no warehouse for returns: add one in Seller Center",
    12052556: "there is no such SKU",
    12052703: "the seller's tax number is not valid: correct it in Seller Center",
    12052849: "the shop may not change combined products",
    12052861: "a combined SKU may not cost more than its parts together",
    # messages, creators and reports
    28001022: "the start or the end of the time range is not valid",
    38023050: "global sellers cannot use this call",
    45101003: "the message service has no such record",
    45101006: "the message holds words that the platform does not let through",
    45102007: "the shop may not see this conversation",
    45111001: "the message service does not support this",
}
"""What is about the shop's data: a person must act, or nothing is to be done."""

FAULTS: Final = dict.fromkeys(
    (11001002, 12019123, 12019124, 12052902, 38023047, 38023048, 38023049, 38023057, 38023060, 45101002, 45111017),
    "the platform refused a parameter of the request",
)
"""What is wrong with a request rather than with the shop's data."""
