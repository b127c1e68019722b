-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='statements',
    keys=['shop_id', 'id'],
    latest_by='statement_time',
    columns={
        'shop_id': 'text',
        'id': 'text',
        'statement_time': 'moment',
        'settlement_amount': 'exact',
        'currency': 'text',
        'revenue_amount': 'exact',
        'fee_amount': 'exact',
        'adjustment_amount': 'exact',
        'payment_status': 'text',
        'payment_id': 'text',
        'net_sales_amount': 'exact',
        'shipping_cost_amount': 'exact',
        'payment_time': 'moment',
        '_sdc_rejected': 'json',
    },
) }}
