{{ config(
    materialized="incremental",
    incremental_strategy="delete+insert",
    unique_key=["shop_id", "statement_id", "transaction_id"],
) }}
-- Every field of a section is a component, also one that no document names. Objects among them only explain. A statement
-- may change for some time: those of the last weeks are looked into again.
with transactions as (
    select * from {{ ref('tiktokshop__transactions') }}
    {%- if is_incremental() %}
    where statement_time > (
        select coalesce(max(statement_time), cast('0001-01-01' as timestamptz)) - interval '{{ var("tiktokshop_again_days") }} days'
        from {{ this }}
    )
    {%- endif %}
)

{% for section in ['revenue', 'shipping', 'fee', 'tax'] -%}
{%- set object = 'transactions.' ~ {'shipping': 'shipping_cost'}.get(section, section) ~ '_breakdown' -%}
select
    shop_id,
    statement_id,
    transaction_id,
    statement_time,
    '{{ section }}' as section,
    field.name as component,
    {{ tiktokshop.maybe_exact(tiktokshop.field_text(object)) }} as amount
from transactions
{{ tiktokshop.each_field(object) }}
union all
{% endfor -%}
select shop_id, statement_id, transaction_id, statement_time, 'adjustment', transaction_type, adjustment_amount
from transactions
union all
select shop_id, statement_id, transaction_id, statement_time, 'reserve', coalesce(reserve_status, 'UNKNOWN'), reserve_amount
from transactions
