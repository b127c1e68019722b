"""How many rows the lists of each shop hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.derived import all_counts

if TYPE_CHECKING:
    from tiktokshop_sandbox.shops import World

# The lists that are stored, by name. Deleted products count apart, because the
# search shows them only to those who filter for them.
_COUNTS = {
    "orders": "SELECT shop, count(*) FROM orders GROUP BY shop",
    "products": "SELECT shop, count(*) FROM products WHERE status <> 'DELETED' GROUP BY shop",
    "deleted_products": "SELECT shop, count(*) FROM products WHERE status = 'DELETED' GROUP BY shop",
    "returns": "SELECT shop, count(*) FROM returns GROUP BY shop",
    "cancellations": "SELECT shop, count(*) FROM cancellations GROUP BY shop",
    "packages": "SELECT shop, count(*) FROM packages GROUP BY shop",
    "statements": "SELECT shop, count(*) FROM statements GROUP BY shop",
    "statement_transactions": "SELECT shop, count(*) FROM transactions WHERE statement IS NOT NULL GROUP BY shop",
    "unsettled_transactions": "SELECT shop, count(*) FROM transactions WHERE statement IS NULL GROUP BY shop",
    "payments": "SELECT shop, count(*) FROM payments GROUP BY shop",
    "withdrawals": "SELECT shop, count(*) FROM withdrawals GROUP BY shop",
}


def row_counts(world: World) -> dict[str, dict[str, int]]:
    """Shop id -> name of a list (as the pipelines call their streams) -> how many rows it has now."""
    derived = all_counts()
    found = {
        shop.id: {"shops": 1, "warehouses": len(shop.warehouses)}
        | {name: count(world, shop, world.now) for name, count in derived.items()}
        for shop in world.shops
    }
    for name, sql in _COUNTS.items():
        rows = dict(world.db.execute(sql).fetchall())
        for shop in world.shops:
            found[shop.id][name] = rows.get(shop.number, 0)
            if name == "payments" and shop.market.sea:
                found[shop.id][name] = 0  # the endpoint does not exist there
    return found
