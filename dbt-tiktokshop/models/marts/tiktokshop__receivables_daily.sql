-- An order is owed from the day it was made; refunds and adjustments behind it only from the statement that has them.
with spans as (
    select shop_id, currency, first_day, settled_day, amount from {{ ref('tiktokshop__unsettled_spans') }}
),

-- Positive when it becomes owed, negative when it is owed no longer.
unsettled_changes as (
    select shop_id, currency, first_day as day, 1 as transactions, amount from spans
    union all
    select shop_id, currency, settled_day, -1, -amount from spans where settled_day is not null
),

statements as (
    select
        shop_id,
        currency,
        covered_date,
        {{ tiktokshop.local_date('payment_time', "'UTC'") }} as paid_day,
        settlement_amount + reserve_amount as amount
    from {{ ref('tiktokshop__statements') }}
),

unpaid_changes as (
    select shop_id, currency, covered_date as day, 1 as statements, amount from statements
    union all
    select shop_id, currency, paid_day, -1, -amount from statements where paid_day is not null
),

changes as (
    select shop_id, currency, day, transactions, amount as unsettled, 0 as statements, 0 as unpaid from unsettled_changes
    union all
    select shop_id, currency, day, 0, 0, statements, amount from unpaid_changes
),

bounds as (
    select shop_id, currency, min(day) as first_day, max(day) as last_day
    from changes
    where currency is not null
    group by shop_id, currency
),

days as (
    select shop_id, currency, {{ tiktokshop.each_day('first_day', 'last_day') }} as day from bounds
),

changed as (
    select
        shop_id,
        currency,
        day,
        sum(transactions) as transactions,
        {{ tiktokshop.total('unsettled') }} as unsettled,
        sum(statements) as statements,
        {{ tiktokshop.total('unpaid') }} as unpaid
    from changes
    group by shop_id, currency, day
),

running as (
    select
        days.shop_id,
        days.currency,
        days.day,
        sum(coalesce(changed.transactions, 0)) over so_far as transactions,
        sum(coalesce(changed.unsettled, 0)) over so_far as unsettled,
        sum(coalesce(changed.statements, 0)) over so_far as statements,
        sum(coalesce(changed.unpaid, 0)) over so_far as unpaid
    from days
    left join changed on days.shop_id = changed.shop_id and days.currency = changed.currency and days.day = changed.day
    window so_far as (partition by days.shop_id, days.currency order by days.day)
)

select
    shop_id,
    day,
    currency,
    cast(transactions as bigint) as unsettled,
    {{ tiktokshop.exact('unsettled') }} as unsettled_amount,
    cast(statements as bigint) as statements_unpaid,
    {{ tiktokshop.exact('unpaid') }} as unpaid_amount,
    {{ tiktokshop.exact('unsettled + unpaid') }} as receivable
from running
