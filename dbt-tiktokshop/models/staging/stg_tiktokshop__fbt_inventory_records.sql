-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='fbt_inventory_records',
    keys=['shop_id', 'goods_id', 'fbt_warehouse_id', 'order_id', 'create_time', 'inventory_goods_type', 'initial_on_hand_quantity', 'final_on_hand_quantity'],
    latest_by='create_time',
    columns={
        'shop_id': 'text',
        'goods_id': 'text',
        'fbt_warehouse_id': 'text',
        'order_id': 'text',
        'create_time': 'moment',
        'inventory_goods_type': 'text',
        'initial_on_hand_quantity': 'integer',
        'final_on_hand_quantity': 'integer',
        'goods': 'json',
        'order': 'json',
        'changed_quantity': 'integer',
        '_sdc_rejected': 'json',
        'goods.reference_code': 'text',
        'goods.name': 'text',
        'order.type': 'text',
    },
) }}
