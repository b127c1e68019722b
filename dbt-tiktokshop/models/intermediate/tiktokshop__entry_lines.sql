-- The entries of the documents as they are now, a debit positive and a credit negative.
--
-- What a statement settles, by category: an amount in the seller's favour is a credit there, and owed by the platform.
with settled as (
    select
        shop_id,
        statement_id,
        covered_date,
        currency,
        category,
        {{ tiktokshop.total('amount') }} as amount
    from {{ ref('tiktokshop__settlement_lines') }}
    group by shop_id, statement_id, covered_date, currency, category
),

statement_lines as (
    select shop_id, 'statement' as entry_kind, statement_id as document_id, covered_date as entry_date, currency, category,
        -amount as amount
    from settled
    union all
    select shop_id, 'statement', statement_id, covered_date, currency, 'clearing', {{ tiktokshop.total('amount') }}
    from settled
    group by shop_id, statement_id, covered_date, currency
),

payouts as (
    select
        *,
        coalesce(amount_before_exchange, amount) as cleared,
        coalesce(currency_before_exchange, currency) as cleared_currency
    from {{ ref('tiktokshop__payouts') }}
    where status = 'PAID' and paid_date is not null
),

-- Money that arrives in another currency passes through the account of exchange, which balances each of them.
payout_lines as (
    select shop_id, 'payout' as entry_kind, payment_id as document_id, paid_date as entry_date, currency,
        'bank' as category, amount
    from payouts
    union all
    select shop_id, 'payout', payment_id, paid_date, cleared_currency, 'clearing', -cleared from payouts
    union all
    select shop_id, 'payout', payment_id, paid_date, currency, 'exchange', -amount from payouts
    where currency <> cleared_currency
    union all
    select shop_id, 'payout', payment_id, paid_date, cleared_currency, 'exchange', cleared from payouts
    where currency <> cleared_currency
),

-- What is sold and not settled at the end of a month, by category.
accrual_lines as (
    select shop_id, 'accrual' as entry_kind, substr(cast(month as text), 1, 7) as document_id, last_day as entry_date, currency, category,
        -{{ tiktokshop.total('amount') }} as amount
    from {{ ref('tiktokshop__accruals') }}
    group by shop_id, month, last_day, currency, category
    union all
    select shop_id, 'accrual', substr(cast(month as text), 1, 7), last_day, currency, 'unsettled', {{ tiktokshop.total('amount') }}
    from {{ ref('tiktokshop__accruals') }}
    group by shop_id, month, last_day, currency
),

lines as (
    select * from statement_lines
    union all
    select * from payout_lines
    union all
    select * from accrual_lines
)

select
    shop_id,
    entry_kind || ' ' || document_id as entry_id,
    entry_kind,
    document_id,
    entry_date,
    currency,
    category,
    amount
from lines
where amount <> 0
