-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='brands',
    keys=['shop_id', 'id'],
    columns={
        'shop_id': 'text',
        'id': 'text',
        'name': 'text',
        'authorized_status': 'text',
        'is_t1_brand': 'boolean',
        'brand_status': 'text',
        '_sdc_rejected': 'json',
    },
) }}
