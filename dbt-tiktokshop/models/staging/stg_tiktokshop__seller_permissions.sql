-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='seller_permissions',
    keys=['permission'],
    columns={
        'permission': 'text',
        '_sdc_rejected': 'json',
    },
) }}
