-- Every identity that can be checked, as rows of one shape: what a whole says, and what its parts add up to.
with transactions as (
    select *, statement_id || '/' || transaction_id as document_id from {{ ref('tiktokshop__transactions') }}
),

components as (
    select
        shop_id,
        statement_id,
        transaction_id,
        {%- for section, sections in {'revenue': "('revenue')", 'shipping': "('shipping')", 'fees': "('fee', 'tax')"}.items() %}
        {{ tiktokshop.total("case when section in " ~ sections ~ " then amount else 0 end") }} as {{ section }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('tiktokshop__settlement_lines') }}
    group by shop_id, statement_id, transaction_id
),

sections as (
    {%- for part, section in {'revenue_amount': 'revenue', 'shipping_cost_amount': 'shipping', 'fee_tax_amount': 'fees'}.items() %}
    select
        transactions.shop_id, 'section_{{ section }}' as identity, 'transaction' as document, transactions.document_id,
        transactions.covered_date as day, transactions.currency,
        transactions.{{ part }} as expected, coalesce(components.{{ section }}, 0) as actual, 1 as parts
    from transactions
    left join components
        on transactions.shop_id = components.shop_id
        and transactions.statement_id = components.statement_id
        and transactions.transaction_id = components.transaction_id
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

settlements as (
    select
        shop_id, 'transaction_settlement' as identity, 'transaction' as document, document_id, covered_date as day, currency,
        settlement_amount as expected,
        revenue_amount + shipping_cost_amount + fee_tax_amount + adjustment_amount as actual, 1 as parts
    from transactions
),

statements as (
    select
        shop_id, 'statement_sections' as identity, 'statement' as document, statement_id as document_id,
        covered_date as day, currency, settlement_amount as expected,
        revenue_amount + shipping_cost_amount + fee_tax_amount + adjustment_amount as actual, 1 as parts
    from {{ ref('tiktokshop__statements') }}
    union all
    select
        shop_id, 'statement_transactions', 'statement', statement_id, covered_date, currency, settlement_amount,
        transactions_amount, transactions
    from {{ ref('tiktokshop__statements') }}
),

-- A payment pays its statements, and what reserves release less what they hold.
payouts as (
    select
        shop_id, 'payout_statements' as identity, 'payout' as document, payment_id as document_id,
        create_date as day, coalesce(currency_before_exchange, currency) as currency,
        coalesce(amount_before_exchange, amount) as expected,
        statements_amount + statements_reserve_amount as actual, statements as parts
    from {{ ref('tiktokshop__payouts') }}
    union all
    select
        shop_id, 'payout_exchange', 'payout', payment_id, create_date, currency, amount,
        {{ tiktokshop.exact('round(amount_before_exchange * exchange_rate, 9)') }}, 1
    from {{ ref('tiktokshop__payouts') }}
    where amount_before_exchange is not null and exchange_rate is not null
),

-- Each document on the clearing account, with what has corrected it.
on_clearing as (
    select
        shop_id,
        coalesce(corrects, entry_id) as entry_id,
        document_id,
        currency,
        min(entry_date) as day,
        {{ tiktokshop.total('debit - credit') }} as amount
    from {{ ref('tiktokshop__journal_lines') }}
    where category = 'clearing'
    group by shop_id, coalesce(corrects, entry_id), document_id, currency
),

-- What has arrived clears what its statements have put into the clearing account.
cleared as (
    select
        statements.shop_id,
        statements.payment_id,
        journal.currency,
        {{ tiktokshop.total('journal.amount') }} as amount
    from {{ ref('tiktokshop__statements') }} as statements
    inner join on_clearing as journal
        on statements.shop_id = journal.shop_id
        and journal.entry_id = 'statement ' || statements.statement_id
    group by statements.shop_id, statements.payment_id, journal.currency
),

clearing as (
    select
        journal.shop_id, 'clearing' as identity, 'payout' as document, journal.document_id, journal.day,
        journal.currency, -journal.amount as expected, coalesce(cleared.amount, 0) as actual,
        case when cleared.amount is null then 0 else 1 end as parts
    from on_clearing as journal
    left join cleared
        on journal.shop_id = cleared.shop_id
        and journal.document_id = cleared.payment_id
        and journal.currency = cleared.currency
    where journal.entry_id = 'payout ' || journal.document_id
),

entries as (
    select
        shop_id, 'entry_balance' as identity, 'entry' as document, entry_id || ' ' || currency as document_id,
        entry_date as day, currency, {{ tiktokshop.total('debit') }} as expected, {{ tiktokshop.total('credit') }} as actual,
        1 as parts
    from {{ ref('tiktokshop__journal_lines') }}
    group by shop_id, entry_id, entry_date, currency
),

-- The payments of a day follow each other onto the balance; where no payments are shown, as in South-East Asia, the
-- statements that were paid that day do, by the sums of their transactions.
received as (
    select shop_id, currency, day, {{ tiktokshop.total('amount') }} as amount, count(*) as parts
    from {{ ref('tiktokshop__movements') }}
    group by shop_id, currency, day
),

paid_out as (
    select shop_id, currency, {{ tiktokshop.local_date('paid_time', "'UTC'") }} as day, amount
    from {{ ref('tiktokshop__payouts') }}
    where status = 'PAID'
    union all
    select shop_id, currency, {{ tiktokshop.local_date('payment_time', "'UTC'") }}, transactions_amount + reserve_amount
    from {{ ref('tiktokshop__statements') }}
    where payment_status = 'PAID' and shop_id in (select shop_id from {{ ref('tiktokshop__movements') }} where is_payment)
),

paid as (
    select shop_id, currency, day, {{ tiktokshop.total('amount') }} as amount from paid_out group by shop_id, currency, day
),

movements as (
    select
        paid.shop_id, 'payout_movements' as identity, 'day' as document, paid.day || ' ' || paid.currency as document_id,
        paid.day, paid.currency, paid.amount as expected, coalesce(received.amount, 0) as actual,
        coalesce(received.parts, 0) as parts
    from paid
    left join received
        on paid.shop_id = received.shop_id and paid.currency = received.currency and paid.day = received.day
),

-- Of a month that was closed, what was booked is what was known then.
closed as (
    select shop_id, {{ tiktokshop.month_of('max(entry_date)') }} as month
    from {{ ref('tiktokshop__closed_lines') }}
    group by shop_id
),

receivables as (
    select
        months.shop_id, 'receivable' as identity, 'month' as document,
        substr(cast(months.month as text), 1, 7) || ' ' || months.currency as document_id, months.month as day,
        months.currency, months.unsettled as expected, months.closing as actual, 1 as parts
    from {{ ref('tiktokshop__receivables_monthly') }} as months
    left join closed on months.shop_id = closed.shop_id
    where closed.month is null or months.month > closed.month
),

bases as (
    select
        shop_id, 'date_bases' as identity, 'month' as document,
        substr(cast(month as text), 1, 7) || ' ' || currency as document_id, month as day, currency, by_statement as expected,
        by_order + settled_later + not_settled + ordered_earlier + no_order + order_not_read as actual, 1 as parts
    from {{ ref('tiktokshop__basis_monthly') }}
),

-- What was refunded to an order's buyer is at most what its returns say: a return shows the whole price where a part was
-- agreed on. Units that are cancelled have no return.
refunded as (
    select
        shop_id,
        order_id,
        currency,
        max(covered_date) as day,
        -{{ tiktokshop.total('buyer_refund_amount') }} as amount
    from {{ ref('tiktokshop__transactions') }}
    where buyer_refund_amount <> 0 and order_id is not null
    group by shop_id, order_id, currency
),

returned as (
    select shop_id, order_id, {{ tiktokshop.total('refund_total') }} as amount, count(*) as parts
    from {{ ref('tiktokshop__return_lines') }}
    group by shop_id, order_id
),

refunds as (
    select
        refunded.shop_id, 'refunds' as identity, 'order' as document, refunded.order_id as document_id, refunded.day,
        refunded.currency, refunded.amount as expected, least(refunded.amount, coalesce(returned.amount, 0)) as actual,
        coalesce(returned.parts, 0) as parts
    from refunded
    inner join {{ ref('tiktokshop__orders') }} as orders
        on refunded.shop_id = orders.shop_id and refunded.order_id = orders.order_id
    left join returned on refunded.shop_id = returned.shop_id and refunded.order_id = returned.order_id
    where refunded.shop_id in (select shop_id from returned)
        and (returned.parts > 0 or orders.cancelled_units = 0)
),

-- What the platform says it has paid is in the bank, of the days that you have given the bank's lines of.
bank as (
    select
        shop_id, 'bank' as identity, 'payout' as document, payment_id as document_id, paid_date as day, currency,
        amount as expected, case when status = 'matched' then amount else 0 end as actual, 1 as parts
    from {{ ref('tiktokshop__bank_matches') }}
    where status in ('matched', 'not_in_bank')
),

-- The account of the reserves has what is open of each of them.
on_reserves as (
    select shop_id, currency, 0 as expected, debit - credit as actual, entry_date as day
    from {{ ref('tiktokshop__journal_lines') }}
    where category = 'reserves'
    union all
    select shop_id, currency, open_amount, 0, coalesce(released_date, held_date) from {{ ref('tiktokshop__reserves') }}
),

reserves as (
    select
        shop_id, 'reserves' as identity, 'account' as document, 'reserves ' || currency as document_id, max(day) as day, currency,
        {{ tiktokshop.total('expected') }} as expected, {{ tiktokshop.total('actual') }} as actual, 1 as parts
    from on_reserves
    group by shop_id, currency
)

{% for name in ['sections', 'settlements', 'statements', 'payouts', 'clearing', 'entries', 'movements', 'receivables', 'bases',
    'refunds', 'bank', 'reserves'] -%}
select shop_id, identity, document, document_id, day, currency, expected, actual, parts from {{ name }}
{{ "union all" if not loop.last }}
{% endfor %}
