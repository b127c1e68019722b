"""Questions about each row of other lists: details, lists of a row, stock of many products at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import GONE, BugError, BusinessError
from tiktokshop_client.operations import is_id

from tap_tiktokshop.reading.base import Chunk, Following, Mark, Reading, one_by_one
from tap_tiktokshop.reading.completeness import Completeness
from tap_tiktokshop.reading.roster import Gap, Known
from tap_tiktokshop.reading.rows import Key, PageRows, as_raw
from tap_tiktokshop.reading.values import at
from tap_tiktokshop.times import unix

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tiktokshop_client import Operation, Page

    from tap_tiktokshop.reading.base import Row, Size, Slice, Source
    from tap_tiktokshop.reading.open_rows import OpenRows
    from tap_tiktokshop.reading.roster import Block

AT_ONCE = 48
"""So many groups are handed to the threads at a time."""
IDENTITY = ""
"""The value of `once` that stands for the identity itself."""
RENEWED = "renewed"
"""The name under which it is kept of a row that it is asked about once more because it has changed."""
UNTIL_MARK = 500
"""Kept rows behind which progress is noted: so much at most is asked again after a run was killed."""


def few_rows(left: int, number: int) -> int:  # noqa: ARG001 - as all sizes
    """Small windows, because each of their rows costs a call."""
    return UNTIL_MARK


@dataclass(frozen=True)
class Parents:
    """Another list and which of its rows are asked about.

    Attributes:
        reading: How that list is read.
        identity: The field that a question names, with dots into objects; or a function of the row that gives any
            number of identities.
        fields: Fields of the rows that are needed: for `identity`, `where`, and what children inherit.
        where: Whether a row is asked about; all are if None.
        once: The field of whose values each is asked about once in a run, None if rows may be asked about again.
        whole: Whether all rows there are are asked about, not only those since the bookmark.
        final: Rows that were not final when they were asked about are asked about again when they are; and final ones
            that the platform has changed since.
    """

    reading: Reading
    identity: str | Callable[[Row], Iterable[str]]
    fields: tuple[str, ...] = ()
    where: Callable[[Row], bool] | None = None
    once: str | None = None
    whole: bool = False
    final: OpenRows | None = None

    def needs(self) -> tuple[str, ...]:
        """The fields that must be kept of the list's rows."""
        named = (self.identity.split(".")[0],) if isinstance(self.identity, str) else ()
        time = (self.reading.time,) if self.reading.time else ()
        once = (self.once,) if self.once and self.once != IDENTITY else ()
        return tuple(dict.fromkeys((*named, *self.fields, *time, *once)))

    def needed(self, chunk: Chunk) -> list[Row]:
        """What of a chunk's rows is needed, so that they are small while they wait."""
        names = self.needs()
        if isinstance(chunk.rows, PageRows):
            rows = [dict(zip(names, values, strict=True)) for values in chunk.rows.pick(names)]
        else:
            rows = [{name: row.get(name) for name in names} for row in chunk.rows]
        added = {name: value for name, value in chunk.added.items() if name in names}
        time = self.reading.time
        if time and chunk.about and time in chunk.about:  # as those have it that they were asked for
            added[time] = chunk.about[time]
        return [{**row, **added} for row in rows] if added else rows

    def identities(self, row: Row) -> Iterator[str]:
        """The value by which a row is asked about."""
        found = [at(row, self.identity)] if isinstance(self.identity, str) else self.identity(row)
        yield from (str(identity) for identity in found if identity not in (None, ""))

    def chosen(self, row: Row, source: Source) -> Iterator[tuple[str, Row]]:
        """(identity, row) for what is to be asked about a row; nothing if it is not new or not of the right kind."""
        time = unix(row.get(self.reading.time)) if self.reading.time else None
        for identity in self.identities(row):
            new = self.whole or time is None or time >= source.since
            if not new and not self._is_due(identity, row, source):
                continue
            if self.where is not None and not self.where(row):
                continue
            kind = self.kind(identity, row)
            if kind is None or source.first_time(kind):
                yield identity, row if new else self._renewed(identity, row, source)
            elif self.once != IDENTITY:
                source.spare(kind, (identity, row))

    def _is_due(self, identity: str, row: Row, source: Source) -> bool:
        """Whether an older row that is final was waited for, or is another version than when it was asked about."""
        if self.final is None or self.final.is_open(row):
            return False
        changed = self.final.again > 0 and self.final.mark(row) != source.marks.get(identity)
        return changed or identity in source.known

    def _renewed(self, identity: str, row: Row, source: Source) -> Row:
        """An older row, marked if it has changed since it was asked about."""
        before = source.marks.get(identity)
        if self.final is None or before in {None, self.final.mark(row)}:
            return row
        return {**row, RENEWED: True}

    def kind(self, identity: str, row: Row) -> str | None:
        """The value that is asked about once in a run, None if the row may be asked about again."""
        if self.once is None:
            return None
        return identity if self.once == IDENTITY else str(row.get(self.once))


@dataclass(frozen=True)
class Children(Reading):
    """Asks about each row of other lists, progress on those rows' time.

    Attributes:
        parents: The lists, one after the other.
        operation: What is asked.
        key: What tells the rows of one answer apart; None if the answer is one object.
        path: The path parameter that takes the identity.
        ids: Or the parameter that takes many (`query.NAME`, `body.NAME`, with more dots where it lies deeper), at
            most `most`.
        query, body: What is sent besides.
        each: A query parameter and the setting that lists its values: it is asked once with each of them.
        name: Field of the record that takes the identity.
        inherit: Field of the record -> field of the parent it is taken from.
        newest_first: The time by which the rows come, newest first: pages end at rows from before this run.
        remember: Whether what was once asked about is asked about again, once a day.
        forgiving: Whether a refusal about one row is no failure of the stream.
        distinct: Whether a row that came for one parent is left out for the others.
    """

    parents: tuple[Parents, ...]
    operation: Operation
    key: Key | None
    path: str = ""
    ids: str = ""
    most: int = 1
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    each: tuple[str, str] | None = None
    name: str = ""
    inherit: Mapping[str, str] = field(default_factory=dict)
    key_fallbacks: tuple[str, ...] = ()
    newest_first: str = ""
    remember: bool = False
    forgiving: bool = False
    distinct: bool = False
    of_new_rows = True

    @property
    def earliest(self) -> int:  # type: ignore[override] # what the parents have
        """The parents' first moment."""
        return self.parents[-1].reading.earliest

    @property
    def time(self) -> str | None:  # type: ignore[override] # what the parents have
        """The parents' time."""
        return self.parents[-1].reading.time

    @property
    def lists(self) -> tuple[Reading, ...]:
        """The lists it asks about, and those that they ask about."""
        return tuple(reading for parents in self.parents for reading in (parents.reading, *parents.reading.lists))

    def wanted(self) -> Iterator[tuple[Reading, tuple[str, ...]]]:
        """What it needs of its parents, and they of theirs."""
        for parents in self.parents:
            yield parents.reading, parents.needs()
            yield from parents.reading.wanted()

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:  # noqa: ARG002 - small windows
        """One slice, which looks up what is known of the parents."""
        return [_Looking(self, parents, start, end, last=parents is self.parents[-1]) for parents in self.parents]

    def about(self, asked: Sequence[tuple[str, Row]]) -> Sequence[Slice]:
        """The slices that ask about these only, whatever their lists have: (identity, row of the other list)."""
        return [_Groups(self, asked)]


@dataclass(frozen=True)
class _Looking:
    """What is known of one list of parents, and what must be read of it first."""

    way: Children
    parents: Parents
    start: int
    end: int
    last: bool

    def fetch(self, source: Source) -> Iterator[Following]:
        way, parents = self.way, self.parents
        if way.remember and source.known and not source.read_today:
            known: list[tuple[str, Row]] = [
                (identity, {}) for identity in sorted(source.known) if is_id(identity) and source.first_time(identity)
            ]
            yield Following([_Groups(way, known)])
        reading = parents.reading
        start, end = (reading.earliest, source.now() + 1) if parents.whole else (self.start, self.end)
        slices: list[Slice] = []
        pieces = source.roster.spans(reading, start, end)
        if reading.in_one_go and any(isinstance(piece, Known) for piece in pieces):
            pieces = [Known(start, end)]
        for piece in pieces:
            if isinstance(piece, Gap):
                missing = reading.for_others.slices(piece.start, piece.end, few_rows)
                slices += [_Reading(self, part) for part in missing]
            else:
                slices += self._known(source, piece.start, piece.end, open_end=piece.end >= end)
        yield Following([*slices, *([Mark(Chunk(done=self.end))] if self.last else [])])

    def _known(self, source: Source, start: int, end: int, *, open_end: bool) -> list[Slice]:
        """The kept rows of a span, the oldest first, with marks in between."""
        reading = self.parents.reading
        blocks = source.roster.blocks(reading, reading.time, start, None if open_end else end, UNTIL_MARK)
        slices: list[Slice] = []
        for number, block in enumerate(blocks, 1):
            slices += [_AskingKept(self, block)]
            after = blocks[number].first if number < len(blocks) else end
            slices += self.marks(min(after, end))
        return slices or self.marks(end)

    def marks(self, done: int) -> list[Slice]:
        """A mark that the parents are done until then: where that says how far the stream itself is.

        Of rows that come newest first it does not: what one parent has from before the mark is found only when that
        parent is asked about, which may be later.
        """
        says = self.last and not self.parents.whole and self.parents.reading.time and not self.way.newest_first
        return [Mark(Chunk(done=done))] if says else []


@dataclass(frozen=True)
class _Reading:
    """A slice of parents: gives their children, then its own mark of how far it is complete."""

    looking: _Looking
    slice: Slice

    def fetch(self, source: Source) -> Iterator[Following]:
        for item in self.slice.fetch(source):
            if isinstance(item, Following):
                yield Following([_Reading(self.looking, following) for following in item.slices])
                continue
            if item.rows:
                yield Following([_Asking(self.looking, self.looking.parents.needed(item))])
            if item.done is not None:
                yield Following(self.looking.marks(item.done))


@dataclass(frozen=True)
class _AskingKept:
    """As `_Asking`, about rows that are kept packed until it is their turn."""

    looking: _Looking
    block: Block

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        return _Asking(self.looking, self.block.rows()).fetch(source)


@dataclass(frozen=True)
class _Asking:
    """Chooses which parents to ask about."""

    looking: _Looking
    rows: Sequence[Row]

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        parents = self.looking.parents
        chosen = [pair for row in self.rows for pair in parents.chosen(row, source)]
        if parents.final:  # those that are still waited for are not forgotten
            waiting = [row for row in self.rows if parents.final.is_open(row)]
            yield from (Chunk(about=row, identity=name) for row in waiting for name in parents.identities(row))
        yield Following([_Groups(self.looking.way, chosen)])


@dataclass(frozen=True)
class _Groups:
    """Parents to ask about, handed on a few at a time."""

    way: Children
    chosen: Sequence[tuple[str, Row]]

    def fetch(self, source: Source) -> Iterator[Following]:
        way, here = self.way, AT_ONCE * self.way.most
        values = source.lists[way.each[1]] if way.each else ()
        questions: Collection[Mapping[str, Any]] = [{way.each[0]: value} for value in values] if way.each else [{}]
        pairs = iter(self.chosen[:here])
        slices: list[Slice] = []
        while group := list(islice(pairs, way.most)):
            slices += [_Question(way, group, more) for more in questions]
        if len(self.chosen) > here:
            slices.append(_Groups(way, self.chosen[here:]))
        yield Following(slices)


@dataclass(frozen=True)
class _Question:
    """One call (or the pages of one list) about one parent, or about as many as a call takes."""

    way: Children
    group: Sequence[tuple[str, Row]]
    more: Mapping[str, Any]

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        way = self.way
        identities = [identity for identity, _ in self.group]
        parent = self.group[0][1] if way.most == 1 else {}
        added = {**self.more, **{name: parent.get(origin) for name, origin in way.inherit.items()}}
        if way.name:
            added[way.name] = identities[0]
        kept = source.roster.fields(way)
        try:
            for page in self._rows(source, identities):
                rows = page
                if way.distinct:
                    rows = [row for row in page if source.first_time(f"row {row.get(str(way.key))}")]
                if kept:
                    own = {**added, way.time: self._time(source, parent)} if way.time else added
                    source.roster.keep(way, [[own.get(name, row.get(name)) for name in kept] for row in rows])
                yield Chunk(rows, added, about=parent, identity=identities[0])
        except (BusinessError, BugError) as error:
            if error.code not in GONE and not way.forgiving:
                raise
            if len(identities) > 1:  # which of them it is about is not said
                half = len(identities) // 2
                yield Following([_Question(way, part, self.more) for part in (self.group[:half], self.group[half:])])
            else:
                source.checks.add(gone=1)
                source.refuse(identities[0], error)
                other = self._other(source)
                if other is not None:
                    yield Following([_Question(way, [other], self.more)])

    def _time(self, source: Source, parent: Row) -> Any:
        """The time of its rows for those who ask about them in turn: now, if what they belong to has changed."""
        return source.now() if parent.get(RENEWED) else parent.get(str(self.way.time))

    def _other(self, source: Source) -> tuple[str, Row] | None:
        """Another one to be asked who is of the same kind, as a refusal must not use that up."""
        identity, row = self.group[0]
        for parents in self.way.parents:
            if parents.once and parents.once in row:
                return source.refused(parents.kind(identity, row) or "")
        return None

    def _rows(self, source: Source, identities: Sequence[str]) -> Iterator[Collection[Row]]:
        way = self.way
        path = {way.path: identities[0]} if way.path else {}
        inquiry, content = {**way.query, **self.more}, dict(way.body)
        if way.ids:
            where, *outer, name = way.ids.split(".")
            place = inquiry if where == "query" else content
            for each in outer:
                place[each] = place = dict(place.get(each) or {})
            place[name] = list(identities)
        if way.key is None:
            yield as_raw([source.call(way.operation, path=path, query=inquiry).data])  # no objects while it waits
            return

        def pages() -> Iterator[Page]:
            for page in source.pages(way.operation, path=path, query=inquiry, body=content or None):
                yield page
                if way.newest_first and _ends(page.rows, way.newest_first, source.since):
                    return

        what = f"of {way.path} {identities[0]}" if way.path else f"of {len(identities)} at once"
        check = Completeness((way.key, *way.key_fallbacks), None, what, source.checks)
        for rows in check.passes(pages, None):
            yield [row for row in rows if _is_new(row, way.newest_first, source.since)] if way.newest_first else rows


def _ends(rows: Sequence[Row], time: str, since: int) -> bool:
    """Whether the last row of a page is from before."""
    return bool(rows) and not _is_new(rows[-1], time, since)


def _is_new(row: Row, time: str, since: int) -> bool:
    moment = unix(row.get(time))
    return moment is None or moment >= since
