{#- A seed of the package, in which the rows of the user's own table win, key by key. A column that the own table does not
    have, or that is empty there, stays as the seed has it; a key that the seed does not have is added. -#}
{% macro overridden(seed, keys, columns) %}
    {%- set own = var(seed ~ '_override') -%}
    {%- if not own -%}
select {{ (keys + columns) | join(", ") }} from {{ ref(seed) }}
    {%- else -%}
with own as (
    select
        {%- for name in keys + columns %}
        {{ tiktokshop.own_text(own, name) }} as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref(own) }}
),

given as (
    select {{ (keys + columns) | join(", ") }} from {{ ref(seed) }}
),

every_key as (
    select {{ keys | join(", ") }} from given
    union
    select {{ keys | join(", ") }} from own
)

select
    {%- for name in keys %}
    every_key.{{ name }},
    {%- endfor %}
    {%- for name in columns %}
    coalesce(own.{{ name }}, given.{{ name }}) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
from every_key
{%- for table in ["given", "own"] %}
left join {{ table }} on {% for name in keys %}every_key.{{ name }} = {{ table }}.{{ name }}{{ " and " if not loop.last }}{% endfor %}
{%- endfor %}
    {%- endif %}
{% endmacro %}

{#- A column of the user's own table as a text; null where the table does not have it. -#}
{% macro own_text(own, name) -%}
    {%- set relation = load_relation(ref(own)) if execute else none -%}
    {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list if relation else [name] -%}
    {{ "cast(" ~ name ~ " as text)" if name in there else "cast(null as text)" }}
{%- endmacro %}
