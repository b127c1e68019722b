"""What can go wrong, as exceptions with one human sentence each, and how an answer becomes one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tiktokshop_client.codes.rows import RowError, partial_errors
from tiktokshop_client.codes.table import MARKET_TEXT, RULES, UNKNOWN, Action, Category, Rule
from tiktokshop_client.operations import same_region
from tiktokshop_client.redaction import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client.operations import Operation

__all__ = [
    "GONE",
    "TOO_MANY_HITS",
    "Action",
    "AuthorisationError",
    "BugError",
    "BusinessError",
    "Category",
    "ClaimLostError",
    "ClockError",
    "ClosedError",
    "ConfigurationError",
    "DayUsedUpError",
    "MarketError",
    "PageTokenInvalid",
    "PagingError",
    "RateError",
    "RowError",
    "ScopeError",
    "ShopInactiveError",
    "TikTokShopError",
    "TransientError",
    "UnreachableError",
    "classify",
    "partial_errors",
]

Reach = Literal["run", "shop", "stream"]

SUCCESS = 0
GONE = frozenset(
    {
        11007009,
        12019150,
        12052023,
        12052024,
        12052032,
        12052048,
        12052097,
        12052260,
        12052547,
        21008111,
        21008116,
        21011001,
    }
)
"""What the platform answers about an id that does not exist (any more), or is not of the kind asked for."""
TOO_MANY_HITS = 12052180
"""Product search finds more than it can page through: ask for a shorter time range."""

LONGEST_MESSAGE = 300
LONGEST_ID = 100
"""Characters of a request's id. The platform's have 34."""


class TikTokShopError(Exception):
    """Any failure of the client; ``str()`` is one sentence for a human, without secrets.

    Attributes:
        category: What kind of trouble it is, see ``Category``.
        reach: How much work it stops: the whole ``run``, one ``shop``, or one ``stream`` of one shop.
        action: What the table advises; by the time the error is raised, it was tried.
        code: The platform's code, 0 if there is none.
        http_status: The answer's status, 0 if there is no answer.
        message: The platform's own words.
        request_id: The platform's id of the request, for its support.
        operation: The name of the operation that failed.
        shop_id: The shop it was about, or "".
        unclear: Whether the platform may have carried out the request anyway.
    """

    category: Category = Category.BUG
    reach: Reach = "stream"

    def __init__(  # noqa: PLR0913 - plain facts, all by keyword
        self,
        sentence: str,
        *,
        action: Action = Action.STOP,
        code: int = 0,
        http_status: int = 0,
        message: str = "",
        request_id: str = "",
        operation: str = "",
        shop_id: str = "",
        unclear: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.action = action
        self.code = code
        self.http_status = http_status
        self.message = message
        self.request_id = one_line(request_id, LONGEST_ID)
        self.operation = operation
        self.shop_id = shop_id
        self.unclear = unclear
        self.retry_after = retry_after

    def about(self, context: Context) -> TikTokShopError:
        """This error, told as one of the call of ``context``."""
        self.args = (f"{context.who}: {self.args[0]}",)
        self.operation = context.operation
        self.shop_id = context.shop_id
        return self

    def add(self, words: str) -> None:
        """Adds to the sentence."""
        self.args = (f"{self.args[0]}{words}",)

    def __str__(self) -> str:
        facts = [f"code {self.code}"] if self.code else []
        facts += [f"HTTP {self.http_status}"] if self.http_status and not self.code else []
        facts += [f"request_id {self.request_id}"] if self.request_id else []
        return str(self.args[0]) + (f" ({', '.join(facts)})" if facts else "")


class ConfigurationError(TikTokShopError):
    """A setting is missing or wrong."""

    category = Category.CONFIGURATION
    reach = "run"


class AuthorisationError(TikTokShopError):
    """The grant is dead or not the right one: the seller must authorise again."""

    category = Category.AUTHORISATION
    reach = "run"


class ScopeError(TikTokShopError):
    """The app or the grant lacks a scope."""

    category = Category.SCOPE


class MarketError(TikTokShopError):
    """The shop's market does not have this endpoint."""

    category = Category.MARKET


class ShopInactiveError(TikTokShopError):
    """The platform has deactivated the shop."""

    category = Category.SHOP
    reach = "shop"


class ClockError(TikTokShopError):
    """This machine's clock is too far off for the platform to accept a signature."""

    category = Category.CLOCK
    reach = "run"


class RateError(TikTokShopError):
    """The platform kept refusing because of too many requests."""

    category = Category.RATE


class DayUsedUpError(RateError):
    """The user's own cap on the requests of a day is reached: nothing was sent."""


class TransientError(TikTokShopError):
    """Something that tends to pass did not pass within the tries and time allowed."""

    category = Category.TRANSIENT


class UnreachableError(TransientError):
    """No connection to the platform: nothing was sent."""

    category = Category.UNREACHABLE
    reach = "run"


class ClosedError(TransientError):
    """The client was closed while the call was waiting."""

    reach = "run"


class ClaimLostError(TransientError):
    """Another process has claimed what a call is about, because this one stood still for too long: nothing was sent."""

    reach = "run"


class BusinessError(TikTokShopError):
    """The platform refuses because of the shop's data; unknown codes are taken for this."""

    category = Category.BUSINESS


class BugError(TikTokShopError):
    """The request itself was wrong."""

    category = Category.BUG


class PagingError(TransientError):
    """The pages of a list do not come to an end: a page token was repeated, or nothing new came for too long."""


class PageTokenInvalid(TransientError):  # noqa: N818 - named for the condition its callers handle
    """The platform does not accept a page token (any more): begin again at the first page."""

    category = Category.PAGE_TOKEN


_CLASSES: Mapping[Category, type[TikTokShopError]] = {
    Category.CONFIGURATION: ConfigurationError,
    Category.AUTHORISATION: AuthorisationError,
    Category.SCOPE: ScopeError,
    Category.MARKET: MarketError,
    Category.SHOP: ShopInactiveError,
    Category.CLOCK: ClockError,
    Category.RATE: RateError,
    Category.TRANSIENT: TransientError,
    Category.UNREACHABLE: UnreachableError,
    Category.PAGE_TOKEN: PageTokenInvalid,
    Category.BUSINESS: BusinessError,
    Category.BUG: BugError,
}

# In these the platform's own words add something to ours; elsewhere ours say everything.
_QUOTED = frozenset({Category.BUSINESS, Category.BUG, Category.MARKET})


@dataclass(frozen=True)
class Context:
    """What a request was about, for the sentences.

    Attributes:
        operation: The name of the operation.
        subject: The shop or seller as a human knows it: ``shop 7495 (Tea & Co)``, or "".
        shop_id: The shop's id, or "".
        region: The shop's region, or "".
        scope: The scope the operation needs.
        path: The path that was asked.
        undocumented: Whether the operation is documented as missing in the region.
        paging: Whether the request carried a page token.
    """

    operation: str
    subject: str = ""
    shop_id: str = ""
    region: str = ""
    scope: str = ""
    path: str = ""
    undocumented: bool = False
    paging: bool = False

    @classmethod
    def of(
        cls,
        operation: Operation,
        subject: str = "",
        shop_id: str = "",
        region: str = "",
        *,
        paging: bool = False,
    ) -> Context:
        """The context of one call of ``operation``."""
        return cls(
            operation.name,
            subject,
            shop_id,
            same_region(region),
            operation.scope,
            operation.path,
            undocumented=bool(region) and operation.undocumented_in(region),
            paging=paging,
        )

    @property
    def who(self) -> str:
        """The start of a sentence: the operation and what it was for."""
        return f"{self.operation} for {self.subject}" if self.subject else self.operation


def classify(
    context: Context,
    *,
    status: int,
    code: int,
    message: str = "",
    request_id: str = "",
    retry_after: float | None = None,
) -> TikTokShopError:
    """The error that an answer other than success means.

    Args:
        context: What the request was about.
        status: The HTTP status.
        code: The platform's code, 0 if the answer has none.
        message: The platform's message, free of secrets; it is cut to one line of reasonable length.
        request_id: The platform's id of the request.
        retry_after: Seconds the platform asks to wait, if it says so.

    Returns:
        An error to raise or to act on; ``action`` says what might help.
    """
    message = one_line(message, LONGEST_MESSAGE)
    rule = _rule(context, status, code, message)
    category = rule.category
    text = rule.text
    if context.undocumented and category in {Category.BUSINESS, Category.BUG}:
        category = Category.MARKET
        text = MARKET_TEXT
    text = text.format(scope=context.scope or "needed", region=context.region or "unknown", path=context.path)
    if message and (rule is UNKNOWN or category in _QUOTED):
        text += f': "{message}"'
    error = _CLASSES[category](
        f"{context.who}: {text}",
        action=rule.action,
        code=code,
        http_status=status,
        message=message,
        request_id=request_id,
        operation=context.operation,
        shop_id=context.shop_id,
        unclear=category is Category.TRANSIENT,
        retry_after=retry_after,
    )
    if rule.shop_only and context.shop_id:
        error.reach = "shop"
    return error


def _rule(context: Context, status: int, code: int, message: str) -> Rule:
    """The first row of the table that fits."""
    for rule in RULES:
        if (
            rule.code in {None, code}
            and (not rule.statuses or status in rule.statuses)
            and (not rule.words or rule.words.search(message))
            and (not rule.paging or context.paging)
        ):
            return rule
    return UNKNOWN
