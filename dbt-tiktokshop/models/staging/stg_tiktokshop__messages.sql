-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='messages',
    keys=['shop_id', 'conversation_id', 'id'],
    latest_by='create_time',
    columns={
        'shop_id': 'text',
        'conversation_id': 'text',
        'id': 'text',
        'type': 'text',
        'content': 'text',
        'create_time': 'moment',
        'is_visible': 'boolean',
        'sender': 'json',
        'index': 'text',
        'data': 'text',
        'plaintext': 'text',
        '_sdc_rejected': 'json',
        'sender.im_user_id': 'text',
        'sender.role': 'text',
        'sender.nickname': 'text',
        'sender.avatar': 'text',
    },
) }}
