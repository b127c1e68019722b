"""Bodies of the media type `multipart/form-data`, as uploads have them (RFC 7578)."""

from __future__ import annotations

import re
from typing import Final

_BOUNDARY: Final = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
_NAME: Final = re.compile(r'[;\s]name="([^"]*)"', re.IGNORECASE)
_FILENAME: Final = re.compile(r"[;\s]filename\*?=", re.IGNORECASE)
_END_OF_HEAD: Final = b"\r\n\r\n"


class FormError(ValueError):
    """A body that is no form."""


def read_form(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """The texts of a form by name, and all of its parts as bytes: some clients send files without a file name.

    Of a name that comes twice the first counts.

    Raises:
        FormError: It is not a form of that boundary.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise FormError("no boundary")
    parts = (b"\r\n" + body).split(b"\r\n--" + found[1].strip().encode("latin-1", "replace"))
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise FormError("no last boundary")
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in parts[1:-1]:
        head, separator, content = part.removeprefix(b"\r\n").partition(_END_OF_HEAD)
        words = head.decode("utf-8", "replace")
        name = _NAME.search(words)
        if not separator or name is None:
            raise FormError("a part without a name")
        files.setdefault(name[1], content)
        if not _FILENAME.search(words):
            texts.setdefault(name[1], content.decode("utf-8", "replace"))
    return texts, files
