-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='aftersales',
    keys=['shop_id', 'id'],
    latest_by='update_time',
    columns={
        'shop_id': 'text',
        'id': 'text',
        'line_items': 'json',
        'status': 'text',
        'sku_return_requests': 'json',
        'return_merchandise_authorizations': 'json',
        'update_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
