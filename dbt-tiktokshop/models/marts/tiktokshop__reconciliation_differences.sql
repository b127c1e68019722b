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

-- What a closed month has of a statement is what it was: a payment of just that is right, and the correction is late.
corrected as (
    select statements.shop_id, statements.payment_id, {{ tiktokshop.total('journal.debit - journal.credit') }} as amount
    from {{ ref('tiktokshop__journal_lines') }} as journal
    inner join statements
        on journal.shop_id = statements.shop_id and journal.corrects = 'statement ' || statements.statement_id
    where journal.entry_kind = 'correction' and journal.category = 'clearing'
    group by statements.shop_id, statements.payment_id
),

of_statements as (
    select
        differences.shop_id,
        differences.document_id,
        differences.identity,
        differences.difference,
        case
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

-- A statement that changes when it is paid leaves its payment wrong, and a later payment makes up for it. By how much it has
-- changed since it was loaded first is known; where no payments are shown, it makes a difference to its day.
changed as (
    select
        statements.shop_id,
        statements.currency,
        case when movements.shop_id is null then 'payout' else 'day' end as document,
        case when movements.shop_id is null then statements.payment_id
            else {{ tiktokshop.local_date('statements.payment_time', "'UTC'") }} || ' ' || statements.currency end as document_id,
        case when movements.shop_id is null then 1 else -1 end as sign,
        versions.settlement_amount - lead(versions.settlement_amount) over of_statement as amount,
        lead(versions.seen_at) over of_statement as seen_at
    from {{ ref('tiktokshop__statements') }} as statements
    inner join {{ ref('tiktokshop__statement_versions') }} as versions
        on statements.shop_id = versions.shop_id and statements.statement_id = versions.statement_id
    left join (select distinct shop_id from {{ ref('tiktokshop__movements') }} where is_payment) as movements
        on statements.shop_id = movements.shop_id
    window of_statement as (
        partition by statements.shop_id, statements.statement_id
        order by
            case when versions.settlement_amount = statements.settlement_amount then 1 else 0 end,
            versions.seen_at nulls first,
            versions.settlement_amount
    )
),

changes as (
    select shop_id, document, document_id, {{ tiktokshop.total('sign * amount') }} as amount
    from changed
    where amount is not null
    group by shop_id, document, document_id
),

-- The changes in their order: payments make up for them in just that.
known_changes as (
    select shop_id, document, currency, sum(sign * amount) over (
        partition by shop_id, document, currency order by seen_at nulls first, document_id rows unbounded preceding
    ) as amount
    from changed
    where amount is not null
),

paid_wrong as (
    select compared.shop_id, 'payout' as document, compared.document_id, compared.currency, compared.day,
        compared.expected - compared.actual + coalesce(behind_payouts.own_sums, 0) as amount
    from {{ ref('tiktokshop__compared') }} as compared
    left join behind_payouts
        on compared.shop_id = behind_payouts.shop_id and compared.document_id = behind_payouts.payment_id
    where compared.identity = 'payout_statements' and compared.parts > 0
    union all
    select shop_id, 'day', document_id, currency, day, expected - actual
    from {{ ref('tiktokshop__compared') }}
    where identity = 'payout_movements' and parts > 0
),

-- What payments lack, and what of that is known to have changed, runs up.
running as (
    select
        paid_wrong.*,
        row_number() over so_far as nth,
        sum(paid_wrong.amount) over so_far as open_amount,
        sum(coalesce(changes.amount, 0)) over so_far as changed_amount
    from paid_wrong
    left join changes
        on paid_wrong.shop_id = changes.shop_id
        and paid_wrong.document = changes.document
        and paid_wrong.document_id = changes.document_id
    window so_far as (
        partition by paid_wrong.shop_id, paid_wrong.document, paid_wrong.currency
        order by paid_wrong.day, paid_wrong.document_id
    )
),

-- What payments lack of the changes in their statements is nothing, or what the first of all changes come to.
explained as (
    select running.shop_id, running.document, running.currency, max(running.nth) as nth
    from running
    left join known_changes
        on running.shop_id = known_changes.shop_id
        and running.document = known_changes.document
        and running.currency = known_changes.currency
        and running.changed_amount - running.open_amount = known_changes.amount
    where running.open_amount in (0, running.changed_amount) or known_changes.shop_id is not null
    group by running.shop_id, running.document, running.currency
),

made_up as (
    select running.shop_id, running.document, running.document_id
    from running
    inner join explained
        on running.shop_id = explained.shop_id
        and running.document = explained.document
        and running.currency = explained.currency
        and running.nth <= explained.nth
    where running.amount <> 0
)

-- A cause is given only where something shows it; everything else is unexplained.
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
        when differences.identity = 'clearing'
            and behind_payouts.transactions - behind_payouts.own_sums = differences.difference
            and behind_payouts.causes = 1 then behind_payouts.cause
        when differences.identity in ('payout_statements', 'clearing') and payouts.reserve_amount <> 0
            and abs(differences.difference) = abs(payouts.reserve_amount)
            then case when differences.difference < 0 then 'reserve_held' else 'reserve_released' end
        when late_amounts.amount is not null and differences.identity in ('payout_statements', 'clearing')
            then 'late_adjustment'
        when corrected.amount = -differences.difference and differences.identity in ('payout_statements', 'clearing')
            then 'late_adjustment'
        when made_up.document_id is not null and differences.identity in ('payout_statements', 'clearing', 'payout_movements')
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
left join corrected
    on differences.document = 'payout'
    and differences.shop_id = corrected.shop_id
    and differences.document_id = corrected.payment_id
left join made_up
    on differences.shop_id = made_up.shop_id
    and differences.document = made_up.document
    and differences.document_id = made_up.document_id
left join late_amounts
    on late_amounts.document = 'payout'
    and differences.document = 'payout'
    and differences.shop_id = late_amounts.shop_id
    and differences.document_id = late_amounts.document_id
    and differences.difference = -late_amounts.amount
