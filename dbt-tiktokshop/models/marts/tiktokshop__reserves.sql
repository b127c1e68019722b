-- What the platform has held back of a settlement, and what it has released of that.
with held as (
    select
        shop_id,
        coalesce(reserve_id, statement_id || '/' || transaction_id) as reserve_id,
        currency,
        order_id,
        covered_date,
        reserve_amount
    from {{ ref('tiktokshop__transactions') }}
    where reserve_amount <> 0
)

select
    shop_id,
    reserve_id,
    currency,
    min(order_id) as order_id,
    min(case when reserve_amount < 0 then covered_date end) as held_date,
    max(case when reserve_amount > 0 then covered_date end) as released_date,
    {{ tiktokshop.exact(tiktokshop.total('case when reserve_amount < 0 then -reserve_amount else 0 end')) }} as held_amount,
    {{ tiktokshop.exact(tiktokshop.total('case when reserve_amount > 0 then reserve_amount else 0 end')) }} as released_amount,
    {{ tiktokshop.exact('-' ~ tiktokshop.total('reserve_amount')) }} as open_amount
from held
group by shop_id, reserve_id, currency
