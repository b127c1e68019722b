"""Pictures in answers to buyers: looked at before anything is sent, uploaded once for each content and shop."""

from __future__ import annotations

import hashlib
from threading import Lock
from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import UPLOAD_MESSAGE_IMAGE

from target_tiktokshop.listings.pictures import MOST_BYTES, PictureRef
from target_tiktokshop.listings.sources import PictureError, content_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_tiktokshop.writing.keys import Keys
    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

PARTS = ("url", "width", "height")
# Kind of file -> what it begins with, and where.
FORMATS: Mapping[str, tuple[int, tuple[bytes, ...]]] = {
    "jpg": (0, (b"\xff\xd8\xff",)),
    "png": (0, (b"\x89PNG\r\n\x1a\n",)),
    "gif": (0, (b"GIF87a", b"GIF89a")),
    "webp": (8, (b"WEBP",)),
}


class MessagePictures:
    """The pictures of a run's messages; any thread may use it."""

    def __init__(self, run: WriteRun, keys: Keys) -> None:
        self._run = run
        self._keys = keys
        self._lock = Lock()
        self._seen: dict[str, str] = {}
        self._fresh: set[tuple[str, str]] = set()

    def digest(self, source: str) -> str:
        """A sum of the bytes of a picture, which is read once a run.

        Raises:
            PictureError: It cannot be read, or messages do not take it.
        """
        if source not in self._seen:
            self._seen[source] = hashlib.sha256(self._checked(source)).hexdigest()
        return self._seen[source]

    def known(self, row: Row) -> dict[str, Any]:
        """What a message says of the picture; nothing while it is not uploaded."""
        return self._keys.picture(row.the_shop.id, self.digest(row.values["picture"]))

    def uploaded(self, row: Row) -> dict[str, Any]:
        """The same, once it is uploaded.

        Raises:
            TikTokShopError: It could not be uploaded.
            PictureError: It is not there any more, or the platform does not say where it is now.
        """
        source, shop = row.values["picture"], row.the_shop
        with self._lock:  # one at a time, so that a picture of many messages goes up once
            found = self.known(row)
            if found:
                return found
            content = self._checked(source)
            kind, digest = _format(content), hashlib.sha256(content).hexdigest()
            name = f"{digest[:16]}.{kind}"
            answer = self._run.client.upload(UPLOAD_MESSAGE_IMAGE, shop=shop, texts={}, files={"data": (name, content)})
            found = {part: answer.data.get(part) for part in PARTS}
            if not found["url"]:
                raise PictureError("was uploaded, but the platform did not say where it is")
            self._keys.keep_picture(shop.id, digest, found)
            self._seen[source] = digest
            self._fresh.add((shop.id, digest))
            return found

    def forgotten(self, row: Row) -> bool:
        """Forgets where a picture is that an earlier run has uploaded; whether there was something to forget."""
        key = (row.the_shop.id, self.digest(row.values["picture"]))
        if key in self._fresh:
            return False
        self._keys.forget_picture(*key)
        return True

    def _checked(self, source: str) -> bytes:
        content = content_of(source, MOST_BYTES, inside=self._run.settings.allow_private_images)
        if len(content) > MOST_BYTES:
            raise PictureError("has more than 10 MB")
        if not _format(content):
            raise PictureError(f"is not one of {', '.join(FORMATS)}")
        return content


def told(source: str) -> str:
    """A picture in a sentence, without what an address may hold of secrets."""
    return PictureRef(source).name


def _format(content: bytes) -> str:
    return next((name for name, (place, starts) in FORMATS.items() if content[place:].startswith(starts)), "")
