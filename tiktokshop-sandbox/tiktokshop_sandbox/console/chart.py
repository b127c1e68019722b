"""Orders by status over time, as an SVG picture that says the same in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Okabe and Ito's colours, which most people who see few colours can still tell apart, and two greys.
COLOURS: Final = ("#999999", "#f0e442", "#e69f00", "#d55e00", "#cc79a7", "#56b4e9", "#0072b2", "#009e73", "#555555")
WIDTH: Final = 720
HEIGHT: Final = 220
_LEFT, _BOTTOM, _TOP = 36, 22, 8


def stacked(name: str, days: Sequence[int], counts: Mapping[str, Sequence[int]]) -> Markup:
    """A column for each day, a colour for each status; below it a legend and the numbers as a table."""
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    highest = max(1, *totals)
    height = HEIGHT - _BOTTOM - _TOP
    step = (WIDTH - _LEFT) / len(days)
    bars: list[Markup] = []
    for index, day in enumerate(days):
        base = float(HEIGHT - _BOTTOM)
        for (status, row), colour in zip(counts.items(), COLOURS, strict=True):
            if row[index]:
                size = row[index] / highest * height
                base -= size
                label = tag("title", f"{_date(day)}: {row[index]} {_words(status)}")
                x, y = f"{_LEFT + index * step:.1f}", f"{base:.1f}"
                bars.append(tag("rect", label, x=x, y=y, width=f"{step * 0.85:.1f}", height=f"{size:.1f}", fill=colour))
    summary = f"{name}: {sum(totals)} orders from {_date(days[0])} to {_date(days[-1])}, at most {max(totals)} a day"
    picture = tag(
        "svg",
        _axes(days, highest, step),
        bars,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=summary,
    )
    return joined(picture, _legend(counts), _table(days, counts))


def _axes(days: Sequence[int], highest: int, step: float) -> Markup:
    floor = HEIGHT - _BOTTOM
    lines = [
        tag("line", x1=_LEFT, x2=WIDTH, y1=y, y2=y, stroke="currentColor", stroke_opacity="0.3") for y in (_TOP, floor)
    ]
    numbers = [
        tag("text", value, x=_LEFT - 6, y=y, text_anchor="end") for value, y in ((highest, _TOP + 9), (0, floor))
    ]
    dates = [
        tag("text", _date(days[index])[5:], x=f"{_LEFT + index * step:.1f}", y=HEIGHT - 6)
        for index in range(0, len(days), 6)
    ]
    return tag("g", lines, numbers, dates, aria_hidden="true")


def _legend(counts: Mapping[str, Sequence[int]]) -> Markup:
    entries = [
        tag("li", tag("span", class_="swatch", style=f"background:{colour}"), f"{_words(status)} {sum(row)}")
        for (status, row), colour in zip(counts.items(), COLOURS, strict=True)
        if sum(row)
    ]
    return tag("ul", entries, class_="legend")


def _table(days: Sequence[int], counts: Mapping[str, Sequence[int]]) -> Markup:
    used = {status: row for status, row in counts.items() if sum(row)}
    head = tag("tr", tag("th", "Day", scope="col"), [tag("th", _words(s), scope="col", class_="n") for s in used])
    rows = [
        tag("tr", tag("th", _date(day), scope="row"), [tag("td", row[index], class_="n") for row in used.values()])
        for index, day in enumerate(days)
    ]
    table = tag(
        "table", tag("caption", "Orders of each day, by their status now"), tag("thead", head), tag("tbody", rows)
    )
    return tag("details", tag("summary", "The same as a table"), tag("div", table, class_="scroll", tabindex="0"))


def _words(status: str) -> str:
    return status.replace("_", " ").lower()


def _date(day: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86_400))
