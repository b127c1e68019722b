with transactions as (
    select
        shop_id,
        statement_id,
        count(*) as transactions,
        {{ tiktokshop.total('settlement_amount') }} as transactions_amount,
        {{ tiktokshop.total('reserve_amount') }} as reserve_amount
    from {{ ref('tiktokshop__transactions') }}
    group by shop_id, statement_id
)

select
    statements.shop_id,
    statements.id as statement_id,
    {{ tiktokshop.local_date("(statements.statement_time - interval '1 second')", "'UTC'") }} as covered_date,
    statements.statement_time,
    statements.currency,
    coalesce(statements.revenue_amount, 0) as revenue_amount,
    coalesce(statements.shipping_cost_amount, 0) as shipping_cost_amount,
    -- The platform's fee_amount holds the shipping cost, too.
    coalesce(statements.fee_amount, 0) - coalesce(statements.shipping_cost_amount, 0) as fee_tax_amount,
    coalesce(statements.adjustment_amount, 0) as adjustment_amount,
    coalesce(statements.settlement_amount, 0) as settlement_amount,
    {{ tiktokshop.exact('coalesce(transactions.reserve_amount, 0)') }} as reserve_amount,
    coalesce(transactions.transactions, 0) as transactions,
    {{ tiktokshop.exact('coalesce(transactions.transactions_amount, 0)') }} as transactions_amount,
    statements.payment_status,
    {{ tiktokshop.filled('statements.payment_id') }} as payment_id,
    statements.payment_time
from {{ ref('stg_tiktokshop__statements') }} as statements
left join transactions
    on statements.shop_id = transactions.shop_id and statements.id = transactions.statement_id
