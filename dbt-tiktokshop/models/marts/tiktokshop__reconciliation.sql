select
    shop_id,
    identity,
    document,
    document_id,
    {{ tiktokshop.month_of('day') }} as month,
    currency,
    {{ tiktokshop.exact('expected') }} as expected,
    {{ tiktokshop.exact('actual') }} as actual,
    {{ tiktokshop.exact('expected - actual') }} as difference,
    parts
from {{ ref('tiktokshop__compared') }}
