{#- The parts of a transaction that say what was sold, after the seller's discount, and what of it was given back. -#}
{% macro sold_parts() %}{{ return("'subtotal_before_discount_amount', 'seller_discount_amount'") }}{% endmacro %}

{% macro refunded_parts() %}
    {{- return("'refund_subtotal_before_discount_amount', 'seller_discount_refund_amount'") -}}
{% endmacro %}

{#- What a transaction releases of reserves, less what it holds back. -#}
{% macro signed_reserve() -%}
    case reserve_status
        when 'COLLECTED' then -abs(coalesce(reserve_amount, 0))
        when 'RELEASED' then abs(coalesce(reserve_amount, 0))
        else coalesce(reserve_amount, 0)
    end
{%- endmacro %}

{#- An amount as people read it. -#}
{% macro money_text(value) -%}
    cast(cast({{ value }} as numeric(18, 2)) as text)
{%- endmacro %}

{#- A rate as people read it: 6 of 0.06. -#}
{% macro percent_text(value) -%}
    rtrim(rtrim(cast(cast({{ value }} * 100 as numeric(12, 4)) as text), '0'), '.')
{%- endmacro %}

{#- The smallest amount of a currency, as the platform writes it. -#}
{% macro smallest(currency) -%}
    case when {{ currency }} in ('IDR', 'JPY', 'VND') then 1 else {{ tiktokshop.exact("'0.01'") }} end
{%- endmacro %}
