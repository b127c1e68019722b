-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='webhook_subscriptions',
    keys=['shop_id', 'event_type'],
    latest_by='update_time',
    columns={
        'shop_id': 'text',
        'event_type': 'text',
        'address': 'text',
        'create_time': 'moment',
        'update_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
