"""Lists in pages: a filter, a sort, and a position that stays correct while rows come, go and move."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import Param
from tiktokshop_sandbox.paging import page_token, position_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.derived import Item

Row = tuple[Any, ...]
TIME = Param("integer")
TEXT = Param("string")
TEXTS = Param("array", items=TEXT)
PAGE_TOKEN = Param("string")


def sort_order(default: str) -> Param:
    """The parameter `sort_order`: capitals only."""
    return Param("string", values=("ASC", "DESC"), default=default)


def sort_field(*names: str, default: str | None = None) -> Param:
    """The parameter `sort_field`; required where it has no default."""
    return Param("string", values=names, default=default, required=default is None)


@dataclass(frozen=True)
class Filter:
    """Conditions that all must hold, as SQL with its parameters."""

    conditions: tuple[str, ...] = ()
    parameters: tuple[Any, ...] = ()

    def also(self, condition: str, *parameters: Any) -> Filter:
        """One more condition."""
        return Filter((*self.conditions, condition), (*self.parameters, *parameters))

    def among(self, column: str, values: Sequence[Any] | None) -> Filter:
        """The column has one of the values; no values, no condition."""
        if not values:
            return self
        return self.also(f"{column} IN ({', '.join('?' * len(values))})", *values)

    def within(self, filters: Mapping[str, Any], columns: Mapping[str, str]) -> Filter:
        """The bounds `<name>_ge`, `<name>_lt`, `<name>_le` that were sent, by name -> column."""
        narrowed = self
        for name, column in columns.items():
            for suffix, operator in (("ge", ">="), ("lt", "<"), ("le", "<=")):
                bound = filters.get(f"{name}_{suffix}")
                if bound is not None:
                    narrowed = narrowed.also(f"{column} {operator} ?", bound)
        return narrowed

    @property
    def sql(self) -> str:
        """The conditions as one."""
        return " AND ".join(self.conditions) or "1"


@dataclass(frozen=True)
class Listing:
    """A sorted list: `columns` of the `table`, by the column `sort` and then by id."""

    table: str
    columns: str
    sort: str
    descending: bool
    filter: Filter = field(default_factory=Filter)

    def rows(self, call: ApiCall, after: tuple[int, str] | None, count: int) -> list[Row]:
        """At most `count` rows behind a position, each as (sort value, id, columns…)."""
        narrowed = self.filter
        if after is not None:
            comparison = "<" if self.descending else ">"
            narrowed = narrowed.also(f"({self.sort}, id) {comparison} (?, ?)", *after)
        order = "DESC" if self.descending else "ASC"
        sql = (
            f"SELECT {self.sort}, id, {self.columns} FROM {self.table} WHERE {narrowed.sql} "  # noqa: S608 - our names
            f"ORDER BY {self.sort} {order}, id {order} LIMIT ?"
        )
        return call.world.db.execute(sql, (*narrowed.parameters, count)).fetchall()

    def total(self, call: ApiCall) -> int:
        """How many rows the list has."""
        sql = f"SELECT count(*) FROM {self.table} WHERE {self.filter.sql}"  # noqa: S608 - our own names
        return call.world.total(sql, self.filter.parameters)


@dataclass(frozen=True)
class Page:
    """One page of rows as (sort value, id, columns…), the next page's token (empty on the last), the total."""

    rows: list[Row]
    next_page_token: str
    total: int


def page(call: ApiCall, *listings: Listing) -> Page:
    """The page the call asks for, of one list or of several merged by the same sort."""
    position = position_of(call)
    after = None
    if position is not None:
        value, _, identifier = position.partition(":")
        after = (int(value), identifier)
    size = call.query["page_size"]
    rows = [row for listing in listings for row in listing.rows(call, after, size + 1)]
    if len(listings) > 1:
        rows.sort(key=lambda row: (row[0], row[1]), reverse=listings[0].descending)
    shown = rows[:size]
    token = page_token(call, f"{shown[-1][0]}:{shown[-1][1]}") if len(rows) > size else ""
    return Page(shown, token, sum(listing.total(call) for listing in listings))


def page_of(call: ApiCall, items: Sequence[Item], *, size: int, descending: bool = False) -> tuple[list[Item], str]:
    """The page the call asks for of a list in memory, in any order, and the next page's token (empty on the last)."""
    ordered = sorted(items, key=lambda item: item[:2], reverse=descending)
    position = position_of(call)
    if position is not None:
        value, _, identifier = position.partition(":")
        after = (int(value), identifier)
        ordered = [item for item in ordered if (item[:2] < after if descending else item[:2] > after)]
    shown = ordered[:size]
    token = page_token(call, f"{shown[-1].sort}:{shown[-1].id}") if len(ordered) > size else ""
    return shown, token


def of_shop(call: ApiCall, table: str, columns: str, sort: str) -> Listing:
    """A list of the call's shop, sorted as the call says (descending unless `sort_order` is ASC)."""
    descending = call.query.get("sort_order", "DESC") == "DESC"
    return Listing(table, columns, sort, descending, Filter().also("shop = ?", call.the_shop.number))


def narrowed(listing: Listing, narrower: Filter) -> Listing:
    """The list with more conditions."""
    both = Filter(
        (*listing.filter.conditions, *narrower.conditions), (*listing.filter.parameters, *narrower.parameters)
    )
    return replace(listing, filter=both)
