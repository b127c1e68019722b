-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='external_order_references',
    keys=['shop_id', 'order_id', 'platform', 'id'],
    latest_by='order_update_time',
    columns={
        'shop_id': 'text',
        'order_id': 'text',
        'platform': 'text',
        'id': 'text',
        'line_items': 'json',
        'order_update_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
