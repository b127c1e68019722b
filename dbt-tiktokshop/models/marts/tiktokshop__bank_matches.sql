-- Payouts and the lines of the bank, paired by amount, currency, day and the last digits of the account; a pair is the
-- nearest of both its sides. What has no partner is there, too.
{%- set days = var('tiktokshop_bank_days') %}
{%- set rounds = 3 %}
with payouts as (
    select
        payouts.shop_id,
        payouts.payment_id,
        payouts.paid_date,
        payouts.amount,
        payouts.currency,
        regexp_replace(payments.bank_account, '.*[^0-9]', '') as account_digits
    from {{ ref('tiktokshop__payouts') }} as payouts
    inner join {{ ref('stg_tiktokshop__payments') }} as payments
        on payouts.shop_id = payments.shop_id and payouts.payment_id = payments.id
    where payouts.status = 'PAID' and payouts.paid_date is not null
),

bank as (
    select * from {{ ref('tiktokshop__bank_lines') }}
),

pairs_1 as (
    select
        payouts.shop_id,
        payouts.payment_id,
        payouts.paid_date,
        bank.bank_line,
        abs(bank.booked_date - payouts.paid_date) as days_apart
    from payouts
    inner join bank
        on payouts.amount = bank.amount
        and payouts.currency = bank.currency
        and bank.booked_date between payouts.paid_date - 1 and payouts.paid_date + {{ days }}
        and right(coalesce(bank.account_digits, payouts.account_digits, ''), length(coalesce(payouts.account_digits, '')))
        = coalesce(payouts.account_digits, '')
),

{% for number in range(1, rounds + 1) -%}
ranked_{{ number }} as (
    select
        *,
        row_number() over (partition by shop_id, payment_id order by days_apart, bank_line) as of_payout,
        row_number() over (partition by bank_line order by days_apart, paid_date, shop_id, payment_id) as of_line
    from pairs_{{ number }}
),

matched_{{ number }} as (
    select shop_id, payment_id, bank_line from ranked_{{ number }} where of_payout = 1 and of_line = 1
),

pairs_{{ number + 1 }} as (
    select pairs.*
    from pairs_{{ number }} as pairs
    left join matched_{{ number }} as paid on pairs.shop_id = paid.shop_id and pairs.payment_id = paid.payment_id
    left join matched_{{ number }} as booked on pairs.bank_line = booked.bank_line
    where paid.payment_id is null and booked.bank_line is null
),

{% endfor -%}
matched as (
    {%- for number in range(1, rounds + 1) %}
    select * from matched_{{ number }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

covered as (
    select min(booked_date) as first_day, max(booked_date) as last_day from bank
)

select
    'payout ' || payouts.payment_id as match_id,
    payouts.shop_id,
    payouts.payment_id,
    payouts.paid_date,
    payouts.currency,
    payouts.amount,
    matched.bank_line,
    bank.booked_date,
    bank.reference,
    case
        when matched.bank_line is not null then 'matched'
        when payouts.paid_date >= covered.first_day and payouts.paid_date + {{ days }} <= covered.last_day then 'not_in_bank'
        else 'not_covered'
    end as status
from payouts
cross join covered
left join matched on payouts.shop_id = matched.shop_id and payouts.payment_id = matched.payment_id
left join bank on matched.bank_line = bank.bank_line
union all
select
    'line ' || bank.bank_line,
    null,
    null,
    null,
    bank.currency,
    bank.amount,
    bank.bank_line,
    bank.booked_date,
    bank.reference,
    'not_a_payout'
from bank
left join matched on bank.bank_line = matched.bank_line
where matched.bank_line is null
