"""The connection settings that the tap and the target share: as JSON schema, and checked."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tiktokshop_client import sandbox
from tiktokshop_client.configuration import LARGEST, RENAMED_TO
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.redaction import known
from tiktokshop_client.secret import Secret
from tiktokshop_client.stores import Address, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Scope = Literal["shop", "family", "api"]
"""What of an app's requests for a shop the platform counts together: all, those of an API family, those of an API."""
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
Priority = Literal["normal", "low"]
"""Whether a process goes before those of low priority, or takes what the others leave."""
PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)
Choice = TypeVar("Choice", bound=str)
API_BASE_URL = "https://open-api.tiktokglobalshop.com"
AUTH_BASE_URL = "https://auth.tiktok-shops.com"
USER_AGENT = f"tiktokshop-client/{version('tiktokshop-client')}"
MOST_TRIES = 10
SLOWEST = 0.0001
"""Requests a second: one in three hours. Fewer are a mistake, and none of a smaller number is ever sent."""
LONGEST_SILENCE = 3_600
"""Seconds; a larger number is a mistake, and no socket takes a very large one."""

SETTINGS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "app_key": {
            "type": "string",
            "title": "App key",
            "description": "The app's key, from Partner Center. Not needed with `sandbox`.",
            "examples": ["68xu9ks5p4i8"],
        },
        "app_secret": {
            "type": "string",
            "title": "App secret",
            "description": "The app's secret, from Partner Center. Not needed with `sandbox`.",
            "secret": True,
        },
        "access_token": {
            "type": "string",
            "title": "Access token",
            "description": "A seller's access token. May be left out: the first refresh brings one.",
            "secret": True,
        },
        "refresh_token": {
            "type": "string",
            "title": "Refresh token",
            "description": (
                "The refresh token of the seller's grant. It is a seed: later pairs are kept in `token_store`, "
                "until a different seed is configured."
            ),
            "secret": True,
        },
        "token_store": {
            "type": "string",
            "title": "Token store",
            "description": (
                "Where the current token pair is kept from run to run: a file's path, `redis://…`, `postgresql://…`, "
                "`s3://…`, `gs://…` or `az://…`, or, only to read, `env:NAME` or `command:…`. Without it, a file in "
                "`.tiktokshop/` of the working directory, one for each seed."
            ),
            "examples": [".tiktokshop/tokens.json", "redis://127.0.0.1:6379/0", "s3://bucket/tiktokshop/seller-a"],
        },
        "shop_ids": {
            "type": "array",
            "items": {"type": "string"},
            "title": "Shop ids",
            "description": "Only these shops of the grant; all of them when left out.",
            "examples": [["7495540735365777507"]],
        },
        "api_base_url": {
            "type": "string",
            "title": "API base URL",
            "description": "The platform's API host, the same for all markets.",
            "default": API_BASE_URL,
        },
        "auth_base_url": {
            "type": "string",
            "title": "Token host base URL",
            "description": "The platform's token host.",
            "default": AUTH_BASE_URL,
        },
        "requests_per_second": {
            "type": "number",
            "exclusiveMinimum": 0,
            "title": "Requests per second",
            "description": (
                "The most requests sent in any one second, for each shop and what `budget_scope` says. The client "
                "slows down by itself when the platform asks for it."
            ),
            "default": 50,
        },
        "analytics_requests_per_second": {
            "type": "number",
            "exclusiveMinimum": 0,
            "title": "Requests per second, reports",
            "description": (
                "The same for the API family `analytics`, which the platform wants called 0.2 to 1 times a second."
            ),
            "default": 1,
        },
        "budget_scope": {
            "type": "string",
            "enum": list(SCOPES),
            "title": "Budget scope",
            "description": (
                "What the platform counts together for a shop: all requests (`shop`), those of an API family "
                "(`family`), or those of one API (`api`). If it counts more together, the client finds out."
            ),
            "default": "family",
        },
        "budget_store": {
            "type": "string",
            "title": "Budget store",
            "description": (
                "A Redis, `redis://…` or `rediss://…`, through which any number of processes share the budget of each "
                "shop. Without it, processes share it that have the same `token_store`, if that is a Redis, or a file "
                "on one machine."
            ),
            "examples": ["redis://127.0.0.1:6379/0"],
        },
        "budget_priority": {
            "type": "string",
            "enum": list(PRIORITIES),
            "title": "Budget priority",
            "description": (
                "Who goes first where processes share a budget. A run with `low`, such as a backfill, takes what the "
                "others leave, and one request in ten."
            ),
            "default": "normal",
        },
        "requests_per_day": {
            "type": "integer",
            "minimum": 1,
            "title": "Requests per day",
            "description": (
                "The most requests to one shop in a day (UTC), for apps that have such a cap; no cap when left out. "
                "Processes that share a budget count together. "
                "The tap reads orders first, then stock, finance and reports, and says what is left over."
            ),
        },
        "request_timeout_seconds": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": LONGEST_SILENCE,
            "title": "Request timeout",
            "description": (
                "How many seconds may pass without data before the request counts as failed. The whole answer has "
                "to be there after twice as many."
            ),
            "default": 60,
        },
        "max_tries": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_TRIES,
            "title": "Tries",
            "description": "How often a request is tried in all, the first time included.",
            "default": 5,
        },
        "max_retries": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_TRIES,
            "title": "Tries (old name)",
            "description": "The old name of `max_tries`, which still works.",
            RENAMED_TO: "max_tries",
        },
        "sandbox": {
            "type": "boolean",
            "title": "Sandbox",
            "description": (
                "Use a made-up shop on this machine, from the package tiktokshop-sandbox, instead of the platform. Its "
                "own addresses, app and tokens take the place of those that are set, which are not even looked at."
            ),
            "default": False,
        },
        "sandbox_path": {
            "type": "string",
            "title": "Sandbox database",
            "description": "The file that keeps the sandbox's shops from run to run; in memory when left out.",
            "examples": ["output/sandbox.sqlite"],
        },
        "user_agent": {
            "type": "string",
            "title": "User agent",
            "description": "The User-Agent of requests; the client's name and version when left out.",
        },
    },
}

_CREDENTIAL = re.compile(r"[!-~]+")
_HEADER = re.compile(r"[ -~]+")
_NEEDED = "set it, or set sandbox to true to try without an account"


@dataclass(frozen=True)
class Settings:
    """Checked connection settings; made by ``from_config``.

    Attributes are the settings' own names. ``token_store`` is None when the default file is to be used,
    a path for a file and an address for anything else, and
    ``keep_tokens`` is False when the tokens are not worth a file (a sandbox in memory).
    """

    app_key: str
    app_secret: Secret
    access_token: Secret | None = None
    refresh_token: Secret | None = None
    token_store: Path | Address | None = None
    shop_ids: tuple[str, ...] = ()
    api_base_url: str = API_BASE_URL
    auth_base_url: str = AUTH_BASE_URL
    requests_per_second: float = 50.0
    budget_scope: Scope = "family"
    analytics_requests_per_second: float = 1.0
    budget_store: Address | None = None
    budget_priority: Priority = "normal"
    requests_per_day: int | None = None
    request_timeout_seconds: float = 60.0
    max_tries: int = 5
    user_agent: str = USER_AGENT
    keep_tokens: bool = True

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Checks a plugin's configuration; starts the sandbox if it asks for one.

        Args:
            config: Settings by their names; others are ignored, blank texts count as missing.

        Raises:
            ConfigurationError: One sentence that names the setting and never shows its value.
        """
        if _boolean(config, "sandbox"):
            config = {**config, **sandbox.connection(_text(config, "sandbox_path"))}
        token_store, budget_store = _text(config, "token_store"), _text(config, "budget_store")
        settings = cls._read(config, needed=True)
        known.add(settings.app_secret, settings.access_token, settings.refresh_token)
        if isinstance(settings.token_store, Address):
            known.add(*_passwords(token_store))
        if settings.budget_store:
            known.add(*_passwords(budget_store))
        if settings.keep_tokens and not (settings.access_token or settings.refresh_token or token_store):
            raise ConfigurationError(
                "the setting refresh_token is missing: set it, or set token_store to where tiktokshop auth login has "
                "put the tokens (.tiktokshop/tokens.json), or set sandbox to true to try without an account"
            )
        return settings

    @classmethod
    def check(cls, config: Mapping[str, Any]) -> None:
        """Checks what a plugin's configuration has, whatever it still lacks; starts and asks nothing.

        Raises:
            ConfigurationError: As ``from_config``.
        """
        replaced = sandbox.PROVIDED if _boolean(config, "sandbox") else frozenset()
        cls._read({name: value for name, value in config.items() if name not in replaced}, needed=False)

    @classmethod
    def _read(cls, config: Mapping[str, Any], *, needed: bool) -> Settings:
        token_store = _text(config, "token_store")
        return cls(
            app_key=_credential(config, "app_key", needed=needed),
            app_secret=Secret(_credential(config, "app_secret", needed=needed)),
            access_token=_secret(config, "access_token"),
            refresh_token=_secret(config, "refresh_token"),
            token_store=_store(token_store),
            shop_ids=_ids(config, "shop_ids"),
            api_base_url=host_url(config, "api_base_url", API_BASE_URL),
            auth_base_url=host_url(config, "auth_base_url", AUTH_BASE_URL),
            requests_per_second=_positive(config, "requests_per_second", 50),
            budget_scope=_choice(config, "budget_scope", SCOPES, "family"),
            analytics_requests_per_second=_positive(config, "analytics_requests_per_second", 1),
            budget_store=_redis(_text(config, "budget_store")),
            budget_priority=_choice(config, "budget_priority", PRIORITIES, "normal"),
            requests_per_day=_most(config, "requests_per_day"),
            request_timeout_seconds=_positive(config, "request_timeout_seconds", 60, LONGEST_SILENCE),
            max_tries=_tries(config, "max_tries", _tries(config, "max_retries", 5)),
            user_agent=_header(config, "user_agent", USER_AGENT),
            keep_tokens=not _boolean(config, "sandbox") or token_store != "",
        )


def _passwords(url: str) -> list[Secret]:
    """The passwords in a store's address, which the libraries of stores may quote."""
    parts = _split(url)
    if parts is None:
        return []
    options = parse_qsl(parts.query, errors="replace")
    found = [unquote(parts.password or ""), *(value for name, value in options if "password" in name)]
    return [Secret(password) for password in found if password]


def _store(text: str) -> Path | Address | None:
    if "\0" in text:
        raise ConfigurationError("the setting token_store holds a character that cannot be part of it: copy it again")
    kind = kind_of(text)
    if kind:
        return Address(kind, Secret(text))
    return Path(text).expanduser() if text else None


def _redis(text: str) -> Address | None:
    if not text:
        return None
    kind = kind_of(text, "budget_store")
    if kind not in {"redis", "rediss"}:
        raise ConfigurationError("the setting budget_store must be a Redis, like redis://user:password@host:6379/0")
    return Address(kind, Secret(text))


def _text(config: Mapping[str, Any], name: str) -> str:
    value = config.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigurationError(f"the setting {name} must be text")
    return value.strip()


def _credential(config: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = _text(config, name)
    if not value and needed:
        raise ConfigurationError(f"the setting {name} is missing: {_NEEDED}")
    if value and not _CREDENTIAL.fullmatch(value):
        raise ConfigurationError(f"the setting {name} holds characters that cannot be part of it: copy it again")
    return value


def _secret(config: Mapping[str, Any], name: str) -> Secret | None:
    value = _credential(config, name)
    return Secret(value) if value else None


def _ids(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = config.get(name) or []
    if not isinstance(value, (list, tuple)):
        raise ConfigurationError(f"the setting {name} must be a list of shop ids")
    ids = tuple(str(item).strip() for item in value)
    if not all(item.isalnum() for item in ids):
        raise ConfigurationError(f"the setting {name} must be a list of shop ids")
    return tuple(dict.fromkeys(ids))


def host_url(config: Mapping[str, Any], name: str, default: str) -> str:
    """A setting that is the address of a host, without a slash at its end.

    Raises:
        ConfigurationError: It is something else, or would send secrets in plain text.
    """
    value = (_text(config, name) or default).rstrip("/")
    parts = _split(value)
    if parts is None or parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ConfigurationError(f"the setting {name} must be a URL that starts with https://")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path:
        raise ConfigurationError(f"the setting {name} must be a host's address only, like {default}")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ConfigurationError(f"the setting {name} must start with https://, except for this machine itself")
    return value


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is not a number
    except ValueError:
        return None
    return parts


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _positive(config: Mapping[str, Any], name: str, default: float, most: float = LARGEST) -> float:
    value = config.get(name)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not SLOWEST <= value <= most:
        up_to = f" and at most {most:g}" if most < LARGEST else ""
        raise ConfigurationError(f"the setting {name} must be a number above 0{up_to}")
    return float(value)


def _tries(config: Mapping[str, Any], name: str, default: int) -> int:
    value = config.get(name)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TRIES:
        raise ConfigurationError(f"the setting {name} must be a whole number from 1 to {MOST_TRIES}")
    return value


def _most(config: Mapping[str, Any], name: str) -> int | None:
    value = config.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ConfigurationError(f"the setting {name} must be a whole number above 0")
    return value


def _choice(config: Mapping[str, Any], name: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
    value = _text(config, name) or default
    found = next((choice for choice in choices if choice == value), None)
    if found is None:
        raise ConfigurationError(f"the setting {name} must be one of {', '.join(choices)}")
    return found


def _boolean(config: Mapping[str, Any], name: str) -> bool:
    value = config.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise ConfigurationError(f"the setting {name} must be true or false")
    return value


def _header(config: Mapping[str, Any], name: str, default: str) -> str:
    value = _text(config, name) or default
    if not _HEADER.fullmatch(value):
        raise ConfigurationError(f"the setting {name} must be plain ASCII text")
    return value
