"""The platform's operations, one module for each API family, and the router that finds one by method and path."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_sandbox.contract import Endpoint

_ANY: Final = "*"
_VERSION: Final = 2


@dataclass(frozen=True)
class Route:
    """What a path leads to: its operations by method, and the path parameters."""

    endpoints: Mapping[str, Endpoint]
    path: Mapping[str, str]


class Router:
    """Finds the endpoint of a request.

    Paths without parameters are one look-up; the others are grouped by where their parameters stand,
    so that a look-up per group decides.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._fixed: dict[str, dict[str, Endpoint]] = {}
        self._groups: dict[int, dict[tuple[int, ...], dict[tuple[str, ...], dict[str, Endpoint]]]] = {}
        self._templates: set[str] = set()
        for endpoint in endpoints:
            self._templates.add(endpoint.path)
            by_method = self._place(endpoint.path)
            if endpoint.method in by_method:
                raise ValueError(f"two endpoints for {endpoint.method} {endpoint.path}")
            by_method[endpoint.method] = endpoint

    def find(self, path: str) -> Route | None:
        """The route of a path as sent (no query), or None when the platform has no such path."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return Route(fixed, {})
        parts = path.split("/")
        for holes, templates in self._groups.get(len(parts), {}).items():
            by_method = templates.get(_key(parts, holes))
            if by_method is not None and all(parts[hole] for hole in holes):
                template = next(iter(by_method.values())).path.split("/")
                return Route(by_method, {template[hole].strip("{}"): parts[hole] for hole in holes})
        return None

    def versions(self, path: str) -> list[str]:
        """The templates that differ from a path in nothing but the version, its second part; the oldest first."""
        parts = path.split("/")
        return sorted(template for template in self._templates if _differs_in_version(template.split("/"), parts))

    def _place(self, path: str) -> dict[str, Endpoint]:
        parts = path.split("/")
        holes = tuple(index for index, part in enumerate(parts) if part.startswith("{"))
        if not holes:
            return self._fixed.setdefault(path, {})
        group = self._groups.setdefault(len(parts), {}).setdefault(holes, {})
        return group.setdefault(_key(parts, holes), {})


def _differs_in_version(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        part == wanted or index == _VERSION or wanted.startswith("{")
        for index, (part, wanted) in enumerate(zip(parts, template, strict=True))
    )


def _key(parts: list[str], holes: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(_ANY if index in holes else part for index, part in enumerate(parts))


def all_endpoints() -> tuple[Endpoint, ...]:
    """Every operation the sandbox plays: the `ENDPOINTS` of each module in this package.

    A module whose name starts with an underscore holds what several families share, and no endpoints.
    """
    found: list[Endpoint] = []
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            found.extend(importlib.import_module(f"{__name__}.{module.name}").ENDPOINTS)
    return tuple(found)
