"""What a dry run shows at its end: what each row would change, what would stop the real run, totals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from target_tiktokshop.writing.outcomes import OUTCOMES
from target_tiktokshop.writing.rows import by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from target_tiktokshop.writing.rows import Row

MOST_LINES = 40
"""So many rows are shown each; of more, the first of each kind."""
LINES = ("line_items", "cancel_line_items", "return_line_items", "order_line_items")
SUBJECTS = (
    *("seller_sku", "sku_id", "order_id", "order_ids", "product_id"),
    *("cancel_id", "return_id", "message_key", "activity_key"),
)
PRODUCT_WIDTH, MESSAGE_WIDTH, PART_WIDTH, VALUE_WIDTH, NOTE_WIDTH = 70, 110, 240, 60, 300


@dataclass
class Line:
    """A row as the plan shows it; the row itself is let go."""

    shop: str
    shop_id: str
    product: str
    sku_id: str
    stream: str
    what: str
    outcome: str
    code: str
    change: str
    message: str
    count: int = 1
    notes: tuple[str, ...] = ()


@dataclass
class Plan:
    """The rows of a dry run, as far as they will be shown."""

    totals: dict[str, Counter[str]] = field(default_factory=dict)
    _lines: list[Line] = field(default_factory=list)
    _kinds: dict[tuple[str, ...], Line] = field(default_factory=dict)

    def add(self, rows: Sequence[Row]) -> None:
        """Takes rows in that have their outcome."""
        for row in rows:
            self.totals.setdefault(row.stream or "(no stream)", Counter())[row.outcome] += 1
            kind = (row.shop.id if row.shop else "", row.stream, row.outcome, row.code)
            if kind in self._kinds:
                self._kinds[kind].count += 1
            if kind in self._kinds and len(self._lines) > MOST_LINES:
                continue
            line = line_of(row)
            self._kinds.setdefault(kind, line)
            if len(self._lines) <= MOST_LINES:
                self._lines.append(line)

    @property
    def whole(self) -> bool:
        """Whether every row is shown, not only the first of each kind."""
        return len(self._lines) <= MOST_LINES

    def lines(self) -> list[Line]:
        """The rows to show."""
        return self._lines if self.whole else list(self._kinds.values())

    def text(self, titles: Callable[[str, Iterable[str]], Mapping[str, str]], stops: Sequence[str]) -> str:
        """The plan for a human.

        Args:
            titles: Shop id and SKU ids to what their products are called, for those that say only an id so far.
            stops: What would stop the real run.
        """
        text = ["", "Nothing was sent. What the real run would do" + ("" if self.whole else ", the first of each kind")]
        for shop_id, lines in by(self.lines(), lambda line: line.shop_id).items():
            called = titles(shop_id, {line.sku_id for line in lines if line.sku_id and not line.product})
            text += ["", f"Shop {lines[0].shop or '(unknown)'} {shop_id}".rstrip()]
            for line in lines:
                line.product = line.product or called.get(line.sku_id, "") or "(no product)"
            for product, part in by(lines, lambda line: line.product).items():
                text.append(f"  {cut(product, PRODUCT_WIDTH)}")
                told = ""
                for line in part:
                    same = bool(line.message) and line.message == told
                    text += [f"    {shown}" for shown in self._shown(line, same=same)]
                    told = line.message
                notes = dict.fromkeys(note for line in part for note in line.notes)
                text += [f"    {cut(note, NOTE_WIDTH)}" for note in notes]
        if stops:
            text += [
                "",
                "The real run would be stopped, and send nothing from there on",
                *(f"  {stop}" for stop in stops),
            ]
        text += ["", "Totals"]
        for stream, counts in self.totals.items():
            told = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES if counts[outcome])
            text.append(f"  {stream:<26} {told}")
        return "\n".join(text) + "\n"

    def _shown(self, line: Line, *, same: bool) -> list[str]:
        """A row, and below it each part of a message that is long; `same` if the row above said that already."""
        more = "" if self.whole or line.count == 1 else f" and {line.count - 1:,} more"
        why = f"{line.code}: as above" if same else ": ".join(filter(None, (line.code, line.message)))
        below = line.message.split("; ") if len(why) > MESSAGE_WIDTH and "; " in line.message else []
        why = f"{line.code}:" if below else cut(why, MESSAGE_WIDTH)
        outcome = f"{line.outcome}{more}"
        shown = f"{outcome:<12} {line.stream:<14} {line.what:<32} {line.change:<32} {why}".rstrip()
        return [shown, *(f"  - {cut(part, PART_WIDTH)}" for part in below)]


def line_of(row: Row) -> Line:
    """What a row shows: its product by title, its SKU by the seller's number beside the id."""
    subject = row.subject
    sku_id, product, seller_sku = "", str(getattr(subject, "title", "") or ""), ""
    if hasattr(subject, "seller_sku"):
        sku_id, seller_sku = subject.id, subject.seller_sku
    elif isinstance(subject, dict):
        product, seller_sku = of_order(subject)
    found = next((row.values[name] for name in SUBJECTS if name in row.values), "")
    named = ", ".join(found) if isinstance(found, tuple) else str(found)
    number = sku_id or named
    return Line(
        shop=row.shop.name if row.shop else "",
        shop_id=row.shop.id if row.shop else "",
        product=product,
        sku_id=sku_id,
        stream=row.stream,
        what=f"{seller_sku} ({number})" if seller_sku and seller_sku != number else number,
        outcome=row.outcome,
        code=row.code,
        change=change(row.before, row.after),
        message=row.message,
        notes=tuple(row.notes),
    )


def of_order(order: Mapping[str, Any]) -> tuple[str, str]:
    """The title and the seller SKU of the first line item of an order, or of a request about one."""
    items: list[Any] = next((order[name] for name in LINES if isinstance(order.get(name), list) and order[name]), [])
    first = items[0] if items and isinstance(items[0], dict) else {}
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{first.get('product_name') or ''}{more}", str(first.get("seller_sku") or "")


def change(before: Any, after: Any) -> str:
    """What would change, as short as can be: `85 -> 90 in 7068118578848992771`."""
    if not isinstance(after, dict):
        return ""
    old = before if isinstance(before, dict) else {}
    if isinstance(after.get("products"), list):
        return promoted(old, after["products"])
    place = f" in {after['warehouse_id']}" if "warehouse_id" in after else ""
    names = [name for name in after if name in old and name != "warehouse_id" and after[name] != old[name]]
    if not names and after.keys() & old.keys():
        return f"{brief({name: value for name, value in after.items() if name != 'warehouse_id'})}{place}"
    if not names:
        return f"{brief(old)} -> {brief(after)}".strip() if brief(after) else ""
    shown = {name: f"{name}: " if len(names) > 1 else "" for name in names}
    return (
        ", ".join(f"{shown[name]}{brief(old[name])} -> {brief(after[name])}" for name in names) + place + leaving(after)
    )


def promoted(old: Mapping[str, Any], products: Sequence[Any]) -> str:
    """What a promotion changes: how many products, and the first one's price: `20 products, 12.50 -> 9.99`."""
    count = "1 product" if len(products) == 1 else f"{len(products)} products"
    was = old.get("products")
    if not products or not isinstance(was, list) or not was:
        return count if products else ""
    first = f"{brief(was[0].get('price'))} -> {brief(products[0].get('price'))}"
    return f"{count}, {first}{leaving(products[0])}" + (" and so on" if len(products) > 1 else "")


def leaving(after: Mapping[str, Any]) -> str:
    """How a package would leave, what its label costs, or what a price leaves: `, PICKUP 2026-10-05 09:00 to …`."""
    if "margin_percent" in after:
        return f", margin {after['margin_percent']} % (at least {after.get('min_margin_percent')} %)"
    if "shipping_service" in after:
        service, price, currency = (after.get(name) for name in ("shipping_service", "price", "currency"))
        cost = f" for {price} {currency or ''}".rstrip() if price is not None else ""
        return f", {brief(service)}{cost}" if service else cost
    if not after.get("handover_method"):
        return ""
    start, end = (
        datetime.fromtimestamp(at, timezone.utc) if isinstance(at, int) else None
        for at in (after.get("pickup_start"), after.get("pickup_end"))
    )
    if start is None or end is None:
        return f", {after['handover_method']}"
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M}"
    return f", {after['handover_method']} {start:%Y-%m-%d %H:%M} to {until} UTC"


def brief(value: Any) -> str:
    """A value as a line shows it."""
    if isinstance(value, dict):
        return " ".join(brief(item) for item in value.values() if item not in (None, [], ""))
    if isinstance(value, list):
        return ", ".join(map(brief, value))
    return "none" if value is None else cut(str(value), VALUE_WIDTH)


def cut(text: str, most: int) -> str:
    """A text cut to so many characters, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
