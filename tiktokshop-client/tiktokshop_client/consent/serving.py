"""The settings of `tiktokshop auth serve`, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktokshop_client.consent.sellers import NAME, ListedSeller, SellerTable
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.redaction import known
from tiktokshop_client.secret import Secret
from tiktokshop_client.settings import Settings, host_url
from tiktokshop_client.stores import TokenStore, kind_of, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST_SECRET = 32
PLACEHOLDER = "{seller}"
NO_URL = "https://consent.example.com"
SHARED = ("redis", "rediss", "postgresql", "postgres")

SERVING: Mapping[str, Any] = {
    "public_url": {
        "type": "string",
        "title": "Public address",
        "description": (
            "Where sellers' browsers reach the service through your proxy. The app's redirect address in Partner "
            "Center is this with `/callback` behind it."
        ),
        "examples": [NO_URL],
    },
    "operator_secret": {
        "type": "string",
        "title": "Operator's secret",
        "description": f"What has to be sent to make links, list and revoke; {SHORTEST_SECRET} characters at least.",
        "secret": True,
    },
    "sellers": {
        "type": "string",
        "title": "Table of sellers",
        "description": "A CSV file with a line for each seller; it is read again when it changes.",
        "examples": ["sellers.csv"],
    },
    "apps": {
        "type": "object",
        "title": "More apps",
        "description": 'Other apps that the table of sellers names, as `{"app_key": "secret"}`.',
        "secret": True,
    },
    "consent_store": {
        "type": "string",
        "title": "Consent store",
        "description": (
            "Where consents under way are kept: a folder, `redis://…` or `postgresql://…`, the same for all instances. "
            "Without it, where the tokens are."
        ),
    },
}
"""JSON schemas of the settings that the service has beyond those of the connection."""
_TIMING = {"request_timeout_seconds": 10, "max_tries": 2}
"""A browser waits for what is asked of the platform."""


@dataclass(frozen=True)
class ServiceSettings:
    """Checked settings of the service; made by ``from_config``.

    Attributes:
        config: The whole configuration, of which each seller's connection is made.
        public_url: Where browsers reach the service, without a slash at its end.
        operator_secret: What an operator has to send.
        table: The sellers.
        secrets: App key -> secret.
        token_store: The address of a seller's tokens, with ``{seller}`` in it.
        consent_store: Where consents under way are kept.
    """

    config: Mapping[str, Any]
    public_url: str
    operator_secret: Secret
    table: SellerTable
    secrets: Mapping[str, Secret]
    token_store: str
    consent_store: str

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ServiceSettings:
        """Checks a configuration.

        Raises:
            ConfigurationError: One sentence that names the setting and never shows its value.
        """
        if config.get("sandbox"):
            raise ConfigurationError(
                "auth serve starts no sandbox: run tiktokshop-sandbox serve, and configure its addresses and its app"
            )
        if not config.get("public_url"):
            raise ConfigurationError(f"the setting public_url is missing: where browsers reach the service ({NO_URL})")
        if not config.get("sellers"):
            raise ConfigurationError("the setting sellers is missing: the path of the table of sellers, a CSV file")
        secret = Secret(str(config.get("operator_secret") or "").strip())
        text = secret.reveal()
        if len(text) < SHORTEST_SECRET or not (text.isascii() and text.isprintable() and " " not in text):
            raise ConfigurationError(
                f"the setting operator_secret must be {SHORTEST_SECRET} characters or more, without blanks: make one "
                "with openssl rand -hex 32"
            )
        secrets = {**_apps(config.get("apps")), **_own_app(config)}
        known.add(secret, *secrets.values())
        token_store = _token_store(config)
        made = cls(
            config=config,
            public_url=host_url(config, "public_url", NO_URL),
            operator_secret=secret,
            table=SellerTable(Path(str(config["sellers"])).expanduser(), str(config.get("app_key") or "")),
            secrets=secrets,
            token_store=token_store,
            consent_store=str(config.get("consent_store") or "") or _beside(token_store),
        )
        for seller in made.table.sellers().values():
            made.connection(seller)
        return made

    def connection(self, seller: ListedSeller) -> Settings:
        """The connection with a seller's app, and with the seller's store.

        Raises:
            ConfigurationError: The seller's app has no secret here.
        """
        secret = self.secrets.get(seller.app_key)
        if secret is None:
            raise ConfigurationError(
                f"the seller {seller.name} belongs to an app without a secret here: put it into the setting apps"
            )
        seeds = {"access_token": None, "refresh_token": None, "shop_ids": None}
        store = self.token_store.replace(PLACEHOLDER, seller.name)
        own = {"app_key": seller.app_key, "app_secret": secret.reveal(), "token_store": store}
        return Settings.from_config({**self.config, **seeds, **own, **_TIMING})

    def store(self, seller: ListedSeller) -> TokenStore:
        """Where the seller's tokens are kept.

        Raises:
            ConfigurationError: Such a store cannot be opened.
        """
        connection = self.connection(seller)
        assert connection.token_store is not None  # noqa: S101 - it was just given
        return open_store(connection.token_store, seller.app_key)

    def seller(self, name: str) -> ListedSeller | None:
        """A seller of the table.

        Raises:
            ConfigurationError: The table cannot be read.
        """
        return self.table.sellers().get(name) if NAME.fullmatch(name) else None

    def region(self, seller: ListedSeller) -> str:
        """Which consent link the seller gets."""
        return seller.region or str(self.config.get("region") or "")

    def service_id(self, seller: ListedSeller) -> str:
        """The service id of the seller's app."""
        return seller.service_id or str(self.config.get("service_id") or "")


def _apps(value: Any) -> dict[str, Secret]:
    apps = value or {}
    if isinstance(apps, dict):  # the receiver of webhooks takes old secrets as well, behind the present one
        apps = {key: secret[0] if isinstance(secret, list) and secret else secret for key, secret in apps.items()}
    if not isinstance(apps, dict) or not all(isinstance(secret, str) and secret.strip() for secret in apps.values()):
        raise ConfigurationError('the setting apps must be an object like {"app_key": "secret"}')
    return {str(key): Secret(secret.strip()) for key, secret in apps.items()}


def _own_app(config: Mapping[str, Any]) -> dict[str, Secret]:
    key, secret = str(config.get("app_key") or "").strip(), str(config.get("app_secret") or "").strip()
    return {key: Secret(secret)} if key and secret else {}


def _token_store(config: Mapping[str, Any]) -> str:
    text = str(config.get("token_store") or "").strip()
    if PLACEHOLDER not in text or kind_of(text) in {"env", "command"}:
        raise ConfigurationError(
            f"the setting token_store must have {PLACEHOLDER} where a seller's name is to stand, so that each has a "
            f"store: tokens/{PLACEHOLDER}.json, postgresql://host/database?name={PLACEHOLDER}, s3://bucket/{PLACEHOLDER}"
        )
    return text


def _beside(token_store: str) -> str:
    """Where consents under way are kept if no setting says it."""
    kind = kind_of(token_store)
    if kind in SHARED:
        return token_store
    if kind:
        raise ConfigurationError(
            f"the setting consent_store is missing, because consents under way cannot be kept in {kind}://: name a "
            "folder, redis://… or postgresql://…"
        )
    before = token_store.partition(PLACEHOLDER)[0]
    return str((Path(before).parent if not before.endswith(("/", "\\")) else Path(before)) / ".consents")
