-- Of which streams of a shop something is missing, as the latest run that read them says.
select distinct shop_id, stream
from {{ ref('tiktokshop__data_quality') }}
where is_latest and is_unread
