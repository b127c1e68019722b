with returns as (
    select * from {{ ref('stg_tiktokshop__returns') }}
)

select
    returns.shop_id,
    returns.return_id,
    {{ tiktokshop.json_text('item.value', ['return_line_item_id']) }} as return_line_id,
    returns.order_id,
    {{ tiktokshop.json_text('item.value', ['order_line_item_id']) }} as order_line_id,
    {{ tiktokshop.json_text('item.value', ['sku_id']) }} as sku_id,
    {{ tiktokshop.json_text('item.value', ['seller_sku']) }} as seller_sku,
    {{ tiktokshop.json_text('item.value', ['product_name']) }} as product_name,
    returns.return_type,
    returns.return_status,
    returns.return_status = 'RETURN_OR_REFUND_REQUEST_COMPLETE' as is_refunded,
    returns.return_reason,
    returns.return_reason_text,
    returns.create_date as return_date,
    returns.update_date as updated_date,
    {{ tiktokshop.json_text('item.value', ['refund_amount', 'currency']) }} as currency,
    {{ tiktokshop.exact(tiktokshop.json_text('item.value', ['refund_amount', 'refund_subtotal'])) }} as refund_subtotal,
    {{ tiktokshop.exact(tiktokshop.json_text('item.value', ['refund_amount', 'refund_shipping_fee'])) }} as refund_shipping_fee,
    {{ tiktokshop.exact(tiktokshop.json_text('item.value', ['refund_amount', 'refund_tax'])) }} as refund_tax,
    {{ tiktokshop.exact(tiktokshop.json_text('item.value', ['refund_amount', 'refund_total'])) }} as refund_total
from returns
{{ tiktokshop.each_item('returns.return_line_items') }}
