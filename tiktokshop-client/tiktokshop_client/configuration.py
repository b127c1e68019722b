"""What a user has configured: files, environment variables and `.env`, with texts read as their settings' types."""

from __future__ import annotations

import difflib
import json
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

log = logging.getLogger(__name__)

ENVIRONMENT = "ENV"
RENAMED_TO = "x-renamed-to"
"""In the JSON schema of a setting's old name: the new one, which takes its value unless it has one of its own."""
DOTENV = Path(".env")
NEAR = 0.85
"""How alike the name of an environment variable and that of a setting are where a slip is likely, of 1."""
PLAIN_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
"""How a number is written as a text, by settings and by records: no `1_0`, no `1e3`, no digits of other scripts."""
LARGEST = 1_000_000_000
"""What a number may be at most that has no closer bound: one that is larger is a mistake, or no number type's."""
WORDS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def typed(config: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with the types of its settings: the environment knows only texts, and Meltano hands those on.

    A list may be JSON, ids between commas, or a single id; a number is plain decimal notation. What is null, or a blank
    text in place of something else, is left out. What cannot be read stays as it is, for a validator to name. An old
    name becomes the new one, with a warning.

    Args:
        config: Values by the names of their settings; those that `properties` lack stay as they are.
        properties: Their JSON schemas.
    """
    found: dict[str, Any] = {}
    for name, value in config.items():
        kinds = _kinds(properties.get(name, {}))
        if value is None or (isinstance(value, str) and not value.strip() and "string" not in kinds):
            continue
        found[name] = _typed(value, kinds, properties.get(name, {}))
    for old in [name for name in found if RENAMED_TO in properties.get(name, {})]:
        new = properties[old][RENAMED_TO]
        log.warning("The setting %s is now called %s; the old name still works.", old, new)
        found.setdefault(new, found.pop(old))
    return found


def bound(properties: dict[str, Any]) -> dict[str, Any]:
    """Gives the numbers among settings bounds, where their JSON schemas have none: from 0 to ``LARGEST``."""
    for spec in properties.values():
        if {"integer", "number"} & set(_kinds(spec)):
            spec.setdefault("maximum", LARGEST)
            if "exclusiveMinimum" not in spec:
                spec.setdefault("minimum", 0)
    return properties


def _kinds(spec: Mapping[str, Any]) -> list[str]:
    kinds = spec.get("type", "string")
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _typed(value: Any, kinds: list[str], spec: Mapping[str, Any]) -> Any:
    if "array" in kinds:
        of_texts = "string" in _kinds(spec.get("items", {}))
        items = _items(value)
        return [str(item) if of_texts and _is_whole(item) else item for item in items] if items is not None else value
    if not isinstance(value, str) or "string" in kinds:
        return value
    text = value.strip()
    if "boolean" in kinds and text.lower() in WORDS:
        return WORDS[text.lower()]
    if {"integer", "number"} & set(kinds) and PLAIN_NUMBER.fullmatch(text):
        return int(text) if "." not in text else float(text)
    if "object" in kinds:
        found = _json(text)
        return found if isinstance(found, dict) else value
    return value


def _items(value: Any) -> list[Any] | None:
    """The items of a list, in whatever form it was given; None if it is not a list."""
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return [item.strip() for item in value.split(",") if item.strip()]
        value = _json(value)
    if _is_whole(value):
        return [value]
    return value if isinstance(value, list) else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def named(variables: Mapping[str, str], prefix: str, names: Iterable[str]) -> dict[str, str]:
    """The settings among environment variables, as texts; blank ones count as not set."""
    variable_of = {name: f"{prefix}{name.upper()}" for name in names}
    return {name: variables[variable] for name, variable in variable_of.items() if variables.get(variable)}


def plugin_config(plugin: str, sources: Iterable[str], names: Iterable[str]) -> dict[str, Any]:
    """The configuration that a plugin's command line asks for.

    Args:
        plugin: Its name; its environment variables begin with it.
        sources: What follows each `--config`: a file of JSON, later ones before earlier ones; `ENV` for the environment
            and `.env`, which come before all files.
        names: Its settings.

    Raises:
        ConfigurationError: A file cannot be read, or holds something else than settings.
    """
    found: dict[str, Any] = {}
    for source in sources:
        if source != ENVIRONMENT:
            found |= object_of(Path(source))
    if ENVIRONMENT in sources:
        if DOTENV.is_file():
            for name, value in assignments(text_of(DOTENV)).items():
                os.environ.setdefault(name, value)  # also what is no setting: keys of stores, proxies
        found |= named(os.environ, f"{plugin.upper().replace('-', '_')}_", names)
    return found


def object_of(file: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        ConfigurationError: There is none.
    """
    found = _json(text_of(file))
    if not isinstance(found, dict):
        raise ConfigurationError(f'the file {file} is not a JSON object of settings like {{"sandbox": true}}')
    return found


def text_of(file: Path) -> str:
    """The text in a file, without a byte order mark.

    Raises:
        ConfigurationError: It cannot be read.
    """
    problem = ""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        problem = "it is not text in UTF-8"
    except ValueError:
        problem = "that is not a path"
    raise ConfigurationError(f"the file {file} cannot be read: {problem}")


def assignments(text: str) -> dict[str, str]:
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


def misspelt(config: Mapping[str, Any], names: Iterable[str]) -> str:
    """One sentence about the settings of a configuration that there are not, "" if there are all."""
    told = no_settings(config, names)
    if not told:
        return ""
    are = "is not a setting and is" if len(told) == 1 else "are not settings and are"
    return f"In the configuration, {', '.join(told)} {are} ignored."


def no_settings(config: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """What a configuration has that is no setting: each with the setting that may be meant, if there is one."""
    known = list(names)
    near = {name: difflib.get_close_matches(name, known, 1) for name in sorted(config.keys() - set(known))}
    return [f"{name} (did you mean {found[0]}?)" if found else name for name, found in near.items()]


def misspelt_variables(variables: Iterable[str], plugin: str, names: Iterable[str]) -> str:
    """One sentence about environment variables of a plugin that nearly name a setting, "" if there are none."""
    told = near_variables(variables, plugin, names)
    if not told:
        return ""
    are = "does not name a setting and is" if len(told) == 1 else "do not name settings and are"
    return f"In the environment, {', '.join(told)} {are} ignored."


def near_variables(variables: Iterable[str], plugin: str, names: Iterable[str]) -> list[str]:
    """The environment variables of a plugin that nearly name a setting, each with that.

    What is not near any is not ours to judge: Meltano and the SDK have variables of their own with that beginning, and
    Meltano one for each part of a setting that is an object.
    """
    prefix = f"{plugin.upper().replace('-', '_')}_"
    known = [name.upper() for name in names]
    told = []
    for variable in sorted(variables):
        name = variable.removeprefix(prefix)
        if name == variable or name in known or name.startswith(("_", *(f"{setting}_" for setting in known))):
            continue
        near = difflib.get_close_matches(name, known, 1, NEAR)
        if near:
            told.append(f"{variable} (did you mean {prefix}{near[0]}?)")
    return told
