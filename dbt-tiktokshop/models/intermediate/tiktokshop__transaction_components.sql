{{ config(
    materialized="incremental",
    incremental_strategy="delete+insert",
    unique_key=["shop_id", "statement_id", "transaction_id"],
    on_schema_change="sync_all_columns",
) }}
-- Every field of a section that is not 0 is a component, also one that no document names. Objects among them only explain.
-- What is not here yet, or was not the same, is looked into, however old it is; so is all, if an older version made the table.
{%- set parts = ['type', 'adjustment_amount', 'reserve_amount', 'reserve_status', 'revenue_breakdown', 'shipping_cost_breakdown',
    'fee_tax_breakdown'] %}
{%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list if is_incremental() else [] %}
with present as (
    select
        shop_id,
        statement_id,
        id as transaction_id,
        {{ tiktokshop.fingerprint(parts) }} as fingerprint,
        {{ parts | join(", ") }}
    from {{ ref('stg_tiktokshop__statement_transactions') }}
),

changed as materialized (
    select
        present.*,
        {{ tiktokshop.json_part('present.fee_tax_breakdown', ['fee']) }} as fee_breakdown,
        {{ tiktokshop.json_part('present.fee_tax_breakdown', ['tax']) }} as tax_breakdown
    from present
    {%- if 'fingerprint' in columns %}
    where not exists (
        select 1
        from {{ this }} as known
        where known.section = 'adjustment'  -- which each transaction has once
            and present.shop_id = known.shop_id
            and present.statement_id = known.statement_id
            and present.transaction_id = known.transaction_id
            and present.fingerprint = known.fingerprint
    )
    {%- endif %}
),

components as (
    {%- for section in ['revenue', 'shipping', 'fee', 'tax'] %}
    {%- set object = 'changed.' ~ {'shipping': 'shipping_cost'}.get(section, section) ~ '_breakdown' %}
    select
        shop_id,
        statement_id,
        transaction_id,
        fingerprint,
        '{{ section }}' as section,
        {{ tiktokshop.field_name() }} as component,
        {{ tiktokshop.field_text() }} as amount
    from changed
    {{ tiktokshop.each_field(object) }}
    where {{ tiktokshop.field_text() }} <> '0'
    union all
    {%- endfor %}
    select shop_id, statement_id, transaction_id, fingerprint, 'reserve', coalesce(reserve_status, 'UNKNOWN'),
        cast({{ tiktokshop.signed_reserve() }} as text)
    from changed
    where reserve_amount <> 0
)

select shop_id, statement_id, transaction_id, fingerprint, section, component, {{ tiktokshop.maybe_exact('amount') }} as amount
from components
-- Of every transaction, so that it is known.
union all
select shop_id, statement_id, transaction_id, fingerprint, 'adjustment', type, adjustment_amount
from changed
