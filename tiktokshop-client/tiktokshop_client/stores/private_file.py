"""A file that only its owner can use, replaced in one step, with its room on the disk taken beforehand."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import stat
from pathlib import Path

from tiktokshop_client.errors import ConfigurationError

log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
LONGEST = 1 << 20
"""The most bytes of a file that are read; a longer one is not ours."""

_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


class PrivateFile:
    """Bytes in a file of mode 0600. A reader never sees half of them, and a crash never leaves half.

    Args:
        path: The file.
        follow: Whether a link is followed, so that replacing the file does not replace the link.
    """

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        self.path = Path(os.path.realpath(path) if follow else os.path.abspath(path))  # noqa: PTH100 - keeps links
        self._room: Path | None = None

    def read(self) -> bytes | None:
        """The content, None if there is no file. Others' right to read is taken away, with a warning.

        Raises:
            ConfigurationError: Others can write it, or it belongs to somebody else.
            OSError: It cannot be read.
        """
        try:
            facts = regular(self.path)
        except FileNotFoundError:
            return None
        if os.name == "posix":
            self._check_owner(facts)
        content = contents(self.path)
        if os.name == "posix" and stat.S_IMODE(facts.st_mode) & 0o077:
            self.path.chmod(OWNER_ONLY)
            log.warning("the token store %s could be read by others; now only its owner can", self.path)
        return content

    def reserve(self, size: int, *, alone: bool = True) -> None:
        """Takes the room that the next ``write`` will use: ``size`` bytes, written and synced, beside the file.

        Args:
            size: Bytes.
            alone: Whether a lock keeps all others out; then what lies there is of a process that was killed, and goes.

        Raises:
            OSError: There is none, nothing can be written there, or what is there is no file.
        """
        self.release()
        with contextlib.suppress(FileNotFoundError):
            regular(self.path)
        if alone:
            for left in self.path.parent.glob(f"{_plain(self.path.name)}.????????.tmp"):
                left.unlink(missing_ok=True)
        # Random, because a disk that compresses would have less room for anything else.
        self._room = self._new(os.urandom(size))

    def rehearse(self) -> None:
        """Replaces the content by itself: some places take a new file, but not in the place of the old one.

        Raises:
            OSError: That did not work.
        """
        if self.path.exists():
            self.write(contents(self.path))

    def release(self) -> None:
        """Gives the room back, if ``write`` has not used it."""
        room, self._room = self._room, None
        if room is not None:
            _remove(room)

    def write(self, content: bytes) -> None:
        """Replaces the content, in the reserved room if there is one.

        Raises:
            OSError: That did not work; the old content is still there.
        """
        room, self._room = self._room, None
        try:
            if room is None:
                room = self._new(content)
            else:
                _put(room, content)
            room.replace(self.path)
        except BaseException:
            if room is not None:
                _remove(room)
            raise
        _sync_folder(self.path.parent)

    def _new(self, content: bytes) -> Path:
        """A new file next to this one."""
        path = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.tmp")
        try:
            _put(path, content, os.O_CREAT | os.O_EXCL)
            self._keep_owner(path)
        except BaseException:
            _remove(path)
            raise
        return path

    def _check_owner(self, facts: os.stat_result) -> None:
        """A file that others can write may hold a pair of theirs, so it is not used."""
        if stat.S_IMODE(facts.st_mode) & 0o022:
            raise ConfigurationError(
                f"the token store {self.path} can be written by others, so it is not used: make sure that it holds "
                f"your own tokens, then chmod 600 {self.path}",
            )
        if os.geteuid() not in {0, facts.st_uid}:
            raise ConfigurationError(
                f"the token store {self.path} belongs to another user (number {facts.st_uid}), so it is not used: run "
                "as that user, or choose another file with the setting token_store",
            )

    def _keep_owner(self, room: Path) -> None:
        """What root writes for a user stays that user's."""
        if os.name == "posix" and os.geteuid() == 0 and self.path.exists():
            facts = self.path.stat()
            with contextlib.suppress(OSError):
                os.chown(room, facts.st_uid, facts.st_gid)


def regular(path: Path) -> os.stat_result:
    """A file's facts.

    Raises:
        OSError: It cannot be seen, or is a pipe, a folder, a device.
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(0, "it is not a plain file")
    return facts


def contents(path: Path) -> bytes:
    """A plain file's content, at most a little more than ``LONGEST``.

    Raises:
        OSError: It cannot be read, or not at once.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | _AT_ONCE), "rb") as file:
        return file.read(LONGEST + 1)


def _put(path: Path, content: bytes, flags: int = 0) -> None:
    """Makes ``content`` the whole of a file, safely on the disk; what was there gives its room."""
    with os.fdopen(os.open(path, os.O_WRONLY | flags, OWNER_ONLY), "wb") as file:
        file.write(content)
        file.flush()
        file.truncate(len(content))
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Has a renamed file survive a power cut. The content is in place by now, so a failure changes nothing."""
    if os.name != "posix":  # elsewhere a folder cannot be opened, and need not be
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _plain(name: str) -> str:
    """A name as a pattern that means nothing but itself."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
