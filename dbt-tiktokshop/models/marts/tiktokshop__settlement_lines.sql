with transactions as (
    select * from {{ ref('tiktokshop__transactions') }}
),

components as (
    select * from {{ ref('tiktokshop__transaction_components') }}
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
