-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='global_products',
    keys=['id'],
    latest_by='update_time',
    columns={
        'id': 'text',
        'title': 'text',
        'status': 'text',
        'skus': 'json',
        'create_time': 'moment',
        'update_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
