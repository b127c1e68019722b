{#- JSON as the engines have it. Loaders leave JSON, text, jsonb, jsonb[] or a struct: `as_json` makes one kind of them. -#}

{% macro as_json(value, data_type) %}{{ return(adapter.dispatch('as_json', 'tiktokshop')(value, data_type)) }}{% endmacro %}

{% macro default__as_json(value, data_type) %}{{ tiktokshop.not_written('as_json') }}{% endmacro %}

{% macro duckdb__as_json(value, data_type) -%}
    {%- if data_type == 'JSON' -%} {{ value }}
    {%- elif data_type == 'VARCHAR' -%} cast({{ value }} as json)
    {%- else -%} to_json({{ value }})
    {%- endif -%}
{%- endmacro %}

{% macro postgres__as_json(value, data_type) -%}
    {%- if data_type in ('text', 'character varying') -%} cast({{ value }} as jsonb)
    {%- else -%} to_jsonb({{ value }})
    {%- endif -%}
{%- endmacro %}

{#- The text at a path of names; null where there is none. -#}
{% macro json_text(value, path) %}{{ return(adapter.dispatch('json_text', 'tiktokshop')(value, path)) }}{% endmacro %}

{% macro default__json_text(value, path) %}{{ tiktokshop.not_written('json_text') }}{% endmacro %}

{% macro duckdb__json_text(value, path) -%}
    json_extract_string({{ value }}, '$.{{ path | join(".") }}')
{%- endmacro %}

{% macro postgres__json_text(value, path) -%}
    ({{ value }} #>> '{{ "{" }}{{ path | join(",") }}{{ "}" }}')
{%- endmacro %}

{#- The object or list at a path of names. -#}
{% macro json_part(value, path) %}{{ return(adapter.dispatch('json_part', 'tiktokshop')(value, path)) }}{% endmacro %}

{% macro default__json_part(value, path) %}{{ tiktokshop.not_written('json_part') }}{% endmacro %}

{% macro duckdb__json_part(value, path) -%}
    json_extract({{ value }}, '$.{{ path | join(".") }}')
{%- endmacro %}

{% macro postgres__json_part(value, path) -%}
    ({{ value }} #> '{{ "{" }}{{ path | join(",") }}{{ "}" }}')
{%- endmacro %}

{#- Behind a table of a FROM: a row for each item of a list, as item.value. -#}
{% macro each_item(list) %}{{ return(adapter.dispatch('each_item', 'tiktokshop')(list)) }}{% endmacro %}

{% macro default__each_item(list) %}{{ tiktokshop.not_written('each_item') }}{% endmacro %}

{% macro duckdb__each_item(list) -%}
    cross join unnest(cast({{ list }} as json[])) as item (value)
{%- endmacro %}

{% macro postgres__each_item(list) -%}
    cross join lateral jsonb_array_elements(
        case jsonb_typeof({{ list }}) when 'array' then {{ list }} end
    ) as item (value)
{%- endmacro %}

{#- Behind a table of a FROM: a row for each field of an object, as field.name; `field_text` has its value. -#}
{% macro each_field(object) %}{{ return(adapter.dispatch('each_field', 'tiktokshop')(object)) }}{% endmacro %}

{% macro default__each_field(object) %}{{ tiktokshop.not_written('each_field') }}{% endmacro %}

{% macro duckdb__each_field(object) -%}
    cross join unnest(json_keys({{ object }})) as field (name)
{%- endmacro %}

{% macro postgres__each_field(object) -%}
    cross join lateral jsonb_object_keys(
        case jsonb_typeof({{ object }}) when 'object' then {{ object }} end
    ) as field (name)
{%- endmacro %}

{% macro field_text(object) %}{{ return(adapter.dispatch('field_text', 'tiktokshop')(object)) }}{% endmacro %}

{% macro default__field_text(object) %}{{ tiktokshop.not_written('field_text') }}{% endmacro %}

{% macro duckdb__field_text(object) -%}
    json_extract_string({{ object }}, '$."' || field.name || '"')
{%- endmacro %}

{% macro postgres__field_text(object) -%}
    ({{ object }} ->> field.name)
{%- endmacro %}

{#- The type of a JSON column. -#}
{% macro json_type() %}{{ return(adapter.dispatch('json_type', 'tiktokshop')()) }}{% endmacro %}

{% macro default__json_type() %}{{ tiktokshop.not_written('json_type') }}{% endmacro %}

{% macro duckdb__json_type() %}{{ return('json') }}{% endmacro %}

{% macro postgres__json_type() %}{{ return('jsonb') }}{% endmacro %}
