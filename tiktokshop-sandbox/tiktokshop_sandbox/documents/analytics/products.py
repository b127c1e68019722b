"""Products (202605) and SKUs (202509) with what they sold and who looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.derived.analytics.content import BY_AFFILIATE, BY_SELLER, CARD, LIVE, VIDEO
from tiktokshop_sandbox.derived.analytics.traffic import Traffic, together, unique
from tiktokshop_sandbox.documents.analytics.figures import Document, Purse, portion, rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived.analytics.reports import ProductReport, SkuReport
    from tiktokshop_sandbox.derived.analytics.tallies import SalesTally


class _Section(NamedTuple):
    """A part of a product's report: its channel, and how its fields are called."""

    channel: tuple[str, str]
    gmv: str = "attributed_gmv"
    begun: str = ""
    cart_users: str = "add_cart_users"
    counts: bool = True  # whether it says more of sales than their value


_SECTIONS: Final[Mapping[str, _Section]] = {
    "seller_live_performance": _Section((LIVE, BY_SELLER), begun="new_live_count"),
    "seller_video_performance": _Section((VIDEO, BY_SELLER), begun="new_video_count"),
    "seller_product_card_performance": _Section((CARD, BY_SELLER)),
    "affiliate_live_performance": _Section(
        (LIVE, BY_AFFILIATE), "live_attributed_gmv", "new_live_count", "atc_users", counts=False
    ),
    "affiliate_video_performance": _Section(
        (VIDEO, BY_AFFILIATE), "attributed_video_gmv", "new_video_count", "atc_users", counts=False
    ),
}
_OF_AFFILIATES: Final = ((LIVE, BY_AFFILIATE), (VIDEO, BY_AFFILIATE), (CARD, BY_AFFILIATE))
_IN_SHOP_TAB: Final = 45  # of a hundred impressions and clicks on the seller's product cards


def product_document(purse: Purse, report: ProductReport) -> Document:
    """A product's performance. What nobody saw of it in a channel, and nobody bought, is left out."""
    shown: Document = {"id": report.id, "total_performance": _total(purse, report)}
    for name, section in _SECTIONS.items():
        sales, traffic = report.sales_by[section.channel], report.traffic_by[section.channel]
        if traffic.impressions:
            begun = {section.begun: report.begun[section.channel]} if section.begun else {}
            shown[name] = {
                **_attributed(purse, section, sales),
                **begun,
                **_traffic(traffic, sales, section.cart_users),
            }
    affiliate = together(report.traffic_by[channel] for channel in _OF_AFFILIATES)
    if affiliate.impressions:
        shown["affiliate_total_performance"] = _affiliate_total(purse, report, affiliate)
    card = report.traffic_by[CARD, BY_SELLER]
    if card.impressions:
        shown["shop_tab_performance"] = _shop_tab(purse, report.in_shop_tab, card)
    return shown


def _total(purse: Purse, report: ProductReport) -> Document:
    sales = report.sales
    return {
        "gmv": purse(sales.gmv),
        "orders": len(sales.orders),
        "sku_orders": len(sales.sku_orders),
        "items_sold": sales.units,
        "estimated_customers": len(sales.buyers),
        "aov": purse.each(sales.gmv, len(sales.orders)),
        **_traffic(report.traffic, sales),
        "gmv_incl_tax": purse(sales.gmv + sales.tax),
        "tax": purse(sales.tax),
        "gross_merchandise_value": purse(sales.gmv + sales.tax + sales.shipping),
        "shipping_fees": purse(sales.shipping),
        "refunds": purse(sales.refunds),
        "refunded_items": sales.refunded_units,
        "refund_customers": len(sales.refunded_buyers),
    }


def _attributed(purse: Purse, section: _Section, sales: SalesTally) -> Document:
    shown: Document = {section.gmv: purse(sales.gmv)}
    if section.counts:
        shown |= _counts(purse, sales)
    return shown


def _counts(purse: Purse, sales: SalesTally) -> Document:
    return {
        "attributed_orders": len(sales.orders),
        "attributed_sku_orders": len(sales.sku_orders),
        "attributed_sold_items": sales.units,
        "estimated_customers": len(sales.buyers),
        "aov": purse.each(sales.gmv, len(sales.orders)),
    }


def _affiliate_total(purse: Purse, report: ProductReport, traffic: Traffic) -> Document:
    sales = report.by_affiliates
    content = sum(report.begun[channel] for channel in _OF_AFFILIATES)
    return {
        "attributed_gmv": purse(sales.gmv),
        **_counts(purse, sales),
        "avg_daily_creator_posted_content": content // report.days,
        **_traffic(traffic, sales),
    }


def _traffic(traffic: Traffic, sales: SalesTally, cart_users: str = "add_cart_users") -> Document:
    impressions, clicks, carts = traffic
    buyers, orders = len(sales.buyers), len(sales.sku_orders)
    viewers, visitors = unique(impressions, buyers), unique(clicks, buyers)
    carriers = unique(carts, buyers)
    return {
        "product_impressions": impressions,
        "product_clicks": clicks,
        "ctr": rate(clicks, impressions),
        "add_cart_count": carts,
        "add_cart_rate": rate(carts, clicks),
        "click_order_rate": rate(orders, clicks),
        "unique_product_impressions": viewers,
        "unique_clicks": visitors,
        "unique_ctr": rate(visitors, viewers),
        cart_users: carriers,
        "unique_atc_rate": rate(carriers, visitors),
        "unique_click_order_rate": rate(buyers, visitors),
    }


def _shop_tab(purse: Purse, sales: SalesTally, card: Traffic) -> Document:
    impressions = max(portion(card.impressions, _IN_SHOP_TAB, 100), sales.units)
    clicks = max(portion(card.clicks, _IN_SHOP_TAB, 100), sales.units)
    buyers = len(sales.buyers)
    return {
        "shop_tab_product_impressions": impressions,
        "shop_tab_product_clicks": clicks,
        "unique_shop_tab_product_clicks": unique(clicks, buyers),
        "estimated_shop_tab_customers": buyers,
        "shop_tab_ctr": rate(clicks, impressions),
        "shop_tab_ctor_sku": rate(len(sales.sku_orders), clicks),
        "shop_tab_gmv": purse(sales.gmv),
        "shop_tab_sold_items": sales.units,
    }


def sku_document(purse: Purse, report: SkuReport) -> Document:
    """A SKU's performance. Its ids are numbers here, as documented, beyond what a double holds."""
    return {
        "id": int(report.id),
        "product_id": int(report.product_id),
        "gmv": purse(report.sales.gmv),
        "sku_orders": len(report.sales.sku_orders),
        "units_sold": report.sales.units,
    }
