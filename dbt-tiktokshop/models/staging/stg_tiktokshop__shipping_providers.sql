-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='shipping_providers',
    keys=['shop_id', 'delivery_option_id', 'id'],
    columns={
        'shop_id': 'text',
        'delivery_option_id': 'text',
        'id': 'text',
        'name': 'text',
        '_sdc_rejected': 'json',
    },
) }}
