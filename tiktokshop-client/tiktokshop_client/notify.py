"""Tells somebody something, by an address that takes JSON or by a command that takes a text."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import requests

from tiktokshop_client.errors import TransientError

if TYPE_CHECKING:
    from tiktokshop_client.secret import Secret

URLS = ("https://", "http://")
ANSWER_SECONDS = 10
COMMAND_SECONDS = 30


class UntoldError(TransientError):
    """Somebody could not be told; the sentence does not show the address, which often is a secret by itself."""


def tell(whom: Secret, text: str) -> None:
    """Sends a text.

    Args:
        whom: An address that gets ``{"text": ...}`` by POST, or a command that gets the text as its input.
        text: What to tell, without secrets.

    Raises:
        UntoldError: That did not work.
    """
    target = whom.reveal()
    problem = _post(target, text) if target.startswith(URLS) else _run(target, text)
    if problem:
        raise UntoldError(f"nobody was told by the setting notify: {problem}")


def _post(address: str, text: str) -> str:
    """What went wrong, "" if nothing did."""
    try:
        answer = requests.post(address, json={"text": text}, timeout=ANSWER_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return "its address cannot be reached"
    return "" if answer.ok and not answer.is_redirect else f"its address answered HTTP {answer.status_code}"


def _run(command: str, text: str) -> str:
    words = shlex.split(command)
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            words, input=f"{text}\n".encode(), capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"its command has not ended after {COMMAND_SECONDS} seconds"
    except OSError as error:
        return f"its command cannot be started ({error.strerror})"
    return f"its command ended with {done.returncode}" if done.returncode else ""
