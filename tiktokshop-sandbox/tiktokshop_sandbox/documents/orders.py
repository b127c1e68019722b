"""Orders as the list (202309) and the detail (202507) show them, and their price detail (202407)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.documents.products import image_uri, image_url
from tiktokshop_sandbox.documents.recipients import recipient_address
from tiktokshop_sandbox.draws import number_of

if TYPE_CHECKING:
    from tiktokshop_sandbox.states import Order, OrderLine
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_HOUR = 3_600
_DAY = 86_400
_TYPES = {"PRE_ORDER": "PRE_ORDER", "ZERO_LOTTERY": "ZERO_LOTTERY"}
_BEFORE_COLLECTION = frozenset({"ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"})


def order_document(shop: Shop, order: Order) -> Document:
    """The whole order. What has not happened yet is left out, purged personal data is `""`."""
    option = shop.options[order.option]
    method = shop.market.payment_methods[order.method]
    cod = method == "Cash on delivery"
    shown: Document = {
        "id": order.id,
        "status": order.status,
        "create_time": order.created,
        "update_time": order.updated,
        "user_id": order.user,
        "buyer_email": "" if order.purged else f"v4b{order.user[-13:]}{order.n % 97:02d}@{shop.market.mail}",
        "buyer_nickname": "" if order.purged else f"{order.recipient.first.lower()}{order.user[-4:]}",
        "buyer_avatar": "" if order.purged else f"https://p16.tiktokcdn.com/avatar/{order.user}.webp",
        "buyer_message": order.message,
        "seller_note": order.note,
        "commerce_platform": "TOKOPEDIA" if shop.region == "ID" and order.n % 3 == 0 else "TIKTOK_SHOP",
        "order_type": _TYPES.get(order.kind, "NORMAL"),
        "fulfillment_type": option.fulfillment_type,
        "shipping_type": option.shipping_type,
        "delivery_type": "COLLECTION_POINT" if shop.market.eu and order.n % 9 == 4 else "HOME_DELIVERY",
        "delivery_option_id": option.id,
        "delivery_option_name": option.name,
        "warehouse_id": shop.warehouses[order.warehouse].id,
        "payment_method_name": method,
        "is_cod": cod,
        "is_sample_order": order.kind == "SAMPLE",
        "is_replacement_order": order.kind == "REPLACEMENT",
        "is_exchange_order": order.kind == "EXCHANGE",
        "is_subscription_order": False,
        "is_refundable_sample": False,
        "authentication_required": False,
        "is_on_hold_order": order.hold,
        "is_buyer_request_cancel": order.asked_to_cancel,
        "has_updated_recipient_address": order.moved,
        "payment": payment(shop, order),
        "recipient_address": recipient_address(shop, order),
        "line_items": [_line_item(shop, order, line) for line in order.lines],
        "packages": [{"id": package.id} for package in order.active],
    }
    if order.invoice:
        shown["need_upload_invoice"] = order.invoice
    _add_times(shown, order, cod=cod)
    _add_shipping(shop, shown, order)
    _add_cancellation(shown, order)
    if shop.region == "US" and order.paid and option.shipping_type == "TIKTOK":
        shown["auto_combine_group_id"] = _group(shop, order)
    if order.kind == "REPLACEMENT":
        shown["replaced_order_id"] = order.source
    elif order.kind == "EXCHANGE":
        shown["exchange_source_order_id"] = order.source
    if order.kind == "PRE_ORDER":
        shown["release_date"] = order.created + order.plan.ship // _DAY * _DAY
    return shown


def _group(shop: Shop, order: Order) -> str:
    """What the platform would send together: a buyer's orders of a day to one address from one place."""
    if order.kind == "PRE_ORDER":
        return "N/A"  # it leaves when it is there
    to = order.recipient
    alike = (order.user, to.street, to.postcode, order.warehouse, order.option, order.created // _DAY)
    return f"1156{number_of(shop.seed, shop.number, *alike) % 10**15:015d}"


def _add_times(shown: Document, order: Order, *, cod: bool) -> None:
    promised = order.paid or order.created
    times = {
        "paid_time": (order.delivered if cod else order.paid),
        "rts_time": order.rts,
        "collection_time": order.collected,
        "delivery_time": order.delivered,
        "cancel_time": order.cancelled,
        "request_cancel_time": order.asked_at,
        "cancel_order_sla_time": order.asked_at and order.asked_at + 2 * _DAY,
    }
    if order.paid:
        times |= {
            "rts_sla_time": promised + 2 * _DAY,
            "shipping_due_time": promised + 2 * _DAY,
            "tts_sla_time": promised + 3 * _DAY,
            "collection_due_time": promised + 3 * _DAY,
            "delivery_sla_time": promised + 9 * _DAY,
            "delivery_due_time": promised + 9 * _DAY,
            "delivery_option_required_delivery_time": promised + 8 * _DAY,
            "fast_dispatch_sla_time": promised + _DAY,
            "recommended_shipping_time": promised + 30 * _HOUR,
        }
    shown.update((name, at) for name, at in times.items() if at)


def _add_shipping(shop: Shop, shown: Document, order: Order) -> None:
    shipped = [package for package in order.active if package.shipped]
    if shipped:
        number, name, _ = shop.market.carriers[shipped[0].carrier]
        shown["tracking_number"] = shipped[0].tracking
        shown["shipping_provider"] = name
        shown["shipping_provider_id"] = number
    if any(package.partners for package in order.active):
        shown["split_or_combine_tag"] = "COMBINED"
    elif len(order.active) > 1:
        shown["split_or_combine_tag"] = "SPLIT"
    shown["handling_duration"] = {"days": "2" if order.kind != "PRE_ORDER" else "20", "type": "BUSINESS_DAY"}
    shown["fulfillment_priority_level"] = 0


def _add_cancellation(shown: Document, order: Order) -> None:
    if order.cancelled:
        shown["cancel_reason"] = order.cancel_reason
        shown["cancellation_initiator"] = order.cancelled_by


def payment(shop: Shop, order: Order) -> Document:
    """What the buyer pays; the total is sub_total + shipping_fee + tax + retail_delivery_fee."""
    amount = shop.amount
    lines = order.lines
    original = sum(line.original for line in lines)
    seller = sum(line.seller_discount for line in lines)
    platform = sum(line.platform_discount for line in lines)
    product_tax = sum(line.tax for line in lines)
    retail = sum(line.retail_fee for line in lines)
    shipping = order.shipping - order.shipping_seller - order.shipping_platform
    sub_total = original - seller - platform
    tax = product_tax + order.shipping_tax
    shown = {
        "currency": shop.currency,
        "original_total_product_price": amount(original),
        "seller_discount": amount(seller),
        "platform_discount": amount(platform),
        "payment_platform_discount": "0",
        "payment_discount_service_fee": "0",
        "sub_total": amount(sub_total),
        "original_shipping_fee": amount(order.shipping),
        "shipping_fee_seller_discount": amount(order.shipping_seller),
        "shipping_fee_platform_discount": amount(order.shipping_platform),
        "shipping_fee_cofunded_discount": "0",
        "shipping_fee": amount(shipping),
        "shipping_fee_tax": amount(order.shipping_tax),
        "product_tax": amount(product_tax),
        "tax": amount(tax),
        "small_order_fee": "0",
        "total_amount": amount(sub_total + shipping + tax + retail),
    }
    if shop.region == "US":
        shown |= {"retail_delivery_fee": amount(retail), "item_insurance_fee": "0", "item_insurance_tax": "0"}
    if shop.region == "ID":
        shown |= dict.fromkeys(("buyer_service_fee", "handling_fee", "shipping_insurance_fee"), "0")
    return shown


def _line_status(order: Order, line: OrderLine) -> str:
    if order.status not in _BEFORE_COLLECTION:
        return order.status
    shipped = line.package >= 0 and order.packages[line.package].shipped
    return "AWAITING_COLLECTION" if shipped else "AWAITING_SHIPMENT"


def _line_item(shop: Shop, order: Order, line: OrderLine) -> Document:
    amount = shop.amount
    shown: Document = {
        "id": line.id,
        "product_id": shop.identify("product", line.product),
        "product_name": line.product_name,
        "sku_id": line.sku,
        "sku_name": line.sku_name,
        "seller_sku": line.seller_sku,
        "sku_image": image_url(image_uri(shop, line.product * 8 + 4)),
        "sku_type": "PRE_ORDER" if order.kind == "PRE_ORDER" else "NORMAL",
        "display_status": _line_status(order, line),
        "currency": shop.currency,
        "original_price": amount(line.original),
        "sale_price": amount(line.sale),
        "seller_discount": amount(line.seller_discount),
        "platform_discount": amount(line.platform_discount),
        "small_order_fee": "0",
        "is_gift": line.gift,
        "is_dangerous_good": False,
        "needs_prescription": False,
        "is_pod_customized": False,
    }
    if line.gift:
        shown["gift_retail_price"] = amount(line.original)
    if order.tax_rate:
        tax = {"tax_type": "SALES_TAX", "tax_amount": amount(line.tax), "tax_rate": money.rate_text(order.tax_rate)}
        shown["item_tax"] = [tax]
    if shop.region == "US":
        shown["retail_delivery_fee"] = amount(line.retail_fee)
        shown["is_unboxing_item"] = False
        if order.n % 6 == 2:  # sold in a live room
            shown["room_id"] = f"7330{order.n // 50:015d}"
    if shop.market.eu:
        shown["shipping_vat_amount"] = amount(money.included(order.shipping // len(order.lines), shop.market.vat))
        shown["shipping_vat_rate"] = money.rate_text(shop.market.vat)
    if line.parts:
        shown["combined_listing_skus"] = [
            {"product_id": product, "sku_id": sku, "seller_sku": own, "sku_count": count}
            for product, sku, own, count in line.parts
        ]
        shown["sub_item_info"] = _parts(shop, order, line)
    _add_parcel(shop, shown, order, line)
    if order.cancelled:
        shown["cancel_reason"] = order.cancel_reason
        shown["cancel_user"] = order.cancelled_by
    return shown


def _parts(shop: Shop, order: Order, line: OrderLine) -> list[Document]:
    """The pieces of a bundle, which share its prices."""
    even = [1] * len(line.parts)
    first = order.n * 64 + 16 + order.lines.index(line) * 4
    shares = zip(
        line.parts,
        money.share(line.original, even),
        money.share(line.seller_discount, even),
        money.share(line.platform_discount, even),
        strict=True,
    )
    return [
        {
            "id": shop.identify("line", first + place),
            "product_id": product,
            "sku_id": sku,
            "seller_sku": own,
            "display_status": _line_status(order, line),
            "currency": shop.currency,
            "original_price": shop.amount(original),
            "seller_discount": shop.amount(seller),
            "platform_discount": shop.amount(platform),
            "sale_price": shop.amount(original - seller - platform),
            "warehouse_id": shop.warehouses[line.warehouse].id,
        }
        for place, ((product, sku, own, _), original, seller, platform) in enumerate(shares)
    ]


def _add_parcel(shop: Shop, shown: Document, order: Order, line: OrderLine) -> None:
    if line.package < 0:
        return
    package = order.packages[line.package]
    shown["package_id"] = package.id
    shown["package_status"] = package.status
    if package.shipped:
        number, name, _ = shop.market.carriers[package.carrier]
        shown["tracking_number"] = package.tracking
        shown["shipping_provider_id"] = number
        shown["shipping_provider_name"] = name
        shown["rts_time"] = package.shipped


_ZERO = (
    "shipping_fee_deduction_platform_voucher",
    "voucher_deduction_platform",
    "voucher_deduction_seller",
    "sku_gift_net_price",
    "distance_shipping_fee",
)


def price_detail(shop: Shop, order: Order) -> Document:
    """How the order's price came about, as a whole and by line; the lines add up to the whole."""
    weights = [line.original for line in order.lines]
    shares = zip(
        money.share(order.shipping, weights),
        money.share(order.shipping_seller, weights),
        money.share(order.shipping_platform, weights),
        money.share(order.shipping_tax, weights),
        strict=True,
    )
    rows = [_prices(shop, line, share) for line, share in zip(order.lines, shares, strict=True)]
    whole = {name: sum(row[name] for row in rows) for name in rows[0]}
    rate = money.rate_text(order.tax_rate or shop.market.vat)
    fixed = {"currency": shop.currency, "tax_rate": rate, "cod_fee": "0"} | dict.fromkeys(_ZERO, "0")
    lines = [
        {"id": line.id, "cod_fee_amount": "0", **fixed, **{name: shop.amount(part) for name, part in row.items()}}
        for line, row in zip(order.lines, rows, strict=True)
    ]
    texts = {name: shop.amount(amount) for name, amount in whole.items()}
    return {"cod_fee_net_amount": "0", **fixed, **texts, "line_items": lines}


def _prices(shop: Shop, line: OrderLine, share: tuple[int, int, int, int]) -> dict[str, int]:
    shipping, by_seller, by_platform, shipping_tax = share
    paid_shipping = shipping - by_seller - by_platform
    tax_inside = money.included(line.sale, shop.market.vat)
    tax = line.tax + shipping_tax
    return {
        "sku_list_price": line.original,
        "sku_sale_price": line.sale,
        "sku_gift_original_price": line.original if line.gift else 0,
        "subtotal": line.sale,
        "subtotal_deduction_seller": line.seller_discount,
        "subtotal_deduction_platform": line.platform_discount,
        "subtotal_tax_amount": line.tax or tax_inside,
        "shipping_list_price": shipping,
        "shipping_sale_price": paid_shipping,
        "shipping_fee_deduction_seller": by_seller,
        "shipping_fee_deduction_platform": by_platform,
        "tax_amount": tax or tax_inside + money.included(paid_shipping, shop.market.vat),
        "net_price_amount": line.sale - tax_inside,
        "total": line.original + shipping + tax + line.retail_fee,
        "payment": line.sale + paid_shipping + tax + line.retail_fee,
    }
