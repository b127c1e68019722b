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

{#- The same of a list whose items have texts at these paths, such as price.amount; `item_text` has each of them. DuckDB
    reads a list once, and not once for each path. -#}
{% macro each_record(list, paths) %}{{ return(adapter.dispatch('each_record', 'tiktokshop')(list, paths)) }}{% endmacro %}

{% macro default__each_record(list, paths) %}{{ tiktokshop.not_written('each_record') }}{% endmacro %}

{% macro duckdb__each_record(list, paths) -%}
    {%- set shape = {} -%}
    {%- for path in paths -%}
        {%- set names = path.split('.') -%}
        {%- if names | length == 1 -%} {%- do shape.update({path: 'VARCHAR'}) -%}
        {%- else -%} {%- do shape.setdefault(names[0], {}).update({names[1]: 'VARCHAR'}) -%}
        {%- endif -%}
    {%- endfor -%}
    cross join unnest(from_json({{ list }}, '{{ tojson([shape]) }}')) as item (value)
{%- endmacro %}

{% macro postgres__each_record(list, paths) -%}
    {{ tiktokshop.each_item(list) }}
{%- endmacro %}

{% macro item_text(path) %}{{ return(adapter.dispatch('item_text', 'tiktokshop')(path)) }}{% endmacro %}

{% macro default__item_text(path) %}{{ tiktokshop.not_written('item_text') }}{% endmacro %}

{% macro duckdb__item_text(path) %}{{ return('item.value.' ~ path) }}{% endmacro %}

{% macro postgres__item_text(path) %}{{ return(tiktokshop.json_text('item.value', path.split('.'))) }}{% endmacro %}

{#- Behind a table of a FROM: a row for each field of an object; `field_name` and `field_text` say what it is. -#}
{% macro each_field(object) %}{{ return(adapter.dispatch('each_field', 'tiktokshop')(object)) }}{% endmacro %}

{% macro default__each_field(object) %}{{ tiktokshop.not_written('each_field') }}{% endmacro %}

{% macro duckdb__each_field(object) -%}
    cross join unnest(map_entries(from_json({{ object }}, '"MAP(VARCHAR, VARCHAR)"'))) as field (entry)
{%- endmacro %}

{% macro postgres__each_field(object) -%}
    cross join lateral jsonb_each_text(
        case jsonb_typeof({{ object }}) when 'object' then {{ object }} end
    ) as field (name, value)
{%- endmacro %}

{% macro field_name() %}{{ return(adapter.dispatch('field_name', 'tiktokshop')()) }}{% endmacro %}

{% macro default__field_name() %}{{ tiktokshop.not_written('field_name') }}{% endmacro %}

{% macro duckdb__field_name() %}{{ return('field.entry.key') }}{% endmacro %}

{% macro postgres__field_name() %}{{ return('field.name') }}{% endmacro %}

{% macro field_text() %}{{ return(adapter.dispatch('field_text', 'tiktokshop')()) }}{% endmacro %}

{% macro default__field_text() %}{{ tiktokshop.not_written('field_text') }}{% endmacro %}

{% macro duckdb__field_text() %}{{ return('field.entry.value') }}{% endmacro %}

{% macro postgres__field_text() %}{{ return('field.value') }}{% endmacro %}

{#- The type of a JSON column. -#}
{% macro json_type() %}{{ return(adapter.dispatch('json_type', 'tiktokshop')()) }}{% endmacro %}

{% macro default__json_type() %}{{ tiktokshop.not_written('json_type') }}{% endmacro %}

{% macro duckdb__json_type() %}{{ return('json') }}{% endmacro %}

{% macro postgres__json_type() %}{{ return('jsonb') }}{% endmacro %}
