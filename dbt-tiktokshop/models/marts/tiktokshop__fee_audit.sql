with expected as (
    select * from {{ ref('tiktokshop__fees_expected') }}
),

charged as (
    select shop_id, order_id, currency, component, -{{ tiktokshop.total('amount') }} as amount
    from {{ ref('tiktokshop__settlement_lines') }}
    where transaction_type = 'ORDER' and order_id is not null and section in ('shipping', 'fee', 'tax')
    group by shop_id, order_id, currency, component
),

-- Fees are rounded unit by unit, those of refunds twice.
units as (
    select orders.shop_id, orders.order_id, max(orders.order_date) as order_date,
        max(orders.units) + count(returns.return_line_id) as units
    from {{ ref('tiktokshop__orders') }} as orders
    left join {{ ref('tiktokshop__return_lines') }} as returns
        on orders.shop_id = returns.shop_id and orders.order_id = returns.order_id
    group by orders.shop_id, orders.order_id
),

compared as (
    select
        expected.*,
        units.order_date,
        coalesce(charged.amount, 0) as charged_amount,
        least(coalesce(expected.amount, charged.amount, 0), coalesce(expected.cap, expected.amount, charged.amount, 0))
            as expected_amount,
        units.units * {{ tiktokshop.smallest('expected.currency') }} as allowed
    from expected
    inner join units on expected.shop_id = units.shop_id and expected.order_id = units.order_id
    left join charged
        on expected.shop_id = charged.shop_id
        and expected.order_id = charged.order_id
        and expected.currency = charged.currency
        and expected.component = charged.component
),

deviating as (
    select
        *,
        {{ tiktokshop.exact('charged_amount - expected_amount') }} as difference
    from compared
    where abs(charged_amount - expected_amount) > allowed
),

components as (
    select component, min(category) as category
    from {{ ref('tiktokshop_components') }}
    where section in ('shipping', 'fee', 'tax')
    group by component
),

-- What the platform gave back, or took, later: under the fee's own category, or exactly as much as was wrong.
adjustments as (
    select
        deviating.shop_id,
        deviating.order_id,
        deviating.component,
        deviating.currency,
        {{ tiktokshop.total('lines.amount') }} as amount,
        min(lines.adjustment_id) as adjustment_id
    from deviating
    left join components on deviating.component = components.component
    inner join {{ ref('tiktokshop__settlement_lines') }} as lines
        on deviating.shop_id = lines.shop_id
        and deviating.order_id = lines.order_id
        and deviating.currency = lines.currency
        and lines.section = 'adjustment'
        and lines.covered_date >= deviating.settled_date
        and (lines.category = components.category or abs(lines.amount - deviating.difference) <= deviating.allowed)
    group by deviating.shop_id, deviating.order_id, deviating.component, deviating.currency
),

last_days as (
    select shop_id, max(covered_date) as last_day from {{ ref('tiktokshop__statements') }} group by shop_id
)

select
    deviating.shop_id,
    deviating.order_id,
    deviating.component,
    deviating.currency,
    deviating.kind,
    deviating.order_date,
    deviating.settled_date,
    deviating.statement_id,
    {{ tiktokshop.exact('deviating.base_amount') }} as base_amount,
    deviating.rate,
    deviating.cap,
    {{ tiktokshop.exact('deviating.expected_amount') }} as expected_amount,
    {{ tiktokshop.exact('deviating.charged_amount') }} as charged_amount,
    deviating.difference,
    {{ tiktokshop.exact('deviating.allowed') }} as allowed,
    case
        when deviating.rate is null then 'at most '
        else {{ tiktokshop.percent_text('deviating.rate') }} || ' % of ' || {{ tiktokshop.money_text('deviating.base_amount') }}
            || case when deviating.cap < deviating.amount then ', but at most ' else ' = ' end
    end || {{ tiktokshop.money_text('deviating.expected_amount') }}
    || '; charged ' || {{ tiktokshop.money_text('deviating.charged_amount') }}
    || ', ' || {{ tiktokshop.money_text('abs(deviating.difference)') }}
    || case when deviating.difference > 0 then ' too much' else ' too little' end as arithmetic,
    {{ tiktokshop.exact('coalesce(adjustments.amount, 0)') }} as adjusted_amount,
    adjustments.adjustment_id,
    deviating.settled_date + cast(deviating.claim_days as integer) as claim_until,
    case
        when abs(deviating.difference - coalesce(adjustments.amount, 0)) <= deviating.allowed then 'adjusted'
        when adjustments.amount is not null then 'partly adjusted'
        when deviating.difference < 0 then 'in your favour'
        when deviating.settled_date + cast(deviating.claim_days as integer) < last_days.last_day then 'too late'
        else 'open'
    end as status
from deviating
left join adjustments
    on deviating.shop_id = adjustments.shop_id
    and deviating.order_id = adjustments.order_id
    and deviating.component = adjustments.component
    and deviating.currency = adjustments.currency
left join last_days on deviating.shop_id = last_days.shop_id
