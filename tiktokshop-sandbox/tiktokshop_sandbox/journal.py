"""What the sandbox was asked: counts by operation, code and fault, and the last requests themselves."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.console.signing import Rejection

_SECRETS: Final = frozenset({"sign", "access_token", "app_secret", "auth_code", "refresh_token"})
_KEPT: Final = 10_000
_BODY: Final = 32_768
_REJECTIONS: Final = 200


@dataclass(frozen=True)
class JournalEntry:
    """One request as the journal keeps it: no header, no secret, at most 32 kB of the body. `time` is when it came.

    Of a name that came several times in the query, all values are there. `slips` name mistakes of the caller.
    """

    time: float
    method: str
    path: str
    operation: str | None
    shop_id: str | None
    query: Mapping[str, str | tuple[str, ...]]
    body: str
    http: int
    code: int | None
    fault: str | None
    bytes: int
    slips: tuple[str, ...] = ()
    number: int = 0


@dataclass
class Journal:
    """Counts since the start (or the last `clear`), and the last 10,000 requests."""

    operations: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    entries: deque[JournalEntry] = field(default_factory=lambda: deque(maxlen=_KEPT))
    rejections: dict[int, Rejection] = field(default_factory=dict)
    noted: int = 0

    def note(self, entry: JournalEntry, rejection: Rejection | None = None) -> None:
        """Count a request that was answered. HTTP status 0 stands for a reset connection."""
        self.noted += 1
        entry = replace(entry, number=self.noted)
        if rejection is not None:
            self.rejections[self.noted] = rejection
            if len(self.rejections) > _REJECTIONS:
                del self.rejections[min(self.rejections)]
        self.operations[entry.operation or "unknown"] += 1
        self.codes[str(entry.code)] += 1
        self.statuses[str(entry.http)] += 1
        self.entries.append(entry)

    def clear(self) -> None:
        """Forget everything."""
        for counted in (self.operations, self.codes, self.statuses):
            counted.clear()
        self.entries.clear()
        self.rejections.clear()

    def summary(self) -> dict[str, Any]:
        """The counts, and the few that tests ask for by name."""
        return {
            "requests": self.operations.total(),
            "operations": dict(self.operations),
            "codes": dict(self.codes),
            "http": dict(self.statuses),
            "rate_limited": self.codes["36009002"],
            "exchanges": self.operations["GET /api/v2/token/get"],
            "refreshes": self.operations["GET /api/v2/token/refresh"],
        }


def without_secrets(query: Mapping[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
    """A query as it may be kept and shown."""
    return {name: value for name, value in query.items() if name not in _SECRETS}


def excerpt(body: bytes) -> str:
    """The beginning of a body, as text."""
    return body[:_BODY].decode("utf-8", "replace")
