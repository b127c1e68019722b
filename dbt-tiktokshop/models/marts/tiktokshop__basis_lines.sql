-- What counts in one month by the day of the order, and in another by the day of the statement: each document that makes
-- the two differ.
with orders as (
    select shop_id, order_id, {{ tiktokshop.month_of('order_date') }} as month
    from {{ ref('tiktokshop__orders') }}
),

settled as (
    select
        shop_id,
        statement_id || '/' || transaction_id as document_id,
        order_id,
        currency,
        {{ tiktokshop.month_of('covered_date') }} as month,
        {{ tiktokshop.total('amount') }} as amount
    from {{ ref('tiktokshop__settlement_lines') }}
    where section <> 'reserve'
    group by shop_id, statement_id, transaction_id, order_id, currency, covered_date
),

placed as (
    select
        settled.*,
        orders.month as order_month
    from settled
    left join orders on settled.shop_id = orders.shop_id and settled.order_id = orders.order_id
),

estimated as (
    select
        waiting.shop_id,
        waiting.id as document_id,
        orders.order_id,
        waiting.currency,
        orders.month,
        coalesce(waiting.est_revenue_amount, 0) + coalesce(waiting.est_shipping_cost_amount, 0)
            + coalesce(waiting.est_fee_tax_amount, 0) + coalesce(waiting.est_adjustment_amount, 0) as amount
    from {{ ref('stg_tiktokshop__unsettled_transactions') }} as waiting
    inner join orders
        on waiting.shop_id = orders.shop_id
        and coalesce({{ tiktokshop.filled('waiting.order_id') }}, {{ tiktokshop.filled('waiting.adjustment_order_id') }})
        = orders.order_id
),

lines as (
    select shop_id, order_month as month, currency, document_id, order_id, 'settled_later' as reason, month as other_month,
        -amount as amount
    from placed
    where month <> order_month
    union all
    select shop_id, month, currency, document_id, order_id, 'ordered_earlier', order_month, amount
    from placed
    where month <> order_month
    union all
    select shop_id, month, currency, document_id, order_id,
        case when order_id is null then 'no_order' else 'order_not_read' end, cast(null as date), amount
    from placed
    where order_month is null
    union all
    select shop_id, month, currency, document_id, order_id, 'not_settled', cast(null as date), -amount
    from estimated
)

select
    shop_id,
    month,
    reason,
    document_id,
    order_id,
    other_month,
    currency,
    {{ tiktokshop.exact('amount') }} as amount
from lines
where amount <> 0 and month is not null
