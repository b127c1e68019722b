{{ config(
    materialized="incremental",
    incremental_strategy="delete+insert",
    unique_key=["shop_id", "statement_id", "settlement_amount"],
    full_refresh=false,
) }}
-- A loader that replaces rows keeps only what a statement says now, so what is here is never made again: it is the history.
with statements as (
    {{- tiktokshop.stage(
        stream='statements',
        keys=['shop_id', 'id', 'settlement_amount'],
        first=true,
        columns={
            'shop_id': 'text',
            'id': 'text',
            'settlement_amount': 'exact',
            '_sdc_extracted_at': 'moment',
            '_sdc_received_at': 'moment',
            '_sdc_batched_at': 'moment',
        },
    ) | indent(4) }}
)

select shop_id, id as statement_id, settlement_amount, min(coalesce(_sdc_extracted_at, _sdc_received_at, _sdc_batched_at)) as seen_at
from statements
where settlement_amount is not null
    {%- if is_incremental() %}
    and not exists (
        select 1
        from {{ this }} as known
        where statements.shop_id = known.shop_id
            and statements.id = known.statement_id
            and statements.settlement_amount = known.settlement_amount
    )
    {%- endif %}
group by shop_id, id, settlement_amount
