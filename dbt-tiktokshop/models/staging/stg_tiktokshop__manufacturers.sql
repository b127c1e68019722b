-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='manufacturers',
    keys=['id'],
    columns={
        'id': 'text',
        'regional_profiles': 'json',
        '_sdc_rejected': 'json',
    },
) }}
