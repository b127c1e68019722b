"""Videos (202605) and live sessions (202609) with their audience and what they sold."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tiktokshop_sandbox.derived.analytics.creators import AFFILIATE
from tiktokshop_sandbox.derived.analytics.traffic import unique
from tiktokshop_sandbox.documents.analytics.figures import Document, Purse, portion, rate
from tiktokshop_sandbox.zones import zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived.analytics.audiences import ContentReport
    from tiktokshop_sandbox.derived.analytics.creators import Creator

_A_THOUSAND = 1_000
_HOUR = 3_600


def video_document(purse: Purse, report: ContentReport, names: Mapping[int, str]) -> Document:
    """A video's performance; `names` are the present names of its products, by number."""
    content, audience, sales = report.content, report.audience, report.sales
    shop = purse.shop
    posted = datetime.fromtimestamp(content.begins, zone(shop.region)).date()
    return {
        "id": content.id,
        "title": content.title,
        "username": content.creator.user_name,
        "creator": _creator(content.creator) | {"creator_id": content.creator.id},
        "video_post_time": posted.isoformat(),
        "duration": content.seconds,
        "hash_tags": list(content.tags),
        "products": [{"id": shop.identify("product", number), "name": names[number]} for number in content.products],
        "advertisable": content.account != AFFILIATE,
        "review_type": "APPROVED",
        "gmv": purse(report.direct.gmv),
        "indirect_gmv": purse(sales.gmv - report.direct.gmv),
        "attributed_gmv": purse(sales.gmv),
        "gpm": purse(portion(sales.gmv, _A_THOUSAND, audience.views)),
        "sku_orders": len(sales.sku_orders),
        "items_sold": sales.units,
        "avg_customers": portion(len(sales.buyers), 1, report.days),
        "views": audience.views,
        "likes": audience.likes,
        "comments": audience.comments,
        "shares": audience.shares,
        "new_followers": audience.followers,
        "product_impressions": audience.impressions,
        "product_clicks": audience.clicks,
        "click_through_rate": rate(audience.clicks, audience.impressions),
        "ctor": rate(len(sales.sku_orders), audience.clicks),
        "video_finish_rate": rate(9, content.seconds + 9),  # the shorter, the more see the end
        "v_to_l_clicks": audience.followers // 2,
        "v_to_l_rate": rate(audience.followers // 2, audience.views),
    }


def session_document(purse: Purse, report: ContentReport) -> Document:
    """A live session's performance. How people took part in it is shown of the seller's own accounts only."""
    content = report.content
    shown: Document = {
        "id": content.id,
        "title": content.title,
        "creator": _creator(content.creator),
        "start_time": str(content.begins),  # a string, as documented
        "end_time": str(content.ends),
        "sales_performance": _session_sales(purse, report),
        "traffic": _session_traffic(purse, report),
    }
    if content.account != AFFILIATE:
        shown["interaction_performance"] = _interaction(report)
    return shown


def _creator(creator: Creator) -> Document:
    return {
        "author_type": creator.author_type,
        "creator_country": creator.country,
        "nick_name": creator.nick_name,
        "open_id": creator.open_id,
        "user_name": creator.user_name,
    }


def _session_sales(purse: Purse, report: ContentReport) -> Document:
    sales, direct = report.sales, report.direct
    orders = len(sales.sku_orders)
    return {
        "live_gmv": purse(direct.gmv),
        "live_indirect_gmv": purse(sales.gmv - direct.gmv),
        "live_attributed_gmv": purse(sales.gmv),
        "gmv_with_tiktok_coupons": purse(sales.gmv + sales.funding),
        "live_attributed_orders": len(sales.orders),
        "live_attributed_sku_orders": orders,
        "live_attributed_items_sold": sales.units,
        "attributed_customers": len(sales.buyers),
        "created_sku_orders": orders + orders // 8,
        "payment_rate": rate(orders, orders + orders // 8),
        "products_sold": len(sales.products),
        "aov": purse.each(sales.gmv, len(sales.orders)),
        "avg_price": purse.each(sales.gmv, sales.units),
    }


def _session_traffic(purse: Purse, report: ContentReport) -> Document:
    content, audience, sales = report.content, report.audience, report.sales
    views, shown = audience.views, audience.views * 4
    viewers = unique(views, len(sales.buyers))
    watched = 38 + content.seconds // 180  # seconds a view lasts: long sessions hold people longer
    at_once = portion(views, watched, content.seconds) + 1
    orders = len(sales.sku_orders)
    return {
        "views": views,
        "viewers": viewers,
        "impressions": shown,
        "impressions_per_hour": portion(shown, _HOUR, content.seconds),
        "tap_through_rate": rate(views, shown),
        "avg_viewing_duration": watched,
        "avg_viewing_duration_per_viewer": portion(watched, views, viewers),
        "acu": at_once,
        "pcu": at_once * 3,
        "over_1m_views": views // 5,
        "over_1m_live_viewing_rate": rate(views // 5, views),
        "product_impressions": audience.impressions,
        "product_clicks": audience.clicks,
        "ctr": rate(audience.clicks, audience.impressions),
        "live_ctr": rate(audience.clicks, views),
        "ctor": rate(len(sales.orders), audience.clicks),
        "ctor_sku_order": rate(orders, audience.clicks),
        "order_rate_sku_orders": rate(orders, views),
        "products_added": len(content.products),
        "gmv_per_hour": purse(portion(sales.gmv, _HOUR, content.seconds)),
        "show_gpm": purse(portion(sales.gmv, _A_THOUSAND, shown)),
        "watch_gpm": purse(portion(sales.gmv, _A_THOUSAND, views)),
    }


def _interaction(report: ContentReport) -> Document:
    audience = report.audience
    views = audience.views
    return {
        "likes": audience.likes,
        "like_rate": rate(audience.likes, views),
        "comments": audience.comments,
        "comment_rate": rate(audience.comments, views),
        "shares": audience.shares,
        "share_rate": rate(audience.shares, views),
        "new_followers": audience.followers,
        "follow_rate": rate(audience.followers, views),
    }
