"""Pictures as inline SVG, drawn by Vega-Lite. Their colours are variables of the page, so they follow light and dark.

Each is drawn twice, for a wide window and for a phone: letters in a picture that is scaled down could not be read. The
words beside it and a table say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import vl_convert
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

Spec: TypeAlias = "dict[str, Any]"
WIDE: Final = 950
NARROW: Final = 320
LETTER: Final = 7.5  # how wide a letter of 12 pixels may be in a reader's font
PALETTE: Final = tuple(f"var(--c{number})" for number in range(1, 9))
CONFIG: Final[Spec] = {
    "aria": False,  # the figure has the words
    "mark": {"aria": False},
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--line)",
        "gridColor": "var(--line)",
        "labelColor": "var(--soft)",
        "labelFontSize": 12,
        "labelLimit": 200,
        "tickColor": "var(--line)",
        "title": None,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
}
_DAYS: Final[Spec] = {"field": "day", "type": "ordinal", "sort": None}


@dataclass(frozen=True)
class Picture:
    """A picture in two widths, with what it shows in words and what its colours stand for."""

    label: str
    wide: Markup
    narrow: Markup
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Bar:
    """A bar of a waterfall: from where to where, and whether it is a sum so far."""

    name: str
    start: Decimal
    end: Decimal
    text: str
    is_sum: bool = False


def bars_and_line(
    label: str, days: Sequence[str], bars: Sequence[Decimal], line: Sequence[Decimal], legend: tuple[str, str]
) -> Picture:
    """A bar for each day, and a line of other days to compare with."""
    values = [
        {"day": day, "bar": float(bar), "line": float(other)} for day, bar, other in zip(days, bars, line, strict=True)
    ]

    def spec(width: int) -> Spec:
        axis = {"values": list(days[:: 7 if width == NARROW else 4]), "labelAngle": 0}
        x = {**_DAYS, "axis": axis}
        return {
            "height": 200,
            "data": {"values": values},
            "encoding": {"x": x},
            "layer": [
                {"mark": {"type": "bar", "color": "var(--c1)"}, "encoding": {"y": _amounts("bar")}},
                {
                    "mark": {"type": "line", "color": "var(--c2)", "strokeWidth": 2, "point": {"color": "var(--c2)"}},
                    "encoding": {"y": _amounts("line")},
                },
            ],
        }

    return _picture(label, spec, tuple(zip(PALETTE, legend, strict=False)))


def stacked_bars(
    label: str,
    columns: Sequence[str],
    series: Sequence[tuple[str, Sequence[Decimal]]],
    *,
    colours: Sequence[str] = PALETTE,
    area: bool = False,
) -> Picture:
    """Amounts on top of each other for each column; of many columns an area. What is below 0 goes down."""
    values = [
        {"day": column, "name": name, "order": place, "amount": float(value)}
        for place, (name, row) in enumerate(series)
        for column, value in zip(columns, row, strict=True)
    ]
    names = [name for name, _ in series]

    def spec(width: int) -> Spec:
        step = max(1, len(columns) // (4 if width == NARROW else 8))
        axis = {"values": list(columns[::step]), "labelAngle": 0}
        return {
            "height": 220,
            "data": {"values": values},
            "mark": {"type": "area", "line": False} if area else {"type": "bar", "width": {"band": 0.7}},
            "encoding": {
                "x": {**_DAYS, "axis": axis},
                "y": {**_amounts("amount"), "stack": "zero"},
                "color": {
                    "field": "name",
                    "type": "nominal",
                    "legend": None,
                    "scale": {"domain": names, "range": list(colours[: len(names)])},
                },
                "order": {"field": "order", "type": "ordinal"},
            },
        }

    return _picture(label, spec, tuple(zip(colours, names, strict=False)))


def waterfall(label: str, steps: Sequence[Bar]) -> Picture:
    """From a first amount to a last one, step by step, from top to bottom."""
    ends = [float(end) for step in steps for end in (step.start, step.end)]
    bottom, top = min(0, *ends), max(0, *ends)
    values = [
        {
            "name": step.name,
            "start": float(step.start),
            "end": float(step.end),
            "right": float(max(step.start, step.end)),
            "text": step.text,
            "kind": "sum" if step.is_sum else "down" if step.end < step.start else "up",
        }
        for step in steps
    ]
    colours = {"domain": ["sum", "up", "down"], "range": ["var(--c1)", "var(--c3)", "var(--c2)"]}

    def spec(width: int) -> Spec:
        names = 145 if width == NARROW else 220
        amounts = 12 + LETTER * max(len(step.text) for step in steps)  # beside the bar
        room = ((top - bottom) or 1) * amounts / (width - names - amounts)
        x = {"type": "quantitative", "axis": None, "scale": {"domain": [bottom, top + room], "nice": False}}
        y = {
            "field": "name",
            "type": "ordinal",
            "sort": None,
            "axis": {"labelLimit": names, "minExtent": names, "labelFontSize": 11, "ticks": False, "domain": False},
        }
        return {
            "height": {"step": 26},
            "data": {"values": values},
            "encoding": {"y": y},
            "layer": [
                {
                    "mark": {"type": "bar", "height": {"band": 0.7}},
                    "encoding": {
                        "x": {**x, "field": "start"},
                        "x2": {"field": "end"},
                        "color": {"field": "kind", "type": "nominal", "scale": colours, "legend": None},
                    },
                },
                {
                    "mark": {"type": "text", "align": "left", "dx": 5},
                    "encoding": {"x": {**x, "field": "right"}, "text": {"field": "text", "type": "nominal"}},
                },
            ],
        }

    return _picture(label, spec, ())


def _amounts(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "axis": {"format": "~s", "tickCount": 4}}


def _picture(label: str, spec: Callable[[int], Spec], legend: Sequence[tuple[str, str]]) -> Picture:
    wide, narrow = (_svg(spec(width), width) for width in (WIDE, NARROW))
    return Picture(label, wide, narrow, legend)


def _svg(spec: Spec, width: int) -> Markup:
    """The picture as SVG. Vega writes what it is given as text, never as elements."""
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
        **spec,
    }
    svg: str = vl_convert.vegalite_to_svg(whole, vl_version="5.21", allowed_base_urls=[])
    return Markup(svg)  # noqa: S704 - Vega escapes texts; a test puts markup in the name of a product
