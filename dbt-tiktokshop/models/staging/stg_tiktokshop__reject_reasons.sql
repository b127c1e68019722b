-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='reject_reasons',
    keys=['shop_id', 'name'],
    columns={
        'shop_id': 'text',
        'name': 'text',
        'text': 'text',
        '_sdc_rejected': 'json',
    },
) }}
