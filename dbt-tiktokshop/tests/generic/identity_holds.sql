{#- What an identity leaves open: differences that nothing explains, and documents that were not read. -#}
{% test identity_holds(model, identity) %}
{{ config(severity='warn') }}  {#- books_closed, which stands behind the model, is to say so, and not to be left out -#}
select * from {{ model }}
where identity = '{{ identity }}' and cause in ('not_read', 'unexplained')
{% endtest %}
