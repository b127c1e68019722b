-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='order_tracking',
    keys=['shop_id', 'order_id', 'update_time_millis', 'description'],
    latest_by='order_update_time',
    columns={
        'shop_id': 'text',
        'order_id': 'text',
        'update_time_millis': 'text',
        'description': 'text',
        'action_code': 'integer',
        'order_update_time': 'moment',
        'update_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
