"""Pictures by path or address: looked at before anything is sent, uploaded once for each content."""

from __future__ import annotations

import hashlib
import io
import ipaddress
import socket
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import imagesize
import requests
import urllib3
from tiktokshop_client.operations import UPLOAD_IMAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client import Client

    from target_tiktokshop.listings.memory import ListingMemory

MAIN, VARIATION, CERTIFICATE, CHART = "MAIN_IMAGE", "ATTRIBUTE_IMAGE", "CERTIFICATION_IMAGE", "SIZE_CHART_IMAGE"
MOST_BYTES = 10 * 1024 * 1024
SIDES = (100, 20_000)
MAIN_SIDES = (300, 4_000)
CHART_SIDE = 1_024
SECONDS = 30
MOST_SECONDS = 120
"""How long a server may be silent, and how long all of a picture may take."""
# What a file begins with -> its kind; a place of 0 unless said otherwise.
FORMATS: Mapping[str, tuple[int, tuple[bytes, ...]]] = {
    "JPEG": (0, (b"\xff\xd8\xff",)),
    "PNG": (0, (b"\x89PNG\r\n\x1a\n",)),
    "BMP": (0, (b"BM",)),
    "WEBP": (8, (b"WEBP",)),
    "HEIC": (4, (b"ftypheic", b"ftypheix", b"ftypheim", b"ftypheis", b"ftypmif1")),
}


class PictureError(Exception):
    """A picture that cannot be used; the text completes "the picture <name> "."""


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
    """

    ref: PictureRef
    digest: str
    use_case: str


def look(ref: PictureRef, use_case: str) -> CheckedPicture:
    """Reads a picture and checks it as the platform will.

    Raises:
        PictureError: It cannot be read, or the platform would not take it.
    """
    if ref.uri:
        return CheckedPicture(ref, "", use_case)
    content = content_of(ref.source)
    if len(content) > MOST_BYTES:
        raise PictureError("has more than 10 MB")
    if not format_of(content):
        raise PictureError(f"is not one of {', '.join(FORMATS)}")
    _check_sides(*_pixels(content), use_case)
    return CheckedPicture(ref, hashlib.sha256(content).hexdigest(), use_case)


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
    low, high = MAIN_SIDES if use_case == MAIN else SIDES
    if not (low <= min(width, height) and max(width, height) <= high):
        raise PictureError(f"has {width} x {height} pixels; each side must have {low} to {high:,}")
    if use_case == CHART and min(width, height) < CHART_SIDE:
        raise PictureError(f"has {width} x {height} pixels; the shorter side of a size chart must have {CHART_SIDE:,}")


def content_of(source: str) -> bytes:
    """The bytes of a picture, at most one more than are allowed.

    Raises:
        PictureError: They cannot be had.
    """
    if source.startswith(("http://", "https://")):
        return _fetched(source)
    try:
        path = Path(source).expanduser()
        if path.exists() and not path.is_file():
            raise PictureError("cannot be read: it is not a file")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PictureError(f"cannot be read: {error.strerror or type(error).__name__}") from None
    except (ValueError, RuntimeError):  # a path with a zero in it, or the home of nobody
        raise PictureError("cannot be read: its path is none") from None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps the credentials of ~/.netrc out of requests for pictures."""
    return request


def _is_inside(host: str) -> bool:
    """Whether a host is this machine, or in a private network."""
    try:
        found = [ipaddress.ip_address(str(facts[4][0])) for facts in socket.getaddrinfo(host, None)]
    except (OSError, ValueError):
        return False
    return any(not address.is_global for address in found)


def stays_outside(answer: requests.Response, **_: Any) -> None:
    """Lets no server of the open internet send us to one that only we can reach.

    Raises:
        PictureError: It tries.
    """
    target = urlsplit(urljoin(answer.url, answer.headers.get("location", ""))) if answer.is_redirect else None
    if target and _is_inside(target.hostname or "") and not _is_inside(urlsplit(answer.url).hostname or ""):
        raise PictureError("cannot be fetched: its server sends us to a private network")


def _fetched(address: str) -> bytes:
    plain = {"Accept-Encoding": "identity"}  # pictures are packed already, and a packed answer may become anything
    asked: dict[str, Any] = {"headers": plain, "hooks": {"response": stays_outside}, "auth": _as_it_is}
    try:
        with requests.get(address, stream=True, timeout=SECONDS, **asked) as answer:
            if answer.status_code != requests.codes.ok:
                raise PictureError(f"cannot be fetched: its server answers {answer.status_code}")
            return _read_all(answer.raw)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        # its words may quote the address, which may hold a secret
        raise PictureError(f"cannot be fetched ({type(error).__name__})") from None


def _read_all(raw: Any) -> bytes:
    """The content of an answer, as it comes, so that a server which sends a byte now and then is not waited for."""
    content, began = bytearray(), time.monotonic()
    read = getattr(raw, "read1", raw.read)  # old versions of urllib3 have only the latter, which waits for all
    while len(content) <= MOST_BYTES:
        part = read(1 << 16)
        if not part:
            break
        content += part
        if time.monotonic() - began > MOST_SECONDS:
            raise PictureError(f"cannot be fetched: it takes longer than {MOST_SECONDS} seconds")
    return bytes(content[: MOST_BYTES + 1])


class Gallery:
    """A seller's pictures, as far as they are uploaded; each content goes up once, whoever asks for it."""

    def __init__(self, client: Client, memory: ListingMemory) -> None:
        self._client = client
        self._memory = memory
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
        content = content_of(picture.ref.source)
        answer = self._client.upload(
            UPLOAD_IMAGE,
            texts={"use_case": picture.use_case},
            files={"data": (f"{picture.digest[:16]}.{format_of(content).lower()}", content)},
        )
        uri, url = str(answer.data.get("uri") or ""), str(answer.data.get("url") or "")
        if not uri:
            raise PictureError("was uploaded, but the platform did not say what it is called there")
        digest = hashlib.sha256(content).hexdigest()
        self._memory.uploaded(self._seller, digest, picture.use_case, uri, url)
        return uri
