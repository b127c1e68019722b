-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='shop_groups',
    keys=['shop_id'],
    columns={
        'shop_id': 'text',
        'source': 'text',
        'shop_group_name': 'text',
        'seller_id': 'text',
        'shop_name': 'text',
        'shop_region': 'text',
        '_sdc_rejected': 'json',
    },
) }}
