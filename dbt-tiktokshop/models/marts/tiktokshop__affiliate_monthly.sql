{%- set commissions = ['paid_commission', 'paid_partner_commission', 'paid_shop_ads_commission', 'cofunded_creator_bonus_amount'] %}
{%- set paths = ['creator_username', 'quantity', 'settlement_status', 'price.currency', 'estimated_commission_base.currency'] %}
{%- for which in ['estimated', 'actual'] %}
{%- for part in ['commission_base'] + commissions %}
{%- do paths.append(which ~ '_' ~ part ~ '.amount') %}
{%- endfor %}
{%- endfor %}
with orders as (
    select * from {{ ref('stg_tiktokshop__affiliate_orders') }}
),

sales as (
    select
        orders.shop_id,
        orders.id as order_id,
        {{ tiktokshop.month_of('orders.create_date') }} as month,
        coalesce(
            {{ tiktokshop.item_text('estimated_commission_base.currency') }},
            {{ tiktokshop.item_text('price.currency') }},
            'XXX'
        ) as currency,
        {{ tiktokshop.item_text('creator_username') }} as creator,
        coalesce(cast({{ tiktokshop.item_text('quantity') }} as bigint), 0) as quantity,
        coalesce({{ tiktokshop.item_text('settlement_status') }} in ('SETTLED', 'INELIGIBLE'), false)
            as is_final,
        {%- for which in ['estimated', 'actual'] %}
        coalesce({{ tiktokshop.exact(tiktokshop.item_text(which ~ '_commission_base.amount')) }}, 0)
            as {{ which }}_base,
        {%- for part in commissions %}
        coalesce({{ tiktokshop.exact(tiktokshop.item_text(which ~ '_' ~ part ~ '.amount')) }}, 0)
            {{ "as " ~ which ~ "_commission" if loop.last else "+" }}
        {%- endfor -%}
        {{ "," if not loop.last }}
        {%- endfor %}
    from orders
    {{ tiktokshop.each_record('orders.skus', paths) }}
),

sold as (
    select
        shop_id,
        month,
        currency,
        count(distinct creator) as creators,
        count(distinct order_id) as orders,
        count(distinct case when not is_final then order_id end) as open_orders,
        sum(quantity) as units,
        {{ tiktokshop.total('case when is_final then actual_base else estimated_base end') }} as sales,
        {{ tiktokshop.total('case when is_final then actual_commission else 0 end') }} as commission,
        {{ tiktokshop.total('case when is_final then 0 else estimated_commission end') }} as estimated_commission
    from sales
    where month is not null
    group by shop_id, month, currency
),

settled as (
    select
        shop_id,
        {{ tiktokshop.month_of('covered_date') }} as month,
        currency,
        {{ tiktokshop.total('amount') }} as amount
    from {{ ref('tiktokshop__settlement_lines') }}
    where category = 'affiliate_commission' and currency is not null
    group by 1, 2, 3
),

months as (
    select shop_id, month, currency from sold
    union
    select shop_id, month, currency from settled
)

select
    months.shop_id,
    months.month,
    months.currency,
    {%- for name in ['creators', 'orders', 'open_orders', 'units'] %}
    cast(coalesce(sold.{{ name }}, 0) as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in ['sales', 'commission', 'estimated_commission'] %}
    {{ tiktokshop.exact('coalesce(sold.' ~ name ~ ', 0)') }} as {{ name }},
    {%- endfor %}
    {{ tiktokshop.exact('coalesce(settled.amount, 0)') }} as settled_amount
from months
left join sold on months.shop_id = sold.shop_id and months.month = sold.month and months.currency = sold.currency
left join settled
    on months.shop_id = settled.shop_id and months.month = settled.month and months.currency = settled.currency
