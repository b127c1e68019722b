{#- The newest row of each key, as a SELECT. DuckDB numbers the rows by their keys alone and reads the others once it knows
    which: JSON of which nothing is wanted need not be held in memory. -#}
{% macro latest_rows(relation, keys, order) %}{{ return(adapter.dispatch('latest_rows', 'tiktokshop')(relation, keys, order)) }}{% endmacro %}

{% macro default__latest_rows(relation, keys, order) %}
select *
from (
    select
        *,
        {{ tiktokshop.number_of_row(keys, order) }} as _row
    from {{ relation }}
) as numbered
where _row = 1
{%- endmacro %}

{% macro duckdb__latest_rows(relation, keys, order) %}
    {%- if relation.is_view -%} {{ tiktokshop.default__latest_rows(relation, keys, order) }}
    {%- else %}
select *
from {{ relation }}
where rowid in (
    select rowid
    from {{ relation }}
    qualify {{ tiktokshop.number_of_row(keys, order) }} = 1
)
    {%- endif %}
{%- endmacro %}

{% macro number_of_row(keys, order) -%}
    row_number() over (
        partition by {% for key in keys %}{{ adapter.quote(key) }}{{ ", " if not loop.last }}{% endfor %}
        order by {{ order | join(", ") }}
    )
{%- endmacro %}

{#- What says in which order rows were loaded where the loader wrote no column about it. Only a table of DuckDB itself
    keeps that; elsewhere the last word is left to the stream's own times. -#}
{% macro loading_order(relation) %}{{ return(adapter.dispatch('loading_order', 'tiktokshop')(relation)) }}{% endmacro %}

{% macro default__loading_order(relation) %}{{ return([]) }}{% endmacro %}

{% macro duckdb__loading_order(relation) %}{{ return([] if relation.is_view else ['rowid']) }}{% endmacro %}

{#- What columns say, as a short text that is another one once they say something else. It need not be the same in another
    version of the engine: then all rows count as changed. -#}
{% macro fingerprint(columns) %}{{ return(adapter.dispatch('fingerprint', 'tiktokshop')(columns)) }}{% endmacro %}

{% macro default__fingerprint(columns) %}{{ tiktokshop.not_written('fingerprint') }}{% endmacro %}

{% macro duckdb__fingerprint(columns) -%}
    cast(hash({{ columns | join(", ") }}) as varchar)
{%- endmacro %}

{% macro postgres__fingerprint(columns) -%}
    md5(concat_ws('|', {% for column in columns %}coalesce(cast({{ column }} as text), ''){{ ", " if not loop.last }}{% endfor %}))
{%- endmacro %}
