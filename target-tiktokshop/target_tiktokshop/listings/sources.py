"""The bytes of pictures and papers: from paths, web addresses and object stores."""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 30
MOST_SECONDS = 120
"""How long a server may be silent, and how long all of a picture may take."""
STORES = frozenset({"abfs", "abfss", "az", "gcs", "gs", "memory", "s3", "s3a"})
"""Object stores, by what fsspec calls them."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
PRIVATE = "is in a private network, or this machine: the setting allow_private_images lets it be fetched"


class PictureError(Exception):
    """A picture or paper that cannot be used; the text completes "the picture <name> "."""


def content_of(source: str, most: int, *, inside: bool) -> bytes:
    """The bytes of a file, at most one more than are allowed.

    Args:
        source: A path, a web address, or the address of an object.
        most: How many bytes are allowed.
        inside: Whether servers in private networks may be asked.

    Raises:
        PictureError: They cannot be had.
    """
    scheme = _SCHEME.match(source)
    if scheme and scheme[1].lower() in {"http", "https"}:
        return _fetched(source, most, inside=inside)
    if scheme and scheme[1].lower() in STORES:
        return _from_a_store(source, most)
    if scheme:
        raise PictureError(
            f"cannot be fetched: {scheme[1]} is neither http, https nor one of {', '.join(sorted(STORES))}"
        )
    try:
        path = Path(source).expanduser()
        if path.exists() and not path.is_file():
            raise PictureError("cannot be read: it is not a file")
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise PictureError(f"cannot be read: {error.strerror or type(error).__name__}") from None
    except (ValueError, RuntimeError):  # a path with a zero in it, or the home of nobody
        raise PictureError("cannot be read: its path is none") from None


def _from_a_store(address: str, most: int) -> bytes:
    from fsspec.core import url_to_fs  # type: ignore[import-untyped] # noqa: PLC0415 - slow to import

    try:
        files, path = url_to_fs(address)
        with files.open(path, "rb") as file:
            return bytes(file.read(most + 1))
    except ImportError:
        words = "the library for its store is not installed (the extras s3, gs and az of tiktokshop-client have them)"
        raise PictureError(f"cannot be read: {words}") from None
    except FileNotFoundError:
        raise PictureError("cannot be read: No such file or directory") from None
    except Exception as error:  # noqa: BLE001 - each store raises what its library raises, with the address in it
        raise PictureError(f"cannot be read ({type(error).__name__})") from None


# -- the web -----------------------------------------------------------------------------------------------------------


def _is_private(address: str) -> bool:
    """Whether an IP address is that of this machine, or of a private network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return not (getattr(found, "ipv4_mapped", None) or found).is_global


def _is_inside(host: str) -> bool:
    """Whether a host is this machine, or in a private network."""
    try:
        return any(_is_private(str(facts[4][0])) for facts in socket.getaddrinfo(host, None))
    except (OSError, ValueError):
        return False


def stays_outside(answer: requests.Response, **_: Any) -> None:
    """Lets no server of the open internet send us to one that only we can reach.

    Raises:
        PictureError: It tries.
    """
    target = urlsplit(urljoin(answer.url, answer.headers.get("location", ""))) if answer.is_redirect else None
    if target and _is_inside(target.hostname or "") and not _is_inside(urlsplit(answer.url).hostname or ""):
        raise PictureError("cannot be fetched: its server sends us to a private network")


class _Outside:
    """A connection whose other end must be in the open internet, whatever the name of the host stands for by now."""

    def _new_conn(self) -> Any:
        found = super()._new_conn()  # type: ignore[misc]
        if _is_private(found.getpeername()[0]):
            found.close()
            raise PictureError(f"cannot be fetched: it {PRIVATE}")
        return found


class _OutsideHTTP(_Outside, HTTPConnection):
    pass


class _OutsideHTTPS(_Outside, HTTPSConnection):
    pass


class _OutsideHTTPPool(HTTPConnectionPool):
    ConnectionCls = _OutsideHTTP


class _OutsideHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _OutsideHTTPS


class _OutsideAdapter(HTTPAdapter):
    """Connects to the open internet only; what goes through a proxy, the proxy connects."""

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _OutsideHTTPPool, "https": _OutsideHTTPSPool}


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps the credentials of ~/.netrc out of requests for pictures."""
    return request


def _fetched(address: str, most: int, *, inside: bool) -> bytes:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        raise PictureError("cannot be fetched: its address is none") from None
    if not inside and _is_inside(host):
        raise PictureError(f"cannot be fetched: it {PRIVATE}")
    plain = {"Accept-Encoding": "identity"}  # pictures are packed already, and a packed answer may become anything
    asked: Mapping[str, Any] = {"headers": plain, "hooks": {"response": stays_outside}, "auth": _as_it_is}
    try:
        with requests.Session() as session:
            for scheme in ("http://", "https://") if not inside else ():
                session.mount(scheme, _OutsideAdapter())
            with session.get(address, stream=True, timeout=SECONDS, **asked) as answer:
                if answer.status_code != requests.codes.ok:
                    raise PictureError(f"cannot be fetched: its server answers {answer.status_code}")
                return _read_all(answer.raw, most)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        # its words may quote the address, which may hold a secret
        raise PictureError(f"cannot be fetched ({type(error).__name__})") from None


def _read_all(raw: Any, most: int) -> bytes:
    """The content of an answer, as it comes, so that a server which sends a byte now and then is not waited for."""
    content, began = bytearray(), time.monotonic()
    read = getattr(raw, "read1", raw.read)  # old versions of urllib3 have only the latter, which waits for all
    while len(content) <= most:
        part = read(1 << 16)
        if not part:
            break
        content += part
        if time.monotonic() - began > MOST_SECONDS:
            raise PictureError(f"cannot be fetched: it takes longer than {MOST_SECONDS} seconds")
    return bytes(content[: most + 1])
