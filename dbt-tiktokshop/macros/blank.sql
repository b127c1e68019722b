{#- The platform writes "" for an id that there is not. -#}
{% macro filled(value) -%}
    nullif({{ value }}, '')
{%- endmacro %}
