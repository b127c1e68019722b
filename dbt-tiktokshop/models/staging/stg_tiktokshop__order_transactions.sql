-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='order_transactions',
    keys=['shop_id', 'order_id'],
    columns={
        'shop_id': 'text',
        'order_id': 'text',
        'order_create_time': 'moment',
        'currency': 'text',
        'revenue_amount': 'exact',
        'fee_and_tax_amount': 'exact',
        'shipping_cost_amount': 'exact',
        'settlement_amount': 'exact',
        'sku_transactions': 'json',
        'total_count': 'integer',
        '_sdc_rejected': 'json',
    },
) }}
