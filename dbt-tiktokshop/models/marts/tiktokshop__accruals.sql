-- What was not settled at the end of a month, by document and category: settled since, or else estimated.
with crossing as (
    select spans.*, months.month, months.last_day
    from {{ ref('tiktokshop__unsettled_spans') }} as spans
    inner join {{ ref('tiktokshop__month_ends') }} as months
        on spans.shop_id = months.shop_id
        and spans.first_day <= months.last_day
        and (spans.settled_day is null or spans.settled_day > months.last_day)
),

spans as (
    select distinct shop_id, document_id, amount from crossing
),

components as (
    select
        lines.shop_id,
        lines.statement_id || '/' || lines.transaction_id as document_id,
        lines.category,
        lines.amount
    from {{ ref('tiktokshop__settlement_lines') }} as lines
    where lines.section <> 'reserve'
    union all
    select
        components.shop_id,
        components.transaction_id,
        coalesce(categories.category, 'other'),
        components.amount
    from {{ ref('tiktokshop__unsettled_components') }} as components
    left join {{ ref('tiktokshop__components') }} as categories
        on components.section = categories.section and components.component = categories.component
    where components.amount <> 0
),

named as (
    select
        spans.shop_id,
        spans.document_id,
        components.category,
        components.amount
    from spans
    inner join components on spans.shop_id = components.shop_id and spans.document_id = components.document_id
),

-- What the components leave of the amount is to be sorted, and not left out.
amounts as (
    select shop_id, document_id, category, amount from named
    union all
    select shop_id, document_id, 'other', amount from spans
    union all
    select shop_id, document_id, 'other', -amount from named
),

by_category as (
    select shop_id, document_id, category, {{ tiktokshop.total('amount') }} as amount
    from amounts
    group by shop_id, document_id, category
)

select
    crossing.shop_id,
    crossing.month,
    crossing.last_day,
    crossing.document_id,
    crossing.order_id,
    crossing.basis,
    crossing.first_day,
    crossing.settled_day,
    crossing.currency,
    by_category.category,
    by_category.amount
from crossing
inner join by_category
    on crossing.shop_id = by_category.shop_id and crossing.document_id = by_category.document_id
where by_category.amount <> 0
