"""The table of sellers: who they are here, which app each belongs to, and by what their grant is recognised."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from tiktokshop_client.configuration import text_of
from tiktokshop_client.consent.addresses import REGIONS
from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS = ("seller", "app_key", "region", "service_id", "shop_ids", "open_id")
NAME = re.compile(
    r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9_-])?(?<!\.lock)(?<!\.tmp)(?<!\.budgets)(?<!\.claims)",
    re.IGNORECASE | re.ASCII,
)
"""A seller's name: it is part of addresses, of files' names and of keys.

Its ending is none that files beside another seller's tokens have, and no dot, which some systems leave out.
"""
_KEY = re.compile(r"[!-~]{0,256}")


@dataclass(frozen=True)
class ListedSeller:
    """A line of the table.

    Attributes:
        name: What the seller is called here.
        app_key: The app that the seller authorises.
        region: Which consent link it gets, one of ``REGIONS``, "" for the setting's.
        service_id: The app's service id, "" for the setting's.
        shop_ids: Shops that the grant must have; () if any will do.
        open_id: Whose grant it must be, as the platform names sellers towards an app; "" if it is not known yet.
    """

    name: str
    app_key: str
    region: str = ""
    service_id: str = ""
    shop_ids: tuple[str, ...] = ()
    open_id: str = ""


class SellerTable:
    """The table as its file is now; it is read again when that has changed.

    Args:
        file: CSV with a head line; of the ``COLUMNS``, only ``seller`` must be there.
        app_key: The app of sellers for whom the table names none.
    """

    def __init__(self, file: Path, app_key: str) -> None:
        self._file = file
        self._app_key = app_key
        self._read: tuple[tuple[int, int, int], Mapping[str, ListedSeller]] | None = None
        self._lock = Lock()

    def sellers(self) -> Mapping[str, ListedSeller]:
        """The sellers by their names.

        Raises:
            ConfigurationError: The file cannot be read, or a line of it is wrong.
        """
        with self._lock:
            problem = ""
            try:
                facts = self._file.stat()
            except OSError as error:
                problem = error.strerror or type(error).__name__
            if problem:
                raise ConfigurationError(f"the table of sellers {self._file} cannot be read: {problem}")
            state = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            if self._read is None or self._read[0] != state:
                self._read = (state, sellers_in(text_of(self._file), str(self._file), self._app_key))
            return self._read[1]


def sellers_in(text: str, name: str, app_key: str) -> Mapping[str, ListedSeller]:
    """The sellers that a table has.

    Args:
        text: The table.
        name: What a human knows it by.
        app_key: The app of sellers for whom it names none.

    Raises:
        ConfigurationError: One sentence that names the line.
    """
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    odd = sorted(set(rows.fieldnames or ()) - set(COLUMNS))
    if "seller" not in (rows.fieldnames or ()) or odd:
        what = f"has a column {odd[0]!r:.40}" if odd else "has no column seller"
        raise ConfigurationError(f"the table of sellers {name} {what}: its columns are {', '.join(COLUMNS)}")
    found: dict[str, ListedSeller] = {}
    folded: set[str] = set()
    for number, row in _rows(rows, name):
        where = f"line {number} of the table of sellers {name}"
        if None in row:
            raise ConfigurationError(
                f"{where} has more cells than the head line: several shop_ids stand in one cell, with blanks between"
            )
        seller = _seller({column: (value or "").strip() for column, value in row.items() if column}, where, app_key)
        if seller.name.lower() in folded:  # files of sellers are told apart by these names, not everywhere by case
            raise ConfigurationError(f"{where} names the seller {seller.name} once more")
        folded.add(seller.name.lower())
        found[seller.name] = seller
    return found


def _rows(rows: csv.DictReader[str], name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers.

    Raises:
        ConfigurationError: The file is no such table.
    """
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error:
        raise ConfigurationError(
            f"the table of sellers {name} cannot be read as CSV behind line {rows.line_num}"
        ) from None


def _seller(row: Mapping[str, str], where: str, app_key: str) -> ListedSeller:
    name, region = row.get("seller", ""), row.get("region", "")
    app_key = row.get("app_key", "") or app_key
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{where} has no name that can be used: letters, digits, dots and dashes, at most 64, not .lock, .tmp, "
            ".budgets, .claims or a dot at the end"
        )
    if region and region not in REGIONS:
        raise ConfigurationError(f"{where} has a region that is none of {', '.join(REGIONS)}")
    if not app_key:
        raise ConfigurationError(f"{where} names no app, and the setting app_key is missing")
    shop_ids = tuple(re.split(r"[\s;|]+", row.get("shop_ids", ""))) if row.get("shop_ids") else ()
    texts = (app_key, row.get("service_id", ""), row.get("open_id", ""), *shop_ids)
    if not all(_KEY.fullmatch(text) for text in texts):
        raise ConfigurationError(f"{where} holds characters that cannot be part of a key or an id")
    return ListedSeller(name, app_key, region, row.get("service_id", ""), shop_ids, row.get("open_id", ""))
