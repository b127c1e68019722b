with transactions as (
    select * from {{ ref('tiktokshop__transactions') }}
),

-- Every field of a section is a component, also one that no document names. Objects among them only explain.
components as (
    {%- for section in ['revenue', 'shipping', 'fee', 'tax'] %}
    {%- set object = 'transactions.' ~ {'shipping': 'shipping_cost'}.get(section, section) ~ '_breakdown' %}
    select
        shop_id,
        statement_id,
        transaction_id,
        '{{ section }}' as section,
        field.name as component,
        {{ tiktokshop.maybe_exact(tiktokshop.field_text(object)) }} as amount
    from transactions
    {{ tiktokshop.each_field(object) }}
    union all
    {%- endfor %}
    select shop_id, statement_id, transaction_id, 'adjustment', transaction_type, adjustment_amount from transactions
    union all
    select shop_id, statement_id, transaction_id, 'reserve', coalesce(reserve_status, 'UNKNOWN'), reserve_amount
    from transactions
),

categories as (
    select section, component, category from {{ ref('tiktokshop__components') }}
)

select
    components.shop_id,
    components.statement_id,
    components.transaction_id,
    components.section,
    components.component,
    coalesce(categories.category, 'other') as category,
    categories.category is not null as is_known,
    {{ tiktokshop.exact('components.amount') }} as amount,
    transactions.currency,
    transactions.transaction_type,
    transactions.order_id,
    transactions.adjustment_id,
    transactions.order_create_date as order_date,
    transactions.covered_date
from components
inner join transactions
    on components.shop_id = transactions.shop_id
    and components.statement_id = transactions.statement_id
    and components.transaction_id = transactions.transaction_id
left join categories
    on components.section = categories.section
    and components.component = categories.component
where components.amount <> 0
