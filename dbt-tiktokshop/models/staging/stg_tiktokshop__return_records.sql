-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='return_records',
    keys=['shop_id', 'return_id', 'position'],
    latest_by='return_update_time',
    columns={
        'shop_id': 'text',
        'return_id': 'text',
        'position': 'integer',
        'event': 'text',
        'role': 'text',
        'description': 'text',
        'reason_text': 'text',
        'note': 'text',
        'images': 'json',
        'videos': 'json',
        'create_time': 'moment',
        'return_update_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
