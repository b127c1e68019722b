-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='withdrawals',
    keys=['shop_id', 'id'],
    latest_by='create_time',
    columns={
        'shop_id': 'text',
        'id': 'text',
        'type': 'text',
        'amount': 'exact',
        'currency': 'text',
        'status': 'text',
        'create_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
