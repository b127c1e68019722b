-- What is sold and not settled rolls forward: what was open, what was earned, what was settled, what is open then.
with changes as (
    select shop_id, currency, {{ tiktokshop.month_of('first_day') }} as month, amount as earned, 0 as settled
    from {{ ref('tiktokshop__unsettled_spans') }}
    union all
    select shop_id, currency, {{ tiktokshop.month_of('settled_day') }}, 0, amount
    from {{ ref('tiktokshop__unsettled_spans') }}
    where settled_day is not null
),

bounds as (
    select shop_id, currency, min(month) as first_month, max(month) as last_month
    from changes
    where currency is not null
    group by shop_id, currency
),

every_day as (
    select shop_id, currency, {{ tiktokshop.each_day('first_month', 'last_month') }} as day from bounds
),

months as (
    select distinct shop_id, currency, {{ tiktokshop.month_of('day') }} as month from every_day
),

changed as (
    select
        shop_id, currency, month,
        {{ tiktokshop.total('earned') }} as earned,
        {{ tiktokshop.total('settled') }} as settled
    from changes
    group by shop_id, currency, month
),

rolled as (
    select
        months.shop_id,
        months.month,
        months.currency,
        coalesce(changed.earned, 0) as earned,
        coalesce(changed.settled, 0) as settled,
        sum(coalesce(changed.earned, 0) - coalesce(changed.settled, 0)) over (
            partition by months.shop_id, months.currency order by months.month
        ) as closing
    from months
    left join changed
        on months.shop_id = changed.shop_id and months.currency = changed.currency and months.month = changed.month
),

booked as (
    select shop_id, month, currency, {{ tiktokshop.total('amount') }} as amount
    from {{ ref('tiktokshop__accruals') }}
    group by shop_id, month, currency
),

waiting as (
    select shop_id, currency, {{ tiktokshop.total('est_settlement_amount') }} as amount
    from {{ ref('stg_tiktokshop__unsettled_transactions') }}
    -- An adjustment behind an order is owed only from its statement.
    where {{ tiktokshop.filled('adjustment_id') }} is null or order_create_date is not null
    group by shop_id, currency
)

select
    rolled.shop_id,
    rolled.month,
    rolled.currency,
    {{ tiktokshop.exact('rolled.closing - rolled.earned + rolled.settled') }} as opening,
    {{ tiktokshop.exact('rolled.earned') }} as earned,
    {{ tiktokshop.exact('rolled.settled') }} as settled,
    {{ tiktokshop.exact('rolled.closing') }} as closing,
    -- Of the last month the platform says it itself: it has an estimate of each transaction that is not settled now.
    {{ tiktokshop.exact("case when rolled.month = bounds.last_month then coalesce(waiting.amount, 0) else coalesce(booked.amount, 0) end") }} as unsettled
from rolled
inner join bounds on rolled.shop_id = bounds.shop_id and rolled.currency = bounds.currency
left join booked
    on rolled.shop_id = booked.shop_id and rolled.month = booked.month and rolled.currency = booked.currency
left join waiting on rolled.shop_id = waiting.shop_id and rolled.currency = waiting.currency
