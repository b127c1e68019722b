{{ config(materialized="incremental", incremental_strategy="delete+insert", unique_key=["shop_id", "order_id"]) }}
-- One row a unit: the platform has no quantities, an order lists each unit. An order that is not here yet, or not with
-- this update_time, is looked into, however old it is; so is the last day, in which an order may change twice in a second.
with orders as (
    select loaded.*
    from {{ ref('stg_tiktokshop__orders') }} as loaded
    {%- if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as known
        where loaded.shop_id = known.shop_id
            and loaded.id = known.order_id
            and loaded.update_time = known.update_time
            and known.update_time <= (select max(update_time) - interval '1 day' from {{ this }})
    )
    {%- endif %}
),

units as (
    select
        orders.shop_id,
        orders.id as order_id,
        orders.update_time,
        {{ tiktokshop.item_text('sku_id') }} as sku_id,
        {{ tiktokshop.item_text('product_id') }} as product_id,
        {{ tiktokshop.item_text('seller_sku') }} as seller_sku,
        {{ tiktokshop.item_text('product_name') }} as product_name,
        {{ tiktokshop.item_text('sku_name') }} as sku_name,
        coalesce({{ tiktokshop.item_text('currency') }}, orders.payment_currency) as currency,
        coalesce({{ tiktokshop.item_text('is_gift') }} = 'true', false) as is_gift,
        coalesce({{ tiktokshop.item_text('display_status') }} = 'CANCELLED', false)
            or coalesce(orders.status = 'CANCELLED', false) as is_cancelled,
        {{ tiktokshop.exact(tiktokshop.item_text('original_price')) }} as original_price,
        {{ tiktokshop.exact(tiktokshop.item_text('sale_price')) }} as sale_price,
        {{ tiktokshop.exact(tiktokshop.item_text('seller_discount')) }} as seller_discount,
        {{ tiktokshop.exact(tiktokshop.item_text('platform_discount')) }} as platform_discount,
        case
            when orders.is_sample_order then 'sample'
            when orders.is_replacement_order then 'replacement'
            when orders.is_exchange_order
                or {{ tiktokshop.filled('orders.exchange_source_order_id') }} is not null then 'exchange'
            else 'sale'
        end as order_kind,
        coalesce(orders.paid_time is not null or orders.is_cod, false)
            and coalesce(orders.status <> 'UNPAID', false) as is_paid
    from orders
    {{ tiktokshop.each_record('orders.line_items', [
        'sku_id', 'product_id', 'seller_sku', 'product_name', 'sku_name', 'currency',
        'is_gift', 'display_status', 'original_price', 'sale_price', 'seller_discount', 'platform_discount',
    ]) }}
)

-- What the platform settles as revenue: the price after the seller's discount, which the buyer and the platform pay
-- together. Samples, replacements and exchanges are no second sale, whatever they are priced at.
select
    *,
    case
        when order_kind = 'sale' and is_paid and not is_cancelled
            then coalesce(sale_price, 0) + coalesce(platform_discount, 0)
        else 0
    end as revenue
from units
