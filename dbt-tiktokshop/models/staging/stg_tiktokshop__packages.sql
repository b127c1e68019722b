-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='packages',
    keys=['shop_id', 'id'],
    latest_by='update_time',
    columns={
        'shop_id': 'text',
        'id': 'text',
        'orders': 'json',
        'create_time': 'moment',
        'update_time': 'moment',
        'status': 'text',
        'tracking_number': 'text',
        'shipping_provider_name': 'text',
        'shipping_provider_id': 'text',
        'order_line_item_ids': 'json',
        '_sdc_rejected': 'json',
    },
) }}
