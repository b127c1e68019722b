"""What the platform's events say: which of them is about which objects, and how each stream's rows of these are got.

The types and their fields are those of ``facts/webhook-types.json``; a type that is not here is about nothing that the
tap reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client import operations
from tiktokshop_client.operations import is_id

from tap_tiktokshop.reading import Children
from tap_tiktokshop.reading.named import ByIds, Since, UntilFound
from tap_tiktokshop.streams import catalogue, customer_service, fbt, fulfillment, orders, products, promotion, returns
from tap_tiktokshop.streams.affiliate import READ_SAMPLE_APPLICATIONS
from tap_tiktokshop.times import unix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_tiktokshop.reading import Windows
    from tap_tiktokshop.reading.named import Naming

    Row = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """How the rows of a stream are got for objects that an event names.

    Attributes:
        stream: The stream.
        how: What is asked.
        found_by: The field of a row that has the identity which was named; "" if each is asked about alone.
        time: The field of a row that says when it last changed, "" if none does.
        after: The stream of the same objects whose rows must be got first, "" if none must.
        where: Whether there is anything to ask, given that row.
        keeps: Which of the rows that come are the stream's; all are if None.
        without: Fields that only an answer about single rows has.
    """

    stream: str
    how: Naming
    found_by: str = ""
    time: str = ""
    after: str = ""
    where: Callable[[Row], bool] | None = None
    keeps: Callable[[Row], bool] | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Mention:
    """Where an event of a type names objects.

    Attributes:
        kind: What kind of objects: the name of an entry of `KINDS`.
        path: Where their ids are in its data; ``[]`` leads into a list, a dot into an object.
        time: The field of its data that says when they changed.
        own: Whether that is the time that the object itself has; else it is that of something that belongs to it.
    """

    kind: str
    path: str
    time: str = "update_time"
    own: bool = True


@dataclass(frozen=True)
class Named:
    """An object that an event names, and when it changed (unix seconds), if the event says so."""

    kind: str
    identity: str
    time: int | None
    own: bool


def _searched(reading: Windows, ids: str, key: str, most: int = 50) -> ByIds:
    """The same search as that of a window, for some ids instead of a time."""
    return ByIds(
        Children((), reading.operation, key, ids=ids, most=most, query=dict(reading.query), body=dict(reading.body))
    )


ONE_ORDER_ONLY = frozenset(
    {"channel_entity_national_registry_id", "payment_auth_code", "payment_card_type", "payment_method_code"}
)
"""What the answer about single orders has and the list has not: the stream's records are those of the list."""

KINDS: Mapping[str, tuple[Way, ...]] = {
    "order": (
        Way(
            "orders",
            ByIds(Children((), operations.GET_ORDERS, "id", ids="query.ids", most=50)),
            found_by="id",
            time="update_time",
            without=ONE_ORDER_ONLY,
        ),
        Way("order_price_details", ByIds(orders.READ_PRICE_DETAILS), after="orders"),
        Way("external_order_references", ByIds(orders.READ_EXTERNAL_REFERENCES), after="orders"),
        Way(
            "order_tracking",
            ByIds(orders.READ_TRACKING),
            after="orders",
            where=lambda order: order.get("status") not in orders.NOT_SENT_YET,
        ),
    ),
    "package": (
        Way("packages", Since(fulfillment.READ_PACKAGES), found_by="id", time="update_time"),
        Way("package_details", ByIds(fulfillment.READ_PACKAGE_DETAILS), time="update_time"),
    ),
    "cancellation": (
        Way(
            "cancellations",
            _searched(returns.READ_CANCELLATIONS, "body.cancel_ids", "cancel_id"),
            found_by="cancel_id",
            time="update_time",
        ),
    ),
    "return": (
        Way(
            "returns",
            _searched(returns.READ_RETURNS, "body.return_ids", "return_id"),
            found_by="return_id",
            time="update_time",
        ),
        Way("return_records", ByIds(returns.READ_RETURN_RECORDS), after="returns"),
    ),
    "after-sales request": (
        Way(
            "aftersales",
            _searched(returns.READ_AFTERSALES, "body.filters.aftersales_request_ids", "id"),
            found_by="id",
            time="update_time",
        ),
    ),
    "return merchandise authorisation": (
        Way("rmas", _searched(returns.READ_RMAS, "body.filters.rma_ids", "id"), found_by="id", time="update_time"),
    ),
    "product": (
        Way("products", Since(products.READ_PRODUCTS), found_by="id", time="update_time"),
        Way(
            "product_details",
            ByIds(products.READ_PRODUCT_DETAILS),
            time="update_time",
            keeps=products.CHANGED_PRODUCTS.where,
        ),
    ),
    "stock": (Way("inventory", ByIds(products.READ_INVENTORY), found_by="product_id"),),
    "conversation": (
        Way("conversations", UntilFound(customer_service.READ_CONVERSATIONS), found_by="id"),
        Way("messages", ByIds(customer_service.READ_MESSAGES)),
    ),
    "promotion": (
        Way("promotions", UntilFound(promotion.READ_ACTIVITIES), found_by="id", time="update_time"),
        Way("promotion_details", ByIds(promotion.READ_ACTIVITY), time="update_time"),
    ),
    "sample application": (Way("sample_applications", UntilFound(READ_SAMPLE_APPLICATIONS), found_by="id"),),
    "inbound order": (Way("fbt_inbound_orders", ByIds(fbt.READ_INBOUND_ORDERS), found_by="order_id"),),
    "goods": (
        Way(
            "fbt_inventory",
            ByIds(
                Children(
                    (),
                    operations.SEARCH_FBT_INVENTORY,
                    ("goods", "fbt_warehouse_id"),
                    ids="body.goods_ids",
                    most=100,
                )
            ),
            found_by="goods.id",
        ),
    ),
    "size chart": (
        Way(
            "size_charts",
            ByIds(Children((), catalogue.READ_SIZE_CHARTS.operation, "template_id", ids="body.ids", most=100)),
            found_by="template_id",
        ),
    ),
}
"""A kind of object -> the streams that have rows of it."""

_PRODUCT = Mention("product", "product_id")
_STOCK = Mention("stock", "product_id")
_CONVERSATION = Mention("conversation", "conversation_id", time="create_time")
_PROMOTION = Mention("promotion", "activity_id")

EVENTS: Mapping[int, tuple[Mention, ...]] = {
    1: (Mention("order", "order_id"),),
    2: (Mention("cancellation", "reverse_order_id"), Mention("order", "order_id", own=False)),
    3: (Mention("order", "order_id"),),
    4: (
        Mention("package", "package_list[].package_id"),
        Mention("order", "package_list[].order_id_list[]", own=False),
    ),
    5: (_PRODUCT,),
    11: (Mention("cancellation", "cancel_id"), Mention("order", "order_id", own=False)),
    12: (Mention("return", "return_id"), Mention("order", "order_id", own=False)),
    13: (_CONVERSATION,),
    14: (_CONVERSATION,),
    15: (_PRODUCT,),
    16: (_PRODUCT, _STOCK),
    18: (_PRODUCT,),
    19: (Mention("size chart", "size_chart_template_id"),),
    21: (Mention("inbound order", "inbound_order_id"),),
    24: (Mention("goods", "goods_id"),),
    27: (_STOCK,),
    33: (_CONVERSATION,),
    36: (Mention("order", "order_ids[]", own=False), Mention("package", "package_id", own=False)),
    37: (_PRODUCT,),
    39: (_PROMOTION,),
    50: (_PRODUCT, _STOCK),
    56: (Mention("sample application", "application_id"),),
    63: (_PROMOTION,),
    64: (Mention("after-sales request", "aftersales_request_id", time="aftersales_request_update_time"),),
    65: (
        Mention("return merchandise authorisation", "rma_id", time="rma_request_update_time"),
        Mention("after-sales request", "aftersales_request_id", time="rma_request_update_time", own=False),
    ),
    67: (
        Mention("after-sales request", "aftersales_request_id", time="refund_timestamp", own=False),
        Mention("return merchandise authorisation", "rma_id", time="refund_timestamp", own=False),
        Mention("order", "line_items[].main_order_id", time="refund_timestamp", own=False),
    ),
    68: (_STOCK,),
    71: (_STOCK,),
}
"""The number of a type of event -> the objects that it names."""


def named_in(number: int | None, data: Mapping[str, Any]) -> Iterator[Named]:
    """The objects that an event names, each once; what cannot be an id names none."""
    seen = set()
    for mention in EVENTS.get(-1 if number is None else number, ()):
        time = unix(data.get(mention.time))
        for value in _at(data, mention.path):
            identity = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
            if is_id(identity) and identity != "0" and (mention.kind, identity) not in seen:
                seen.add((mention.kind, identity))
                yield Named(mention.kind, identity, time, mention.own)


def _at(value: Any, path: str) -> Iterator[Any]:
    """Everything that lies at a path."""
    head, _, rest = path.partition(".")
    name, in_list = head.removesuffix("[]"), head.endswith("[]")
    found = value.get(name) if isinstance(value, dict) else None
    for each in found if in_list and isinstance(found, list) else () if in_list else (found,):
        yield from _at(each, rest) if rest else (each,)
