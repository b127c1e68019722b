"""The files of BATCH messages: how rows get into them, how they become whole, which of them are removed."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from tap_tiktokshop.singer.batch_settings import ZSTD, root_of
from tap_tiktokshop.singer.parquet import ParquetRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]
    from singer_sdk.helpers._batch import BatchConfig

GZIP_LEVEL: Final = 1
"""The fastest: the next ones take longer than a loader saves by what is smaller."""
ZSTD_LEVEL: Final = 1
GZIP: Final = 31
"""zlib's word for a gzip file."""
PIECE: Final = 8 << 20
"""Bytes that are sent to a storage at once, and held in memory meanwhile."""
FOLDERS: Final = {"file", "local", "ftp", "hdfs", "memory", "sftp", "smb", "ssh", "webhdfs"}
"""Storages that have folders, which must be made; the others would make a bucket of a name that is misspelt."""
NO_RUN: Final = "0" * 12
RUN: Final = re.compile(r"[0-9a-f]{12}")
UNFINISHED: Final = ".part"
SUFFIXES: Final[Mapping[tuple[str, str], str]] = {
    ("jsonl", "gzip"): ".jsonl.gz",
    ("jsonl", "zstd"): ".jsonl.zst",
}


class Packer(Protocol):
    """Packs bytes, as zlib's objects do."""

    def compress(self, data: Any, /) -> bytes:
        """What can be written by now."""

    def flush(self) -> bytes:
        """The rest."""


class Rows(Protocol):
    """Takes the lines of records, whole ones, and writes them in one or more files."""

    def write(self, lines: bytearray) -> None:
        """Takes some."""

    def close(self) -> None:
        """Writes what is left."""


class Lines:
    """JSON lines, packed or not."""

    def __init__(self, file: IO[bytes], packer: Packer | None) -> None:
        self._file, self._packer = file, packer

    def write(self, lines: bytearray) -> None:
        """Writes some."""
        self._file.write(lines if self._packer is None else self._packer.compress(lines))

    def close(self) -> None:
        """Writes what the packer holds."""
        if self._packer is not None:
            self._file.write(self._packer.flush())


def _gzip() -> Packer:
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP)


def _zstd() -> Packer:
    packer: Packer = importlib.import_module(ZSTD).ZstdCompressor(level=ZSTD_LEVEL)
    return packer


PACKERS: Final[Mapping[str, Callable[[], Packer]]] = {"gzip": _gzip, "zstd": _zstd}


class BatchPlace:
    """Where the files of a run go.

    Their names say which run wrote them, and from whose state it went on: that is how a later run knows those that
    nobody needs. It goes on from a state whose rows are loaded; what was read behind that is read again.
    """

    def __init__(self, config: BatchConfig, run: str, before: str) -> None:
        """`run` and `before` are the ids of this run and of the one whose state it goes on from, "" if none."""
        self.config = config
        self.run, self.before = run, before if RUN.fullmatch(before) else NO_RUN
        self.compression = config.encoding.compression or "none"
        path = root_of(config).joinpath(f"{config.storage.prefix or ''}tap-tiktokshop-")
        self.fs: AbstractFileSystem = path.fs
        self.is_local = "file" in _protocols(self.fs)
        self._folder, self._begin = path.parent.path, path.name
        self._number = 0
        self.unannounced: list[BatchFile] = []
        """Files that loaders have not been told of; each is here before anything of it exists."""

    @property
    def shown(self) -> str:
        """The root, for people."""
        return self.config.storage.root

    def prepare(self) -> None:
        """Makes the folder and sees whether a file can be written there; raises whatever the storage does."""
        if FOLDERS & _protocols(self.fs):
            self.fs.makedirs(self._folder, exist_ok=True)
        probe = f"{self._folder}/{self._name('probe', UNFINISHED)}"
        self.fs.pipe_file(probe, b"\n")
        self.fs.rm_file(probe)

    def clean(self) -> None:
        """Removes what earlier runs of this line of states have left."""
        if self.before == NO_RUN:
            return
        mine = re.compile(rf"{re.escape(self._begin)}([0-9a-f]{{12}})-([0-9a-f]{{12}})-[0-9]{{6}}-")
        with suppress(FileNotFoundError):  # an object store has no folder without files
            for path in self.fs.ls(self._folder, detail=False):
                found = mine.match(path.rpartition("/")[2])
                if found and self.before in found.groups() and found[2] != self.run:
                    self.fs.rm_file(path)

    def file(self, stream: str, schema: Mapping[str, Any]) -> BatchFile:
        """A new file, or several, for rows of a stream."""
        return BatchFile(self, stream, schema)

    def path_of(self, stream: str) -> str:
        """Where the next file of a stream is to be."""
        encoding = self.config.encoding
        suffix = SUFFIXES.get((encoding.format, self.compression), f".{encoding.format}")
        return f"{self._folder}/{self._name(re.sub(r'[^A-Za-z0-9_]', '_', stream), suffix)}"

    def _name(self, stream: str, suffix: str) -> str:
        self._number += 1
        return f"{self._begin}{self.before}-{self.run}-{self._number:06}-{stream}{suffix}"

    def url_of(self, path: str) -> str:
        """What a loader finds the file by."""
        name = path.rpartition("/")[2]
        head = (self.config.storage.prefix or "").rpartition("/")
        return self.config.storage.get_url(f"{head[0]}{head[1]}{name}")

    def rows(self, open_file: Callable[[], IO[bytes]], stream: str, schema: Mapping[str, Any]) -> Rows:
        """What writes rows in the format that is set."""
        if self.config.encoding.format == "parquet":
            return ParquetRows(open_file, stream, schema, self.config.encoding.compression or "snappy")
        make = PACKERS.get(self.compression)
        return Lines(open_file(), make() if make else None)


class BatchFile:
    """Rows of one stream on their way into a file, or into several where their fields change.

    On this machine a file has another name until it is whole and on the disk. One for elsewhere waits without a name,
    and is sent when it is whole.
    """

    def __init__(self, place: BatchPlace, stream: str, schema: Mapping[str, Any]) -> None:
        self.buffer = bytearray()
        self.count = self.bytes = 0
        self._place, self._stream = place, stream
        self._files: dict[str, IO[bytes] | None] = {}
        place.unannounced.append(self)
        self._rows = place.rows(self._open, stream, schema)

    def _open(self) -> IO[bytes]:
        path = self._place.path_of(self._stream)
        self._files[path] = None  # a signal may come at any time: what is to be removed is known before it is there
        temporary = Path(path + UNFINISHED)
        self._files[path] = file = temporary.open("wb") if self._place.is_local else _nameless()
        return file

    def spill(self) -> None:
        """Writes what has been collected."""
        self.bytes += len(self.buffer)
        self._rows.write(self.buffer)
        self.buffer.clear()

    def finish(self) -> list[str]:
        """Has everything where a loader finds it; the URLs."""
        self.spill()
        self._rows.close()
        for path, file in self._whole():
            with file:
                file.flush()
                if self._place.is_local:
                    os.fsync(file.fileno())
                else:
                    self._send(path, file)
        if self._place.is_local:
            for path in self._files:
                Path(path + UNFINISHED).replace(path)
            _sync_folders({str(Path(path).parent) for path in self._files})
        return [self._place.url_of(path) for path in self._files]

    def _whole(self) -> Iterator[tuple[str, IO[bytes]]]:
        return ((path, file) for path, file in self._files.items() if file is not None)

    def _send(self, path: str, file: IO[bytes]) -> None:
        file.seek(0)
        with self._place.fs.open(path, "wb", block_size=PIECE) as there:
            shutil.copyfileobj(file, there, PIECE)

    def discard(self) -> None:
        """Leaves nothing of it on this machine, half or whole; elsewhere the next run does that."""
        for path, file in self._files.items():
            with suppress(OSError, ValueError):
                if file is not None:
                    file.close()
            for name in (path + UNFINISHED, path) if self._place.is_local else ():
                with suppress(OSError):
                    Path(name).unlink()


def _nameless() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _sync_folders(folders: set[str]) -> None:
    """Has the names of new files on the disk; Windows has no such thing."""
    for folder in folders if hasattr(os, "O_DIRECTORY") else ():
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _protocols(fs: AbstractFileSystem) -> set[str]:
    return {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
