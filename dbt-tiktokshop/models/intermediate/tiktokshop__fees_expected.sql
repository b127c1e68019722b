{{ config(materialized="table") }}
-- What each rule makes of each settled order: what the fee is taken on, and how much it should be.
with rules as (
    select * from {{ ref(var('tiktokshop_fee_rules')) }}
),

lines as (
    select
        lines.shop_id,
        lines.order_id,
        lines.sku_id,
        lines.product_id,
        lines.order_date,
        cast(lines.revenue as numeric(18, 4)) as revenue,
        shops.region
    from {{ ref('tiktokshop__order_lines') }} as lines
    inner join {{ ref('tiktokshop__shop_zones') }} as shops on lines.shop_id = shops.shop_id
),

categories as (
    select distinct
        shop_id,
        id as product_id,
        {{ tiktokshop.json_text('item.value', ['id']) }} as category_id
    from {{ ref('stg_tiktokshop__product_details') }}
    {{ tiktokshop.each_item('category_chains') }}
),

-- A rule of the product's category goes before one of all, one of the market before one of every market.
fitting as (
    select
        lines.shop_id,
        lines.order_id,
        lines.sku_id,
        lines.revenue,
        rules.kind,
        rules.component,
        rules.base,
        rules.rate,
        rules.cap,
        rules.claim_days,
        row_number() over (
            partition by lines.shop_id, lines.order_id, lines.sku_id, rules.component
            order by
                case when rules.category_id is null then 1 else 0 end,
                case when rules.region is null then 1 else 0 end,
                rules.valid_from desc nulls last,
                rules.category_id
        ) as nth
    from lines
    inner join rules
        on (rules.region is null or lines.region = rules.region)
        and (rules.valid_from is null or lines.order_date >= rules.valid_from)
        and (rules.valid_to is null or lines.order_date < rules.valid_to)
    left join categories
        on lines.shop_id = categories.shop_id
        and lines.product_id = categories.product_id
        and rules.category_id = categories.category_id
    where rules.category_id is null or categories.category_id is not null
),

-- The rate of an order whose lines have different ones is weighed by their revenue.
rated as (
    select
        shop_id,
        order_id,
        component,
        min(kind) as kind,
        min(base) as base,
        coalesce({{ tiktokshop.share('sum(revenue * cast(rate as numeric(9, 6)))', 'sum(revenue)') }}, max(rate)) as rate,
        max(cap) as cap,
        max(claim_days) as claim_days
    from fitting
    where nth = 1
    group by shop_id, order_id, component
),

settled as (
    select
        shop_id,
        order_id,
        currency,
        max(covered_date) as settled_date,
        max(statement_id) as statement_id,
        {{ tiktokshop.total("case when component in (" ~ tiktokshop.sold_parts() ~ ") then amount else 0 end") }} as sold,
        {{ tiktokshop.total("case when component in (" ~ tiktokshop.refunded_parts() ~ ") then amount else 0 end") }} as refunded
    from {{ ref('tiktokshop__settlement_lines') }}
    where transaction_type = 'ORDER' and order_id is not null and section <> 'reserve'
    group by shop_id, order_id, currency
),

creators as (
    select
        orders.shop_id,
        orders.id as order_id,
        {%- for which in ['estimated', 'actual'] %}
        {{ tiktokshop.total(tiktokshop.exact(tiktokshop.item_text(which ~ '_paid_commission.amount'))) }}
            as {{ which }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_tiktokshop__affiliate_orders') }} as orders
    {{ tiktokshop.each_record('orders.skus', ['estimated_paid_commission.amount', 'actual_paid_commission.amount']) }}
    group by orders.shop_id, orders.id
),

-- Nothing can be said of commissions where the orders of creators were not read.
with_creators as (
    select distinct shop_id from {{ ref('stg_tiktokshop__affiliate_orders') }}
),

based as (
    select
        rated.*,
        settled.currency,
        settled.settled_date,
        settled.statement_id,
        cast(
            case rated.base
                when 'revenue' then settled.sold + settled.refunded
                when 'refunds' then -settled.refunded
                when 'creator_estimated' then case when with_creators.shop_id is not null then coalesce(creators.estimated, 0) end
                when 'creator_actual' then case when with_creators.shop_id is not null then coalesce(creators.actual, 0) end
            end as numeric(18, 4)
        ) as base_amount
    from rated
    inner join settled on rated.shop_id = settled.shop_id and rated.order_id = settled.order_id
    left join creators on rated.shop_id = creators.shop_id and rated.order_id = creators.order_id
    left join with_creators on rated.shop_id = with_creators.shop_id
)

select
    shop_id,
    order_id,
    currency,
    kind,
    component,
    base,
    base_amount,
    {{ tiktokshop.exact('rate') }} as rate,
    {{ tiktokshop.exact('cap') }} as cap,
    {{ tiktokshop.exact('base_amount * cast(rate as numeric(9, 6))') }} as amount,
    claim_days,
    settled_date,
    statement_id
from based
