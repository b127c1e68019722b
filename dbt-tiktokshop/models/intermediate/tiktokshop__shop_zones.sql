{{ config(materialized="table") }}
-- The time zone of each shop's days: as the variable says, else its market's.
with shops as (
    select shop_id, region from {{ ref('stg_tiktokshop__shops') }}
),

regions as (
    select region, time_zone from {{ ref('tiktokshop__regions') }}
)

select
    shops.shop_id,
    shops.region,
    coalesce(
        {%- for key, zone in var('tiktokshop_time_zones').items() %}
        case when shops.shop_id = '{{ key }}' then '{{ zone }}' end,
        {%- endfor %}
        {%- for key, zone in var('tiktokshop_time_zones').items() %}
        case when shops.region = '{{ key }}' then '{{ zone }}' end,
        {%- endfor %}
        regions.time_zone,
        'UTC'
    ) as time_zone
from shops
left join regions on shops.region = regions.region
