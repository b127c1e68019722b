-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='categories',
    keys=['shop_id', 'id'],
    columns={
        'shop_id': 'text',
        'id': 'text',
        'parent_id': 'text',
        'local_name': 'text',
        'is_leaf': 'boolean',
        'permission_statuses': 'json',
        '_sdc_rejected': 'json',
    },
) }}
