{{ config(materialized="table") }}
-- A transaction of a statement, with the order it is about and the day its statement covers.
select
    shop_id,
    statement_id,
    id as transaction_id,
    type as transaction_type,
    coalesce(
        {{ tiktokshop.filled('order_id') }},
        {{ tiktokshop.filled('adjustment_order_id') }},
        {{ tiktokshop.filled('associated_order_id') }}
    ) as order_id,
    {{ tiktokshop.filled('adjustment_id') }} as adjustment_id,
    order_create_date,
    statement_time,
    -- The statement of a day is cut at the midnight (UTC) that ends it.
    {{ tiktokshop.local_date("(statement_time - interval '1 second')", "'UTC'") }} as covered_date,
    currency,
    coalesce(revenue_amount, 0) as revenue_amount,
    coalesce(shipping_cost_amount, 0) as shipping_cost_amount,
    coalesce(fee_tax_amount, 0) as fee_tax_amount,
    coalesce(adjustment_amount, 0) as adjustment_amount,
    coalesce(settlement_amount, adjustment_amount, 0) as settlement_amount,
    coalesce(supplementary_component_customer_refund_amount, 0) as buyer_refund_amount,
    {{ tiktokshop.signed_reserve() }} as reserve_amount,
    reserve_status,
    {{ tiktokshop.filled('reserve_id') }} as reserve_id
from {{ ref('stg_tiktokshop__statement_transactions') }}
