"""Complete lists: as many distinct rows as the platform counts, or an error."""

from __future__ import annotations

import json
import logging
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from tiktokshop_client.errors import (
    TOO_MANY_HITS,
    BusinessError,
    PageTokenInvalid,
    PagingError,
    TransientError,
)

from tap_tiktokshop.reading.rows import PageRows, moments, outline_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from tiktokshop_client import Page, TikTokShopError

    from tap_tiktokshop.reading.checks import Checks
    from tap_tiktokshop.reading.rows import Key

    Row = dict[str, Any]

logger = logging.getLogger(__name__)
T = TypeVar("T")

PASSES = 2
"""A short window is read once more before it is an error; one that rows have left is read again to be sure."""
RESTARTS: Mapping[type[Exception], int] = {PageTokenInvalid: 5, PagingError: 1}
"""How often a window starts over because the platform forgot its page token, or its pages went in a circle."""
TOO_WIDE = frozenset({TOO_MANY_HITS, 36009007, 12019118, 12019119})
"""Refusals that a shorter window may not meet: too many hits, no answer in time, a range that is not accepted."""


class IncompleteWindowError(Exception):
    """A window gave fewer rows than the platform counts in it, twice. Its bookmark must not move."""


class TooDenseError(Exception):
    """A window holds more rows than are read in one go: as many as counted, or more than the platform will count."""

    def __init__(self, rows: int | None = None, first: int | None = None) -> None:
        """`rows`: as many as counted; `first`: the earliest time seen among them."""
        super().__init__()
        self.rows = rows
        self.first = first
        self.given: Completeness | None = None
        """What has already been passed on of the window, if it turned out late that it is too dense."""


FEW = 3
"""Rows that are named one by one."""


class Completeness:
    """Reads a paged list until as many distinct rows came as the platform counts, at most `PASSES` times.

    It is read again, too, when rows have left it in the middle: nobody says whether those behind them then move up,
    past the place where the next page begins. Unless its pages are `steady`, and so know of that themselves.

    Rows that only several fields together tell apart may be alike in all of them, so those need not be distinct.

    Rows that nothing identifies count as having come, and are left out: no loader could tell them from others.
    """

    def __init__(
        self,
        keys: tuple[Key, ...],
        version: str | None,
        what: str,
        checks: Checks | None = None,
        *,
        steady: bool = False,
        given: Completeness | None = None,
    ) -> None:
        """`keys`: what identifies a row, then what stands in for it; `version`: the time it last changed.

        `given` has read the same window with other filters: its rows count, but are not passed on again.
        """
        self._steady = steady
        self._key = keys[0]
        self._names = tuple(name for key in keys for name in ((key,) if isinstance(key, str) else key))
        self._version = version
        self.outline = self._names if version is None else (*self._names, version)
        """The fields that it looks at in each row."""
        self._what = what
        self._whose = f"{what} of {checks.whose}" if checks is not None and checks.whose else what
        self._checks = checks
        self._seen: dict[str, Any] = {}
        self._given: Mapping[str, Any] = {} if given is None else given.passed_on
        self._unidentified: list[str] = []
        self._lock = Lock()

    @property
    def passed_on(self) -> Mapping[str, Any]:
        """The rows that have been passed on for the window: identity -> version."""
        return {**self._given, **self._seen}

    def passes(self, pages: Callable[[], Iterator[Page]], too_many: Callable[[int], bool] | None) -> Iterator[PageRows]:
        """New rows page by page. Raises when rows are missing after the last pass, or `too_many` to read in one go."""
        splittable = too_many is not None
        walks = 0
        restarts = dict.fromkeys(RESTARTS, 0)
        while True:
            try:
                first, expected, came = yield from self._one_pass(pages(), too_many)
            except (PageTokenInvalid, PagingError) as error:
                restarts[type(error)] += 1
                if restarts[type(error)] > RESTARTS[type(error)]:
                    raise
                continue
            except (BusinessError, TransientError) as error:
                raise self._dense(error, splittable=splittable) from None
            distinct = len(self._seen) + len(self._unidentified) if isinstance(self._key, str) else came
            walks += 1
            whole, calm = expected is None or distinct >= expected, self._steady or expected == first
            if whole and (calm or walks >= PASSES):
                self._note(counted=expected or 0, matched=expected or 0)
                self._tell_of_unidentified()
                return
            if walks >= PASSES:
                self._note(counted=expected or 0, matched=distinct)
                raise IncompleteWindowError(
                    f"The platform counts {expected} rows {self._what} but gave {distinct}, twice. "
                    "Run again later; if it persists, report it to the platform."
                )
            self._note(read_twice=1)
            if whole:  # those behind a row that leaves may move up to a page that has been read already
                logger.info(
                    "Reading again: %s left while rows %s were read.", (first or 0) - (expected or 0), self._whose
                )
            else:
                logger.warning("Reading again: %s of %s rows %s came.", distinct, expected, self._whose)

    def _tell_of_unidentified(self) -> None:
        """Counts and logs the rows that nothing identifies."""
        places = self._unidentified
        if places:
            self._note(unidentified=len(places))
            named = ", ".join(places[:FEW]) + (", …" if len(places) > FEW else "")
            logger.warning(
                "Left out %s of the rows %s, which came without %s: %s.",
                len(places),
                self._whose,
                " or ".join(self._names),
                named,
            )

    def _note(self, **sums: int) -> None:
        if self._checks is not None:
            self._checks.add(**sums)

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
    ) -> Generator[PageRows, None, tuple[int | None, int | None, int]]:
        """One walk; returns the first count and the smallest (rows may leave while it is read), and how many came."""
        first: int | None = None
        expected: int | None = None
        came = 0
        self._unidentified = []
        for page in pages:
            outline = self._outline(page)
            came += len(outline)
            if page.total_count is not None:
                if too_many and page.number == 1 and too_many(page.total_count):
                    times = [moment for *_, moment in outline if isinstance(moment, int)]
                    raise TooDenseError(page.total_count, min(times, default=None))
                first = page.total_count if first is None else first
                expected = page.total_count if expected is None else min(expected, page.total_count)
            rows = self._sift(page, outline)
            del outline  # it may be large, and the page knows it as long as it has room
            self._unidentified += (f"row {index + 1} of request_id {page.request_id}" for index in rows.unidentified)
            yield rows
        return first, expected, came

    def _sift(self, page: Page, outline: Sequence[tuple[Any, ...]]) -> PageRows:
        """The rows of a page that are new."""
        chosen: dict[int, str] = {}
        unidentified: list[int] = []
        with self._lock:
            for index, (*names, version) in enumerate(outline):
                identity = self._identify(names)
                if identity is None:
                    unidentified.append(index)
                elif self._is_new(identity, version):
                    chosen[index] = identity
        return PageRows(page.rows, self._key, chosen, unidentified)

    def moments(self, page: Page, until: int) -> list[int]:
        """The times of a page's rows, without those from `until` on: they have changed since they were asked for."""
        return moments(self._outline(page), until)

    def _outline(self, page: Page) -> list[tuple[Any, ...]]:
        """Of each row what may identify it, and its version last, without decoding the rest where that can wait."""
        outline = outline_of(page.rows, self.outline)
        return outline if self._version is not None else [(*names, None) for names in outline]

    def _is_new(self, identity: str, version: Any) -> bool:
        """False for a row that came before in this window and has not changed since."""
        if identity in self._seen and self._seen[identity] == version:
            return False
        self._seen[identity] = version
        return identity not in self._given or self._given[identity] != version

    def _identify(self, names: list[Any]) -> str | None:
        """The row's identity: all that its key is made of, or the first of its names that it carries; None if none."""
        if not isinstance(self._key, str):
            return json.dumps(names, default=str) if any(name is not None for name in names) else None
        for name in names:
            if name or name == 0:
                return str(name)
        return None
