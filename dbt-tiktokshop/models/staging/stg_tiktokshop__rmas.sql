-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='rmas',
    keys=['shop_id', 'id'],
    latest_by='update_time',
    columns={
        'shop_id': 'text',
        'id': 'text',
        'package_id': 'text',
        'aftersales_request_id': 'text',
        'status': 'text',
        'line_items': 'json',
        'sku_return_requests': 'json',
        'update_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
