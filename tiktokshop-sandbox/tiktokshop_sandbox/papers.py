"""Printed documents behind addresses that live for a day: whoever has such an address needs no token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from tiktokshop_sandbox.documents.papers import TITLES, printed
from tiktokshop_sandbox.exchange import RawResponse
from tiktokshop_sandbox.paper import SIZES

if TYPE_CHECKING:
    from tiktokshop_sandbox.exchange import RawRequest
    from tiktokshop_sandbox.shops import Shop, World

PREFIX: Final = "/papers/"
LIFE: Final = 86_400
_KEY: Final = "papers.key"
_PDF, _PLAIN = "application/pdf", "text/plain; charset=utf-8"


def address(world: World, shop: Shop, package_id: str, kind: str, size: str) -> str:
    """The path of a document, which it can be fetched under until a day from the world's time."""
    path = f"{PREFIX}{shop.number}/{package_id}/{kind}/{size}.pdf"
    expires = world.now + LIFE
    return f"{path}?{urlencode({'expires': expires, 'sign': _sign(world, path, expires)})}"


def answer(world: World, now: int, request: RawRequest) -> RawResponse:
    """The document, or 403 for an address that is too old or was not given out, 404 for a parcel that is gone."""
    expires = request.query.get("expires", "")
    good = expires.isdecimal() and hmac.compare_digest(
        _sign(world, request.path, int(expires)).encode(), request.query.get("sign", "").encode()
    )
    if not good or int(expires) <= now:
        return RawResponse(403, None, b"This address is not valid any more.\n", content_type=_PLAIN)
    number, package_id, kind, name = request.path.removeprefix(PREFIX).split("/")
    size = name.removesuffix(".pdf")
    shop = world.shops[int(number)]
    row = world.db.execute("SELECT key FROM packages WHERE id = ? AND shop = ?", (package_id, shop.number)).fetchone()
    if row is None or kind not in TITLES or size not in SIZES:
        return RawResponse(404, None, b"There is no such document.\n", content_type=_PLAIN)
    place, index = divmod(row[0] & 0xFFFFFFFF, 64)
    with world.reading() as store:
        order = store.orders[shop.key(place)]
        return RawResponse(
            200, None, printed(shop, store.parts(order, order.packages[index]), kind, size), content_type=_PDF
        )


def _sign(world: World, path: str, expires: int) -> str:
    key = world.meta(_KEY)
    if key is None:
        key = secrets.token_hex(16)
        world.set_meta(_KEY, key)
    return hmac.new(key.encode(), f"{path}?{expires}".encode(), hashlib.sha256).hexdigest()
