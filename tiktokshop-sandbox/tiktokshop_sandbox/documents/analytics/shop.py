"""A shop's days (202609) and hours (202510)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.derived.analytics.content import BY_AFFILIATE, BY_SELLER, CARD, LIVE, VIDEO
from tiktokshop_sandbox.derived.analytics.sales import ELSEWHERE, SEARCH, SHOP_TAB
from tiktokshop_sandbox.derived.analytics.traffic import unique
from tiktokshop_sandbox.documents.analytics.figures import Document, Purse, rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.analytics.reports import Figures, Interval
    from tiktokshop_sandbox.derived.analytics.tallies import SalesTally

_BOTH: Final = (BY_SELLER, BY_AFFILIATE)
# What names of fields begin with, and the channels they add up. What content brought is direct or indirect.
_CONTENT: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "live": (LIVE, _BOTH),
    "video": (VIDEO, _BOTH),
    "seller_live": (LIVE, (BY_SELLER,)),
    "seller_video": (VIDEO, (BY_SELLER,)),
    "creator_live": (LIVE, (BY_AFFILIATE,)),
    "creator_video": (VIDEO, (BY_AFFILIATE,)),
}
_PLACES: Final[Mapping[str, str]] = {
    "shop_tab_attributed": SHOP_TAB,
    "search_attributed": SEARCH,
    "others": ELSEWHERE,
}


def interval_document(purse: Purse, report: Interval) -> Document:
    """The shop's performance on some days in a row; `end_date` is the day after the last."""
    shown: Document = {
        "start_date": report.days[0].isoformat(),
        "end_date": (report.days[-1] + timedelta(days=1)).isoformat(),
        "sales": _sales(purse, report.figures),
        "traffic": _traffic(report),
    }
    if report.figures.credited:  # there is nothing to break down on a day without sales
        shown["breakdowns"] = _breakdowns(purse, report.figures)
    return shown


def _sales(purse: Purse, figures: Figures) -> Document:
    sales = figures.sales
    shown = {
        "gmv": purse(sales.gmv),
        "gmv_with_tax": purse(sales.gmv + sales.tax),
        "gmv_with_tiktok_co_funding": purse(sales.gmv + sales.funding),
        "tax": purse(sales.tax),
        "shipping_fees": purse(sales.shipping),
        "refunds": purse(sales.refunds),
        "cancellations_and_returns": len(sales.undone),
        "orders_count": len(sales.orders),
        "sku_orders_count": len(sales.sku_orders),
        "items_sold": sales.units,
        "customers_count": len(sales.buyers),
        "product_card_attributed_gmv": purse(_gmv(figures, CARD)),
    }
    for prefix, (kind, sides) in _CONTENT.items():
        direct, indirect = (_gmv(figures, kind, sides, direct=direct) for direct in (True, False))
        shown[f"{prefix}_gmv"] = purse(direct)
        shown[f"{prefix}_indirect_gmv"] = purse(indirect)
        shown[f"{prefix}_attributed_gmv"] = purse(direct + indirect)
    return shown | _averages(purse, sales)


def _averages(purse: Purse, sales: SalesTally) -> Document:
    """What an order came to on average, where there were orders."""
    if not sales.orders:
        return {}
    return {
        "avg_order_value": purse.each(sales.gmv, len(sales.orders)),
        "avg_sku_order_value": purse.each(sales.gmv, len(sales.sku_orders)),
    }


def _traffic(report: Interval) -> Document:
    """Averages are of a day; visitors are the people who clicked on a product, page views their clicks."""
    count, traffic = len(report.days), report.figures.traffic
    return {
        "avg_visitors": report.visitors // count,
        "avg_page_views": traffic.clicks // count,
        "avg_conversation_rate": rate(len(report.figures.sales.buyers), report.visitors),  # the platform's spelling
        "product_impressions": traffic.impressions,
        "product_clicks": traffic.clicks,
        "unique_product_impressions": unique(traffic.impressions),
        "unique_clicks": unique(traffic.clicks),
    }


def _breakdowns(purse: Purse, figures: Figures) -> Document:
    return {
        "content_breakdown": [
            {
                "channel": side,
                "content_type": kind,
                "gmv": purse(_gmv(figures, kind, (side,), direct=True)),
                "indirect_gmv": purse(_gmv(figures, kind, (side,), direct=False)),
            }
            for kind in (LIVE, VIDEO)
            for side in _BOTH
        ],
        "seller_product_card_gmv": purse(_gmv(figures, CARD, (BY_SELLER,))),
        "affiliate_product_card_attributed_gmv": purse(_gmv(figures, CARD, (BY_AFFILIATE,))),
        "shop_tab_and_search": {
            name: purse(sum(gmv for channel, gmv in figures.credited.items() if channel.source == place))
            for name, place in _PLACES.items()
        },
    }


def _gmv(figures: Figures, kind: str, sides: Sequence[str] = _BOTH, *, direct: bool | None = None) -> int:
    """The value credited to a kind of channel, on some sides; `direct` or not, or both."""
    return sum(
        gmv
        for channel, gmv in figures.credited.items()
        if channel.kind == kind and channel.side in sides and direct in {None, channel.direct}
    )


def moment_document(purse: Purse, figures: Figures) -> Document:
    """An hour of a day, or the whole. Hours add up to the day, except for people, who may come in several."""
    sales, traffic = figures.sales, figures.traffic
    customers = len(sales.buyers)
    shown = {
        "gmv": purse(sales.gmv),
        "live_attributed_gmv": purse(_gmv(figures, LIVE)),
        "video_attributed_gmv": purse(_gmv(figures, VIDEO)),
        "product_card_attributed_gmv": purse(_gmv(figures, CARD)),
        "orders_count": len(sales.orders),
        "sku_orders_count": len(sales.sku_orders),
        "items_sold": sales.units,
        "customers": customers,
        "customers_count": customers,
        "visitors": unique(traffic.clicks, customers),
        "product_impressions": traffic.impressions,
        "product_clicks": traffic.clicks,
        "unique_product_impressions": unique(traffic.impressions, customers),
        "unique_clicks": unique(traffic.clicks, customers),
    }
    return shown | _averages(purse, sales)
