"""Where a new token pair goes while its store cannot take it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.stores.private_file import LONGEST, PrivateFile
from tiktokshop_client.token import ROOM, decode, encode

if TYPE_CHECKING:
    from tiktokshop_client.token import Token

FOLDER = Path(".tiktokshop")

OR_OLDER = " or older"
"""Ends the mark of a pair whose rival could not be read: it goes in the place of any pair that is known to be older."""


class Rescue:
    """A file of mode 0600 on this machine.

    It lies in `.tiktokshop/` of the working directory, else in `tiktokshop/` where this user's programs keep their
    state (`$XDG_STATE_HOME`, else `~/.local/state`). A folder that another user owns or can write is none of these, and
    nothing in it is read, removed or changed. The file holds the pair as the store would, behind a mark of the pair
    that it replaces: as soon as the store holds another one, the file means nothing any more, see ``counts``.

    Args:
        place: What tells the pair's place from others: the app, the store, the entry.
    """

    def __init__(self, *place: str) -> None:
        name = f"rescued-{hashlib.sha256(chr(10).join(place).encode()).hexdigest()[:16]}.json"
        self._files = [PrivateFile(folder / name, follow=False) for folder in (FOLDER, _state())]
        self._ready: PrivateFile | None = None

    def reserve(self) -> None:
        """Takes the room for a pair in the first folder that has any. Without one, there is no rescue."""
        for file in self._files:
            with contextlib.suppress(OSError):
                _own(file.path.parent)
                file.reserve(ROOM)
                self._ready = file
                return

    def release(self) -> None:
        """Gives the room back."""
        file, self._ready = self._ready, None
        if file is not None:
            file.release()
            _leave(file)

    def write(self, token: Token, mark: str) -> str:
        """Keeps a pair; the file's path, "" if there is no place for it.

        Args:
            token: The pair.
            mark: Of the pair that the store still holds: its ``fingerprint``, and ``OR_OLDER`` if that is not certain.
        """
        content = mark.encode() + b"\n" + encode(token)
        for file in [self._ready, *self._files]:
            if file is not None:
                with contextlib.suppress(OSError):
                    _own(file.path.parent)
                    file.write(content)
                    return str(file.path)
        return ""

    def read(self, stored: Token | None) -> Token | None:
        """The pair that was kept in place of the one that the store holds, None if there is none.

        Raises:
            ConfigurationError: There is a file that cannot be read; what it holds is not known, so it stays.
        """
        found: list[tuple[int, Token]] = []
        for path in self._present():
            kept = _kept(path, stored)
            if kept is not None:
                found.append(kept)
        return max(found, key=itemgetter(0))[1] if found else None

    def exists(self) -> bool:
        """Whether there is a file, of whatever worth."""
        return bool(self._present())

    def clear(self) -> None:
        """Removes what was kept."""
        for file in self._files:
            if _is_ours(file.path.parent):
                with contextlib.suppress(OSError):
                    file.path.unlink()
                    _leave(file)

    def _present(self) -> list[Path]:
        return [file.path for file in self._files if _is_ours(file.path.parent) and os.path.lexists(file.path)]


def fingerprint(token: Token | None) -> str:
    """Names a pair without giving it away; also for none."""
    if token is None:
        return hashlib.sha256(b"rescue, no pair").hexdigest()
    refresh = token.refresh_token.reveal() if token.refresh_token else ""
    text = f"rescue {refresh}\n{token.access_token.reveal()}\n{token.issued_at}"
    return hashlib.sha256(text.encode()).hexdigest()


def is_older(theirs: Token | None, ours: Token) -> bool:
    """Whether a pair is known to be from before another one."""
    if theirs is None or theirs.issued_at is None or ours.issued_at is None:
        return theirs is None
    return theirs.issued_at < ours.issued_at


def counts(mark: str, token: Token, stored: Token | None) -> bool:
    """Whether a pair should replace what the store holds: nothing, what it was bought for, or an older one.

    Args:
        mark: What the pair was kept behind, see ``Rescue.write``.
        token: The pair.
        stored: The pair that the store holds.
    """
    if stored is None or mark.removesuffix(OR_OLDER) == fingerprint(stored):
        return True
    return mark.endswith(OR_OLDER) and is_older(stored, token)


def _kept(path: Path, stored: Token | None) -> tuple[int, Token] | None:
    """When a file was written and its pair, None if that does not count.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        content, moment = _contents(path)
        line, _, text = content.partition(b"\n")
        mark = line.decode("ascii", "replace")
        if stored is not None and mark != fingerprint(stored) and not mark.endswith(OR_OLDER):
            return None  # whatever is in it, and in whichever key
        token = decode(text, str(path))
        return (moment, token) if counts(mark, token, stored) else None
    except (OSError, ConfigurationError) as error:
        why = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
    raise ConfigurationError(
        f"{path} keeps new tokens that the store could not take, and cannot be read ({why}): run as the user and with "
        "the encryption key that wrote it; if nobody needs it any more, remove it",
    )


def _state() -> Path:
    """Where this user's programs keep their state, as the XDG base directory specification has it."""
    home = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not home.is_absolute():
        home = Path(os.path.expanduser("~"), ".local", "state")  # noqa: PTH111 - Path's own fails without a home
    return home / "tiktokshop"


def _own(folder: Path) -> None:
    """Makes a folder if needed.

    Raises:
        OSError: It cannot be made, or others own or can write it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_ours(folder):
        raise OSError(0, "it is not a folder of this user alone")


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder, no link, that nobody else can put anything into."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and _is_private(facts)


def _is_private(facts: os.stat_result) -> bool:
    return os.name != "posix" or (facts.st_uid == os.geteuid() and not stat.S_IMODE(facts.st_mode) & 0o022)


def _contents(path: Path) -> tuple[bytes, int]:
    """A file's content and when it was written. What was opened is checked, not what the name means later.

    Raises:
        OSError: It cannot be read, is a link or no plain file, or others own or can write it.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or not _is_private(facts):
            raise OSError(0, "it is not a plain file of this user alone")
        return file.read(LONGEST + 1), facts.st_mtime_ns


def _leave(file: PrivateFile) -> None:
    """Removes the folder, if nothing is left in it."""
    with contextlib.suppress(OSError):
        file.path.parent.rmdir()
