"""The reports on a shop, its hours, its products and its SKUs: what was sold and who looked, over some days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_sandbox.derived.analytics.content import BY_AFFILIATE, begun
from tiktokshop_sandbox.derived.analytics.sales import SHOP_TAB, sold
from tiktokshop_sandbox.derived.analytics.tallies import SalesTally, tallies, tally
from tiktokshop_sandbox.derived.analytics.traffic import (
    CHANNELS,
    Traffic,
    rhythm,
    spread,
    together,
    unique,
    visits,
    visits_by_channel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from tiktokshop_sandbox.derived.analytics.days import Calendar
    from tiktokshop_sandbox.derived.analytics.sales import Channel, Unit
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop


@dataclass(frozen=True)
class Figures:
    """What a shop sold in some time, what that is credited to (gross merchandise value by channel), and who looked."""

    sales: SalesTally
    credited: Mapping[Channel, int]
    traffic: Traffic


@dataclass(frozen=True)
class Interval:
    """The shop's figures of some days in a row; `visitors` are those of each day added up."""

    days: Sequence[date]
    figures: Figures
    visitors: int


@dataclass(frozen=True)
class ProductReport:
    """What a product sold on some days and who looked, as a whole and by (kind, side) of channels.

    `begun` counts the live sessions and videos that began on these days and show it, likewise by (kind, side).
    """

    number: int
    id: str
    sales: SalesTally
    traffic: Traffic
    sales_by: Mapping[tuple[str, str], SalesTally]
    traffic_by: Mapping[tuple[str, str], Traffic]
    by_affiliates: SalesTally
    in_shop_tab: SalesTally
    begun: Mapping[tuple[str, str], int]
    days: int


@dataclass(frozen=True)
class SkuReport:
    """What a SKU sold on some days."""

    id: str
    product_id: str
    sales: SalesTally


def interval(world: World, shop: Shop, calendar: Calendar, days: Sequence[date]) -> Interval:
    """The shop's report on some days in a row."""

    def compute() -> Interval:
        daily = [together(visits_by_channel(world, shop, calendar, day).values()) for day in days]
        figures = _figures(units_of(world, shop, calendar, days), together(daily))
        return Interval(days, figures, sum(unique(traffic.clicks) for traffic in daily))

    return world.remembered(("analytics: interval", *_span(shop, calendar, days)), compute)


def hours(world: World, shop: Shop, calendar: Calendar, day: date) -> tuple[Figures, dict[int, Figures]]:
    """The shop's report on a day, and on each of its hours; they add up to it."""
    units = sold(world, shop, calendar, day)
    by_hour: dict[int, list[Unit]] = {hour: [] for hour in calendar.hours(day)}
    for unit in units:
        by_hour[unit.hour].append(unit)
    whole = together(visits_by_channel(world, shop, calendar, day).values())
    traffic = spread(whole, {hour: len(own) for hour, own in by_hour.items()}, rhythm(by_hour))
    return _figures(units, whole), {hour: _figures(own, traffic[hour]) for hour, own in by_hour.items()}


def _figures(units: Sequence[Unit], traffic: Traffic) -> Figures:
    credited: Counter[Channel] = Counter()
    for unit in units:
        credited[unit.channel] += unit.sale
    return Figures(tally(units), credited, traffic)


def products(world: World, shop: Shop, calendar: Calendar, days: Sequence[date]) -> dict[str, ProductReport]:
    """Every product that was sold or looked at on some days in a row, by id."""
    return world.remembered(
        ("analytics: products", *_span(shop, calendar, days)),
        lambda: _products(world, shop, calendar, days),
    )


def _products(world: World, shop: Shop, calendar: Calendar, days: Sequence[date]) -> dict[str, ProductReport]:
    traffic: dict[int, dict[tuple[str, str], list[Traffic]]] = {}
    for seen in (visits(world, shop, calendar, day) for day in days):
        for number, parts in seen.items():
            own = traffic.setdefault(number, {channel: [] for channel in CHANNELS})
            for channel, part in parts.items():
                own[channel].append(part)
    units: dict[int, list[Unit]] = {number: [] for number in traffic}
    for unit in units_of(world, shop, calendar, days):
        units[unit.product].append(unit)
    shown = _begun(world, shop, days)
    found = [
        _product(shop, number, own, units[number], shown.get(number, Counter()), len(days))
        for number, own in traffic.items()
    ]
    return {report.id: report for report in found}


def _product(
    shop: Shop,
    number: int,
    traffic: Mapping[tuple[str, str], Sequence[Traffic]],
    units: Sequence[Unit],
    shown: Counter[tuple[str, str]],
    days: int,
) -> ProductReport:
    traffic_by = {channel: together(parts) for channel, parts in traffic.items()}
    by_channel = tallies(units, lambda unit: (unit.channel.kind, unit.channel.side))
    return ProductReport(
        number=number,
        id=shop.identify("product", number),
        sales=tally(units),
        traffic=together(traffic_by.values()),
        sales_by={channel: by_channel.get(channel, SalesTally()) for channel in CHANNELS},
        traffic_by=traffic_by,
        by_affiliates=tally(unit for unit in units if unit.channel.side == BY_AFFILIATE),
        in_shop_tab=tally(unit for unit in units if unit.channel.source == SHOP_TAB),
        begun=shown,
        days=days,
    )


def _begun(world: World, shop: Shop, days: Sequence[date]) -> dict[int, Counter[tuple[str, str]]]:
    """How many live sessions and videos began on these days, by product and then by (kind, side)."""
    found: dict[int, Counter[tuple[str, str]]] = {}
    for item in (item for day in days for item in begun(world, shop, day)):
        for product in item.products:
            found.setdefault(product, Counter())[item.channel] += 1
    return found


def skus(world: World, shop: Shop, calendar: Calendar, days: Sequence[date]) -> dict[str, SkuReport]:
    """Every SKU that was sold on some days in a row, by id."""
    by_sku = tallies(units_of(world, shop, calendar, days), lambda unit: (unit.sku, unit.product))
    return {sku: SkuReport(sku, shop.identify("product", product), sales) for (sku, product), sales in by_sku.items()}


def units_of(world: World, shop: Shop, calendar: Calendar, days: Sequence[date]) -> list[Unit]:
    """The units sold on some days in a row."""
    return [unit for day in days for unit in sold(world, shop, calendar, day)]


def _span(shop: Shop, calendar: Calendar, days: Sequence[date]) -> tuple[object, ...]:
    """What a report on some days in a row depends on."""
    return (shop.number, calendar.latest, *days[:1], *days[-1:])
