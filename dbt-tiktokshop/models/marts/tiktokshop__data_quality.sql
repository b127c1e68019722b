with runs as (
    select
        *,
        row_number() over (partition by shop_id, stream order by started_at desc, ended_at desc, run_id) = 1 as is_latest
    from {{ ref('stg_tiktokshop__run_summary') }}
),

values_of_fields as (
    select
        runs.shop_id,
        runs.run_id,
        runs.stream,
        {{ tiktokshop.json_text('item.value', ['field']) }} as field,
        cast({{ tiktokshop.json_text('item.value', ['values']) }} as bigint) as found,
        {{ tiktokshop.json_text('item.value', ['example']) }} as example
    from runs
    {{ tiktokshop.each_item('runs.undocumented') }}
),

undocumented as (
    select
        shop_id,
        run_id,
        stream,
        sum(found) as found,
        string_agg(field || ' (' || found || coalesce(', such as ' || example, '') || ')', '; ' order by field) as detail
    from values_of_fields
    group by shop_id, run_id, stream
),

kinds as (
    -- A window that comes short fails its stream; the count says it better.
    select shop_id, run_id, stream, 'short' as kind,
        greatest(coalesce(rows_counted_by_platform, 0) - coalesce(rows, 0), 1) as found, reason as detail
    from runs
    where not counts_agree
    union all
    select shop_id, run_id, stream, replace(status, ' ', '_'), 1, reason
    from runs
    where status <> 'read' and coalesce(counts_agree, true)
    {%- for kind in ['windows_read_twice', 'gone', 'mended', 'without_identity'] %}
    union all
    select shop_id, run_id, stream, '{{ kind }}', {{ kind }}, null from runs where {{ kind }} > 0
    {%- endfor %}
    union all
    select shop_id, run_id, stream, 'undocumented', found, detail from undocumented
)

select
    runs.shop_id,
    runs.run_id,
    runs.started_at_local_date as day,
    runs.stream,
    kinds.kind,
    cast(kinds.found as bigint) as "count",
    kinds.detail,
    runs.is_latest,
    kinds.kind in ('short', 'skipped', 'failed', 'left_over', 'interrupted') as is_unread
from kinds
inner join runs on kinds.shop_id = runs.shop_id and kinds.run_id = runs.run_id and kinds.stream = runs.stream
