with checked as (
    select shop_id, month, count(*) as checked
    from {{ ref('tiktokshop__reconciliation') }}
    where month is not null
    group by shop_id, month
),

differences as (
    select
        shop_id,
        month,
        count(*) as differences,
        sum(case when cause in ('not_read', 'unexplained') then 1 else 0 end) as open_differences
    from {{ ref('tiktokshop__reconciliation_differences') }}
    group by shop_id, month
)

select
    checked.shop_id,
    checked.month,
    checked.checked,
    coalesce(differences.differences, 0) as differences,
    coalesce(differences.open_differences, 0) as open_differences,
    coalesce(differences.open_differences, 0) = 0 as is_closed
from checked
left join differences on checked.shop_id = differences.shop_id and checked.month = differences.month
