-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='shop_score_metrics',
    keys=['shop_id', 'metric_code'],
    columns={
        'shop_id': 'text',
        'metric_code': 'text',
        'benchmarks': 'json',
        'dimension': 'text',
        'evaluate_duration_days': 'integer',
        'end_evaluation_time': 'moment',
        'start_evaluation_time': 'moment',
        'metric_name': 'text',
        'score': 'text',
        'status': 'text',
        'status_text': 'text',
        'value': 'text',
        'value_unit': 'text',
        'top_reason_text': 'text',
        '_sdc_rejected': 'json',
        'benchmarks.excellent_threshold': 'text',
        'benchmarks.poor_threshold': 'text',
    },
) }}
