-- What makes up the estimate of each transaction that is not settled. What its sections do not break down has no name.
with unsettled as (
    select
        *,
        {{ tiktokshop.json_part('fee_tax_breakdown', ['fee']) }} as fee_breakdown,
        {{ tiktokshop.json_part('fee_tax_breakdown', ['tax']) }} as tax_breakdown
    from {{ ref('stg_tiktokshop__unsettled_transactions') }}
    where order_create_date is not null
)

{% for section in ['revenue', 'shipping', 'fee', 'tax'] -%}
{%- set object = 'unsettled.' ~ {'shipping': 'shipping_cost'}.get(section, section) ~ '_breakdown' -%}
select
    shop_id,
    id as transaction_id,
    '{{ section }}' as section,
    {{ tiktokshop.field_name() }} as component,
    {{ tiktokshop.maybe_exact(tiktokshop.field_text()) }} as amount
from unsettled
{{ tiktokshop.each_field(object) }}
union all
{% endfor -%}
select shop_id, id, 'adjustment', type, est_adjustment_amount from unsettled
