"""The receiver's settings: what they are, where they come from, and whether they make sense."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client import SETTINGS, Secret, configuration, notify
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.redaction import known

from tiktokshop_webhooks.inbox.address import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREFIXES = ("TIKTOKSHOP_WEBHOOKS_", "TIKTOKSHOP_", "TAP_TIKTOKSHOP_")
"""How environment variables begin that hold settings; an earlier one wins."""
OWN: dict[str, Any] = {
    "webhook_inbox": {
        "type": "string",
        "title": "Inbox",
        "description": (
            "Where events are kept: a file's path, or `postgresql://…`, for several receivers behind a balancer."
        ),
        "default": DEFAULT,
    },
    "old_app_secret": {
        "type": "string",
        "title": "Old app secret",
        "description": "The app's secret before the present one, taken as well: for the time after it was changed.",
        "secret": True,
    },
    "apps": {
        "type": "object",
        "title": "More apps",
        "description": (
            'Other apps whose webhooks come here as well, as `{"app_key": "secret"}`, or with several secrets '
            '`{"app_key": ["new", "old"]}`.'
        ),
        "secret": True,
    },
    "refuse_bad_signatures": {
        "type": "boolean",
        "title": "Refuse bad signatures",
        "description": (
            "Answer 401 to a wrong signature. Otherwise the answer is 200, and either way the delivery goes into the "
            "quarantine. The platform may take a 401 for good and never send that event again."
        ),
        "default": False,
    },
    "quarantine_megabytes": {
        "type": "number",
        "exclusiveMinimum": 0,
        "title": "Quarantine",
        "description": "How much the quarantine may hold. When it is full, a wrong signature is answered 503.",
        "default": 64,
    },
    "retention_days": {
        "type": "integer",
        "minimum": 1,
        "maximum": 3_650,
        "title": "Retention",
        "description": "After how many days events are removed, and with them what is personal in them.",
        "default": 30,
    },
    "notify": {
        **notify.SETTING,
        "description": (
            "Whom to tell that a grant ends or has ended, or that an event cannot be used: "
            f"{notify.WAYS}, or one alone."
        ),
    },
}
PROPERTIES: dict[str, Any] = configuration.bound({**SETTINGS["properties"], **OWN})
"""Those of the connection, for `subscribe` and the like, and those of the receiver."""


@dataclass(frozen=True)
class HookSettings:
    """Checked settings of the receiver; made by ``from_config``. Attributes are the settings' own names, but for these.

    Attributes:
        secrets: App key -> its secrets.
        quarantine_bytes: How much the quarantine may hold.
        retention_ms: After how many milliseconds events are removed.
    """

    secrets: Mapping[str, tuple[Secret, ...]]
    webhook_inbox: str = DEFAULT
    refuse_bad_signatures: bool = False
    quarantine_bytes: int = 64_000_000
    retention_ms: int = 30 * 86_400_000
    notify: tuple[Secret, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, apps_needed: bool = True) -> HookSettings:
        """Checks a configuration.

        Args:
            config: Settings by their names; others are ignored.
            apps_needed: Whether there must be an app.

        Raises:
            ConfigurationError: One sentence that names the setting and never shows its value.
        """
        secrets = _apps(config)
        if apps_needed and not secrets:
            raise ConfigurationError(
                "the settings app_key and app_secret are missing: without them no webhook can be verified; set "
                "TIKTOKSHOP_APP_KEY and TIKTOKSHOP_APP_SECRET, or name a file with --config"
            )
        settings = cls(
            secrets=secrets,
            webhook_inbox=inbox_of(config),
            refuse_bad_signatures=_boolean(config, "refuse_bad_signatures"),
            quarantine_bytes=round(_number(config, "quarantine_megabytes", 0.01, 100_000) * 1_000_000),
            retention_ms=round(_number(config, "retention_days", 1, 3_650) * 86_400_000),
            notify=notify.checked(config.get("notify")),
        )
        known.add(*(secret for each in secrets.values() for secret in each))
        return settings


def gather(file: Path | None) -> dict[str, Any]:
    """The configuration: the file's values, before the environment's, before those in ``.env``.

    Args:
        file: JSON like a plugin's configuration, or lines of NAME=value.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    dotenv = configuration.DOTENV
    config = {
        **_named(configuration.assignments(configuration.text_of(dotenv)) if dotenv.is_file() else {}),
        **_named(os.environ),
    }
    if file is not None:
        text = configuration.text_of(file)
        if text.lstrip().startswith("{"):
            config |= configuration.object_of(file)
        else:
            variables = configuration.assignments(text)
            config |= _named(variables) | {name: value for name, value in variables.items() if name in PROPERTIES}
    whom = config.get("notify")
    if isinstance(whom, str) and not whom.lstrip().startswith("["):
        config["notify"] = [whom]  # one alone, in which a comma is a comma
    return configuration.typed(config, PROPERTIES)


def inbox_of(config: Mapping[str, Any]) -> str:
    """The setting ``webhook_inbox``."""
    value = config.get("webhook_inbox") or DEFAULT
    if not isinstance(value, str):
        raise ConfigurationError("the setting webhook_inbox must be text")
    return value.strip()


def _named(variables: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: value
        for prefix in reversed(PREFIXES)
        for name, value in configuration.named(variables, prefix, PROPERTIES).items()
    }


def _apps(config: Mapping[str, Any]) -> dict[str, tuple[Secret, ...]]:
    given = config.get("apps") or {}
    if not isinstance(given, dict):
        raise ConfigurationError('the setting apps must be an object like {"app_key": "secret"}')
    found: dict[str, tuple[Secret, ...]] = {}
    for key, value in given.items():
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise ConfigurationError("the setting apps must have a secret, or a list of secrets, for each app key")
        found[key.strip()] = tuple(Secret(text.strip()) for text in texts)
    key, texts = _text(config, "app_key"), [_text(config, "app_secret"), _text(config, "old_app_secret")]
    if bool(key) != bool(texts[0]):
        missing = "app_secret" if key else "app_key"
        raise ConfigurationError(f"the setting {missing} is missing: set app_key and app_secret, or neither")
    if key:
        found[key] = (*(Secret(text) for text in texts if text), *found.get(key, ()))
    return found


def _text(config: Mapping[str, Any], name: str) -> str:
    value = config.get(name)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"the setting {name} must be text")
    return (value or "").strip()


def _boolean(config: Mapping[str, Any], name: str) -> bool:
    value = config.get(name, OWN[name]["default"])
    if not isinstance(value, bool):
        raise ConfigurationError(f"the setting {name} must be true or false")
    return value


def _number(config: Mapping[str, Any], name: str, least: float, most: float) -> float:
    value = config.get(name, OWN[name]["default"])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise ConfigurationError(f"the setting {name} must be a number from {least:g} to {most:g}")
    return float(value)
