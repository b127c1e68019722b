"""Where a fresh token pair goes that its store does not take any more, until the store takes it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.private_file import PrivateFile
from tiktokshop_client.token_pair import ROOM, decode, encode

if TYPE_CHECKING:
    from tiktokshop_client.token_pair import Token

FOLDER = Path(".tiktokshop")


class Rescue:
    """A file of mode 0600 on this machine.

    It lies in `.tiktokshop/` of the working directory, else in a folder of this user among the temporary files. It
    holds the pair as the store would, behind the fingerprint of the pair that it replaces: as soon as the store holds
    another one, the file means nothing any more.

    Args:
        place: What tells the pair's place from others: the app, the store, the entry.
    """

    def __init__(self, *place: str) -> None:
        name = f"rescued-{hashlib.sha256(chr(10).join(place).encode()).hexdigest()[:16]}.json"
        user = os.geteuid() if os.name == "posix" else "tokens"
        self._files = [PrivateFile(folder / name) for folder in (FOLDER, _temporary() / f"tiktokshop-{user}")]
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

    def write(self, token: Token, replaced: Token | None) -> str:
        """Keeps a pair; the file's path, "" if there is no place for it.

        Args:
            token: The pair.
            replaced: The pair that the store still holds.
        """
        content = fingerprint(replaced).encode() + b"\n" + encode(token)
        for file in [self._ready, *self._files]:
            if file is not None:
                with contextlib.suppress(OSError):
                    _own(file.path.parent)
                    file.write(content)
                    return str(file.path)
        return ""

    def read(self, stored: Token | None) -> Token | None:
        """The pair that was kept in place of the one that the store holds, None if there is none."""
        found: list[tuple[int, Token]] = []
        for file in self._files:
            with contextlib.suppress(OSError, ConfigurationError):
                content = file.read() or b""
                replaced, _, text = content.partition(b"\n")
                if replaced.decode("ascii", "replace") == fingerprint(stored):
                    found.append((file.path.stat().st_mtime_ns, decode(text, str(file.path))))
        return max(found, key=itemgetter(0))[1] if found else None

    def exists(self) -> bool:
        """Whether there is a file, of whatever worth."""
        return any(file.path.exists() for file in self._files)

    def clear(self) -> None:
        """Removes what was kept."""
        for file in self._files:
            with contextlib.suppress(OSError):
                file.path.unlink()
                _leave(file)


def fingerprint(token: Token | None) -> str:
    """Names a pair without giving it away; also for none."""
    text = token.refresh_token.reveal() if token and token.refresh_token else ""
    return hashlib.sha256(f"rescue {text}".encode()).hexdigest()


def _temporary() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except OSError:  # nothing can be written anywhere
        return FOLDER


def _own(folder: Path) -> None:
    """Makes a folder, if need be.

    Raises:
        OSError: It cannot be made, or is somebody else's.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or (os.name == "posix" and facts.st_uid != os.geteuid()):
        raise OSError(0, "it is not a folder of this user")


def _leave(file: PrivateFile) -> None:
    """Removes the folder, if nothing is left in it."""
    with contextlib.suppress(OSError):
        file.path.parent.rmdir()
