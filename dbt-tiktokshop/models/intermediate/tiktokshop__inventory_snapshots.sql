{{ config(
    materialized="incremental",
    incremental_strategy="delete+insert",
    unique_key=["shop_id", "day", "sku_id", "warehouse_id"],
    full_refresh=false,
) }}
-- A loader that replaces rows keeps only the newest snapshot, so what is here is never made again: it is the history.
with snapshots as (
    {{- tiktokshop.stage(
        stream='inventory',
        keys=['shop_id', 'product_id', 'sku_id', 'warehouse_id', 'snapshot_at'],
        columns={
            'shop_id': 'text',
            'product_id': 'text',
            'sku_id': 'text',
            'seller_sku': 'text',
            'warehouse_id': 'text',
            'available_quantity': 'integer',
            'committed_quantity': 'integer',
            'snapshot_at': 'moment',
        },
    ) | indent(4) }}
),

numbered as (
    select
        *,
        row_number() over (
            partition by shop_id, sku_id, warehouse_id, snapshot_at_local_date order by snapshot_at desc, product_id
        ) as nth
    from snapshots
    where snapshot_at is not null
)

select
    shop_id,
    snapshot_at_local_date as day,
    product_id,
    sku_id,
    seller_sku,
    warehouse_id,
    coalesce(available_quantity, 0) as available_units,
    coalesce(committed_quantity, 0) as committed_units,
    snapshot_at
from numbered
where nth = 1
    {%- if is_incremental() %}
    -- The last days once more: the day was not over, and the shops' days differ.
    and snapshot_at_local_date > (select coalesce(max(day), cast('0001-01-01' as date)) - 3 from {{ this }})
    {%- endif %}
