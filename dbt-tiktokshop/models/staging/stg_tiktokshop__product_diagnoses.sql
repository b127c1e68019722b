-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='product_diagnoses',
    keys=['shop_id', 'id'],
    columns={
        'shop_id': 'text',
        'id': 'text',
        'listing_quality': 'json',
        'diagnoses': 'json',
        '_sdc_rejected': 'json',
        'listing_quality.current_tier': 'text',
        'listing_quality.remaining_recommendations': 'integer',
    },
) }}
