{#- A stream as a table: typed columns, the latest row of each key (or the first that was loaded), either those that are
    there or those that are gone.

    `columns` has a kind for each path: a column of the stream, or one and a place in its JSON, such as payment.tax.
    What the loader has no table or no column for is null, so that everything behind it runs with what there is. -#}
{% macro stage(stream, keys, columns, latest_by=none, gone=false, first=false) %}
    {%- set declared = source('tiktokshop', stream) -%}
    {%- set relation = load_relation(declared) if execute else none -%}
    {%- set there = {} -%}
    {%- if relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do there.update({column.name: column.data_type}) -%}
        {%- endfor -%}
    {%- elif execute and model.resource_type == 'model' and not gone and not first -%}
        {%- do log("tiktokshop: " ~ declared ~ " is not there, so nothing of the stream " ~ stream
            ~ " is shown. Select the stream and load it, if you want what is made of it.", info=true) -%}
    {%- endif -%}
    {%- set moments = columns.items() | selectattr(1, 'equalto', 'moment') | map(attribute=0) | list -%}
    {%- set zones = ref('tiktokshop__shop_zones') if moments and 'shop_id' in columns else none -%}

with latest as (
    {%- if relation is none %}

    select 1 as nothing where false
    {%- else %}
    {%- set order = tiktokshop.newest_first(relation, there, latest_by) %}
    {{- tiktokshop.latest_rows(relation, keys, tiktokshop.turned_round(order) if first else order) | indent(4) }}
    {%- endif %}
),

typed as (
    select
        {%- for path, kind in columns.items() %}
        {{ tiktokshop.typed(path, kind, there) }} as {{ adapter.quote(tiktokshop.column_name(path)) }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if gone %},
        {{ tiktokshop.typed('_sdc_deleted_at', 'moment', there) }} as deleted_at
        {%- endif %}
    from latest
    {%- if '_sdc_deleted_at' in there %}
    where _sdc_deleted_at is {{ "not null" if gone else "null" }}
    {%- elif gone %}
    where false
    {%- endif %}
)

select
    typed.*
    {%- for path in moments %},
    {{ tiktokshop.local_date("typed." ~ adapter.quote(tiktokshop.column_name(path)), "coalesce(zones.time_zone, 'UTC')" if zones else "'UTC'") }} as {{ adapter.quote(tiktokshop.day_name(path)) }}
    {%- endfor %}
from typed
    {%- if zones %}
left join {{ zones }} as zones on typed.shop_id = zones.shop_id
    {%- endif %}
{% endmacro %}

{#- A path as the name of a column. -#}
{% macro column_name(path) %}{{ return(path | replace('.', '_')) }}{% endmacro %}

{#- The name of the local day of a moment: create_time has create_date. -#}
{% macro day_name(path) %}
    {%- set name = tiktokshop.column_name(path) -%}
    {{ return(name[:-5] ~ '_date' if name.endswith('_time') else name ~ '_local_date') }}
{% endmacro %}

{#- What puts the newest row of a key first: the loader's columns, the stream's own time, the order of loading. -#}
{% macro newest_first(relation, there, latest_by) %}
    {%- set terms = [] -%}
    {%- for name in ['_sdc_received_at', '_sdc_batched_at', latest_by, '_sdc_sequence'] if name in there -%}
        {%- do terms.append(adapter.quote(name) ~ ' desc nulls last') -%}
    {%- endfor -%}
    {%- for name in tiktokshop.loading_order(relation) -%}
        {%- do terms.append(name ~ ' desc') -%}
    {%- endfor -%}
    {{ return(terms or ['1']) }}
{% endmacro %}

{#- The oldest row of a key first. -#}
{% macro turned_round(terms) %}
    {%- set turned = [] -%}
    {%- for term in terms -%}
        {%- do turned.append(term | replace(' desc nulls last', ' asc nulls first') | replace(' desc', ' asc')) -%}
    {%- endfor -%}
    {{ return(turned) }}
{% endmacro %}

{#- A column or a place in its JSON, as a value of that kind. -#}
{% macro typed(path, kind, there) %}
    {%- set names = path.split('.') -%}
    {%- set types = {'text': 'text', 'json': tiktokshop.json_type(), 'moment': 'timestamptz', 'exact': 'numeric(38, 9)',
        'integer': 'bigint', 'boolean': 'boolean', 'date': 'date'} -%}
    {%- if names[0] not in there -%} cast(null as {{ types[kind] }})
    {%- else -%}
        {%- set column = adapter.quote(names[0]) -%}
        {%- set data_type = there[names[0]] -%}
        {%- if names | length > 1 -%}
            {%- set whole = tiktokshop.as_json(column, data_type) -%}
            {%- if kind == 'json' -%} {{ tiktokshop.json_part(whole, names[1:]) }}
            {%- else -%} {{ tiktokshop.as_kind(tiktokshop.json_text(whole, names[1:]), kind, 'text', types) }}
            {%- endif -%}
        {%- else -%} {{ tiktokshop.as_kind(column, kind, data_type, types) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro as_kind(value, kind, data_type, types) -%}
    {%- if kind == 'json' -%} {{ tiktokshop.as_json(value, data_type) }}
    {%- elif kind == 'moment' -%} {{ tiktokshop.moment(value, data_type) }}
    {%- elif kind == 'exact' -%} {{ tiktokshop.exact(value) }}
    {%- else -%} cast({{ value }} as {{ types[kind] }})
    {%- endif -%}
{%- endmacro %}
