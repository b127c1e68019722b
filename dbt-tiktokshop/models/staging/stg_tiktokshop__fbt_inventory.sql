-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='fbt_inventory',
    keys=['shop_id', 'goods_id', 'fbt_warehouse_id'],
    columns={
        'shop_id': 'text',
        'goods_id': 'text',
        'fbt_warehouse_id': 'text',
        'goods': 'json',
        'in_transit_quantity': 'integer',
        'on_hand_detail': 'json',
        '_sdc_rejected': 'json',
        'goods.reference_code': 'text',
        'goods.name': 'text',
        'goods.skus': 'json',
        'on_hand_detail.total_quantity': 'integer',
        'on_hand_detail.available_quantity': 'integer',
        'on_hand_detail.reserved_quantity': 'integer',
        'on_hand_detail.unfulfillable_quantity': 'integer',
    },
) }}
