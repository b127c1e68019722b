"""What would be sent for a product: resolved to the platform's ids, pictures looked at but not uploaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_tiktokshop.listings.pictures import CheckedPicture
from target_tiktokshop.writing.live import object_of, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_tiktokshop.listings.wanted import WantedSku

METRICS = ("id", "value", "unit_id")
"""What a call has of each part of a measured value."""


@dataclass
class ProposedSku:
    """A SKU on its way.

    Attributes:
        wanted: What the record has of it.
        axes: Its sales attributes as the platform takes them, without pictures.
        picture: The picture of one of its sales attributes, and `place` which one.
        price: The price as it is written, "" for none; `list_price` likewise.
        stock: The stock by warehouse.
        live: The SKU as the shop has it, None for a new one.
    """

    wanted: WantedSku
    axes: list[dict[str, Any]] = field(default_factory=list)
    picture: CheckedPicture | None = None
    place: int = 0
    price: str = ""
    list_price: str = ""
    stock: list[dict[str, Any]] = field(default_factory=list)
    live: dict[str, Any] | None = None


@dataclass
class Proposal:
    """A product on its way: the platform's names of its properties and their values, and its SKUs."""

    fields: dict[str, Any] = field(default_factory=dict)
    skus: list[ProposedSku] = field(default_factory=list)


def pictures_of(value: Any) -> Iterator[CheckedPicture]:
    """All pictures anywhere in a value."""
    if isinstance(value, CheckedPicture):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from pictures_of(item)


def with_uris(value: Any, uri: Callable[[CheckedPicture], str]) -> Any:
    """A value in which every picture is the object that stands for it in a call."""
    if isinstance(value, CheckedPicture):
        return {"uri": uri(value)}
    if isinstance(value, dict):
        return {name: with_uris(item, uri) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_uris(item, uri) for item in value]
    return value


def bare_value(value: Mapping[str, Any]) -> dict[str, Any]:
    """A value of an attribute as a call has it; the shop shows more of it."""
    body: dict[str, Any] = {name: str(value[name]) for name in ("id", "name") if value.get(name)}
    metric = object_of(value.get("metric_standard_info"))
    if metric:
        parts = objects(metric.get("metric_value_module_infos"))
        shown = [{name: str(part[name]) for name in METRICS if part.get(name) is not None} for part in parts]
        body["metric_standard_info"] = {"id": str(metric.get("id") or ""), "metric_value_module_infos": shown}
    return body
