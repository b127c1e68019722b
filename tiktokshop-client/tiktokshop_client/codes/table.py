"""What the platform's refusals mean: ONE table from (HTTP status, code, message words) to a category and an action.

``errors.classify`` reads it from the top and takes the first row that fits. Texts are ours; they complete the sentence
"<operation> [for shop …]: <text>" and may use ``{scope}``, ``{region}``, ``{host}`` and ``{path}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from tiktokshop_client.codes import operations as operation_codes
from tiktokshop_client.codes import promotions as promotion_codes


class _Word(str, Enum):
    """An enumeration whose members print as their value, on every Python."""

    def __str__(self) -> str:
        return str(self.value)


class Category(_Word):
    """What kind of trouble it is, in the caller's terms."""

    CONFIGURATION = "configuration"
    AUTHORISATION = "authorisation"
    SCOPE = "scope"
    MARKET = "market"
    SHOP = "shop"
    CLOCK = "clock"
    RATE = "rate"
    TRANSIENT = "transient"
    UNREACHABLE = "unreachable"
    PAGE_TOKEN = "page_token"  # noqa: S105 - a category's name, no password
    BUSINESS = "business"
    BUG = "bug"


class Action(_Word):
    """What the client does about it."""

    STOP = "stop"
    RETRY = "retry"
    """Wait and send it again, stamped and signed again, if a repeat is harmless."""
    SLOW_DOWN = "slow_down"
    """As RETRY, for writes too (nothing happened), and take the budget down."""
    REFRESH = "refresh"
    """Refresh the access token once, then send again."""
    RESTAMP = "restamp"
    """Correct the clock by the answer's Date header once, then send again."""
    FALLBACK = "fallback"
    """Use the operation's older path, if it has one."""
    DONE = "done"
    """Refused because the wanted state is there already: a writer may count it as success."""


@dataclass(frozen=True)
class Rule:
    """One row: the condition (all that is given must fit) and what it means."""

    category: Category
    action: Action
    text: str
    code: int | None = None
    statuses: tuple[int, ...] = ()
    words: re.Pattern[str] | None = None
    paging: bool = False
    """Only for requests that carried a page token."""
    shop_only: bool = False
    """Stops only the shop, if the request was for one, although its category stops the run."""


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_C, _A = Category, Action

_NO_NEW_GRANT = "and authorising again does not help"
_REAUTHORISE = "the seller must authorise the app again (tiktokshop auth login)"
_ONLY_SEEN_BY_US = "this is a fault of this program, please report it"

MARKET_TEXT = "the platform does not offer this in the shop's market ({region})"
_MARKET_WORDS = _words(
    r"not (available|supported|open|allowed) (in|for) (this|the|your|current) ([\w']+ )?(market|region|country)"
    r"|(market|region|country)\b.{0,30} (is )?(not supported|unsupported)"
)

# Codes like 36009004 say nothing by themselves: the message's words decide, so these rows come first.
WORDED: tuple[Rule, ...] = (
    Rule(
        _C.PAGE_TOKEN,
        _A.STOP,
        "the platform no longer accepts its own page token; read this window again from its first page",
        statuses=(200, 400),
        words=_words(r"page.?token"),
        paging=True,
    ),
    Rule(
        _C.CONFIGURATION,
        _A.STOP,
        "the platform does not know this app: check app_key",
        code=36009004,
        words=_words(r"app.?key"),
    ),
    Rule(
        _C.CONFIGURATION,
        _A.STOP,
        "the platform does not accept the app's secret: check app_secret",
        code=36009004,
        words=_words(r"app.?secret"),
    ),
    Rule(_C.MARKET, _A.STOP, MARKET_TEXT, code=36009004, words=_MARKET_WORDS),
    Rule(
        _C.AUTHORISATION,
        _A.REFRESH,
        f"the platform does not accept the access token (unknown or revoked): {_REAUTHORISE}",
        code=36009004,
        words=_words(r"access.?token"),
    ),
    Rule(
        _C.CLOCK,
        _A.RESTAMP,
        "the platform finds the request's timestamp outside its window (5 minutes back, 30 seconds ahead)",
        code=36009004,
        words=_words(r"\btimestamp\b.*(earlier|later|more|less|expired|invalid)|earlier than 5 min|more than 30 sec"),
    ),
    Rule(
        _C.BUG,
        _A.STOP,
        f"the platform did not find a signature; {_ONLY_SEEN_BY_US}",
        code=36009004,
        words=_words(r"\bsign(ature)?\b"),
    ),
    Rule(
        _C.BUG,
        _A.FALLBACK,
        f"the platform does not know this version of {{path}}; {_ONLY_SEEN_BY_US}",
        code=36009004,
        words=_words(r"\bapi version\b|invalid version"),
    ),
    Rule(
        _C.BUG,
        _A.STOP,
        f"the platform did not expect a shop here; {_ONLY_SEEN_BY_US}",
        code=36009004,
        words=_words(r"cipher.*not required|shop.?id"),
    ),
    Rule(
        _C.CONFIGURATION,
        _A.STOP,
        "the token host does not accept the app: check app_key and app_secret",
        code=36004004,
        words=_words(r"app.?(key|secret)"),
    ),
)

_AS_SELLER = "the token is not one of the shop's seller (tiktokshop auth login)"
CIPHER_OF_ANOTHER_GRANT = 101000

# (code, category, action, text). Gateway and token host.
_GATEWAY: tuple[tuple[int, Category, Action, str], ...] = (
    (36009002, _C.RATE, _A.SLOW_DOWN, "the platform refuses more requests for now"),
    (36009003, _C.TRANSIENT, _A.RETRY, "the platform had an internal error; try again later"),
    (36009004, _C.BUG, _A.STOP, "the platform refused a parameter of the request"),
    (36009007, _C.TRANSIENT, _A.RETRY, "the platform took too long; try again or ask for less at once"),
    (36009009, _C.BUG, _A.FALLBACK, "the platform does not know the path {path}; check api_base_url"),
    (36009010, _C.BUG, _A.STOP, f"the platform does not accept this HTTP method here; {_ONLY_SEEN_BY_US}"),
    (
        36009014,
        _C.BUG,
        _A.FALLBACK,
        f"the platform does not know this version of {{path}}; {_ONLY_SEEN_BY_US}",
    ),
    (36009021, _C.BUSINESS, _A.STOP, "the file to upload is too large"),
    (36009022, _C.BUG, _A.STOP, f"the platform does not accept the format of the request's body; {_ONLY_SEEN_BY_US}"),
    (36009023, _C.BUG, _A.STOP, f"the platform wants a multipart form here; {_ONLY_SEEN_BY_US}"),
    (
        36009033,
        _C.CONFIGURATION,
        _A.STOP,
        "this machine's IP address is not on the app's IP allow list: add it in Partner Center",
    ),
    (
        36009037,
        _C.RATE,
        _A.STOP,
        "the hourly quota of the platform's sandbox is used up: try again in the next hour",
    ),
    (
        36009043,
        _C.SHOP,
        _A.STOP,
        "the platform has deactivated the shop: its seller must settle that in Seller Center, " + _NO_NEW_GRANT,
    ),
    (
        36009044,
        _C.AUTHORISATION,
        _A.STOP,
        "the platform has deactivated the seller, who must settle that in Seller Center, " + _NO_NEW_GRANT,
    ),
    (105001, _C.AUTHORISATION, _A.REFRESH, f"the access token is not valid: {_REAUTHORISE}"),
    (105002, _C.AUTHORISATION, _A.REFRESH, f"the access token has expired: {_REAUTHORISE}"),
    (
        105005,
        _C.SCOPE,
        _A.STOP,
        "the scope {scope} is missing: grant it to the app in Partner Center, then let the seller authorise again",
    ),
    (106001, _C.CONFIGURATION, _A.STOP, "the platform does not accept the signature: check app_secret"),
    (106013, _C.BUG, _A.STOP, f"the platform wants to know which shop is meant; {_ONLY_SEEN_BY_US}"),
    (
        CIPHER_OF_ANOTHER_GRANT,
        _C.AUTHORISATION,
        _A.STOP,
        "the token does not belong to the shop's cipher: run again, to read the ciphers again; if that does not help, "
        + _AS_SELLER,
    ),
    (36004001, _C.AUTHORISATION, _A.STOP, f"the refresh token has expired: {_REAUTHORISE}"),
    (36004004, _C.AUTHORISATION, _A.STOP, f"the authorisation code is used, expired or wrong: {_REAUTHORISE}"),
    (36004005, _C.AUTHORISATION, _A.STOP, f"the platform does not know this authorisation (any more): {_REAUTHORISE}"),
    (98001004, _C.BUG, _A.STOP, "the platform refused a parameter as out of range"),
    (100005, _C.RATE, _A.SLOW_DOWN, "the platform refuses more requests for now"),
    (100006, _C.TRANSIENT, _A.RETRY, "the platform had an internal error; try again later"),
)

_NO_PERMISSION = (
    "the platform grants no permission for this: check that the app has the scope {scope} and that the seller "
    "authorised it"
)

# Other failures that only waiting helps against, and what is wrong with a request rather than with the shop's data.
_FAMILIES: tuple[tuple[int, Category, Action, str], ...] = (
    (10002014, _C.TRANSIENT, _A.RETRY, "the order service could not fetch orders; try again later"),
    (10002015, _C.TRANSIENT, _A.RETRY, "the order service could not fetch orders; try again later"),
    (10006402, _C.TRANSIENT, _A.RETRY, "the order service had an internal error; try again later"),
    (10037002, _C.TRANSIENT, _A.RETRY, "the order service could not fetch orders; try again later"),
    (10037003, _C.TRANSIENT, _A.RETRY, "the order service could not fetch orders; try again later"),
    (10037004, _C.TRANSIENT, _A.RETRY, "the order service could not fetch orders; try again later"),
    (12001000, _C.TRANSIENT, _A.RETRY, "the product service failed; try again later"),
    (33001002, _C.TRANSIENT, _A.RETRY, "the product service failed; try again later"),
    (12052881, _C.TRANSIENT, _A.RETRY, "the product service failed; try again later"),
    (12052109, _C.RATE, _A.SLOW_DOWN, "the product service refuses more requests for now"),
    (21001011, _C.TRANSIENT, _A.RETRY, "the fulfilment service failed; try again later"),
    (25001011, _C.TRANSIENT, _A.RETRY, "the return is being worked on; try again later"),
    (25020008, _C.TRANSIENT, _A.RETRY, "the return service had an internal error; try again later"),
    (45101001, _C.TRANSIENT, _A.RETRY, "the message service had an internal error; try again later"),
    (11050001, _C.BUG, _A.STOP, "the platform refused a parameter of the request"),
    (16032001, _C.BUG, _A.STOP, "the promotion service refused a parameter of the request"),
    (21001001, _C.BUG, _A.STOP, "the fulfilment service refused a parameter of the request"),
    (25001001, _C.BUG, _A.STOP, "the return service refused a parameter of the request"),
    (12009014, _C.SCOPE, _A.STOP, _NO_PERMISSION),
    (12019114, _C.SCOPE, _A.STOP, _NO_PERMISSION),
    (25020005, _C.SCOPE, _A.STOP, _NO_PERMISSION),
    (66009315, _C.SCOPE, _A.STOP, _NO_PERMISSION),
    (12052700, _C.SHOP, _A.STOP, "the platform has deactivated the shop or its seller"),
    (21011006, _C.BUSINESS, _A.DONE, "the package is already shipped"),
    (21011030, _C.BUSINESS, _A.DONE, "the package is already delivered"),
)

# Refusals that are about the shop's data; all are (business, stop).
_BUSINESS: dict[int, str] = {
    # orders and fulfilment
    11007009: "this call does not work for orders of this kind",
    21008111: "the order or package belongs to another seller",
    21008116: "the shop has no subscription to this delivery option",
    21011001: "there is no such package",
    21011004: "the package is not shipped by the seller, so its tracking cannot be set",
    21011007: "a return or cancellation is open on the order: settle that first",
    21011022: "the tracking number or the shipping provider is not valid",
    21011028: "the package belongs to another shop",
    21011029: "the package is outside the fulfilment unit",
    21011037: "no shipping service is available for it",
    21011043: "it is not shipped yet, so there is nothing to correct: mark it as shipped first",
    21011048: "the order has several packages: correct each package by itself",
    21011050: "the shipping information has been corrected as often as the platform allows",
    21011051: "it is too late to correct the shipping information",
    21011052: "it is too late to correct the shipping information",
    10007014: "the package is not delivered by the seller's own fleet",
    25011014: "the return is in a state that does not allow this decision",
    45109001: "it is too late to answer the conversation",
    # products: which one, in what state
    12019150: "there is no such product",
    12052032: "there is no such product",
    12052260: "there is no such product",
    12052034: "the product belongs to another shop",
    12052048: "the product is not listed in this shop or account",
    12052031: "the product cannot be changed",
    12052050: "a product cannot have more than 100 SKUs",
    12052308: "an appeal about the product is open",
    12052332: "the shop is being integrated, so only stock and price can be changed",
    12052371: "the product is in a running auction",
    12052547: "the product has no version under review",
    12052701: "a cross-border seller cannot create local products",
    12052704: "the platform cannot find the seller",
    12052705: "the seller may not manage local products",
    12052901: "the product's status does not allow it (it may be under review)",
    12052910: "the product service refused a parameter",
    12052922: "a field that was sent cannot be changed",
    12052990: "the product did not pass the platform's check",
    12052369: "external_id is too long or too short",
    12052996: "external_id is used more than once",
    12052023: "there is no such category",
    12052024: "the category has subcategories: choose one of them",
    12052217: "the category must be of category version v2",
    12052230: "the category is not of the category version that was sent",
    12052026: "there is no such brand",
    12052722: "there is no such image",
    12038002: "the uploaded file cannot be read",
    12038005: "the image file is too large",
    # stock
    12019022: "every SKU needs a valid warehouse",
    12019024: "the stock is not valid",
    12019028: "all warehouses of the SKU must be sent",
    12052036: "the stock cannot be changed",
    12052037: "the stock cannot be changed: a warehouse is wrong or left out, or the platform allocates the stock",
    12052055: "the quantity of a warehouse is out of range",
    12052094: "the shop may not use more than one warehouse",
    12052095: "the warehouse's data cannot be used",
    12052097: "there is no such warehouse",
    12052115: "the shop has no warehouse",
    12052141: "the stock is kept at the global product: change it there",
    12052144: "the warehouse is the platform's: its stock cannot be changed from outside",
    12052382: "the platform fulfils it: its stock cannot be changed from outside",
    12052393: "the product is in a promotion: its stock may not go below what it is now",
    12052503: "the SKUs share their stock: all of them need the same quantity",
    12052516: "the list of stock is incomplete: all warehouses of the SKU must be sent",
    12052530: "the warehouse belongs to another shop",
    12052531: "the warehouse is disabled",
    12052532: "the warehouse is not one for sales",
    12052533: "warehouses cannot be added, removed or replaced here",
    12052534: "the warehouse cannot be removed",
    12052553: "a SKU is named more than once",
    12052555: "a warehouse is named more than once",
    12052557: "the SKU belongs to another product",
    12052708: "the stock of a combined product cannot be changed",
    12052850: "the stock of a combined product cannot be changed",
    12052921: "the stock is shared with the shop it was copied from: change it there",
    # prices
    12019045: "the price is locked",
    12052012: "the price is not in the format that the platform wants",
    12052038: "a promotion locks the price: change it when the promotion is over",
    12052073: "the price is not valid",
    12052084: "the currency is not one of this shop or region",
    12052092: "the sale price is not valid",
    12052096: "the SKU has no warehouse, so its price cannot be changed",
    12052375: "the list price is not valid",
    12052376: "a list price is not supported here",
    12052383: "the list price is too high",
    12052424: "a sale price is required",
    12052570: "the price is above the platform's limit",
    12052571: "a SKU has no price",
    12052572: "the sale price is not valid",
    12052574: "the unit price settings are not valid",
    # searching products
    12019027: "at most 10 seller SKUs can be searched at once",
    12019087: "at most 10 SKUs can be searched at once",
    12019108: "the page number is not valid",
    12019109: "the page size is not valid",
    12019113: "the status to search for is not valid",
    12019118: "the range of creation times is not valid",
    12019119: "the range of update times is not valid",
    12019120: "that is too many products at once",
    12052180: "more than 10,000 products match: ask for a shorter time range",
}

CODED: tuple[Rule, ...] = tuple(
    Rule(category, action, text, code=code, shop_only=code == CIPHER_OF_ANOTHER_GRANT)
    for code, category, action, text in (
        *_GATEWAY,
        *_FAMILIES,
        *((code, _C.BUSINESS, _A.STOP, text) for code, text in _BUSINESS.items()),
        *(
            (code, category, action, text)
            for module in (operation_codes, promotion_codes)
            for category, action, texts in (
                (_C.TRANSIENT, _A.RETRY, module.FAILURES),
                (_C.RATE, _A.SLOW_DOWN, module.TOO_FAST),
                (_C.BUSINESS, _A.DONE, module.DONE),
                (_C.BUSINESS, _A.STOP, module.REFUSALS),
                (_C.BUG, _A.STOP, module.FAULTS),
            )
            for code, text in texts.items()
        ),
        *((code, _C.RATE, _A.STOP, text) for code, text in operation_codes.QUOTAS.items()),
    )
)

# Answers without a code that says otherwise.
UNCODED: tuple[Rule, ...] = (
    Rule(_C.MARKET, _A.STOP, MARKET_TEXT, words=_MARKET_WORDS, statuses=(200, 400, 403)),
    Rule(_C.RATE, _A.SLOW_DOWN, "the platform refuses more requests for now", statuses=(429,)),
    Rule(_C.TRANSIENT, _A.RETRY, "the platform took too long; try again or ask for less at once", statuses=(408,)),
    Rule(_C.TRANSIENT, _A.RETRY, "the platform is not available; try again later", statuses=(503, 504)),
    Rule(
        _C.TRANSIENT,
        _A.RETRY,
        "the platform had an internal error; try again later",
        statuses=tuple(range(500, 600)),
    ),
)

RULES: tuple[Rule, ...] = (*WORDED, *CODED, *UNCODED)
UNKNOWN = Rule(_C.BUSINESS, _A.STOP, "the platform refused it")
