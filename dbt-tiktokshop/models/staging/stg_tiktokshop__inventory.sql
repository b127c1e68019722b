-- Written by scripts/generate.py from the streams' schemas: change these, not this file.
{{ tiktokshop.stage(
    stream='inventory',
    keys=['shop_id', 'product_id', 'sku_id', 'warehouse_id'],
    columns={
        'shop_id': 'text',
        'product_id': 'text',
        'sku_id': 'text',
        'warehouse_id': 'text',
        'available_quantity': 'integer',
        'committed_quantity': 'integer',
        'seller_sku': 'text',
        'total_available_quantity': 'integer',
        'total_committed_quantity': 'integer',
        'total_available_inventory_distribution': 'json',
        'snapshot_at': 'moment',
        '_sdc_rejected': 'json',
        'total_available_inventory_distribution.campaign_inventory': 'json',
        'total_available_inventory_distribution.creator_inventory': 'json',
        'total_available_inventory_distribution.in_shop_inventory': 'json',
    },
) }}
