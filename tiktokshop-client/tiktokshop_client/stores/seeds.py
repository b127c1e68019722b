"""Read-only seeds: a token pair from the environment, or from the command line of a secret manager."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import IO, TYPE_CHECKING

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.secret import Secret
from tiktokshop_client.stores.store import ReadOnlyStoreError
from tiktokshop_client.token import ENCRYPTED, ROOM, BadTokenError, Token, decode

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND_TIMEOUT = 60.0
"""Seconds that a secret manager's command may take."""
MOST_PRINTED = ROOM
"""Bytes that it may print."""


class SeedStore(ABC):
    """Reads a pair that another program keeps fresh, and never refreshes it, because it could not keep the new one.

    The text is what the other stores keep, or the bare access token.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What a human knows the store by."""

    @abstractmethod
    def text(self) -> bytes:
        """The seed's text, b"" if there is none."""

    def locked(self) -> AbstractContextManager[None]:
        """Nothing is written, so no lock is needed."""
        return nullcontext()

    def read(self) -> Token | None:
        """The pair, read again each time.

        Raises:
            ConfigurationError: It cannot be had, or is no token.
        """
        text = self.text().strip()
        if not text:
            return None
        if text.startswith((b"{", ENCRYPTED)):
            return decode(text, self.name, foreign=True)
        if not text.isascii() or len(text.split()) != 1:
            raise ConfigurationError(
                f"the token store {self.name} gives no token: it must be an access token alone, or a pair as JSON; "
                "copy all of it again"
            )
        problem = ""
        try:
            return Token(Secret(text.decode()))
        except BadTokenError as error:
            problem = str(error)
        raise ConfigurationError(
            f"the token store {self.name} does not hold a usable token: {problem}; copy all of it again",
        )

    def write(self, token: Token) -> None:  # noqa: ARG002 - the protocol's signature
        """Refuses."""
        self.check_writable()

    def clear(self) -> None:
        """Refuses."""
        self.check_writable()

    def check_writable(self) -> None:
        """Always raises ``ReadOnlyStoreError``: a pair that cannot be stored would be lost."""
        raise ReadOnlyStoreError(
            f"the token store {self.name} is read-only, so tokens are not refreshed here: let the program that owns it "
            "refresh them, or set token_store to one that can be written",
        )


class EnvironmentStore(SeedStore):
    """Reads a pair from an environment variable."""

    def __init__(self, variable: str) -> None:
        if not variable:
            raise ConfigurationError("the setting token_store needs the variable's name: env:NAME")
        self._variable = variable

    @property
    def name(self) -> str:
        """The address."""
        return f"env:{self._variable}"

    def text(self) -> bytes:
        """The variable's value."""
        return os.fsencode(os.environ.get(self._variable, ""))


class CommandStore(SeedStore):
    """Reads a pair from what a command prints. No shell is involved; its complaints are not shown, only its exit."""

    def __init__(self, command: str) -> None:
        problem = ""
        try:
            self._words = shlex.split(command)
        except ValueError:
            problem = "an odd quote"
        if problem or not self._words:
            raise ConfigurationError(f"the setting token_store has no command that can be run: {problem or 'none'}")

    @property
    def name(self) -> str:
        """The program, without its arguments."""
        return f"command:{self._words[0]} …"

    def text(self) -> bytes:
        """What the command prints, of ``MOST_PRINTED`` bytes and within ``COMMAND_TIMEOUT`` seconds.

        Raises:
            ConfigurationError: It cannot be run, fails, or does not keep to that.
        """
        printed, problem = _printed_by(self._words)
        if problem:
            raise ConfigurationError(
                f"the token store {self.name} cannot be read: the command {problem}; try it by hand"
            )
        return printed


def _printed_by(words: Sequence[str]) -> tuple[bytes, str]:
    """What a command prints; or b"" and what is wrong with it, as the rest of a sentence."""
    until = time.monotonic() + COMMAND_TIMEOUT
    try:
        running = subprocess.Popen(  # noqa: S603 - the very command that the user configured, without a shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        return b"", f"cannot be started ({error.strerror})"
    printed: list[bytes] = []
    reader = threading.Thread(target=_read, args=(running.stdout, printed), daemon=True)
    reader.start()
    problem = ""
    try:
        reader.join(until - time.monotonic())
        text = printed[0] if printed else b""
        if len(text) > MOST_PRINTED:
            problem = f"prints more than {MOST_PRINTED // 1000} kB"
        elif running.wait(max(0.0, until - time.monotonic())):
            problem = f"ends with exit code {running.returncode}"
        elif not printed:  # it has ended, but what it has started has not, and holds its output
            problem = f"does not end its output within {COMMAND_TIMEOUT:g} seconds"
    except subprocess.TimeoutExpired:
        problem = f"does not end within {COMMAND_TIMEOUT:g} seconds"
    finally:
        running.kill()  # nothing happens if it has ended
        running.wait()
    return (b"", problem) if problem else (text, "")


def _read(stream: IO[bytes], printed: list[bytes]) -> None:
    with stream, contextlib.suppress(OSError, ValueError):
        printed.append(stream.read(MOST_PRINTED + 1))
