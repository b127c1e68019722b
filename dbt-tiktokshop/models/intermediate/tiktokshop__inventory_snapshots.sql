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
    numbered.shop_id,
    numbered.snapshot_at_local_date as day,
    numbered.product_id,
    numbered.sku_id,
    numbered.seller_sku,
    numbered.warehouse_id,
    coalesce(numbered.available_quantity, 0) as available_units,
    coalesce(numbered.committed_quantity, 0) as committed_units,
    numbered.snapshot_at
from numbered
{%- if is_incremental() %}
left join {{ this }} as known
    on numbered.shop_id = known.shop_id
    and numbered.snapshot_at_local_date = known.day
    and numbered.sku_id = known.sku_id
    and numbered.warehouse_id = known.warehouse_id
{%- endif %}
where numbered.nth = 1
    {%- if is_incremental() %}
    and (known.shop_id is null or known.snapshot_at < numbered.snapshot_at)
    {%- endif %}
