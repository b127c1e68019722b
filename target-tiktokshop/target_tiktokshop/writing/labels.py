"""Where labels and slips are put: a folder of this machine, or a place in an object store."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tiktokshop_client.errors import ConfigurationError

from target_tiktokshop.day_settings import HOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
TAIL = 1_024
"""Within how many of its last bytes a document ends."""
HEAD = 64
_ODD = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Paper:
    """What the bytes of a kind of document look like.

    Attributes:
        suffix: How its file's name ends.
        heads: How it may begin, blanks aside.
        tail: What it ends with.
    """

    suffix: str
    heads: tuple[bytes, ...]
    tail: bytes

    def begins(self, content: bytes) -> bool:
        """Whether that may be the beginning of one."""
        return content.lstrip().startswith(self.heads)

    def ends(self, content: bytes) -> bool:
        """Whether it is there to its end."""
        return self.tail in content[-TAIL:]


PDF = Paper("pdf", (b"%PDF",), b"%%EOF")
ZPL = Paper("zpl", (b"^", b"~"), b"^XZ")
PNG = Paper("png", (b"\x89PNG",), b"IEND")
PAPERS = {"PDF": PDF, "ZPL": ZPL}


class LabelPlace(Protocol):
    """Something that keeps files by name."""

    def has(self, name: str, paper: Paper) -> bool:
        """Whether there is a document of that name and kind."""

    def put(self, name: str, content: bytes) -> None:
        """Keeps a document; whoever looks sees all of it, or none."""

    def closed(self) -> str:
        """Why nothing can be put there, "" as far as can be seen without putting anything there."""

    def told(self, name: str) -> str:
        """Where the document of that name is, for people."""


class Folder:
    """A folder; each file belongs to its owner only and appears as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def has(self, name: str, paper: Paper) -> bool:
        """Whether the file is there and begins as such a document does."""
        try:
            with (self._path / name).open("rb") as file:
                return paper.begins(file.read(HEAD))
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

    def closed(self) -> str:
        """A file in the way, or a folder that this user may not write to."""
        there = next(path for path in (self._path, *self._path.absolute().parents) if os.access(path, os.F_OK))
        if not there.is_dir():
            return f"{there} is no folder"
        return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} may not be written to"

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

    def has(self, name: str, paper: Paper) -> bool:
        """Whether the object is there and begins as such a document does.

        Raises:
            OSError: The store cannot be asked.
        """
        try:
            return paper.begins(self._files.cat_file(f"{self._path}/{name}", start=0, end=HEAD))
        except FileNotFoundError:
            return False
        except Exception as error:  # noqa: BLE001 - each store raises what its library raises
            raise unusable(error) from None

    def put(self, name: str, content: bytes) -> None:
        """Writes the object.

        Raises:
            OSError: It cannot be written.
        """
        try:
            self._files.pipe_file(f"{self._path}/{name}", content)
        except Exception as error:  # noqa: BLE001 - as above
            raise unusable(error) from None

    def closed(self) -> str:
        """Nothing: a store says so only when something is put there."""
        return ""

    def told(self, name: str) -> str:
        """The address."""
        return f"{self._address}/{name}"


def unusable(error: Exception) -> OSError:
    """What a store's library raised, without its words, which may hold anything."""
    return OSError(None, f"the store does not let it be used: {type(error).__name__}")


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
