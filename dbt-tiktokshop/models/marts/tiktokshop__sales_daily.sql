with orders as (
    select
        shop_id,
        order_date as day,
        currency,
        sum(case when order_kind = 'sale' then 1 else 0 end) as orders,
        sum(case when order_kind <> 'sale' then 1 else 0 end) as other_orders,
        sum(case when is_cancelled then 1 else 0 end) as cancelled_orders,
        {{ tiktokshop.total('revenue') }} as revenue
    from {{ ref('tiktokshop__orders') }}
    where order_date is not null and currency is not null
    group by shop_id, order_date, currency
),

lines as (
    select
        shop_id,
        order_date as day,
        currency,
        sum(sold_quantity) as units
    from {{ ref('tiktokshop__order_lines') }}
    group by shop_id, order_date, currency
),

refunds as (
    select
        shop_id,
        updated_date as day,
        currency,
        {{ tiktokshop.total('refund_total') }} as refunds
    from {{ ref('tiktokshop__return_lines') }}
    where is_refunded and updated_date is not null and currency is not null
    group by shop_id, updated_date, currency
),

-- A day without orders may have refunds.
days as (
    select shop_id, day, currency from orders
    union
    select shop_id, day, currency from refunds
)

select
    days.shop_id,
    days.day,
    days.currency,
    coalesce(orders.orders, 0) as orders,
    coalesce(orders.other_orders, 0) as other_orders,
    coalesce(orders.cancelled_orders, 0) as cancelled_orders,
    coalesce(lines.units, 0) as units,
    {{ tiktokshop.exact('coalesce(orders.revenue, 0)') }} as revenue,
    {{ tiktokshop.exact('coalesce(refunds.refunds, 0)') }} as refunds
from days
left join orders on days.shop_id = orders.shop_id and days.day = orders.day and days.currency = orders.currency
left join lines on days.shop_id = lines.shop_id and days.day = lines.day and days.currency = lines.currency
left join refunds on days.shop_id = refunds.shop_id and days.day = refunds.day and days.currency = refunds.currency
