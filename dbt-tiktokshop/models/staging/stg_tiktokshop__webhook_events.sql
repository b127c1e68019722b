-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='webhook_events',
    keys=['shop_id', 'type', 'event_id'],
    columns={
        'shop_id': 'text',
        'type': 'integer',
        'event_id': 'text',
        'name': 'text',
        'sent_at': 'moment',
        'received_at': 'moment',
        'deliveries': 'integer',
        'data': 'text',
        '_sdc_rejected': 'json',
    },
) }}
