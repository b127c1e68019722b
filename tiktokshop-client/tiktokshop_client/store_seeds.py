"""Read-only seeds: a token pair from the environment, or from the command line of a secret manager."""

from __future__ import annotations

import os
import shlex
import subprocess
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.secret import Secret
from tiktokshop_client.token_pair import ENCRYPTED, BadTokenError, Token, decode
from tiktokshop_client.token_store import ReadOnlyStoreError

COMMAND_TIMEOUT = 60.0
"""Seconds that a secret manager's command may take."""


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
        """Nothing is written, so nobody has to be kept out."""
        return nullcontext()

    def read(self) -> Token | None:
        """The pair, read anew each time.

        Raises:
            ConfigurationError: It cannot be had, or is no token.
        """
        text = self.text().strip()
        if not text:
            return None
        if text.startswith((b"{", ENCRYPTED)) or not text.isascii() or len(text.split()) != 1:
            return decode(text, self.name, foreign=True)
        problem = ""
        try:
            return Token(Secret(text.decode()))
        except BadTokenError as error:
            problem = str(error)
        raise ConfigurationError(f"the token store {self.name} holds no good token: {problem}; copy it again, whole")

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
        """What the command prints."""
        problem = ""
        try:
            done = subprocess.run(  # noqa: S603 - the very command that the user configured, without a shell
                self._words, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            problem = f"does not end within {COMMAND_TIMEOUT:.0f} seconds"
        except OSError as error:
            problem = f"cannot be started ({error.strerror})"
        else:
            if done.returncode == 0:
                return done.stdout
            problem = f"ends with exit code {done.returncode}"
        raise ConfigurationError(f"the token store {self.name} cannot be read: the command {problem}; try it by hand")
