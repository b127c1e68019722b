with returns as (
    select * from {{ ref('stg_tiktokshop__returns') }}
)

select
    returns.shop_id,
    returns.return_id,
    {{ tiktokshop.item_text('return_line_item_id') }} as return_line_id,
    returns.order_id,
    {{ tiktokshop.item_text('order_line_item_id') }} as order_line_id,
    {{ tiktokshop.item_text('sku_id') }} as sku_id,
    {{ tiktokshop.item_text('seller_sku') }} as seller_sku,
    {{ tiktokshop.item_text('product_name') }} as product_name,
    returns.return_type,
    returns.return_status,
    returns.return_status in (
        'RETURN_OR_REFUND_REQUEST_COMPLETE', 'EXCHANGE_REQUEST_REFUND_SUCCESS', 'REPLACEMENT_REQUEST_REFUND_SUCCESS'
    ) as is_refunded,
    returns.return_reason,
    returns.return_reason_text,
    returns.create_date as return_date,
    returns.update_date as updated_date,
    {{ tiktokshop.item_text('refund_amount.currency') }} as currency,
    {{ tiktokshop.exact(tiktokshop.item_text('refund_amount.refund_subtotal')) }} as refund_subtotal,
    {{ tiktokshop.exact(tiktokshop.item_text('refund_amount.refund_shipping_fee')) }} as refund_shipping_fee,
    {{ tiktokshop.exact(tiktokshop.item_text('refund_amount.refund_tax')) }} as refund_tax,
    {{ tiktokshop.exact(tiktokshop.item_text('refund_amount.refund_total')) }} as refund_total
from returns
{{ tiktokshop.each_record('returns.return_line_items', [
    'return_line_item_id', 'order_line_item_id', 'sku_id', 'seller_sku', 'product_name',
    'refund_amount.currency', 'refund_amount.refund_subtotal', 'refund_amount.refund_shipping_fee', 'refund_amount.refund_tax', 'refund_amount.refund_total',
]) }}
