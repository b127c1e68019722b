{#- The rows that a key does not tell apart, or that lack a part of it. -#}
{% test is_key(model, columns) %}
select {{ columns | join(", ") }}, count(*) as found
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1
    {%- for column in columns %}
    or count({{ column }}) = 0
    {%- endfor %}
{% endtest %}
