"""Where the command `tiktokshop` gets its settings from: a file, the environment, `.env`, or a prompt."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiktokshop_client.configuration import DOTENV, assignments, named, object_of, text_of, typed
from tiktokshop_client.consent.serving import SERVING
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIXES = ("TIKTOKSHOP_", "TAP_TIKTOKSHOP_", "TARGET_TIKTOKSHOP_")
DEFAULT_STORE = ".tiktokshop/tokens.json"
KNOWN: Mapping[str, Any] = {
    **SETTINGS["properties"],
    **SERVING,
    "service_id": {"type": "string"},
    "region": {"type": "string"},
}
"""The settings, and what only this command line needs and takes from the same places."""


def gather(file: Path | None) -> dict[str, Any]:
    """The configuration: the file's values, before the environment's, before those in `.env`.

    Args:
        file: JSON like a plugin's configuration, or lines of NAME=value.

    Raises:
        ConfigurationError: The file cannot be read, or a value is not of its setting's type.
    """
    config = {**_named(assignments(text_of(DOTENV)) if DOTENV.is_file() else {}), **_named(os.environ)}
    config = typed({**config, **(_from_file(file) if file else {})}, KNOWN)
    for name, value in config.items():
        kind = KNOWN.get(name, {}).get("type", "string")
        if isinstance(value, str) and kind != "string":
            raise ConfigurationError(f"the setting {name} must be of type {kind}")
    return config


def settings_of(config: dict[str, Any], *, seed_needed: bool = True) -> Settings:
    """Checked settings; the app's key and secret are asked for if a human is there to answer.

    Args:
        config: What ``gather`` found.
        seed_needed: Whether there must be a token already, in the configuration or the default store.
    """
    if not config.get("sandbox"):
        for name, hidden in (("app_key", False), ("app_secret", True)):
            if not config.get(name) and _at_a_terminal():
                config[name] = asked(f"{name} (from Partner Center)", hidden=hidden)
        bare = not (config.get("access_token") or config.get("refresh_token") or config.get("token_store"))
        if bare and (Path(DEFAULT_STORE).exists() or not seed_needed):
            config["token_store"] = DEFAULT_STORE
        elif bare and config.get("app_key") and config.get("app_secret"):
            raise ConfigurationError("there is no token yet: run tiktokshop auth login first, or set token_store")
    return Settings.from_config(config)


def asked(question: str, *, hidden: bool) -> str:
    """What a human answers at the terminal, unseen if it is `hidden`; without one, the next line of the input.

    Raises:
        ConfigurationError: There is no answer.
    """
    at_a_terminal = _at_a_terminal()
    if sys.stdin is not None:
        try:
            return str(click.prompt(question, hide_input=hidden and at_a_terminal, err=True))
        except click.Abort:
            if at_a_terminal:
                raise
    raise ConfigurationError(f"the input ended without an answer to: {question}")


def _at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _named(variables: Mapping[str, str]) -> dict[str, Any]:
    """The settings among variables; an earlier prefix wins."""
    return {name: value for prefix in reversed(PREFIXES) for name, value in named(variables, prefix, KNOWN).items()}


def _from_file(file: Path) -> dict[str, Any]:
    text = text_of(file)
    if text.lstrip().startswith("{"):
        return object_of(file)
    variables = assignments(text)
    return {**_named(variables), **{name: value for name, value in variables.items() if name in KNOWN}}
