-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='affiliate_orders',
    keys=['shop_id', 'id'],
    latest_by='create_time',
    columns={
        'shop_id': 'text',
        'id': 'text',
        'delivery_time': 'moment',
        'create_time': 'moment',
        'status': 'text',
        'skus': 'json',
        '_sdc_rejected': 'json',
    },
) }}
