"""What an endpoint of the platform is, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

SOUTH_EAST_ASIA = frozenset({"ID", "MY", "PH", "SG", "TH", "VN"})
UNITED_STATES = frozenset({"US"})
SHIPPED_BY_SELLER = frozenset({"US", "GB", "ES", "IE", "IT", "DE", "FR", "JP"})
CROSS_BORDER = frozenset({"CROSS_BORDER"})

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PATH_VALUE = re.compile(r"[A-Za-z0-9_-]+")

QueryDefault = str | tuple[str, ...]


def same_region(region: str) -> str:
    """A shop's region code in one spelling: the platform writes both ``UK`` and ``GB``."""
    return {"UK": "GB"}.get(region.upper(), region.upper())


def is_id(text: str) -> bool:
    """Whether a text may stand in a path."""
    return _PATH_VALUE.fullmatch(text) is not None


@dataclass(frozen=True)
class Operation:
    """One endpoint of the platform.

    Attributes:
        name: Ours, in snake_case; it is what logs and errors call the endpoint.
        method: The HTTP method.
        path: The path with ``{parameters}``, without a trailing slash.
        scope: The scope that the app and the seller's grant must have; missing answers code 105005. "" where no
            source names it.
        cipher: Whether ``shop_cipher`` must be sent; where it must not, sending it is an error.
        rows: The key of the list in ``data`` if the answer is one; with dots where it lies deeper.
        paging: Where ``page_size`` and ``page_token`` go, None if the list comes whole. ``body.pagination`` is an
            object of that name in the body.
        page_size: The page we ask for: the largest the platform documents, or a modest one where it names none.
        query: Query parameters sent unless the caller sends others; the finance lists insist on ``sort_field``.
        needs: Query parameters that the platform insists on and only the caller can give.
        body_needs: The same in the body.
        markets: The only regions that have the endpoint; None if all do.
        seller_types: The only kinds of shops it is for (``LOCAL``, ``CROSS_BORDER``); None if all are.
        programme: The programme of the platform that a seller must take part in, "" for none. What the platform
            answers those who do not is in no source.
        not_in: Regions documented as not having it. Some shops there are served, so it is asked all the
            same, and a refusal is reported as "not available in this market".
        repeatable: Whether sending it twice does no harm, so that an attempt with an unclear end may be
            repeated.
        partial: The keys of ``data`` under which refused rows hide although the answer has code 0.
        fallback: An older path with the same answer, used when the platform does not know ``path``.
        newer: Query parameters that ``fallback`` does not have; they are left out there.
        newer_in_body: Properties of a body that it does not have. A call with one of them is not sent there: without
            it, it would ask for something else.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    scope: str
    cipher: bool = True
    rows: str | None = None
    paging: Literal["query", "body", "body.pagination"] | None = None
    page_size: int | None = None
    query: Mapping[str, QueryDefault] = field(default_factory=lambda: MappingProxyType({}))
    needs: tuple[str, ...] = ()
    body_needs: tuple[str, ...] = ()
    markets: frozenset[str] | None = None
    seller_types: frozenset[str] | None = None
    programme: str = ""
    not_in: frozenset[str] = frozenset()
    repeatable: bool = True
    partial: tuple[str, ...] = ()
    fallback: str | None = None
    newer: tuple[str, ...] = ()
    newer_in_body: frozenset[str] = frozenset()

    @property
    def family(self) -> str:
        """The API family, which shares one request budget: the first part of the path."""
        return self.path.split("/")[1]

    @property
    def writes(self) -> bool:
        """Whether it changes something. Searches are POSTs as well, but have rows."""
        return self.method != "GET" and self.rows is None

    def excluded_from(self, region: str) -> bool:
        """Whether only other regions have this endpoint, so that a call cannot succeed."""
        return self.markets is not None and same_region(region) not in self.markets

    def excluded_for(self, seller_type: str) -> bool:
        """Whether only another kind of shop has this endpoint. A shop of no known kind is asked about."""
        return self.seller_types is not None and bool(seller_type) and seller_type not in self.seller_types

    def undocumented_in(self, region: str) -> bool:
        """Whether the documentation says that this region does not have the endpoint."""
        return self.excluded_from(region) or same_region(region) in self.not_in

    def fill(self, template: str, values: Mapping[str, str]) -> str:
        """``template`` with its parameters replaced by ``values``, which are ids.

        Raises:
            ValueError: A parameter is missing, unknown, or could be read as another path.
        """
        wanted = set(_PLACEHOLDER.findall(template))
        if wanted != set(values):
            raise ValueError(f"{self.name} takes the path parameters {sorted(wanted)}, not {sorted(values)}")
        for key, value in values.items():
            if not is_id(value):
                raise ValueError(f"{self.name}: the path parameter {key} is not an id")
        return _PLACEHOLDER.sub(lambda match: values[match[1]], template)
