"""Reports on a shop by day: sales and traffic, products, SKUs, videos, live sessions, and its score."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Endpoint, Param
from tiktokshop_sandbox.derived import Item
from tiktokshop_sandbox.derived.analytics import SCORED, audiences, reports
from tiktokshop_sandbox.derived.analytics.creators import ACCOUNTS
from tiktokshop_sandbox.derived.analytics.days import calendar
from tiktokshop_sandbox.derived.analytics.goods import let_through, titles
from tiktokshop_sandbox.derived.analytics.score import score
from tiktokshop_sandbox.documents.analytics.content import session_document, video_document
from tiktokshop_sandbox.documents.analytics.figures import Purse, portion
from tiktokshop_sandbox.documents.analytics.products import product_document, sku_document
from tiktokshop_sandbox.documents.analytics.score import metric_documents, score_document
from tiktokshop_sandbox.documents.analytics.shop import interval_document, moment_document
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXTS, page_of, sort_order
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.derived.analytics.audiences import ContentReport
    from tiktokshop_sandbox.derived.analytics.days import Calendar
    from tiktokshop_sandbox.derived.analytics.reports import ProductReport, SkuReport

T = TypeVar("T")

_SCOPE: Final = "data.shop_analytics.public.read"
_ALL: Final = "ALL"
_FINE: Final = 1_000_000  # rates are sorted by whole millionths

# What each list can be sorted by.
_OF_PRODUCTS: Final[Mapping[str, Callable[[ProductReport], int]]] = {
    "gmv": lambda report: report.sales.gmv,
    "items_sold": lambda report: report.sales.units,
    "orders": lambda report: len(report.sales.orders),
}
_OF_SKUS: Final[Mapping[str, Callable[[SkuReport], int]]] = {
    "gmv": lambda report: report.sales.gmv,
    "sku_orders": lambda report: len(report.sales.sku_orders),
    "units_sold": lambda report: report.sales.units,
}
_OF_VIDEOS: Final[Mapping[str, Callable[[ContentReport], int]]] = {
    "avg_customers": lambda report: len(report.sales.buyers),
    "click_through_rate": lambda report: portion(_FINE, report.audience.clicks, report.audience.impressions),
    "gmv": lambda report: report.direct.gmv,
    "gpm": lambda report: portion(_FINE, report.sales.gmv, report.audience.views),
    "items_sold": lambda report: report.sales.units,
    "post_time": lambda report: report.content.begins,
    "sku_orders": lambda report: len(report.sales.sku_orders),
    "views": lambda report: report.audience.views,
}
_OF_SESSIONS: Final[Mapping[str, Callable[[ContentReport], int]]] = {
    "attributed_customers": lambda report: len(report.sales.buyers),
    "live_attributed_gmv": lambda report: report.sales.gmv,
    "live_attributed_items_sold": lambda report: report.sales.units,
    "live_attributed_sku_orders": lambda report: len(report.sales.sku_orders),
    "products_added": lambda report: len(report.content.products),
    "products_sold": lambda report: len(report.sales.products),
}
_GMV: Final = "gmv"  # how every list is sorted unless told, also sessions, whose documented values lack it


def shop_performance(call: ApiCall) -> Mapping[str, Any]:
    """The shop's sales and traffic over the days asked for: as a whole, or day by day."""
    days, asked = _asked(call)
    spans = [[day] for day in asked] if call.query["granularity"] == "1D" else [asked] if asked else []
    purse = _purse(call)
    shown = [interval_document(purse, reports.interval(call.world, call.the_shop, days, span)) for span in spans]
    return {"performance": {"intervals": shown}, "latest_available_date": days.latest.isoformat()}


def hours(call: ApiCall) -> Mapping[str, Any]:
    """The hours of one day; none of a day without a report."""
    day = _date("date", call.path["date"])
    days = calendar(call.world, call.the_shop, call.now)
    performance: dict[str, Any] = {"latest_available_timestamp": days.drawn_up(days.latest), "intervals": []}
    if days.first <= day <= days.latest:
        whole, found = reports.hours(call.world, call.the_shop, days, day)
        purse = _purse(call)
        performance["overall"] = moment_document(purse, whole)
        performance["intervals"] = [{"index": index, **moment_document(purse, hour)} for index, hour in found.items()]
    return {"performance": performance}


def products(call: ApiCall) -> Mapping[str, Any]:
    """Products that were sold or looked at."""
    days, asked = _asked(call)
    wanted = _let_through(call)
    found = reports.products(call.world, call.the_shop, days, asked)
    found = {name: report for name, report in found.items() if wanted is None or name in wanted}
    purse = _purse(call)
    return _page(call, days, "products", found, _OF_PRODUCTS, lambda report: product_document(purse, report))


def skus(call: ApiCall) -> Mapping[str, Any]:
    """SKUs that were sold."""
    days, asked = _asked(call)
    wanted, named = _let_through(call), call.query.get("product_ids")
    found = {
        name: report
        for name, report in reports.skus(call.world, call.the_shop, days, asked).items()
        if (wanted is None or report.product_id in wanted) and (not named or report.product_id in named)
    }
    purse = _purse(call)
    return _page(call, days, "skus", found, _OF_SKUS, lambda report: sku_document(purse, report))


def videos(call: ApiCall) -> Mapping[str, Any]:
    """Videos that were watched."""
    days, asked = _asked(call)
    found = _of_account(call, audiences.videos(call.world, call.the_shop, days, asked))
    purse = _purse(call)

    def document(report: ContentReport) -> dict[str, Any]:
        return video_document(purse, report, titles(call.world, call.the_shop, report.content.products))

    return _page(call, days, "videos", found, _OF_VIDEOS, document)


def sessions(call: ApiCall) -> Mapping[str, Any]:
    """Live sessions that took place."""
    days, asked = _asked(call)
    found = _of_account(call, audiences.sessions(call.world, call.the_shop, days, asked))
    purse = _purse(call)
    sorts = {**_OF_SESSIONS, _GMV: _OF_SESSIONS["live_attributed_gmv"]}
    shown = _page(call, days, "live_stream_sessions", found, sorts, lambda report: session_document(purse, report))
    return shown | {"updated_at": str(days.drawn_up(days.latest))}


def overview(call: ApiCall) -> Mapping[str, Any]:
    """The shop's score."""
    days = calendar(call.world, call.the_shop, call.now)
    return score_document(score(call.world, call.the_shop, days), call.query["locale"])


def metrics(call: ApiCall) -> Mapping[str, Any]:
    """The metrics that the shop's score is made of."""
    days = calendar(call.world, call.the_shop, call.now)
    shown = metric_documents(score(call.world, call.the_shop, days), call.query["locale"])
    return absent_when_empty(call, {"metrics": shown}, "metrics")


def _asked(call: ApiCall) -> tuple[Calendar, list[date]]:
    """The shop's calendar, and the days asked for that have a report.

    Raises:
        ApiError: 36009004, for what is no date, or a range that ends before it has begun.
    """
    start, end = (_date(name, call.query[name]) for name in ("start_date_ge", "end_date_lt"))
    if end <= start:
        raise ApiError(INVALID_PARAMETER, "EndDateLt must be later than StartDateGe", 400)
    days = calendar(call.world, call.the_shop, call.now)
    return days, days.among(start, end)


def _date(name: str, text: str) -> date:
    """A date as YYYY-MM-DD and nothing else (Python 3.11 reads other forms, too)."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ApiError(INVALID_PARAMETER, f"param {name} is invalid, expected format: YYYY-MM-DD", 400)
    return day


def _purse(call: ApiCall) -> Purse:
    return Purse(call.the_shop, dollars=call.query["currency"] == "USD")


def _let_through(call: ApiCall) -> frozenset[str] | None:
    """The ids of products that the filters on status and category let through; None for all."""
    status, categories = call.query["product_status_filter"], call.query.get("category_filter", ())
    if status == _ALL and not categories:
        return None
    return let_through(call.world, call.the_shop, status, categories)


def _of_account(call: ApiCall, found: Mapping[str, ContentReport]) -> dict[str, ContentReport]:
    account = call.query["account_type"]
    return {name: report for name, report in found.items() if account in {_ALL, report.content.account}}


def _page(
    call: ApiCall,
    days: Calendar,
    name: str,
    found: Mapping[str, T],
    sorts: Mapping[str, Callable[[T], int]],
    document: Callable[[T], dict[str, Any]],
) -> dict[str, Any]:
    """A page of reports by id, sorted as the call says; only those on the page are written out."""
    value = sorts[call.query["sort_field"]]
    items: Sequence[Item] = [Item(value(report), number, {}) for number, report in found.items()]
    descending = call.query["sort_order"] == "DESC"
    shown, token = page_of(call, items, size=call.query["page_size"], descending=descending)
    return {
        name: [document(found[item.id]) for item in shown],
        "next_page_token": token,
        "total_count": len(items),
        "latest_available_date": days.latest.isoformat(),
    }


_CURRENCY: Final = Param("string", values=("LOCAL", "USD"), default="LOCAL")
_RANGE: Final[Mapping[str, Param]] = {
    "start_date_ge": Param("string", required=True),
    "end_date_lt": Param("string", required=True),
    "currency": _CURRENCY,
}


def _list(sorts: Mapping[str, Any], more: Mapping[str, Param]) -> dict[str, Param]:
    return {
        **_RANGE,
        "page_size": Param("integer", low=1, high=100, default=10),
        "page_token": PAGE_TOKEN,
        "sort_field": Param("string", values=tuple(sorts), default=_GMV),
        "sort_order": sort_order("DESC"),
        **more,
    }


_FILTERS: Final[Mapping[str, Param]] = {
    "category_filter": TEXTS,
    "product_status_filter": Param("string", values=(_ALL, "INACTIVE", "LIVE"), default=_ALL),
}
_LOCALE: Final[Mapping[str, Param]] = {"locale": Param("string", default="en-US")}

ENDPOINTS = (
    Endpoint(
        "GET",
        "/analytics/202609/shop/performance",
        _SCOPE,
        shop_performance,
        query={**_RANGE, "granularity": Param("string", values=(_ALL, "1D"), default=_ALL)},
    ),
    Endpoint(
        "GET",
        "/analytics/202510/shop/performance/{date}/performance_per_hour",
        _SCOPE,
        hours,
        query={"currency": _CURRENCY},
    ),
    Endpoint(
        "GET", "/analytics/202605/shop_products/performance", _SCOPE, products, query=_list(_OF_PRODUCTS, _FILTERS)
    ),
    Endpoint(
        "GET",
        "/analytics/202509/shop_skus/performance",
        _SCOPE,
        skus,
        query=_list(_OF_SKUS, {**_FILTERS, "product_ids": TEXTS}),
    ),
    Endpoint(
        "GET",
        "/analytics/202605/shop_videos/performance",
        _SCOPE,
        videos,
        query=_list(_OF_VIDEOS, {"account_type": Param("string", values=(*ACCOUNTS, _ALL), default=_ALL)}),
    ),
    Endpoint(
        "GET",
        "/analytics/202609/shop_lives/performance",
        _SCOPE,
        sessions,
        query=_list(_OF_SESSIONS, {"account_type": Param("string", required=True, values=ACCOUNTS)}),
    ),
    Endpoint(
        "GET",
        "/analytics/202606/shop_performances/overview",
        _SCOPE,
        overview,
        query=_LOCALE,
        markets=SCORED,
    ),
    Endpoint("GET", "/analytics/202606/shop_performances/metrics", _SCOPE, metrics, query=_LOCALE, markets=SCORED),
)
