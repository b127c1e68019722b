"""Questions to the marts, and what of them is not there to be asked."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_books.warehouse import Marts

PREFIX: Final = "tiktokshop__"
# Marts without their prefix, and the columns that are asked for.
Needs: TypeAlias = "Mapping[str, str]"
Row: TypeAlias = "dict[str, Any]"
_COLUMNS = """
select table_name, column_name from information_schema.columns
where table_schema = current_schema()
"""
_VALUE = re.compile(r":([a-z_]+)")


@dataclass
class MartReader:
    """The marts of a warehouse, and which columns they have."""

    marts: Marts
    known: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look once which tables there are; a view whose columns cannot be seen is none."""
        tables = self.marts.tables()
        for row in self.marts.query(_COLUMNS) if tables else ():
            if row["table_name"] in tables:
                self.known.setdefault(row["table_name"], set()).add(row["column_name"])

    def lacking(self, needs: Needs) -> list[str]:
        """What is not there of these marts and columns, in words; nothing if all is."""
        found = []
        for mart, names in needs.items():
            columns = self.known.get(PREFIX + mart)
            if columns is None:
                found.append(f"the table {PREFIX}{mart}")
            elif gone := [name for name in names.split() if name not in columns]:
                found.append(f"{', '.join(gone)} of the table {PREFIX}{mart}")
        return found

    def empty(self, needs: Needs) -> list[str]:
        """Which of these marts have no row at all."""
        asked = [mart for mart in needs if not self.lacking({mart: ""})]
        return [PREFIX + mart for mart in asked if not self.ask(f"select 1 as one from {{{mart}}} limit 1")]

    def ask(self, sql: str, **values: str | dt.date) -> list[Row]:
        """The rows of a SELECT in which `:name` stands for a value, and `{mart}` for a mart's table."""
        named = re.sub(r"\{(\w+)\}", rf"{PREFIX}\1", sql)
        return self.marts.query(_VALUE.sub(lambda match: _literal(values[match[1]]), named))


def _literal(value: str | dt.date) -> str:
    return f"date '{value}'" if isinstance(value, dt.date) else "'{}'".format(value.replace("'", "''"))
