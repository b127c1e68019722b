with units as (
    select * from {{ ref('tiktokshop__order_units') }}
),

orders as (
    select shop_id, order_id, order_date from {{ ref('tiktokshop__orders') }}
),

lines as (
    select
        shop_id,
        order_id,
        sku_id,
        min(order_kind) as order_kind,
        max(product_id) as product_id,
        max(seller_sku) as seller_sku,
        max(product_name) as product_name,
        max(sku_name) as sku_name,
        max(currency) as currency,
        count(*) as quantity,
        sum(case when is_cancelled then 1 else 0 end) as cancelled_quantity,
        sum(case when is_gift then 1 else 0 end) as gift_quantity,
        sum(case when order_kind = 'sale' and is_paid and not is_cancelled and not is_gift then 1 else 0 end)
            as sold_quantity,
        {{ tiktokshop.total('original_price') }} as gross_amount,
        {{ tiktokshop.total('seller_discount') }} as seller_discount,
        {{ tiktokshop.total('platform_discount') }} as platform_discount,
        {{ tiktokshop.total('revenue') }} as revenue
    from units
    group by shop_id, order_id, sku_id
)

select
    lines.*,
    orders.order_date
from lines
inner join orders on lines.shop_id = orders.shop_id and lines.order_id = orders.order_id
