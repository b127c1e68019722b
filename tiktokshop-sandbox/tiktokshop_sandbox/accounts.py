"""The app, the seller's grants, and the tokens and codes that were issued for them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_sandbox.contract import ApiError, Grant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tiktokshop_sandbox.clock import Clock
    from tiktokshop_sandbox.shops import World

ACCESS_LIFETIME: Final = 7 * 86400
GRANT_LIFETIME: Final = 365 * 86400
CODE_LIFETIME: Final = 30 * 60
SELLER_NAME: Final = "Sandbox Trading"
EUROPE: Final = frozenset({"DE", "ES", "FR", "GB", "IE", "IT"})
SCOPES: Final = (
    "seller.authorization.info",
    "seller.shop.info",
    "seller.order.info",
    "seller.fulfillment.basic",
    "seller.fulfillment.package.write",
    "seller.logistics",
    "seller.delivery.status.write",
    "seller.product.basic",
    "seller.product.write",
    "seller.product.delete",
    "serller.product.optimize",  # spelt so on the wire
    "seller.global_product.info",
    "seller.return_refund.basic",
    "seller.finance.info",
    "seller.promotion.info",
    "seller.promotion.write",
    "seller.customer_service",
    "data.shop_analytics.public.read",
    "seller.affiliate_collaboration.read",
)
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS gateway_grants (
  id INTEGER PRIMARY KEY, scopes TEXT NOT NULL, shops TEXT NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS gateway_tokens (
  id INTEGER PRIMARY KEY, grant_id INTEGER NOT NULL, access TEXT NOT NULL UNIQUE, access_expires INTEGER NOT NULL,
  refresh TEXT NOT NULL UNIQUE, used INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS gateway_codes (
  id INTEGER PRIMARY KEY, grant_id INTEGER NOT NULL, code TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL,
  used INTEGER NOT NULL
);
"""


@dataclass(frozen=True)
class App:
    """The developer's app as the platform's console has it. The redirect URI is fixed there."""

    key: str
    secret: str
    service_id: str
    name: str
    redirect_uri: str


@dataclass(frozen=True)
class Tokens:
    """A token pair as given out. Expiries are absolute unix seconds."""

    grant: Grant
    access: str
    access_expires: int
    refresh: str
    refresh_expires: int

    def data(self) -> dict[str, Any]:
        """What the token host answers under `data`. The `expire_in` values are absolute, whatever the name."""
        return {
            "access_token": self.access,
            "access_token_expire_in": self.access_expires,
            "refresh_token": self.refresh,
            "refresh_token_expire_in": self.refresh_expires,
            "open_id": self.grant.open_id,
            "seller_name": self.grant.seller_name,
            "seller_base_region": self.grant.seller_base_region,
            "user_type": 0,
            "granted_scopes": sorted(self.grant.granted_scopes),
        }


@dataclass(frozen=True)
class Holder:
    """What an access token stands for, good or not."""

    grant: Grant
    expires: int
    revoked: bool


class Accounts:
    """One app and one seller who owns all the shops, kept in the sandbox's own database.

    A new database holds a grant already, with a token pair made from the seed, so that a client can
    start without the consent page.
    """

    def __init__(self, world: World, clock: Clock, *, seed: int) -> None:
        self._world, self._clock = world, clock
        kept = world.meta("gateway_seed")
        self.seed = seed if kept is None else int(kept)
        world.set_meta("gateway_seed", str(self.seed))
        for statement in _TABLES.split(";")[:-1]:
            world.db.execute(statement)
        self._held: dict[str, Holder] = {}
        self.app = App(
            key=self._secret("app key", 12),
            secret=self._secret("app secret", 40),
            service_id=str(7_000_000_000_000_000_000 + int(self._secret("service", 12), 16)),
            name="Sandbox app",
            redirect_uri=world.meta("gateway_redirect_uri") or "http://127.0.0.1:8765/callback",
        )
        self._base_region = world.shops[0].region
        newest = self.newest()
        if newest is None:
            self._issue(self.new_grant(shop.id for shop in world.shops))
        elif newest.access_expires <= clock.real() and not self._grant_row(newest.grant.id)[1]:
            self._issue(newest.grant.id)

    # -- the app ------------------------------------------------------------------------------------

    def set_redirect_uri(self, uri: str) -> None:
        """Change where the consent page sends the seller's browser back to."""
        self.app = App(self.app.key, self.app.secret, self.app.service_id, self.app.name, uri)
        with self._world.db:
            self._world.set_meta("gateway_redirect_uri", uri)

    # -- consent ------------------------------------------------------------------------------------

    def new_grant(self, shop_ids: Iterable[str], scopes: Sequence[str] = SCOPES) -> int:
        """Record that the seller authorised the app for these shops; returns the grant's id."""
        expires = self._clock.real() + GRANT_LIFETIME
        row = (msgspec.json.encode(scopes).decode(), msgspec.json.encode(tuple(shop_ids)).decode(), expires)
        return self._insert("INSERT INTO gateway_grants (scopes, shops, expires, revoked) VALUES (?, ?, ?, 0)", row)

    def new_code(self, grant_id: int) -> str:
        """A code for the grant, good for one exchange within 30 minutes."""
        number = self._count("gateway_codes")
        code = f"{self._region_prefix()}_{self._secret(f'code {number}', 60)}"
        row = (grant_id, code, self._clock.real() + CODE_LIFETIME)
        self._insert("INSERT INTO gateway_codes (grant_id, code, expires, used) VALUES (?, ?, ?, 0)", row)
        return code

    # -- the token host -----------------------------------------------------------------------------

    def exchange(self, code: str) -> Tokens:
        """The first token pair for a code.

        Raises:
            ApiError: 36004004, when the code is unknown, used or older than 30 minutes.
        """
        row = self._world.db.execute(
            "SELECT id, grant_id, expires, used FROM gateway_codes WHERE code = ?", (code,)
        ).fetchone()
        if row is None or row[3] or row[2] <= self._clock.real():
            raise _refused(36004004, "invalid auth code")
        self._run("UPDATE gateway_codes SET used = 1 WHERE id = ?", (row[0],))
        return self._issue(row[1])

    def refresh(self, token: str) -> Tokens:
        """A new pair for a refresh token, which dies at once. The old access token lives out its time.

        Raises:
            ApiError: 36004005, when the token is unknown, used, or its grant revoked; 36004001, when the
                grant has run out.
        """
        row = self._world.db.execute(
            "SELECT id, grant_id, used FROM gateway_tokens WHERE refresh = ?", (token,)
        ).fetchone()
        expires, revoked = self._grant_row(row[1]) if row else (0, 1)
        if row is None or row[2] or revoked:
            raise _refused(36004005, "can not find related auth record")
        if expires <= self._clock.real():
            raise _refused(36004001, "rt has expired")
        self._run("UPDATE gateway_tokens SET used = 1 WHERE id = ?", (row[0],))
        return self._issue(row[1])

    # -- the gateway --------------------------------------------------------------------------------

    def holder(self, access: str) -> Holder | None:
        """Whom an access token belongs to, expired and revoked ones included."""
        if access not in self._held:
            row = self._world.db.execute(
                "SELECT grant_id, access_expires FROM gateway_tokens WHERE access = ?", (access,)
            ).fetchone()
            if row is None:
                return None
            revoked = bool(self._grant_row(row[0])[1])
            self._held[access] = Holder(self._grant(row[0]), row[1], revoked)
        return self._held[access]

    def newest(self) -> Tokens | None:
        """The pair given out last."""
        row = self._world.db.execute(
            "SELECT grant_id, access, access_expires, refresh FROM gateway_tokens ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return row and Tokens(self._grant(row[0]), row[1], row[2], row[3], self._grant_row(row[0])[0])

    # -- what can happen to them --------------------------------------------------------------------

    def expire_access(self, access: str | None = None) -> None:
        """Let an access token, or every one given out so far, run out now."""
        now = self._clock.real()
        self._run(
            "UPDATE gateway_tokens SET access_expires = min(access_expires, ?) WHERE access = ? OR ? IS NULL",
            (now, access, access),
        )

    def expire_grants(self) -> None:
        """Let every grant, and so every refresh token, run out now."""
        self._run("UPDATE gateway_grants SET expires = min(expires, ?)", (self._clock.real(),))

    def revoke(self, grant_id: int | None = None) -> None:
        """The seller takes back a grant, or all of them."""
        self._run("UPDATE gateway_grants SET revoked = 1 WHERE id = ? OR ? IS NULL", (grant_id, grant_id))

    # -- rows ---------------------------------------------------------------------------------------

    def _issue(self, grant_id: int) -> Tokens:
        number, prefix = self._count("gateway_tokens"), self._region_prefix()
        tokens = Tokens(
            grant=self._grant(grant_id),
            access=f"{prefix}_{self._secret(f'access {number}', 90)}",
            access_expires=self._clock.real() + ACCESS_LIFETIME,
            refresh=f"{prefix}_{self._secret(f'refresh {number}', 60)}",
            refresh_expires=self._grant_row(grant_id)[0],
        )
        row = (grant_id, tokens.access, tokens.access_expires, tokens.refresh)
        self._insert(
            "INSERT INTO gateway_tokens (grant_id, access, access_expires, refresh, used) VALUES (?, ?, ?, ?, 0)",
            row,
        )
        return tokens

    def _grant(self, grant_id: int) -> Grant:
        row = self._world.db.execute("SELECT scopes, shops FROM gateway_grants WHERE id = ?", (grant_id,)).fetchone()
        return Grant(
            id=grant_id,
            seller_id=self._number("seller"),
            seller_name=SELLER_NAME,
            seller_base_region=self._base_region,
            open_id=self._secret("open id", 26),
            granted_scopes=frozenset(msgspec.json.decode(row[0], type=list[str])),
            shop_ids=frozenset(msgspec.json.decode(row[1], type=list[str])),
        )

    def _grant_row(self, grant_id: int) -> tuple[int, int]:
        found: tuple[int, int] = self._world.db.execute(
            "SELECT expires, revoked FROM gateway_grants WHERE id = ?", (grant_id,)
        ).fetchone()
        return found

    def _count(self, table: str) -> int:
        found = self._world.db.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of our own tables
        return int(found.fetchone()[0])

    def _insert(self, statement: str, row: tuple[Any, ...]) -> int:
        with self._world.db:
            return int(self._world.db.execute(statement, row).lastrowid or 0)

    def _run(self, statement: str, row: tuple[Any, ...]) -> None:
        with self._world.db:
            self._world.db.execute(statement, row)
        self._held.clear()

    def _region_prefix(self) -> str:
        """The data region, which every token of the seller names."""
        if self._base_region == "US":
            return "TTP"
        return "GCP" if self._base_region in EUROPE else "ROW"

    def _number(self, what: str) -> str:
        return str(7_490_000_000_000_000_000 + int(self._secret(what, 12), 16))

    def _secret(self, what: str, length: int) -> str:
        digest = b""
        while len(digest) * 2 < length:
            digest += blake2b(f"{self.seed} {what} {len(digest)}".encode()).digest()
        return digest.hex()[:length]


def _refused(code: int, message: str) -> ApiError:
    """The token host answers its refusals with HTTP 200 and no `data`."""
    return ApiError(code, message, 200, ApiError.ABSENT)
