{#- A view of DuckDB in one statement in place of six: there are a hundred of them, and dbt makes each anew in each run. In a
    project of yours dbt takes its own way, unless that project says otherwise. -#}
{% materialization view, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and not existing.is_view -%} {%- do adapter.drop_relation(existing) -%} {%- endif -%}
    {%- call statement('main') -%}
        create or replace view {{ view }} as (
        {{ sql }}
        )
    {%- endcall -%}
    {%- do persist_docs(view, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}
