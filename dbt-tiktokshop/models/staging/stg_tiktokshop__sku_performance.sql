-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='sku_performance',
    keys=['shop_id', 'date', 'id'],
    latest_by='date',
    columns={
        'shop_id': 'text',
        'date': 'date',
        'id': 'text',
        'product_id': 'text',
        'gmv': 'json',
        'sku_orders': 'integer',
        'units_sold': 'integer',
        '_sdc_rejected': 'json',
        'gmv.amount': 'exact',
        'gmv.currency': 'text',
    },
) }}
