with listed as (
    select shop_id, id as product_id, title, status, listing_quality_tier, skus from {{ ref('stg_tiktokshop__products') }}
    union all
    select shop_id, id, title, status, listing_quality_tier, skus from {{ ref('stg_tiktokshop__products_deleted') }}
),

prices as (
    select
        listed.shop_id,
        listed.product_id,
        min({{ tiktokshop.json_text('item.value', ['price', 'currency']) }}) as currency
    from listed
    {{ tiktokshop.each_item('listed.skus') }}
    group by listed.shop_id, listed.product_id
),

lines as (
    select * from {{ ref('tiktokshop__order_lines') }} where product_id is not null and currency is not null
),

sales as (
    select
        shop_id,
        product_id,
        currency,
        max(product_name) as product_name,
        sum(sold_quantity) as units,
        {{ tiktokshop.total('revenue') }} as revenue
    from lines
    group by shop_id, product_id, currency
),

returned as (
    select
        lines.shop_id,
        lines.product_id,
        lines.currency,
        count(*) as returned_units,
        {{ tiktokshop.total('returns.refund_total') }} as refunds
    from {{ ref('tiktokshop__return_lines') }} as returns
    inner join lines
        on returns.shop_id = lines.shop_id and returns.order_id = lines.order_id and returns.sku_id = lines.sku_id
    where returns.is_refunded
    group by lines.shop_id, lines.product_id, lines.currency
),

profits as (
    select shop_id, product_id, currency, {{ tiktokshop.total('profit') }} as profit
    from {{ ref('tiktokshop__line_profit') }}
    group by shop_id, product_id, currency
),

-- Units of a SKU are repeated for each of its warehouses.
skus as (
    select shop_id, product_id, sku_id, max(day) as day, max(sku_available_units) as available_units,
        max(units_sold) as units_sold, max(sales_days) as sales_days
    from {{ ref('tiktokshop__inventory_daily') }} as daily
    where day = (
        select max(day) from {{ ref('tiktokshop__inventory_snapshots') }} as snapshots
        where snapshots.shop_id = daily.shop_id
    )
    group by shop_id, product_id, sku_id
),

stock as (
    select shop_id, product_id, sum(available_units) as available_units, sum(units_sold) as units_sold,
        max(sales_days) as sales_days
    from skus
    group by shop_id, product_id
),

diagnoses as (
    select
        diagnosed.shop_id,
        diagnosed.id as product_id,
        count(*) as listing_problems
    from (
        select shop_id, id, {{ tiktokshop.json_part('item.value', ['diagnosis_results']) }} as results
        from {{ ref('stg_tiktokshop__product_diagnoses') }}
        {{ tiktokshop.each_item('diagnoses') }}
    ) as diagnosed
    {{ tiktokshop.each_item('diagnosed.results') }}
    group by diagnosed.shop_id, diagnosed.id
),

qualities as (
    select shop_id, id as product_id, {{ tiktokshop.filled('listing_quality_current_tier') }} as tier
    from {{ ref('stg_tiktokshop__product_diagnoses') }}
),

-- XXX is the code for no currency: a product without a price.
products as (
    select shop_id, product_id, currency from sales
    union
    select listed.shop_id, listed.product_id, coalesce(prices.currency, 'XXX')
    from listed
    left join prices on listed.shop_id = prices.shop_id and listed.product_id = prices.product_id
    left join sales on listed.shop_id = sales.shop_id and listed.product_id = sales.product_id
    where sales.product_id is null
)

select
    products.shop_id,
    products.product_id,
    products.currency,
    coalesce(listed.title, sales.product_name) as title,
    listed.status,
    coalesce(sales.units, 0) as units,
    {{ tiktokshop.exact('coalesce(sales.revenue, 0)') }} as revenue,
    {{ tiktokshop.exact('coalesce(returned.refunds, 0)') }} as refunds,
    coalesce(returned.returned_units, 0) as returned_units,
    {{ tiktokshop.share('coalesce(returned.returned_units, 0)', 'sales.units') }} as return_rate,
    {{ tiktokshop.exact('coalesce(profits.profit, 0)') }} as profit,
    coalesce(qualities.tier, {{ tiktokshop.filled('listed.listing_quality_tier') }}) as listing_quality,
    coalesce(diagnoses.listing_problems, 0) as listing_problems,
    cast(stock.available_units as bigint) as available_units,
    {{ tiktokshop.share('stock.available_units * stock.sales_days', 'stock.units_sold') }} as days_of_cover
from products
left join listed on products.shop_id = listed.shop_id and products.product_id = listed.product_id
{%- for part in ['sales', 'returned', 'profits'] %}
left join {{ part }}
    on products.shop_id = {{ part }}.shop_id
    and products.product_id = {{ part }}.product_id
    and products.currency = {{ part }}.currency
{%- endfor %}
{%- for part in ['stock', 'diagnoses', 'qualities'] %}
left join {{ part }} on products.shop_id = {{ part }}.shop_id and products.product_id = {{ part }}.product_id
{%- endfor %}
