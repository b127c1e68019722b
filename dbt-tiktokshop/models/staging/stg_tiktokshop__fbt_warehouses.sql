-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='fbt_warehouses',
    keys=['shop_id', 'fbt_warehouse_id'],
    columns={
        'shop_id': 'text',
        'fbt_warehouse_id': 'text',
        'warehouse_ids': 'json',
        'name': 'text',
        'type': 'text',
        'subscribed': 'boolean',
        'addresses': 'json',
        'logistics_services': 'json',
        '_sdc_rejected': 'json',
    },
) }}
