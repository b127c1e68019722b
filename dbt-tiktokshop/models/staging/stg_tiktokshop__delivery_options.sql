-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='delivery_options',
    keys=['shop_id', 'warehouse_id', 'id'],
    columns={
        'shop_id': 'text',
        'warehouse_id': 'text',
        'id': 'text',
        'name': 'text',
        'type': 'text',
        'description': 'text',
        'dimension_limit': 'json',
        'weight_limit': 'json',
        'platform': 'json',
        '_sdc_rejected': 'json',
        'dimension_limit.max_height': 'integer',
        'dimension_limit.max_length': 'integer',
        'dimension_limit.max_width': 'integer',
        'dimension_limit.unit': 'text',
        'weight_limit.max_weight': 'integer',
        'weight_limit.min_weight': 'integer',
        'weight_limit.unit': 'text',
    },
) }}
