with snapshots as (
    select * from {{ ref('tiktokshop__inventory_snapshots') }}
),

last_days as (
    select shop_id, max(day) as last_day from snapshots group by shop_id
),

gone as (
    select
        products.shop_id,
        products.id as product_id,
        {{ tiktokshop.local_date('products.deleted_at', "coalesce(zones.time_zone, 'UTC')") }} as gone_day
    from {{ ref('stg_tiktokshop__products_deleted') }} as products
    left join {{ ref('tiktokshop__shop_zones') }} as zones on products.shop_id = zones.shop_id
),

-- A snapshot counts until there is a newer one, or until its product is gone.
spans as (
    select
        snapshots.*,
        least(
            lead(snapshots.day) over (
                partition by snapshots.shop_id, snapshots.sku_id, snapshots.warehouse_id order by snapshots.day
            ) - 1,
            gone.gone_day - 1,
            last_days.last_day
        ) as until_day
    from snapshots
    inner join last_days on snapshots.shop_id = last_days.shop_id
    left join gone on snapshots.shop_id = gone.shop_id and snapshots.product_id = gone.product_id
),

days as (
    select
        shop_id,
        {{ tiktokshop.each_day('day', 'until_day') }} as day,
        product_id,
        sku_id,
        seller_sku,
        warehouse_id,
        available_units,
        committed_units,
        day as snapshot_day
    from spans
    where until_day >= day
),

first_days as (
    select shop_id, min(order_date) as first_day from {{ ref('tiktokshop__order_lines') }} group by shop_id
),

-- A unit counts for 28 days, the first of which is the day it was ordered.
changes as (
    select shop_id, sku_id, order_date as day, sold_quantity as units from {{ ref('tiktokshop__order_lines') }}
    union all
    select shop_id, sku_id, order_date + 28, -sold_quantity from {{ ref('tiktokshop__order_lines') }}
    union all
    select distinct shop_id, sku_id, day, 0 from days
),

changed as (
    select shop_id, sku_id, day, sum(units) as units from changes group by shop_id, sku_id, day
),

sold as (
    select
        shop_id,
        sku_id,
        day,
        cast(sum(units) over (partition by shop_id, sku_id order by day) as bigint) as units_sold
    from changed
),

counted as (
    select
        days.*,
        cast(sum(days.available_units) over (partition by days.shop_id, days.day, days.sku_id) as bigint)
            as sku_available_units,
        sold.units_sold,
        -- Of orders that were read only from some day on, fewer days are known.
        greatest(least(days.day - first_days.first_day + 1, 28), 1) as sales_days
    from days
    inner join sold on days.shop_id = sold.shop_id and days.sku_id = sold.sku_id and days.day = sold.day
    left join first_days on days.shop_id = first_days.shop_id
)

select
    shop_id,
    day,
    product_id,
    sku_id,
    seller_sku,
    warehouse_id,
    available_units,
    committed_units,
    snapshot_day,
    sku_available_units,
    units_sold,
    sales_days,
    {{ tiktokshop.share('units_sold', 'sales_days') }} as units_per_day,
    {{ tiktokshop.share('sku_available_units * sales_days', 'units_sold') }} as days_of_cover
from counted
