"""What of a list that is read whole has changed since the run before: by a digest in its state, not by its rows."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import msgspec

from tap_tiktokshop.reading.rows import PageRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_tiktokshop.reading import Chunk

DIGEST: Final = "digest"
"""The name of the digest in a state."""
BUCKETS: Final = 256
"""So many parts of a list are compared, a power of two; a list of fewer rows has fewer. All of a part comes again when
one of its rows has changed."""
WIDTH: Final = 5
"""Bytes that stand for a part: that two contents have the same happens once in 10^12 comparisons."""
MOST_BYTES: Final = 64 << 20
"""A list with more JSON than this is not compared: its rows wait in memory, packed, until all of them have come."""

_added = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class Comparison:
    """Holds the rows of a list until all have come, and says which of them may have changed.

    The digest has a sum for each bucket, of a hash of each of its rows as they came, so the order of the rows does not
    matter. It says nothing unless the records were made with the same `setup`. It leaves the state before any row of
    the list leaves, and is there again when the list was passed on to its end: so rows that nobody may have got are
    never taken for known, also not where they have changed back.

    Attributes:
        holds: Whether the rows wait for the end of the list; else they are only counted.
        due: Until when the list is done, to be said when what is held has been passed on; None if it is not to be.
        unchanged: Rows that were not passed on.
    """

    def __init__(self, state: dict[str, Any], setup: str, most: int = MOST_BYTES) -> None:
        """`state` is changed in place. Of more than `most` bytes nothing is held."""
        self._state, self._setup, self._most = state, setup, most
        self._before = _sums(state.get(DIGEST), setup)
        self.holds = bool(self._before)
        self.due: int | None = None
        self.unchanged = 0
        self._disturbed = False
        self._now = [0] * BUCKETS
        self._rows = self._bytes = 0
        self._held: list[tuple[Chunk, bytes]] = []

    def take(self, chunk: Chunk) -> Sequence[Chunk]:
        """The chunks that are to be passed on now that this one has come."""
        chunk = chunk.held(packed=False)
        buckets = bytes(self._count(chunk))
        if not self.holds:
            return (chunk,)
        if buckets:
            self._held.append((chunk.held(packed=True), buckets))
        return () if self._bytes <= self._most else self.rest()

    def _count(self, chunk: Chunk) -> Iterator[int]:
        """The bucket of each row, which is counted in it."""
        around = _added(dict(chunk.added))
        for name, row in _named(chunk.rows):
            text = memoryview(row)
            found = blake2b(name, digest_size=WIDTH)
            found.update(around)
            found.update(text)
            number = int.from_bytes(found.digest(), "big")
            identity = name or chunk.identity.encode()
            bucket = (crc32(identity) if identity else number) % BUCKETS
            self._now[bucket] = (self._now[bucket] + number) % (1 << 8 * WIDTH)
            self._rows += 1
            self._bytes += len(text)
            yield bucket

    def rest(self) -> Sequence[Chunk]:
        """Everything that is held, as the list has not come to its end, or is too large."""
        held, self._held, self.holds = self._held, [], False
        return [chunk for chunk, _ in held]

    def changed(self) -> Iterator[Chunk]:
        """What has changed of what is held, when the list has come to its end."""
        size = len(self._before)
        now = self._folded(size) if size else []
        same = [size > 0 and now[bucket % size] == self._before[bucket % size] for bucket in range(BUCKETS)]
        for chunk, buckets in self._held:
            places = [place for place, bucket in enumerate(buckets) if not same[bucket]]
            self.unchanged += len(buckets) - len(places)
            if places:
                yield replace(chunk, rows=_only(chunk.rows, places))
        self._held, self.holds = [], False

    def disturb(self) -> None:
        """Compares with nothing any more, and keeps no digest: a row of the list has left from elsewhere meanwhile."""
        self._before, self._disturbed = [], True

    def forget(self) -> bool:
        """Takes the digest out of the state, as rows are to leave; whether there was one."""
        return self._state.pop(DIGEST, None) is not None

    def keep(self) -> bool:
        """Puts the digest of the list that has been passed on to its end into the state; whether that is news."""
        size = min(BUCKETS, 2 << max(0, self._rows - 1).bit_length())
        packed = b"".join(each.to_bytes(WIDTH, "big") for each in self._folded(size))
        digest = f"{self._setup}:{b64encode(packed).decode()}"
        if self._disturbed or self._bytes > self._most or self._state.get(DIGEST) == digest:
            return False
        self._state[DIGEST] = digest
        return True

    def _folded(self, size: int) -> list[int]:
        """The sums of fewer buckets."""
        return [sum(self._now[bucket::size]) % (1 << 8 * WIDTH) for bucket in range(size)]


def without_digests(state: dict[str, Any]) -> bool:
    """Takes all digests out of a Singer state, as a run comes that does not compare; whether there were any."""
    found = False
    for stream in (state.get("bookmarks") or {}).values():
        for part in (stream, *(stream.get("partitions") or ())):
            found |= part.pop(DIGEST, None) is not None
    return found


def _sums(digest: Any, setup: str) -> list[int]:
    """The sums in a state, none if they say nothing about records of this setup."""
    named, _, packed = digest.partition(":") if isinstance(digest, str) else ("", "", "")
    try:
        found = b64decode(packed, validate=True) if named == setup else b""
    except ValueError:
        return []
    size = len(found) // WIDTH
    if len(found) % WIDTH or not 0 < size <= BUCKETS or size & (size - 1):
        return []
    return [int.from_bytes(found[place : place + WIDTH], "big") for place in range(0, len(found), WIDTH)]


def _named(rows: Any) -> Iterator[tuple[bytes, msgspec.Raw]]:
    """Each row as it came, with its identity where it has one."""
    if isinstance(rows, PageRows):
        for (row, _), identity in zip(rows.undecoded(), rows.chosen.values(), strict=True):
            yield identity.encode(), row
    elif rows:
        yield from ((b"", row) for row in rows.undecoded())


def _only(rows: Any, places: Sequence[int]) -> Any:
    return rows.only(places) if isinstance(rows, PageRows) else [rows[place] for place in places]
