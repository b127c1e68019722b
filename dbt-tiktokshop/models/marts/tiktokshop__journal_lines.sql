-- What was closed stays as it was. What has changed since becomes an entry on the first day after it, and nothing else does.
with closed as (
    select * from {{ ref('tiktokshop__closed_lines') }}
),

-- The first day of the first month that is open.
opened as (
    select shop_id, cast({{ tiktokshop.month_of('max(entry_date)') }} + interval '1 month' as date) as first_day
    from closed
    group by shop_id
),

closed_amounts as (
    select
        shop_id,
        coalesce(corrects, entry_id) as entry_id,
        currency,
        category,
        {{ tiktokshop.total('debit - credit') }} as amount
    from closed
    group by shop_id, coalesce(corrects, entry_id), currency, category
),

closed_entries as (
    select distinct shop_id, entry_id from closed_amounts
),

-- Each line of now, and whether its entry lies in what is closed.
present as (
    select
        lines.*,
        opened.first_day,
        closed_entries.entry_id is not null or coalesce(lines.entry_date < opened.first_day, false) as is_closed
    from {{ ref('tiktokshop__entry_lines') }} as lines
    left join opened on lines.shop_id = opened.shop_id
    left join closed_entries on lines.shop_id = closed_entries.shop_id and lines.entry_id = closed_entries.entry_id
),

open_lines as (
    select shop_id, entry_id, entry_kind, document_id, cast(null as text) as corrects, entry_date, currency, category, amount
    from present
    where not is_closed
),

-- A document that is not in the warehouse any more has not changed.
documents as (
    select shop_id, 'statement ' || statement_id as entry_id, statement_id as document_id
    from {{ ref('tiktokshop__statements') }}
    union all
    select shop_id, 'payout ' || payment_id, payment_id from {{ ref('tiktokshop__payouts') }}
),

-- An estimate that has become better is no correction: the next month takes an accrual back as it was booked.
changed as (
    select shop_id, entry_id, document_id, first_day, currency, category, amount
    from present
    where is_closed and entry_kind <> 'accrual'
    union all
    select documents.shop_id, documents.entry_id, documents.document_id, opened.first_day, before.currency,
        before.category, -before.amount
    from documents
    inner join opened on documents.shop_id = opened.shop_id
    inner join closed_amounts as before on documents.shop_id = before.shop_id and documents.entry_id = before.entry_id
),

corrections as (
    select
        shop_id,
        'correction ' || substr(cast(first_day as text), 1, 7) || ' ' || entry_id as entry_id,
        'correction' as entry_kind,
        document_id,
        entry_id as corrects,
        first_day as entry_date,
        currency,
        category,
        {{ tiktokshop.total('amount') }} as amount
    from changed
    group by shop_id, entry_id, document_id, first_day, currency, category
    having {{ tiktokshop.total('amount') }} <> 0
),

accruals as (
    select shop_id, document_id, entry_date, currency, category, debit - credit as amount
    from closed
    where entry_kind = 'accrual'
    union all
    select shop_id, document_id, entry_date, currency, category, amount
    from open_lines
    where entry_kind = 'accrual'
),

reversals as (
    select
        accruals.shop_id,
        'reversal ' || accruals.document_id as entry_id,
        'reversal' as entry_kind,
        accruals.document_id,
        cast(null as text) as corrects,
        accruals.entry_date + 1 as entry_date,
        accruals.currency,
        accruals.category,
        -accruals.amount as amount
    from accruals
    left join closed_entries
        on accruals.shop_id = closed_entries.shop_id and closed_entries.entry_id = 'reversal ' || accruals.document_id
    where closed_entries.entry_id is null
),

lines as (
    select * from open_lines
    union all
    select * from corrections
    union all
    select * from reversals
)

select
    lines.shop_id,
    lines.entry_id,
    row_number() over (
        partition by lines.shop_id, lines.entry_id order by lines.currency, lines.category
    ) as line,
    lines.entry_kind,
    lines.document_id,
    lines.corrects,
    lines.entry_date,
    lines.currency,
    lines.category,
    accounts.account,
    accounts.account_name,
    accounts.account_type,
    accounts.tax_code,
    {{ tiktokshop.exact('case when lines.amount > 0 then lines.amount else 0 end') }} as debit,
    {{ tiktokshop.exact('case when lines.amount < 0 then -lines.amount else 0 end') }} as credit
from lines
left join {{ ref('tiktokshop__accounts') }} as accounts on lines.category = accounts.category
union all
select
    shop_id, entry_id, line, entry_kind, document_id, corrects, entry_date, currency, category,
    account, account_name, account_type, tax_code, debit, credit
from closed
