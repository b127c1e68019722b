"""Pictures by path or address: looked at before anything is sent, uploaded once for each content."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import imagesize
from tiktokshop_client.operations import UPLOAD_IMAGE

from target_tiktokshop.listings import darkroom
from target_tiktokshop.listings.sources import PictureError, content_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client import Client

    from target_tiktokshop.listings.memory import ListingMemory

MAIN, VARIATION, CERTIFICATE, CHART = "MAIN_IMAGE", "ATTRIBUTE_IMAGE", "CERTIFICATION_IMAGE", "SIZE_CHART_IMAGE"
DESCRIPTION = "DESCRIPTION_IMAGE"
MOST_BYTES = 10 * 1024 * 1024
MOST_TO_CONVERT = 10 * MOST_BYTES
CONVERTED = b"converted"
"""Behind the bytes of a picture that is turned or scaled: the sum does not depend on the library that does it."""
DESCRIPTION_SIDES = (100, 3_999)
SIDES = (100, 20_000)
MAIN_SIDES = (300, 4_000)
CHART_SIDE = 1_024
# What a file begins with -> its kind; a place of 0 unless said otherwise.
FORMATS: Mapping[str, tuple[int, tuple[bytes, ...]]] = {
    "JPEG": (0, (b"\xff\xd8\xff",)),
    "PNG": (0, (b"\x89PNG\r\n\x1a\n",)),
    "BMP": (0, (b"BM",)),
    "WEBP": (8, (b"WEBP",)),
    "HEIC": (4, (b"ftypheic", b"ftypheix", b"ftypheim", b"ftypheis", b"ftypmif1")),
}


@dataclass(frozen=True)
class PictureRef:
    """What a record says of a picture: a path or an address, or the uri of an upload."""

    source: str = ""
    uri: str = ""

    @property
    def name(self) -> str:
        """It in a sentence: the last part of a path or an address, without a query that may hold a secret."""
        last = self.source.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
        return self.uri or last.rpartition("@")[2] or "(without a name)"


@dataclass(frozen=True)
class CheckedPicture:
    """A picture that was looked at.

    Attributes:
        ref: Where it is.
        digest: A sum of its bytes, "" for one that is known by its uri.
        use_case: What it is for, in the platform's words.
        pixels: Its width and height, (0, 0) for one that is known by its uri.
    """

    ref: PictureRef
    digest: str
    use_case: str
    pixels: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class PictureRules:
    """What may be done to get at pictures.

    Attributes:
        convert: Whether they may be turned and scaled.
        inside: Whether they may be fetched from private networks.
    """

    convert: bool = False
    inside: bool = False

    def content(self, ref: PictureRef, use_case: str) -> tuple[bytes, str]:
        """The bytes to upload, and a sum of the bytes that they were made of.

        Raises:
            PictureError: The picture cannot be read, or cannot be made fit.
        """
        content = content_of(ref.source, MOST_TO_CONVERT if self.convert else MOST_BYTES, inside=self.inside)
        made = darkroom.developed(content, *bounds(use_case), MOST_BYTES) if self.convert else content
        return made, hashlib.sha256(content if made is content else content + CONVERTED).hexdigest()


AS_THEY_ARE = PictureRules()


def look(ref: PictureRef, use_case: str, rules: PictureRules = AS_THEY_ARE) -> CheckedPicture:
    """Reads a picture and checks it as the platform will.

    Raises:
        PictureError: It cannot be read, or the platform would not take it.
    """
    if ref.uri:
        return CheckedPicture(ref, "", use_case)
    content, digest = rules.content(ref, use_case)
    if len(content) > MOST_BYTES:
        raise PictureError("has more than 10 MB")
    if not format_of(content):
        raise PictureError(f"is not one of {', '.join(FORMATS)}")
    width, height = _pixels(content)
    _check_sides(width, height, use_case)
    return CheckedPicture(ref, digest, use_case, (width, height))


def bounds(use_case: str) -> tuple[int, int]:
    """How many pixels the shorter side must have, and the longer side may have."""
    if use_case == CHART:
        return CHART_SIDE, SIDES[1]
    return {MAIN: MAIN_SIDES, DESCRIPTION: DESCRIPTION_SIDES}.get(use_case, SIDES)


def format_of(content: bytes) -> str:
    """Which of `FORMATS` a file has, by its first bytes; "" for none."""
    return next((name for name, (place, starts) in FORMATS.items() if content[place:].startswith(starts)), "")


def _pixels(content: bytes) -> tuple[int, int]:
    try:
        width, height = imagesize.get(io.BytesIO(content))
    except Exception:  # noqa: BLE001 - whatever the library finds wrong with it, it cannot be used
        width, height = -1, -1
    if width <= 0 or height <= 0:
        raise PictureError("is damaged: it does not tell its size")
    return int(width), int(height)


def _check_sides(width: int, height: int, use_case: str) -> None:
    low, high = bounds(use_case)
    if use_case == CHART and min(width, height) < low:
        raise PictureError(f"has {width} x {height} pixels; the shorter side of a size chart must have {low:,}")
    if not (low <= min(width, height) and max(width, height) <= high):
        raise PictureError(f"has {width} x {height} pixels; each side must have {low} to {high:,}")


class Gallery:
    """A seller's pictures, as far as they are uploaded; each content goes up once, whoever asks for it."""

    def __init__(self, client: Client, memory: ListingMemory, rules: PictureRules) -> None:
        self._client = client
        self._memory = memory
        self._rules = rules
        self._lock = Lock()
        self._under_way: dict[tuple[str, str], Future[str]] = {}

    @property
    def _seller(self) -> str:
        grant = self._client.grant()
        return grant.open_id if grant else ""

    def known(self, picture: CheckedPicture) -> str:
        """The uri of a picture, "" if it is not uploaded."""
        return picture.ref.uri or self._memory.picture(self._seller, picture.digest, picture.use_case)

    def uri(self, picture: CheckedPicture) -> str:
        """The uri of a picture, which is uploaded if it is not yet.

        Raises:
            TikTokShopError: It could not be uploaded.
            PictureError: It is not there any more.
        """
        known = self.known(picture)
        if known:
            return known
        key = (picture.digest, picture.use_case)
        with self._lock:
            mine = key not in self._under_way
            future = self._under_way.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._upload(picture))
            except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
                future.set_exception(error)
                with self._lock:
                    del self._under_way[key]
        return future.result()

    def forget(self, picture: CheckedPicture) -> None:
        """The platform does not know it any more: it will be uploaded again."""
        with self._lock:
            self._under_way.pop((picture.digest, picture.use_case), None)
        self._memory.forget(self._seller, picture.digest, picture.use_case)

    def _upload(self, picture: CheckedPicture) -> str:
        content, digest = self._rules.content(picture.ref, picture.use_case)
        answer = self._client.upload(
            UPLOAD_IMAGE,
            texts={"use_case": picture.use_case},
            files={"data": (f"{picture.digest[:16]}.{format_of(content).lower()}", content)},
        )
        uri, url = str(answer.data.get("uri") or ""), str(answer.data.get("url") or "")
        if not uri:
            raise PictureError("was uploaded, but the platform did not say what it is called there")
        self._memory.uploaded(self._seller, digest, picture.use_case, uri, url)
        return uri
