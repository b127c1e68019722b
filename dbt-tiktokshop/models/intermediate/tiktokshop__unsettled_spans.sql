-- From when to when an order's money is not settled: owed from the day the order was made until the day that its statement
-- covers. Refunds and adjustments behind it are owed only from the statement that has them.
with transactions as (
    select
        *,
        row_number() over (
            partition by shop_id, order_id order by statement_time, statement_id, transaction_id
        ) as nth
    from {{ ref('tiktokshop__transactions') }}
)

select
    shop_id,
    statement_id || '/' || transaction_id as document_id,
    'settled' as basis,
    statement_id,
    transaction_id,
    order_id,
    currency,
    order_create_date as first_day,
    covered_date as settled_day,
    settlement_amount as amount
from transactions
where transaction_type = 'ORDER' and nth = 1 and order_create_date is not null
union all
select
    shop_id,
    id,
    'estimated',
    null,
    id,
    coalesce({{ tiktokshop.filled('order_id') }}, {{ tiktokshop.filled('adjustment_order_id') }}),
    currency,
    order_create_date,
    null,
    coalesce(est_settlement_amount, 0)
from {{ ref('stg_tiktokshop__unsettled_transactions') }}
where order_create_date is not null
