-- The lines of the months that you have closed, as they were then: of the table that tiktokshop_closed_journal names.
{%- set own = var('tiktokshop_closed_journal') %}
{%- set texts = ['entry_id', 'entry_kind', 'document_id', 'corrects', 'currency', 'category', 'account', 'account_name',
    'account_type', 'tax_code'] %}
select
    cast(shop_id as text) as shop_id,
    cast(line as bigint) as line,
    cast(entry_date as date) as entry_date,
    {%- for name in texts %}
    cast({{ name }} as text) as {{ name }},
    {%- endfor %}
    {{ tiktokshop.exact('debit') }} as debit,
    {{ tiktokshop.exact('credit') }} as credit
{%- if own %}
from {{ ref(own) }}
{%- else %}
from (
    select null as shop_id, null as line, null as entry_date, null as debit, null as credit
        {%- for name in texts %}, null as {{ name }}{% endfor %}
) as nothing
where false
{%- endif %}
