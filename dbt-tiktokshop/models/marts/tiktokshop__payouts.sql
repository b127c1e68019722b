with statements as (
    select
        shop_id,
        payment_id,
        count(*) as statements,
        {{ tiktokshop.total('settlement_amount') }} as statements_amount,
        {{ tiktokshop.total('reserve_amount') }} as statements_reserve_amount,
        min(currency) as statements_currency
    from {{ ref('tiktokshop__statements') }}
    where payment_id is not null
    group by shop_id, payment_id
)

select
    payments.shop_id,
    payments.id as payment_id,
    payments.create_date,
    payments.create_time,
    payments.paid_date,
    payments.paid_time,
    payments.status,
    payments.amount_value as amount,
    payments.amount_currency as currency,
    payments.payment_amount_before_exchange_value as amount_before_exchange,
    payments.payment_amount_before_exchange_currency as currency_before_exchange,
    payments.exchange_rate,
    payments.settlement_amount_value as settlement_amount,
    coalesce(payments.reserve_amount_value, 0) as reserve_amount,
    coalesce(statements.statements, 0) as statements,
    {{ tiktokshop.exact('coalesce(statements.statements_amount, 0)') }} as statements_amount,
    {{ tiktokshop.exact('coalesce(statements.statements_reserve_amount, 0)') }} as statements_reserve_amount,
    statements.statements_currency
from {{ ref('stg_tiktokshop__payments') }} as payments
left join statements
    on payments.shop_id = statements.shop_id and payments.id = statements.payment_id
