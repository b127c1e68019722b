-- The months that are over as far as was read: the statement of the last day is there, or an order of a later day.
with days as (
    select shop_id, covered_date as day from {{ ref('tiktokshop__statements') }}
    union all
    select shop_id, order_date - 1 from {{ ref('tiktokshop__orders') }}
),

known as (
    select shop_id, min(day) as first_day, max(day) as last_day from days group by shop_id
),

every_day as (
    select shop_id, {{ tiktokshop.each_day('first_day', 'last_day') }} as day from known
)

select
    shop_id,
    {{ tiktokshop.month_of('day') }} as month,
    day as last_day
from every_day
where {{ tiktokshop.month_of('day + 1') }} <> {{ tiktokshop.month_of('day') }}
