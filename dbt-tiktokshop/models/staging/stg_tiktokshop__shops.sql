-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='shops',
    keys=['shop_id', 'id'],
    columns={
        'shop_id': 'text',
        'id': 'text',
        'name': 'text',
        'region': 'text',
        'seller_type': 'text',
        'code': 'text',
        '_sdc_rejected': 'json',
    },
) }}
