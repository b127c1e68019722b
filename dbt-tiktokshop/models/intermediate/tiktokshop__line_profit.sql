-- The profit of an order, shared out over its lines by their revenue, by their units where there is none. Running sums are
-- rounded, not parts, so that the parts add up to the order's profit.
with lines as (
    select
        shop_id,
        order_id,
        sku_id,
        product_id,
        currency,
        sum(revenue) over of_order as order_revenue,
        sum(revenue) over so_far as revenue_so_far,
        sum(quantity) over of_order as order_quantity,
        sum(quantity) over so_far as quantity_so_far
    from {{ ref('tiktokshop__order_lines') }}
    window
        of_order as (partition by shop_id, order_id),
        so_far as (partition by shop_id, order_id order by sku_id rows unbounded preceding)
),

weighed as (
    select
        *,
        case
            when order_revenue <> 0 then {{ tiktokshop.share('revenue_so_far', 'order_revenue') }}
            else {{ tiktokshop.share('quantity_so_far', 'order_quantity') }}
        end as share_so_far
    from lines
),

shared as (
    select
        weighed.*,
        round(profits.profit * weighed.share_so_far, 2) as profit_so_far
    from weighed
    inner join {{ ref('tiktokshop__order_profit') }} as profits
        on weighed.shop_id = profits.shop_id and weighed.order_id = profits.order_id
)

select
    shop_id,
    order_id,
    sku_id,
    product_id,
    currency,
    {{ tiktokshop.exact(
        "profit_so_far - coalesce(lag(profit_so_far) over (partition by shop_id, order_id order by sku_id), 0)"
    ) }} as profit
from shared
