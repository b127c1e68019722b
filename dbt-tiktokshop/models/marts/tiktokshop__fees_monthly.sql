with lines as (
    select
        *,
        {{ tiktokshop.month_of('covered_date') }} as month
    from {{ ref('tiktokshop__settlement_lines') }}
    where section <> 'reserve'
),

revenue as (
    select
        shop_id,
        month,
        currency,
        {{ tiktokshop.total('amount') }} as revenue
    from lines
    where section = 'revenue'
    group by shop_id, month, currency
),

fees as (
    select
        shop_id,
        month,
        currency,
        section,
        component,
        category,
        count(*) as lines,
        {{ tiktokshop.total('amount') }} as amount
    from lines
    where section <> 'revenue'
    group by shop_id, month, currency, section, component, category
)

select
    fees.shop_id,
    fees.month,
    fees.currency,
    fees.section,
    fees.component,
    fees.category,
    fees.lines,
    fees.amount,
    revenue.revenue,
    {{ tiktokshop.share('fees.amount', 'revenue.revenue') }} as share_of_revenue
from fees
left join revenue
    on fees.shop_id = revenue.shop_id and fees.month = revenue.month and fees.currency = revenue.currency
