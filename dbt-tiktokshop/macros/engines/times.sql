{#- Moments are timestamps with a zone; the loaders leave UTC without one, or a text. -#}
{% macro moment(value, data_type) %}{{ return(adapter.dispatch('moment', 'tiktokshop')(value, data_type)) }}{% endmacro %}

{% macro default__moment(value, data_type) %}{{ tiktokshop.not_written('moment') }}{% endmacro %}

{% macro duckdb__moment(value, data_type) -%}
    {%- if data_type == 'TIMESTAMP WITH TIME ZONE' -%} {{ value }}
    {%- elif data_type.startswith('TIMESTAMP') -%} {{ value }} at time zone 'UTC'
    {%- else -%} cast(nullif({{ value }}, '') as timestamptz)
    {%- endif -%}
{%- endmacro %}

{% macro postgres__moment(value, data_type) -%}
    {%- if data_type == 'timestamp with time zone' -%} {{ value }}
    {%- elif data_type.startswith('timestamp') -%} {{ value }} at time zone 'UTC'
    {%- else -%} cast(nullif({{ value }}, '') as timestamptz)
    {%- endif -%}
{%- endmacro %}

{#- The day of a moment in a time zone. -#}
{% macro local_date(value, zone) %}{{ return(adapter.dispatch('local_date', 'tiktokshop')(value, zone)) }}{% endmacro %}

{% macro default__local_date(value, zone) %}{{ tiktokshop.not_written('local_date') }}{% endmacro %}

{% macro duckdb__local_date(value, zone) -%}
    cast({{ value }} at time zone {{ zone }} as date)
{%- endmacro %}

{% macro postgres__local_date(value, zone) -%}
    cast({{ value }} at time zone {{ zone }} as date)
{%- endmacro %}

{#- The first day of the month of a date. -#}
{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{#- As an expression of a SELECT: a row for each day from one to another. -#}
{% macro each_day(first, last) %}{{ return(adapter.dispatch('each_day', 'tiktokshop')(first, last)) }}{% endmacro %}

{% macro default__each_day(first, last) %}{{ tiktokshop.not_written('each_day') }}{% endmacro %}

{% macro duckdb__each_day(first, last) -%}
    cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day')) as date)
{%- endmacro %}

{% macro postgres__each_day(first, last) -%}
    cast(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day') as date)
{%- endmacro %}
