"""What the console says about a request besides its signature: mistakes that every caller makes once, by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tiktokshop_sandbox.exchange import RawRequest
    from tiktokshop_sandbox.gateway import Gateway

_SLASHES: Final = re.compile(r"/{2,}")


def slips(gateway: Gateway, request: RawRequest, code: int | None) -> Iterator[str]:
    """The slips of a request that was answered with `code`. No value that was sent is repeated, except in paths."""
    for name, values in request.repeated.items():
        yield f"{name} came {len(values)} times, of which the first counts: lists go comma-joined in one value."
    of_code = _OF_CODES.get(code)
    if of_code is not None:
        yield from of_code(gateway, request)


def _of_path(gateway: Gateway, request: RawRequest) -> Iterator[str]:
    tidy = _SLASHES.sub("/", request.path).rstrip("/")
    if tidy != request.path and gateway.router.find(tidy):
        yield f"The path is {tidy}, with one slash between its parts and none at the end."
    served = gateway.router.versions(tidy)
    if served and not gateway.router.find(tidy):
        yield f"This sandbox does not serve that version; it serves {', '.join(served)}."


def _of_method(gateway: Gateway, request: RawRequest) -> Iterator[str]:
    route = gateway.router.find(request.path)
    if route is not None:
        yield f"This path takes {' or '.join(sorted(route.endpoints))}, not {request.method}."


def _of_version(gateway: Gateway, request: RawRequest) -> Iterator[str]:
    others = [path for path in gateway.router.versions(request.path) if path != request.path]
    yield f"The platform has switched this version off; it has {', '.join(others) or 'no other'}."


def _of_parameter(gateway: Gateway, request: RawRequest) -> Iterator[str]:
    shop = gateway.shop_of(request.query.get("shop_cipher", ""))
    named = request.query.get("shop_id")
    if shop is not None and named and named != shop.id:
        yield "shop_id and shop_cipher stand for different shops: send the cipher alone, or the id of that shop."


_OF_CODES: Final[Mapping[int | None, Callable[[Gateway, RawRequest], Iterator[str]]]] = {
    REFUSALS["path"][0]: _of_path,
    REFUSALS["method"][0]: _of_method,
    REFUSALS["version"][0]: _of_version,
    REFUSALS["shop_id"][0]: _of_parameter,
}
