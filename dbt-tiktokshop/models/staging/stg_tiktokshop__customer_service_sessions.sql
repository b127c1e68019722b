-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='customer_service_sessions',
    keys=['shop_id', 'id'],
    latest_by='begin_time',
    columns={
        'shop_id': 'text',
        'id': 'text',
        'conversation_id': 'text',
        'begin_time': 'moment',
        'end_time': 'moment',
        'buyer_nickname': 'text',
        'chat_tags': 'json',
        'satisfaction_score': 'integer',
        'dissatisfaction_reason': 'text',
        'first_response_late': 'boolean',
        'first_response_time': 'integer',
        '_sdc_rejected': 'json',
    },
) }}
