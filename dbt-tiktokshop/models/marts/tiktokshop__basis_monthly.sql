-- A month by the days of its orders and by the days of its statements, and what lies between them.
with by_order as (
    select shop_id, {{ tiktokshop.month_of('order_date') }} as month, currency, {{ tiktokshop.total('profit') }} as amount
    from {{ ref('tiktokshop__order_profit') }}
    where order_date is not null and currency is not null
    group by 1, 2, 3
),

by_statement as (
    select shop_id, {{ tiktokshop.month_of('covered_date') }} as month, currency, {{ tiktokshop.total('amount') }} as amount
    from {{ ref('tiktokshop__settlement_lines') }}
    where section <> 'reserve'
    group by 1, 2, 3
),

{% set reasons = ['settled_later', 'not_settled', 'ordered_earlier', 'no_order', 'order_not_read'] -%}
between_them as (
    select
        shop_id, month, currency,
        {%- for reason in reasons %}
        {{ tiktokshop.total("case when reason = '" ~ reason ~ "' then amount else 0 end") }} as {{ reason }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('tiktokshop__basis_lines') }}
    group by shop_id, month, currency
),

months as (
    select shop_id, month, currency from by_order
    union
    select shop_id, month, currency from by_statement
    union
    select shop_id, month, currency from between_them
)

select
    months.shop_id,
    months.month,
    months.currency,
    {{ tiktokshop.exact('coalesce(by_order.amount, 0)') }} as by_order,
    {%- for reason in reasons %}
    {{ tiktokshop.exact('coalesce(between_them.' ~ reason ~ ', 0)') }} as {{ reason }},
    {%- endfor %}
    {{ tiktokshop.exact('coalesce(by_statement.amount, 0)') }} as by_statement
from months
{%- for table in ['by_order', 'by_statement', 'between_them'] %}
left join {{ table }}
    on months.shop_id = {{ table }}.shop_id and months.month = {{ table }}.month and months.currency = {{ table }}.currency
{%- endfor %}
