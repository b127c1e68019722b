{#- What the macros of this folder say on an engine that nobody has tried them on. -#}
{% macro not_written(name) %}
    {{ exceptions.raise_compiler_error(
        "The package tiktokshop runs on DuckDB and PostgreSQL; " ~ target.type ~ " is untested. To try it, write the macro "
        ~ target.type ~ "__" ~ name ~ " in your project and set `dispatch` for the namespace tiktokshop."
    ) }}
{% endmacro %}
