with differences as (
    select * from {{ ref('tiktokshop__reconciliation') }} where difference <> 0
),

statements as (
    select shop_id, statement_id, payment_id from {{ ref('tiktokshop__statements') }}
),

payouts as (
    select shop_id, payment_id, reserve_amount from {{ ref('tiktokshop__payouts') }}
),

-- Shops of whose money the tap says that it has not read all.
unread as (
    select distinct shop_id
    from {{ ref('tiktokshop__unread') }}
    where stream in ('statements', 'statement_transactions', 'payments', 'withdrawals', 'unsettled_transactions')
),

-- A statement whose own numbers disagree differs from its transactions by the same.
own_sums as (
    select shop_id, document_id, difference from differences where identity = 'statement_sections'
),

-- Adjustments on orders that an earlier statement has settled already, each alone and all of a statement or payment.
settled_first as (
    select shop_id, order_id, min(statement_time) as statement_time
    from {{ ref('tiktokshop__transactions') }}
    where transaction_type = 'ORDER' and order_id is not null
    group by shop_id, order_id
),

late as (
    select transactions.shop_id, transactions.statement_id, statements.payment_id, transactions.settlement_amount as amount
    from {{ ref('tiktokshop__transactions') }} as transactions
    inner join statements
        on transactions.shop_id = statements.shop_id and transactions.statement_id = statements.statement_id
    inner join settled_first
        on transactions.shop_id = settled_first.shop_id
        and transactions.order_id = settled_first.order_id
        and transactions.statement_time > settled_first.statement_time
    where transactions.transaction_type <> 'ORDER'
),

late_amounts as (
    select shop_id, 'statement' as document, statement_id as document_id, amount from late
    union
    select shop_id, 'statement', statement_id, sum(amount) from late group by shop_id, statement_id
    union
    select shop_id, 'payout', payment_id, amount from late
    union
    select shop_id, 'payout', payment_id, sum(amount) from late group by shop_id, payment_id
),

of_statements as (
    select
        differences.shop_id,
        differences.document_id,
        differences.identity,
        differences.difference,
        case
            when differences.identity = 'statement_sections' then 'platform_sums_differ'
            when own_sums.difference = differences.difference then 'platform_sums_differ'
            when differences.parts = 0 then 'not_read'
            when late_amounts.amount is not null then 'late_adjustment'
            when unread.shop_id is not null then 'not_read'
            else 'unexplained'
        end as cause
    from differences
    left join own_sums
        on differences.shop_id = own_sums.shop_id and differences.document_id = own_sums.document_id
    left join late_amounts
        on late_amounts.document = 'statement'
        and differences.shop_id = late_amounts.shop_id
        and differences.document_id = late_amounts.document_id
        and differences.difference = -late_amounts.amount
    left join unread on differences.shop_id = unread.shop_id
    where differences.document = 'statement'
),

-- What its statements lack, a payment lacks, too: the same amount has the same cause.
behind_payouts as (
    select
        statements.shop_id,
        statements.payment_id,
        min(of_statements.cause) as cause,
        count(distinct of_statements.cause) as causes,
        {{ tiktokshop.total("case when identity = 'statement_sections' then difference else 0 end") }} as own_sums,
        {{ tiktokshop.total("case when identity = 'statement_transactions' then difference else 0 end") }} as transactions
    from of_statements
    inner join statements
        on of_statements.shop_id = statements.shop_id and of_statements.document_id = statements.statement_id
    group by statements.shop_id, statements.payment_id
),

-- A cause is given only where something shows it; everything else is unexplained.
caused as (
    select
        differences.shop_id,
        differences.identity,
        differences.document,
        differences.document_id,
        differences.month,
        differences.currency,
        differences.expected,
        differences.actual,
        differences.difference,
        case
            when differences.document = 'statement' then of_statements.cause
            when differences.document = 'transaction' then 'platform_sums_differ'
            when differences.parts = 0 then 'not_read'
            when differences.identity = 'payout_exchange' and abs(differences.difference) < 0.01 then 'rounding'
            when differences.identity = 'payout_exchange' then 'exchange'
            when differences.identity = 'payout_statements' and behind_payouts.own_sums = -differences.difference
                then 'platform_sums_differ'
            when differences.identity = 'clearing' and behind_payouts.transactions = differences.difference
                and behind_payouts.causes = 1 then behind_payouts.cause
            when differences.identity in ('payout_statements', 'clearing') and payouts.reserve_amount <> 0
                and abs(differences.difference) = abs(payouts.reserve_amount)
                then case when differences.difference < 0 then 'reserve_held' else 'reserve_released' end
            when late_amounts.amount is not null and differences.identity in ('payout_statements', 'clearing')
                then 'late_adjustment'
            when unread.shop_id is not null then 'not_read'
            else 'unexplained'
        end as cause
    from differences
    left join unread on differences.shop_id = unread.shop_id
    left join of_statements
        on differences.shop_id = of_statements.shop_id
        and differences.identity = of_statements.identity
        and differences.document_id = of_statements.document_id
    left join payouts
        on differences.document = 'payout'
        and differences.shop_id = payouts.shop_id
        and differences.document_id = payouts.payment_id
    left join behind_payouts
        on differences.document = 'payout'
        and differences.shop_id = behind_payouts.shop_id
        and differences.document_id = behind_payouts.payment_id
    left join late_amounts
        on late_amounts.document = 'payout'
        and differences.document = 'payout'
        and differences.shop_id = late_amounts.shop_id
        and differences.document_id = late_amounts.document_id
        and differences.difference = -late_amounts.amount
),

-- What a statement has become after its payment, a later payment makes up for: what payments are more or less than their
-- transactions adds up to nothing again. Everything up to there is shown to be late.
unexplained as (
    select distinct shop_id, document_id
    from caused
    where identity in ('payout_statements', 'clearing') and cause = 'unexplained'
),

late_payouts as (
    select
        paid.shop_id,
        paid.currency,
        paid.document_id,
        payouts.create_time,
        paid.difference + coalesce(behind_payouts.transactions, 0) as amount
    from {{ ref('tiktokshop__reconciliation') }} as paid
    inner join unexplained on paid.shop_id = unexplained.shop_id and paid.document_id = unexplained.document_id
    inner join {{ ref('tiktokshop__payouts') }} as payouts
        on paid.shop_id = payouts.shop_id and paid.document_id = payouts.payment_id
    left join behind_payouts
        on paid.shop_id = behind_payouts.shop_id and paid.document_id = behind_payouts.payment_id
    where paid.identity = 'payout_statements'
),

running as (
    select
        *,
        row_number() over so_far as nth,
        sum(amount) over so_far as owed
    from late_payouts
    window so_far as (
        partition by shop_id, currency order by create_time, document_id rows unbounded preceding
    )
),

made_up as (
    select shop_id, currency, max(nth) as nth from running where owed = 0 group by shop_id, currency
),

made_up_for as (
    select running.shop_id, running.document_id, running.amount
    from running
    inner join made_up
        on running.shop_id = made_up.shop_id and running.currency = made_up.currency and running.nth <= made_up.nth
)

select
    caused.shop_id,
    caused.identity,
    caused.document,
    caused.document_id,
    caused.month,
    caused.currency,
    caused.expected,
    caused.actual,
    caused.difference,
    case
        when caused.cause <> 'unexplained' then caused.cause
        when caused.identity = 'payout_statements' and made_up_for.document_id is not null then 'late_adjustment'
        when caused.identity = 'clearing' and caused.difference = made_up_for.amount then 'late_adjustment'
        else 'unexplained'
    end as cause
from caused
left join made_up_for on caused.shop_id = made_up_for.shop_id and caused.document_id = made_up_for.document_id
