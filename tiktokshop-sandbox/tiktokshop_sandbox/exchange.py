"""A request and its answer, as the parts of the sandbox pass them to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class RawRequest:
    """A request as the server sees it: path, query and header names decoded, the body as it came.

    Of a name that came several times in the query, the first value counts; `repeated` has them all. `arrived` is when,
    in seconds of the monotonic clock; None stands for now.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    arrived: float | None = None
    repeated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class RawResponse:
    """What goes back. `code` is the envelope's, None where the body is not an envelope."""

    http: int
    code: int | None
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
