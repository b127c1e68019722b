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

lines as (
    select * from statement_lines where amount <> 0
    union all
    select * from payout_lines where amount <> 0
),

accounts as (
    select category, account, account_name from {{ ref('tiktokshop_accounts') }}
)

select
    lines.shop_id,
    lines.entry_kind || ' ' || lines.document_id as entry_id,
    row_number() over (
        partition by lines.shop_id, lines.entry_kind, lines.document_id order by lines.currency, lines.category
    ) as line,
    lines.entry_kind,
    lines.document_id,
    lines.entry_date,
    lines.currency,
    lines.category,
    accounts.account,
    accounts.account_name,
    {{ tiktokshop.exact('case when lines.amount > 0 then lines.amount else 0 end') }} as debit,
    {{ tiktokshop.exact('case when lines.amount < 0 then -lines.amount else 0 end') }} as credit
from lines
left join accounts on lines.category = accounts.category
