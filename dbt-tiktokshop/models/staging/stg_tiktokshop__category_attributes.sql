-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='category_attributes',
    keys=['shop_id', 'category_id', 'id'],
    columns={
        'shop_id': 'text',
        'category_id': 'text',
        'id': 'text',
        'name': 'text',
        'type': 'text',
        'is_requried': 'boolean',
        'values': 'json',
        'value_data_format': 'text',
        'is_customizable': 'boolean',
        'requirement_conditions': 'json',
        'is_multiple_selection': 'boolean',
        'metric_standards': 'json',
        '_sdc_rejected': 'json',
    },
) }}
