with orders as (
    select * from {{ ref('stg_tiktokshop__orders') }}
),

units as (
    select
        shop_id,
        order_id,
        min(order_kind) as order_kind,
        count(*) as units,
        sum(case when is_cancelled then 1 else 0 end) as cancelled_units,
        {{ tiktokshop.total('original_price') }} as gross_amount,
        {{ tiktokshop.total('seller_discount') }} as seller_discount,
        {{ tiktokshop.total('platform_discount') }} as platform_discount,
        {{ tiktokshop.total('revenue') }} as revenue
    from {{ ref('tiktokshop__order_units') }}
    group by shop_id, order_id
)

select
    orders.shop_id,
    orders.id as order_id,
    orders.create_date as order_date,
    orders.create_time,
    orders.paid_time,
    orders.update_time,
    orders.status,
    coalesce(units.order_kind, 'sale') as order_kind,
    coalesce(orders.status = 'CANCELLED', false) as is_cancelled,
    orders.payment_currency as currency,
    coalesce(units.units, 0) as units,
    coalesce(units.cancelled_units, 0) as cancelled_units,
    {{ tiktokshop.exact('coalesce(units.gross_amount, 0)') }} as gross_amount,
    {{ tiktokshop.exact('coalesce(units.seller_discount, 0)') }} as seller_discount,
    {{ tiktokshop.exact('coalesce(units.platform_discount, 0)') }} as platform_discount,
    {{ tiktokshop.exact('coalesce(units.revenue, 0)') }} as revenue,
    orders.payment_shipping_fee as shipping_fee,
    orders.payment_tax as tax,
    orders.payment_total_amount as buyer_paid,
    orders.fulfillment_type,
    {{ tiktokshop.filled('orders.warehouse_id') }} as warehouse_id
from orders
left join units on orders.shop_id = units.shop_id and orders.id = units.order_id
