"""Tells somebody something, by an address that takes JSON or by a command that takes a text."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.redaction import known
from tiktokshop_client.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

URLS = ("https://", "http://")
ANSWER_SECONDS = 10
COMMAND_SECONDS = 30


SETTING = {
    "type": "array",
    "items": {"type": "string"},
    "title": "Notify",
    "secret": True,
}
"""The JSON schema of the setting ``notify``, but for what it tells of."""
WAYS = (
    "addresses that get JSON with a `text` by POST, as chats take it, and commands that get the text as their input, "
    'like `mail -s "TikTok Shop" ops@example.com`; a list in JSON'
)


class UntoldError(TransientError):
    """Somebody could not be told; the sentence does not show the address, which often is a secret by itself."""


def checked(value: Any) -> tuple[Secret, ...]:
    """The setting ``notify``, which is kept out of all logs from now on.

    Raises:
        ConfigurationError: It is none.
    """
    texts = value or []
    if not isinstance(texts, list) or not all(isinstance(each, str) and each.strip() for each in texts):
        raise ConfigurationError("the setting notify must be a list of addresses and commands")
    if not all(_can_be_told(each.strip()) for each in texts):
        raise ConfigurationError(
            "the setting notify holds what is neither an address that begins with https:// nor a command: check "
            "its quotes"
        )
    found = tuple(Secret(each.strip()) for each in texts)
    known.add(*found)
    return found


def tell_all(whom: Iterable[Secret], text: str) -> list[str]:
    """Sends a text to all; what went wrong, a sentence each."""
    return [problem for problem in (_problem(each, text) for each in whom) if problem]


def _problem(whom: Secret, text: str) -> str:
    try:
        tell(whom, text)
    except UntoldError as error:
        return str(error)
    return ""


def _can_be_told(text: str) -> bool:
    try:
        if text.startswith(URLS):
            return bool(urlsplit(text).hostname)
        return "://" not in text.split(maxsplit=1)[0] and bool(shlex.split(text))
    except ValueError:
        return False


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
