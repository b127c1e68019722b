-- The lines of your bank's statement: of the table that tiktokshop_bank_statement names.
{%- set own = var('tiktokshop_bank_statement') %}
{%- set names = ['bank_line', 'booked_date', 'amount', 'currency', 'reference', 'account'] %}
with given as (
    select
        {%- for name in names %}
        {{ "nullif(" ~ tiktokshop.own_text(own, name) ~ ", '')" if own else "cast(null as text)" }} as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    {%- if own %}
    from {{ ref(own) }}
    {%- endif %}
)

select
    coalesce(
        bank_line,
        cast(row_number() over (order by booked_date, amount, currency, reference, account) as text)
    ) as bank_line,
    cast(booked_date as date) as booked_date,
    {{ tiktokshop.exact('amount') }} as amount,
    currency,
    reference,
    regexp_replace(account, '[^0-9]', '', 'g') as account_digits
from given
where booked_date is not null
