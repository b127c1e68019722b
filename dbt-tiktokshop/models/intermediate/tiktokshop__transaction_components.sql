{{ config(
    materialized="incremental",
    incremental_strategy="delete+insert",
    unique_key=["shop_id", "statement_id", "transaction_id"],
) }}
-- Every field of a section is a component, also one that no document names. Objects among them only explain. What is not
-- here yet is looked into, however old it is, and so are statements of the last weeks, which may have changed.
with transactions as (
    select settled.*
    from {{ ref('tiktokshop__transactions') }} as settled
    {%- if is_incremental() %}
    left join (select distinct shop_id, statement_id, transaction_id from {{ this }}) as known
        on settled.shop_id = known.shop_id
        and settled.statement_id = known.statement_id
        and settled.transaction_id = known.transaction_id
    where known.shop_id is null
        or settled.statement_time > (
            select coalesce(max(statement_time), cast('0001-01-01' as timestamptz))
                - interval '{{ var("tiktokshop_again_days") }} days'
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
