with settled as (
    select
        shop_id,
        order_id,
        currency,
        {{ tiktokshop.total("case when section = 'revenue' and category <> 'refunds' then amount else 0 end") }} as revenue,
        {{ tiktokshop.total("case when section = 'revenue' and category = 'refunds' then amount else 0 end") }} as refunded,
        {{ tiktokshop.total("case when section in ('shipping', 'fee', 'tax') then amount else 0 end") }} as fees,
        {{ tiktokshop.total("case when section = 'adjustment' then amount else 0 end") }} as adjustments
    from {{ ref('tiktokshop__settlement_lines') }}
    where order_id is not null and section <> 'reserve'
    group by shop_id, order_id, currency
),

-- The tap keeps what has been settled since apart, so these are still to come.
expected as (
    select
        shop_id,
        coalesce({{ tiktokshop.filled('order_id') }}, {{ tiktokshop.filled('adjustment_order_id') }}) as order_id,
        currency,
        {{ tiktokshop.total('est_revenue_amount') }} as revenue,
        {{ tiktokshop.total('coalesce(est_shipping_cost_amount, 0) + coalesce(est_fee_tax_amount, 0)') }} as fees,
        {{ tiktokshop.total('est_adjustment_amount') }} as adjustments
    from {{ ref('stg_tiktokshop__unsettled_transactions') }}
    group by 1, 2, 3
),

orders as (
    select shop_id, order_id, order_date, order_kind, currency from {{ ref('tiktokshop__orders') }}
),

amounts as (
    select
        orders.*,
        case
            when settled.order_id is not null and expected.order_id is not null then 'partly settled'
            when settled.order_id is not null then 'settled'
            when expected.order_id is not null then 'estimated'
            else 'none'
        end as basis,
        coalesce(settled.revenue, 0) + coalesce(expected.revenue, 0) as revenue,
        coalesce(settled.refunded, 0) as refunded,
        coalesce(settled.fees, 0) + coalesce(expected.fees, 0) as fees,
        coalesce(settled.adjustments, 0) + coalesce(expected.adjustments, 0) as adjustments
    from orders
    left join settled
        on orders.shop_id = settled.shop_id and orders.order_id = settled.order_id and orders.currency = settled.currency
    left join expected
        on orders.shop_id = expected.shop_id and orders.order_id = expected.order_id and orders.currency = expected.currency
)

select
    shop_id,
    order_id,
    order_date,
    order_kind,
    currency,
    basis,
    {{ tiktokshop.exact('revenue') }} as revenue,
    {{ tiktokshop.exact('refunded') }} as refunded,
    {{ tiktokshop.exact('fees') }} as fees,
    {{ tiktokshop.exact('adjustments') }} as adjustments,
    {{ tiktokshop.exact('revenue + refunded + fees + adjustments') }} as profit
from amounts
