"""Where the command line `tiktokshop` has its settings from: a file, the environment, `.env`, or a prompt."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIXES = ("TIKTOKSHOP_", "TAP_TIKTOKSHOP_", "TARGET_TIKTOKSHOP_")
DOTENV = Path(".env")
DEFAULT_STORE = ".tiktokshop/tokens.json"
OURS: Mapping[str, Any] = {"service_id": {"type": "string"}, "region": {"type": "string"}}
"""What only this command line needs, and takes from the same places."""


def gather(file: Path | None) -> dict[str, Any]:
    """The configuration: the file's values, before the environment's, before those in `.env`.

    Args:
        file: JSON like a plugin's configuration, or lines of NAME=value.

    Raises:
        ConfigurationError: The file cannot be read, or a value is not of its setting's type.
    """
    config = {**_named(_assignments(_text(DOTENV)) if DOTENV.is_file() else {}), **_named(os.environ)}
    return {**config, **(_from_file(file) if file else {})}


def settings_of(config: dict[str, Any], *, seed_needed: bool = True) -> Settings:
    """Checked settings; the app's key and secret are asked for if a human is there to answer.

    Args:
        config: What ``gather`` found.
        seed_needed: Whether there has to be a token already, in the configuration or the default store.
    """
    if not config.get("sandbox"):
        for name, hidden in (("app_key", False), ("app_secret", True)):
            if not config.get(name) and sys.stdin.isatty():
                config[name] = click.prompt(f"{name} (from Partner Center)", hide_input=hidden, err=True)
        bare = not (config.get("access_token") or config.get("refresh_token") or config.get("token_store"))
        if bare and (Path(DEFAULT_STORE).exists() or not seed_needed):
            config["token_store"] = DEFAULT_STORE
        elif bare:
            raise ConfigurationError("there is no token yet: run tiktokshop auth login first, or set token_store")
    return Settings.from_config(config)


def _named(variables: Mapping[str, str]) -> dict[str, Any]:
    """The settings among variables; an earlier prefix wins."""
    found: dict[str, Any] = {}
    for prefix in reversed(PREFIXES):
        for name, spec in {**SETTINGS["properties"], **OURS}.items():
            value = variables.get(f"{prefix}{name.upper()}")
            if value:
                found[name] = _typed(name, spec["type"], value)
    return found


def _typed(name: str, kind: str, value: str) -> Any:
    if kind == "string":
        return value
    if kind == "array" and not value.lstrip().startswith("["):
        return [item.strip() for item in value.split(",") if item.strip()]
    typed = None
    try:
        typed = json.loads(value.lower() if kind == "boolean" else value)
    except ValueError:
        problem = f"the setting {name} has to be of type {kind}"
    else:
        return typed
    raise ConfigurationError(problem)


def _from_file(file: Path) -> dict[str, Any]:
    text = _text(file)
    if not text.lstrip().startswith("{"):
        variables = _assignments(text)
        known = {**SETTINGS["properties"], **OURS}
        plain = {name: _typed(name, known[name]["type"], value) for name, value in variables.items() if name in known}
        return {**_named(variables), **plain}
    try:
        config: dict[str, Any] = json.loads(text)
    except ValueError:
        config = {}
        problem = f"the file {file} is not valid JSON"
    else:
        return {name: value for name, value in config.items() if value is not None}
    raise ConfigurationError(problem)


def _text(file: Path) -> str:
    problem = ""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        problem = "it is not text"
    raise ConfigurationError(f"the file {file} cannot be read: {problem}")


def _assignments(text: str) -> dict[str, str]:
    """The NAME=value lines of a file, with or without quotes and `export`."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            found[name.strip()] = value
    return found
