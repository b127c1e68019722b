-- What the platform has moved onto the seller's balance and has not taken back.
with paying as (
    select distinct shop_id from {{ ref('stg_tiktokshop__payments') }}
)

select
    movements.shop_id,
    movements.id as movement_id,
    {{ tiktokshop.local_date('movements.create_time', "'UTC'") }} as day,
    movements.currency,
    movements.amount,
    zones.region in ('ID', 'MY', 'PH', 'SG', 'TH', 'VN') and paying.shop_id is null as is_payment
from {{ ref('stg_tiktokshop__withdrawals') }} as movements
inner join {{ ref('tiktokshop__shop_zones') }} as zones on movements.shop_id = zones.shop_id
left join paying on movements.shop_id = paying.shop_id
where movements.type = 'SETTLE' and coalesce(movements.status, '') not in ('FAILED', 'REVERSED', 'CLOSED')
