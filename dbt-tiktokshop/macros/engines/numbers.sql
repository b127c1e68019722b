{#- Amounts are exact: 38 digits, 9 of them decimals, as the streams' schemas say. No floating point anywhere. -#}

{#- A text or number as an exact number. The platform leaves out an amount by an empty text, too. -#}
{% macro exact(value) %}{{ return(adapter.dispatch('exact', 'tiktokshop')(value)) }}{% endmacro %}

{% macro default__exact(value) %}{{ tiktokshop.not_written('exact') }}{% endmacro %}

{% macro duckdb__exact(value) -%}
    cast(nullif(cast({{ value }} as varchar), '') as decimal(38, 9))
{%- endmacro %}

{% macro postgres__exact(value) -%}
    cast(nullif(cast({{ value }} as text), '') as numeric(38, 9))
{%- endmacro %}

{#- The same for a text that may be anything: null where it is no number. -#}
{% macro maybe_exact(value) %}{{ return(adapter.dispatch('maybe_exact', 'tiktokshop')(value)) }}{% endmacro %}

{% macro default__maybe_exact(value) %}{{ tiktokshop.not_written('maybe_exact') }}{% endmacro %}

{% macro duckdb__maybe_exact(value) -%}
    case when regexp_full_match({{ value }}, '-?[0-9]+([.][0-9]+)?') then cast({{ value }} as decimal(38, 9)) end
{%- endmacro %}

{% macro postgres__maybe_exact(value) -%}
    case when {{ value }} ~ '^-?[0-9]+([.][0-9]+)?$' then cast({{ value }} as numeric(38, 9)) end
{%- endmacro %}

{#- One amount as a share of another: six decimals, the rest cut off; null of nothing. DuckDB divides decimals as
    floating point, so both divide whole numbers. -#}
{% macro share(part, whole) %}{{ return(adapter.dispatch('share', 'tiktokshop')(part, whole)) }}{% endmacro %}

{% macro default__share(part, whole) %}{{ tiktokshop.not_written('share') }}{% endmacro %}

{% macro duckdb__share(part, whole) -%}
    cast(
        (cast(({{ part }}) * 1000000 as hugeint) * 1000000) // nullif(cast(({{ whole }}) * 1000000 as hugeint), 0)
        as decimal(38, 0)
    ) * cast(0.000001 as decimal(7, 6))
{%- endmacro %}

{% macro postgres__share(part, whole) -%}
    div(
        cast(({{ part }}) * 1000000 as numeric(38, 0)) * 1000000, nullif(cast(({{ whole }}) * 1000000 as numeric(38, 0)), 0)
    ) * cast(0.000001 as numeric(7, 6))
{%- endmacro %}

{#- The sum of amounts, 0 of none. -#}
{% macro total(value) -%}
    coalesce(sum({{ value }}), {{ tiktokshop.exact("'0'") }})
{%- endmacro %}
