"""How rows become records where a row is not yet one: each a function of the rows and the moment of the run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_tiktokshop.reading.values import at, moment
from tap_tiktokshop.records.convert import REJECTED, nothing_in, to_boolean, to_time
from tap_tiktokshop.times import unix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_tiktokshop.reading import Source

    Row = dict[str, Any]

FAR = 1 << 40
"""Unix seconds after every time that the platform sends."""


def tombstones(rows: Iterable[Row], now: int) -> Iterator[Row]:
    """Products with the moment they were deleted, if they were: their last change, as nothing changes afterwards."""
    for row in rows:
        deleted = row.get("status") == "DELETED"
        yield {**row, "_sdc_deleted_at": (unix(row.get("update_time")) or now) if deleted else None}


def stock(rows: Iterable[Row], now: int) -> Iterator[Row]:
    """Stock by product, SKU and warehouse, of products with their SKUs with their warehouses.

    A SKU that is in no warehouse is one row whose warehouse is "". What is said of the SKU stands in each row. Where
    the platform has something else in place of a list of rows, one row has that as it came, with "" for what it is of.
    """
    for product in rows:
        for sku in _rows(product.get("skus")) or _odd(product, "skus"):
            whole = {name: value for name, value in sku.items() if name not in {"id", "warehouse_inventory"}}
            whole |= {"product_id": product.get("product_id"), "sku_id": sku.get("id", ""), "snapshot_at": now}
            for place in _rows(sku.get("warehouse_inventory")) or _odd(sku, "warehouse_inventory") or ({},):
                yield {"warehouse_id": "", **whole, **place}


def _rows(value: Any) -> list[Row]:
    """The objects in a list, none if it is not a list: anything else in it cannot be a row."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _odd(row: Row, name: str) -> list[Row]:
    """What a field has in place of rows, if it has anything, as a row."""
    value = row.get(name)
    return [{name: value}] if nothing_in(value) is REJECTED else []


def numbered(rows: Iterable[Row], now: int) -> Iterator[Row]:  # noqa: ARG001 - as all shapes
    """A row's history from its beginning, each entry with its place in it, from 1."""
    ordered = sorted(rows, key=lambda row: unix(row.get("create_time")) or 0)
    for position, row in enumerate(ordered, 1):
        yield {**row, "position": position}


def hourly(rows: Iterable[Row], now: int) -> Iterator[Row]:  # noqa: ARG001 - as all shapes
    """Intervals of a day with the hour that they begin at."""
    for row in rows:
        yield {**row, "hour": row.get("index")}


def tracked(rows: Iterable[Row], now: int) -> Iterator[Row]:  # noqa: ARG001 - as all shapes
    """Events with their time twice: as a text that may be part of a key, and as a time, which none may lack."""
    for row in rows:
        when = row.get("update_time_millis")
        time = to_time(when)
        yield {**row, "update_time_millis": when if time is REJECTED else time, "update_time": when}


def settling(rows: Iterable[Row], now: int) -> Iterator[Row]:  # noqa: ARG001 - as all shapes
    """Rows whose expected settlement is a time where it is one, with the words beside it where it is not."""
    for row in rows:
        when = row.get("estimated_settlement")
        worded = isinstance(when, str) and to_time(when) is REJECTED
        yield {
            **row,
            "estimated_settlement": None if worded else when,
            "estimated_settlement_words": when if worded else None,
        }


def latest(name: str, *times: str) -> Callable[[Iterable[Row], int], Iterator[Row]]:
    """Rows with the latest of some of their times; a path through a list stands for all of its rows."""

    def shape(rows: Iterable[Row], now: int) -> Iterator[Row]:  # noqa: ARG001 - as all shapes
        for row in rows:
            found = [value for path in times for value in _times(row, path)]
            yield {**row, name: max(found, default=None)}

    return shape


def _times(row: Row, path: str) -> Iterator[int]:
    head, _, rest = path.partition("[].")
    inner = at(row, head)
    for item in _rows(inner) if rest else (row,):
        found = moment(item, (rest or head,), FAR)
        if found is not None:
            yield found


def lifted(**fields: str) -> Callable[[Iterable[Row], int], Iterator[Row]]:
    """Rows with fields of inner objects beside the others, so that they can be keys: name -> dotted path."""

    def shape(rows: Iterable[Row], now: int) -> Iterator[Row]:  # noqa: ARG001 - as all shapes
        for row in rows:
            yield {**row, **{name: at(row, path) for name, path in fields.items()}}

    return shape


def permissions(data: Row, source: Source) -> Iterator[Row]:  # noqa: ARG001 - as all readers of one object
    """The seller's permissions, which are mere names."""
    found = data.get("permissions")
    yield from ({"permission": name} for name in found if name) if isinstance(found, list) else ()


def shop_group(data: Row, source: Source) -> Iterator[Row]:  # noqa: ARG001 - as all readers of one object
    """The shops of the seller's group, each with what the group is called."""
    group = at(data, "shop_group_data.shop_group")
    for shop in _rows(at(data, "shop_group_data.shops")):
        yield {**(group if isinstance(group, dict) else {}), **shop}


def dated(data: Row, source: Source) -> Iterator[Row]:
    """A score with the day, in the shop's zone, that the platform last worked it out on; else today's."""
    seconds = unix(data.get("update_time")) or source.now()
    yield {**data, "date": datetime.fromtimestamp(seconds, source.zone).date().isoformat()}


def leaf_categories(product: Row) -> Iterator[str]:
    """The category a product is in, of the chain that leads to it."""
    for link in _rows(product.get("category_chains")):
        if link.get("id") and to_boolean(link.get("is_leaf")) is True:
            yield str(link["id"])


def inbound_orders(record: Row) -> Iterator[str]:
    """The order that brought goods in, of a stock record that says so."""
    order = record.get("order")
    if isinstance(order, dict) and order.get("id") and "INBOUND" in str(order.get("type")).upper():
        yield str(order["id"])
