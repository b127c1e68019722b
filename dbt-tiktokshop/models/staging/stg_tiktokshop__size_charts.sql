-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='size_charts',
    keys=['template_id'],
    columns={
        'template_id': 'text',
        'template_name': 'text',
        'images': 'json',
        'related_category_ids': 'json',
        'size_chart_datas': 'json',
        'size_chart_mode': 'text',
        '_sdc_rejected': 'json',
    },
) }}
