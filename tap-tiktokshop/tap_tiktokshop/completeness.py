"""Lists that are read whole: distinct rows, as many as the platform counts, or an error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tiktokshop_client import RawRows
from tiktokshop_client.errors import (
    TOO_MANY_HITS,
    BusinessError,
    PageTokenInvalid,
    PagingError,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from tiktokshop_client import Page, TikTokShopError

    Row = dict[str, Any]

logger = logging.getLogger(__name__)

PASSES = 2
"""A window that comes out short is read once more before it is an error."""
RESTARTS: Mapping[type[Exception], int] = {PageTokenInvalid: 5, PagingError: 1}
"""How often a window starts over because the platform forgot its page token, or its pages went in a circle."""
TOO_WIDE = frozenset({TOO_MANY_HITS, 36009007, 12019118, 12019119})
"""Refusals that a shorter window may not meet: too many hits, no answer in time, a range that is not accepted."""


class IncompleteWindowError(Exception):
    """A window gave fewer rows than the platform counts in it, twice. Its bookmark must not move."""


class MissingKeyError(Exception):
    """A row came without the field that identifies it."""


class TooDenseError(Exception):
    """A window holds more rows than are read in one go: as many as counted, or more than the platform will count."""

    def __init__(self, rows: int | None = None, first: int | None = None) -> None:
        """`rows`: as many as counted; `first`: the earliest time seen among them."""
        super().__init__()
        self.rows = rows
        self.first = first


class PageRows:
    """Rows chosen from a page, each under its identity. They stay undecoded until somebody walks them."""

    def __init__(self, rows: Sequence[Row], key: str, chosen: Mapping[int, str]) -> None:
        """`chosen`: index in the page -> identity."""
        self._rows = rows
        self._key = key
        self._chosen = chosen
        self.weight: int = getattr(rows, "weight", 0)

    def __len__(self) -> int:
        return len(self._chosen)

    def __contains__(self, row: object) -> bool:
        return row in list(self)

    def __iter__(self) -> Iterator[Row]:
        rows = list(iter(self._rows))  # the list itself would ask for its length first, which means decoding twice
        for index, identity in self._chosen.items():
            rows[index][self._key] = identity
            yield rows[index]


class Completeness:
    """Reads a paged list until as many distinct rows came as the platform counts, at most `PASSES` times."""

    def __init__(self, keys: tuple[str, ...], version: str | None, what: str) -> None:
        """`keys`: the field that identifies a row, then what stands in for it; `version`: the time it last changed."""
        self._keys = keys
        self._version = version
        self._what = what
        self._seen: dict[str, Any] = {}

    def passes(self, pages: Callable[[], Iterator[Page]], too_many: Callable[[int], bool] | None) -> Iterator[PageRows]:
        """New rows page by page. Raises when rows are missing after the last pass, or `too_many` to read in one go."""
        splittable = too_many is not None
        short = 0
        restarts = dict.fromkeys(RESTARTS, 0)
        while True:
            try:
                expected = yield from self._one_pass(pages(), too_many)
            except (PageTokenInvalid, PagingError) as error:
                restarts[type(error)] += 1
                if restarts[type(error)] > RESTARTS[type(error)]:
                    raise
                continue
            except (BusinessError, TransientError) as error:
                raise self._dense(error, splittable=splittable) from None
            if expected is None or len(self._seen) >= expected:
                return
            short += 1
            if short >= PASSES:
                raise IncompleteWindowError(
                    f"The platform counts {expected} rows {self._what} but gave {len(self._seen)}, twice. "
                    "Run again later; if it stays so, report it to the platform."
                )
            logger.warning("Reading again: %s of %s rows %s came.", len(self._seen), expected, self._what)

    def _dense(self, error: TikTokShopError, *, splittable: bool) -> Exception:
        """What a refusal means: a window to split, a second that cannot be split, or just the refusal."""
        if splittable and error.code in TOO_WIDE:
            return TooDenseError()
        if error.code == TOO_MANY_HITS:
            return IncompleteWindowError(
                f"The single second {self._what} holds more rows than the platform will page through."
            )
        return error

    def _one_pass(
        self, pages: Iterator[Page], too_many: Callable[[int], bool] | None
    ) -> Generator[PageRows, None, int | None]:
        """One walk; returns the smallest count any page gave: rows may leave a window while it is read."""
        expected: int | None = None
        for page in pages:
            outline = self._outline(page)
            if page.total_count is not None:
                if too_many and page.number == 1 and too_many(page.total_count):
                    times = [moment for *_, moment in outline if isinstance(moment, int)]
                    raise TooDenseError(page.total_count, min(times, default=None))
                expected = page.total_count if expected is None else min(expected, page.total_count)
            chosen: dict[int, str] = {}
            for index, (*names, version) in enumerate(outline):
                identity = self._identify(names)
                if self._is_new(identity, version):
                    chosen[index] = identity
            yield PageRows(page.rows, self._keys[0], chosen)
        return expected

    def _outline(self, page: Page) -> list[tuple[Any, ...]]:
        """Of each row what may identify it, and its version last, without decoding the rest where that can wait."""
        fields = (*self._keys, self._version or self._keys[0])
        if isinstance(page.rows, RawRows):
            return page.rows.outline(fields)
        return [tuple(row.get(name) for name in fields) for row in page.rows]

    def _is_new(self, identity: str, version: Any) -> bool:
        """False for a row that came before in this window and has not changed since."""
        version = version if self._version else None
        if identity in self._seen and self._seen[identity] == version:
            return False
        self._seen[identity] = version
        return True

    def _identify(self, names: list[Any]) -> str:
        """The row's identity: the first of its names that it carries."""
        for name in names:
            if name not in (None, ""):
                return str(name)
        raise MissingKeyError(f"A row {self._what} came without its {self._keys[0]}, so it cannot be told from others.")
