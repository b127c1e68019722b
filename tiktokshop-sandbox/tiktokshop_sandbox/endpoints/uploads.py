"""Pictures: one upload a call, checked, kept by the name that listings use."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import imagesize
import msgspec

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.products import image_url
from tiktokshop_sandbox.draws import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.shops import World

MOST_BYTES: Final = 10 * 1024 * 1024
SIDES: Final = (100, 20_000)
MAIN_SIDES: Final = (300, 4_000)
CHART_SIDE: Final = 1_024
CONVERTED: Final = frozenset({"MAIN_IMAGE", "ATTRIBUTE_IMAGE"})
USE_CASES: Final = (
    "MAIN_IMAGE",
    "ATTRIBUTE_IMAGE",
    "DESCRIPTION_IMAGE",
    "CERTIFICATION_IMAGE",
    "SIZE_CHART_IMAGE",
    "CUSTOMIZATION_IMAGE",
)
# What a file of each format that is taken begins with, and where.
_FORMATS: Final = (
    (0, (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")),
    (8, (b"WEBP",)),
    (4, (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheim")),
)
_FOR_BUYERS: Final = ((0, (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8")), (8, (b"WEBP",)))
_NOT_FOR_BUYERS: Final = (45101008, "The picture could not be uploaded.")
_KEPT: Final = "upload."
_KEPT_FOR_BUYERS: Final = "picture-for-buyers."


def upload_image(call: ApiCall) -> Mapping[str, Any]:
    """Keeps a picture; main and variation pictures outside 3:4 to 4:3 are made square, as the answer's size tells.

    Raises:
        ApiError: 12038002 without a file, 12038015 for a format, 12038005 for bytes, 12038014 for pixels.
    """
    content = call.files.get("data", b"")
    use_case = call.body.get("use_case", "MAIN_IMAGE")
    if not content:
        raise ApiError(12038002, "The uploaded file is invalid.", 400)
    if not any(content[place:].startswith(starts) for place, starts in _FORMATS):
        raise ApiError(12038015, "The image format is not supported.", 400)
    if len(content) > MOST_BYTES:
        raise ApiError(12038005, "The image file is too large.", 400)
    width, height = _pixels(content)
    _check_pixels(width, height, use_case)
    if use_case in CONVERTED and max(width, height) * 3 > min(width, height) * 4:
        width = height = max(width, height)
    number = int(call.world.meta("uploads") or 0) + 1
    uri = f"tos-maliva-i-o3syd03w52-us/{number_of('upload', number, len(content)):016x}{number:016x}"
    kept = {"width": width, "height": height, "use_case": use_case}
    call.world.set_meta("uploads", str(number))
    call.world.set_meta(f"{_KEPT}{uri}", msgspec.json.encode(kept).decode())
    return {"uri": uri, "url": image_url(uri), **kept}


def _pixels(content: bytes) -> tuple[int, int]:
    try:
        width, height = imagesize.get(io.BytesIO(content))
    except Exception:  # noqa: BLE001 - whatever the library finds wrong with a picture, it is no picture
        width, height = -1, -1
    if width <= 0 or height <= 0:
        raise ApiError(12038004, "The file could not be processed.", 400)
    return width, height


def _check_pixels(width: int, height: int, use_case: str) -> None:
    low, high = MAIN_SIDES if use_case == "MAIN_IMAGE" else SIDES
    too_small = use_case == "SIZE_CHART_IMAGE" and min(width, height) < CHART_SIDE
    if too_small or not (low <= min(width, height) and max(width, height) <= high):
        raise ApiError(12038014, "The size of the image is outside the allowed range.", 400)


def upload_for_buyers(call: ApiCall) -> Mapping[str, Any]:
    """Keeps a picture for a message to a buyer.

    Raises:
        ApiError: 45101008 for what is no picture of a format that messages take, or has too many bytes.
    """
    content = call.files.get("data", b"")
    known = any(content[place:].startswith(starts) for place, starts in _FOR_BUYERS)
    if not known or len(content) > MOST_BYTES:
        raise ApiError(*_NOT_FOR_BUYERS, 400)
    try:
        width, height = _pixels(content)
    except ApiError:
        raise ApiError(*_NOT_FOR_BUYERS, 400) from None
    number = int(call.world.meta("pictures-for-buyers") or 0) + 1
    url = image_url(f"im/{number_of('for buyers', number, len(content)):016x}{number:016x}")
    kept = {"url": url, "width": width, "height": height}
    call.world.set_meta("pictures-for-buyers", str(number))
    call.world.set_meta(f"{_KEPT_FOR_BUYERS}{url}", msgspec.json.encode(kept).decode())
    return kept


def for_buyers(world: World, url: str) -> Mapping[str, Any] | None:
    """The picture of an address as messages show it, None if nobody has uploaded it for them."""
    kept = world.meta(f"{_KEPT_FOR_BUYERS}{url}")
    return None if kept is None else msgspec.json.decode(kept, type=dict[str, Any])


def uploaded(world: World, uri: str) -> Mapping[str, Any] | None:
    """The picture of that name as Get Product shows it, None if nobody has uploaded it."""
    kept = world.meta(f"{_KEPT}{uri}")
    if kept is None:
        return None
    facts = msgspec.json.decode(kept)
    url = image_url(uri)
    return {"height": facts["height"], "width": facts["width"], "uri": uri, "urls": [url], "thumb_urls": [url]}


ENDPOINTS = (
    Endpoint(
        "POST",
        "/product/202309/images/upload",
        "seller.product.basic",
        upload_image,
        cipher=False,
        body={"use_case": Param("string", values=USE_CASES)},
        form=True,
    ),
    Endpoint("POST", "/customer_service/202309/images/upload", "seller.customer_service", upload_for_buyers, form=True),
)
