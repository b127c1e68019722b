-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='customer_service_performance',
    keys=['shop_id', 'date'],
    latest_by='date',
    columns={
        'shop_id': 'text',
        'date': 'date',
        'support_session_count': 'integer',
        'response_percentage': 'text',
        'satisfaction_percentage': 'text',
        'response_time_mins': 'text',
        'conversion_rate': 'text',
        'cs_guided_gmv': 'exact',
        'currency': 'text',
        '_sdc_rejected': 'json',
    },
) }}
