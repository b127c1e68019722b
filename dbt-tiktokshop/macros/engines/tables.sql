{#- What says in which order rows were loaded where the loader wrote no column about it. Only a table of DuckDB itself
    keeps that; elsewhere the last word is left to the stream's own times. -#}
{% macro loading_order(relation) %}{{ return(adapter.dispatch('loading_order', 'tiktokshop')(relation)) }}{% endmacro %}

{% macro default__loading_order(relation) %}{{ return([]) }}{% endmacro %}

{% macro duckdb__loading_order(relation) %}{{ return([] if relation.is_view else ['rowid']) }}{% endmacro %}
