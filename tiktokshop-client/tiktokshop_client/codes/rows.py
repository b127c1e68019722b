"""The refusals that hide inside an answer with code 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client.codes.table import RULES, Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiktokshop_client.operations import Operation

_DONE = frozenset(rule.code for rule in RULES if rule.action is Action.DONE)


@dataclass(frozen=True)
class RowError:
    """One row that failed, or was warned about, inside an answer with code 0.

    Attributes:
        code: The platform's code, 0 for a warning without one.
        message: The platform's words.
        ids: What the row was, by the platform's names: ``sku_id``, ``warehouse_id``, ``package_id``, ``product_id``.
        done: Whether it failed because the wanted state was there already (shipped, delivered).
        warning: Whether the row was carried out anyway.
    """

    code: int
    message: str
    ids: Mapping[str, str]
    done: bool = False
    warning: bool = False


def partial_errors(operation: Operation, data: Mapping[str, Any]) -> list[RowError]:
    """The rows that did not go through although the call answered code 0.

    Args:
        operation: The call; its ``partial`` says where its answers hide them.
        data: The answer's ``data``.

    Returns:
        One ``RowError`` for each row; where a row names several warehouses, one for each of them.
    """
    return [error for key in operation.partial for error in _read(data.get(key), warning="warning" in key)]


def _read(found: Any, *, warning: bool) -> Iterator[RowError]:
    """The row errors in a list of them, or in a single one."""
    for row in found if isinstance(found, list) else [found]:
        if not isinstance(row, dict):
            continue
        detail = row.get("detail")
        detail = detail if isinstance(detail, dict) else {}
        ids = _ids(detail)
        found_extras = detail.get("extra_errors")
        extras = [extra for extra in found_extras if isinstance(extra, dict)] if isinstance(found_extras, list) else []
        if not extras:
            yield _row_error(row, ids, warning=warning)
        for extra in extras:
            yield _row_error({**row, **extra}, {**ids, **_ids(extra)}, warning=warning)


def _row_error(row: Mapping[str, Any], ids: Mapping[str, str], *, warning: bool) -> RowError:
    code = _code(row.get("code"))
    return RowError(code, str(row.get("message") or ""), ids, done=code in _DONE, warning=warning)


def _code(value: Any) -> int:
    """A code, also written as a text; 0 for anything else."""
    return int(value) if str(value).isascii() and str(value).isdecimal() else 0


def _ids(row: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in row.items() if key.endswith("_id") or key == "region"}
