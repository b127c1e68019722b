"""Where labels and slips are put: a folder of this machine, or a place in an object store."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tiktokshop_client.errors import ConfigurationError

from target_tiktokshop.day_settings import HOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
PDF = b"%PDF"
_ODD = re.compile(r"[^A-Za-z0-9_-]")


class LabelPlace(Protocol):
    """Something that keeps files by name."""

    def has(self, name: str) -> bool:
        """Whether there is a whole document of that name."""

    def put(self, name: str, content: bytes) -> None:
        """Keeps a document; whoever looks sees all of it, or none."""

    def told(self, name: str) -> str:
        """Where the document of that name is, for people."""


class Folder:
    """A folder; each file belongs to its owner only and appears as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def has(self, name: str) -> bool:
        """Whether the file is there and begins as a PDF does."""
        try:
            with (self._path / name).open("rb") as file:
                return file.read(len(PDF)) == PDF
        except OSError:
            return False

    def put(self, name: str, content: bytes) -> None:
        """Writes the file beside its place, to the disk, and moves it there.

        Raises:
            OSError: It cannot be written.
        """
        file = self._path / name
        file.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        try:
            with os.fdopen(descriptor, "wb") as output:
                output.write(content)
                output.flush()
                os.fsync(output.fileno())
            beside.replace(file)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise

    def told(self, name: str) -> str:
        """The path."""
        return str(self._path / name)


class Bucket:
    """A place that fsspec knows, like `s3://bucket/labels`; its objects appear as a whole by themselves."""

    def __init__(self, address: str) -> None:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped] # noqa: PLC0415 - an extra of the client

        self._address = address.rstrip("/")
        files, path = url_to_fs(self._address)
        self._files: Any = files
        self._path = str(path).rstrip("/")

    def has(self, name: str) -> bool:
        """Whether the object is there and begins as a PDF does.

        Raises:
            OSError: The store cannot be asked.
        """
        try:
            return bool(self._files.cat_file(f"{self._path}/{name}", start=0, end=len(PDF)) == PDF)
        except FileNotFoundError:
            return False

    def put(self, name: str, content: bytes) -> None:
        """Writes the object.

        Raises:
            OSError: It cannot be written.
        """
        self._files.pipe_file(f"{self._path}/{name}", content)

    def told(self, name: str) -> str:
        """The address."""
        return f"{self._address}/{name}"


def place_of(path: str) -> LabelPlace:
    """The place that the setting `labels_path` names.

    Raises:
        ConfigurationError: Its kind of store is not installed, or there is none.
    """
    if "://" not in path:
        return Folder(Path(path).expanduser())
    try:
        return Bucket(path)
    except (ImportError, ValueError) as error:
        kind = path.partition("://")[0]
        raise ConfigurationError(
            f"the setting labels_path names a store of the kind {kind}, which is not installed: install "
            f"tiktokshop-client[{kind}] (s3, gs or az), or name a folder"
        ) from error


def name_of(pattern: str, values: Mapping[str, str]) -> str:
    """The name of one document; what is odd in an id cannot lead out of the folder."""
    return HOLE.sub(lambda hole: _ODD.sub("_", values[hole[1]]), pattern)
