"""Who is read: sellers as rows of a table or a file, checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class FleetError(Exception):
    """Something that a person must put right, in one sentence without secrets."""


@dataclass(frozen=True)
class Merchant:
    """A seller: whose grant it is that a run reads with.

    `name` names its state, its lock and its folder. `app` is the id of the Airflow connection that has the app's key as
    login and its secret as password; empty if `settings` say all. `settings` are the tap's, by their names.
    """

    name: str
    app: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


def merchants(rows: Iterable[Mapping[str, Any]]) -> dict[str, Merchant]:
    """Sellers by name, of rows with `name` and perhaps `app`, `settings` (an object, or its JSON) and `active`.

    Rows whose `active` is false are left out.

    Raises:
        FleetError: a row has no usable name, a name comes twice, or settings are no object.
    """
    found: dict[str, Merchant] = {}
    for row in rows:
        name = str(row.get("name") or "")
        if not _NAME.fullmatch(name):
            raise FleetError(
                f"A seller's name is {name!r}: give it letters, digits, dots, dashes and underscores, at most 100."
            )
        if name in found:
            raise FleetError(f"The seller {name} is there twice: its state and its lock can belong to one only.")
        if row.get("active", True) in (False, 0):
            continue
        found[name] = Merchant(name, str(row.get("app") or ""), _settings(name, row.get("settings")))
    return found


def rows_of_file(path: str) -> list[dict[str, Any]]:
    """The rows of a JSON file: a list of objects.

    Raises:
        FleetError: the file cannot be read, or holds something else.
    """
    try:
        rows = json.loads(Path(path).read_text(encoding="utf8"))
    except OSError as error:
        raise FleetError(f"The file of sellers {path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise FleetError(f"The file of sellers {path} is not JSON.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FleetError(f"The file of sellers {path} must be a list of objects, one for each seller.")
    return rows


def batches(names: Sequence[str], size: int) -> list[list[str]]:
    """The names in order, in lists of about the same length and of at most `size`."""
    count = -(-len(names) // size)
    return [list(names[number::count]) for number in range(count)]


def _settings(name: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            raise FleetError(f"The settings of the seller {name} are not JSON.") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FleetError(f"The settings of the seller {name} are no object.")
    return value
