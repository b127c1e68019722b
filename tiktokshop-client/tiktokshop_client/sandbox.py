"""The setting ``sandbox``: a shop on this machine instead of the platform, and how its shops are told from real ones.

The only place where the client knows that the sandbox exists. It starts it and takes its addresses and credentials;
everything else goes over HTTP, as with the platform.
"""

from __future__ import annotations

import atexit
import re
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any, Protocol, cast

from tiktokshop_client.errors import ConfigurationError


class Running(Protocol):
    """A sandbox that listens on this machine."""

    def settings(self) -> dict[str, str]:
        """Its addresses, its app and a token pair, by the names of the connection settings."""

    def close(self) -> None:
        """Stops it."""


PROVIDED = frozenset(
    ("app_key", "app_secret", "access_token", "refresh_token", "token_store", "api_base_url", "auth_base_url")
)
"""The settings that a sandbox brings, whatever is configured."""

_MADE_UP = re.compile("1000[0-9]{15}")
_running: dict[str, Running] = {}
_lock = Lock()


def is_made_up(shop_id: str) -> bool:
    """Whether a shop is one of a sandbox: its id has 19 digits and begins with ``1000``, as no real one does.

    Files that a sandbox of an older version has made keep ids that cannot be told from real ones.
    """
    return _MADE_UP.fullmatch(shop_id) is not None


def connection(path: str) -> dict[str, Any]:
    """The connection settings of the sandbox with the database ``path`` (in memory if ""), started if needed.

    One sandbox runs for each path, in a process of its own; it is stopped when this process ends. Its shops stand
    still while it runs, so that a run reads one state of them, and live on until the next start. Its tokens are kept
    beside its database, never in the file that ``token_store`` names, which belongs to a real shop.

    Raises:
        ConfigurationError: The package tiktokshop-sandbox is not installed, or cannot use the database.
    """
    with _lock:
        if path not in _running:
            _running[path] = _start(path)
        running = _running[path]
    return {**running.settings(), "token_store": f"{path}.tokens.json" if path else ""}


def _start(path: str) -> Running:
    if find_spec("tiktokshop_sandbox") is None:
        raise ConfigurationError(
            "the setting sandbox needs the sandbox itself: install the package tiktokshop-sandbox beside this one, "
            "in a clone with pip install ./tiktokshop-sandbox",
        )
    package = import_module("tiktokshop_sandbox")
    problem = ""
    try:
        running = cast("Running", package.start_beside(path or None))
    except package.SandboxError as error:
        problem = str(error)
    if problem:
        raise ConfigurationError(f"the sandbox cannot start: {problem}")
    atexit.register(running.close)
    return running
