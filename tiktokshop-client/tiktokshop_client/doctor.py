"""Checks everything a run depends on, one line for each check: ok, warn or fail, and what to do."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal

from tiktokshop_client import authorise
from tiktokshop_client.client import Client
from tiktokshop_client.codes.table import CIPHER_OF_ANOTHER_GRANT
from tiktokshop_client.errors import Category, ConfigurationError, TikTokShopError
from tiktokshop_client.health import grant_sentence, missing_scopes, moment, scope_sentence
from tiktokshop_client.stores import ReadOnlyStore, SeedStore
from tiktokshop_client.tokens.refresh import store_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tiktokshop_client.calls.call import Shop
    from tiktokshop_client.health import Need
    from tiktokshop_client.operations import Operation
    from tiktokshop_client.settings import Settings
    from tiktokshop_client.stores import TokenStore

Status = Literal["ok", "warn", "fail"]
STATUSES: Sequence[Status] = ("ok", "warn", "fail")

UNNOTICED = 30.0
"""Seconds by which clocks may differ without harm; the platform accepts stamps from -5 minutes to +30 seconds."""

OF_OTHERS = "tiktokshop_client.checks"
"""The entry points under which packages have checks of their own: each a function from the settings file of the command
line (or None) to a list of ``Finding``."""

TRIES = 2
SMALL_PAGE = 10
"""Rows asked for by a probe: the least that every list allows."""

# The order of the checks: one that fails hides those after it, and proves those before it.
CHECKS = (
    "token store",
    "host",
    "clock",
    "app",
    "signature",
    "IP allow list",
    "token",
    "grant",
    "scopes",
    "ciphers",
    "markets",
    "rate budget",
)

_BY_CODE: Mapping[int, str] = {
    106001: "signature",
    36009033: "IP allow list",
    CIPHER_OF_ANOTHER_GRANT: "ciphers",
    36009037: "rate budget",
}
_BY_CATEGORY: Mapping[Category, str] = {
    Category.CLOCK: "clock",
    Category.AUTHORISATION: "grant",
    Category.SHOP: "grant",
    Category.SCOPE: "scopes",
    Category.MARKET: "markets",
    Category.RATE: "rate budget",
}
_BY_WORD: Mapping[str, str] = {"app_secret": "signature", "app_key": "app", "shop_ids": "ciphers"}


@dataclass(frozen=True)
class Finding:
    """What a check came to: one sentence, without secrets."""

    check: str
    status: Status
    text: str


def installed_checks(file: Path | None) -> list[Finding]:
    """What other packages that are installed here have to say.

    Args:
        file: The settings file of the command line, None without one.
    """
    return [finding for point in sorted(entry_points(group=OF_OTHERS)) for finding in point.load()(file)]


@dataclass
class Doctor:
    """Examines one configuration.

    Attributes:
        settings: The checked connection settings.
        needs: What the plugins are going to use.
        store: Where tokens are kept; what the settings say if None.
    """

    settings: Settings
    needs: Sequence[Need] = ()
    store: TokenStore | None = None
    _requests: int = field(default=0, init=False)
    _pages: Counter[str] = field(default_factory=Counter, init=False)

    def examine(self) -> list[Finding]:
        """One finding a check, in the order of ``CHECKS``; those that an earlier failure hides are left out."""
        found = list(self._findings())
        merged = []
        for check in CHECKS:
            mine = [finding for finding in found if finding.check == check]
            mine.sort(key=lambda finding: STATUSES.index(finding.status), reverse=True)
            if mine:
                worst = mine[0].status  # what is fine is not mentioned next to what is not
                texts = dict.fromkeys(each.text for each in mine if each.status != "ok" or worst == "ok")
                merged.append(Finding(check, worst, "; ".join(texts)))
        return merged

    def _findings(self) -> Iterator[Finding]:
        try:
            store = self.store or store_for(self.settings)
            yield Finding("token store", "ok", self._stored(store))
        except TikTokShopError as error:
            yield Finding("token store", "fail", str(error))
            return
        settings = replace(self.settings, max_tries=min(TRIES, self.settings.max_tries), requests_per_day=None)
        with Client(settings, token_store=store) as client:
            yield from self._examine(client)

    def _stored(self, store: TokenStore) -> str:
        kept = "holds a token pair" if store.read() else "is empty, so the configured token is used"
        if isinstance(store, (SeedStore, ReadOnlyStore)):
            return f"{store.name} {kept}; it is read-only, so tokens are refreshed elsewhere"
        authorise.check(self.settings, store)
        return f"{store.name} {kept}; it can be read and written, and as far as can be seen by nobody else"

    def _examine(self, client: Client) -> Iterator[Finding]:
        try:
            self._requests += 1
            shops = client.shops()
        except TikTokShopError as error:
            yield from self._gave_up(client, error)
            return
        yield Finding("host", "ok", f"{self.settings.api_base_url} answers")
        yield self._clock(client)
        yield Finding("app", "ok", f"the platform knows the app {self.settings.app_key}")
        yield Finding("signature", "ok", "the platform accepts it, so app_secret is right")
        yield Finding("IP allow list", "ok", "the platform takes requests from this machine's address")
        yield self._token(client)
        yield self._grant(client)
        refused = list(self._probe(client, shops))
        yield from self._scopes(client, refused)
        yield from self._ciphers(shops, refused)
        yield from self._markets(shops, refused)
        yield from self._others(refused)
        yield self._budget(client, refused)
        yield from self._forecast(shops)

    def _gave_up(self, client: Client, error: TikTokShopError) -> Iterator[Finding]:
        """Which check the error of the first call belongs to, after what its answer proves all the same."""
        check = check_of(error)
        if error.category is not Category.UNREACHABLE and check != "host":
            yield Finding("host", "ok", f"{self.settings.api_base_url} answers")
        clock = self._clock(client)
        if check != "clock" and clock.status != "ok":
            yield clock
        yield Finding(check, "fail", str(error))

    def _clock(self, client: Client) -> Finding:
        reading = client.clock_reading()
        size = abs(reading.ahead)
        side = "ahead of" if reading.ahead > 0 else "behind"
        words = f"this machine's clock is {_span(size)} {side} the platform's"
        if reading.refused:
            return Finding("clock", "fail", f"{words}, which refuses its time stamps: correct the clock (NTP)")
        if size > UNNOTICED:
            return Finding("clock", "warn", f"{words}, which still accepts its time stamps: correct the clock (NTP)")
        return Finding("clock", "ok", "this machine's clock agrees with the platform's")

    def _token(self, client: Client) -> Finding:
        grant = client.grant()
        until = grant and grant.access_expires_at
        words = f"the access token is valid until {moment(until)}" if until else "the access token is accepted"
        if grant and not grant.refresh_token:
            return Finding("token", "warn", f"{words}, and there is no refresh token to get another one: see README")
        return Finding("token", "ok", f"{words}, and is refreshed automatically")

    def _grant(self, client: Client) -> Finding:
        grant = client.grant()
        if grant is None or grant.refresh_expires_at is None:
            return Finding("grant", "ok", "the platform has not said when the seller's grant ends")
        ending = grant_sentence(grant, time.time())
        if ending:
            return Finding("grant", "fail" if grant.refresh_expires_at <= time.time() else "warn", ending)
        return Finding("grant", "ok", f"the seller's grant ends on {moment(grant.refresh_expires_at)}")

    def _probe(self, client: Client, shops: Sequence[Shop]) -> Iterator[tuple[Operation, Shop, TikTokShopError]]:
        """Asks each list that is going to be read for a few rows, in each shop; yields the refusals."""
        operations = {operation.name: operation for need in self.needs for operation in need.operations}
        for operation in operations.values():
            if (
                not operation.cipher
                or not operation.paging
                or operation.needs
                or operation.body_needs
                or operation.programme
                or "{" in operation.path
            ):
                continue
            for shop in shops:
                self._requests += 1
                try:
                    rows = min(SMALL_PAGE, operation.page_size or 1)
                    page = next(client.pages(operation, shop=shop, page_size=rows))
                    self._pages[shop.id] += max(1, math.ceil((page.total_count or 0) / (operation.page_size or 1)))
                except TikTokShopError as error:
                    yield operation, shop, error

    def _scopes(self, client: Client, refused: Sequence[_Refusal]) -> Iterator[Finding]:
        grant = client.grant()
        missing = missing_scopes(grant, self.needs) if grant else {}
        for operation, _, error in refused:
            if error.category is Category.SCOPE and operation.scope not in missing:
                missing[operation.scope] = [
                    need.name for need in self.needs if operation.scope in {each.scope for each in need.operations}
                ]
        for scope, names in missing.items():
            yield Finding("scopes", "warn" if self._optional(names) else "fail", scope_sentence(scope, names))
        if not missing:
            yield Finding(
                "scopes", "ok", f"all that {_count(len(self.needs), 'stream or sink', 'streams and sinks')} need"
            )

    def _ciphers(self, shops: Sequence[Shop], refused: Sequence[_Refusal]) -> Iterator[Finding]:
        strange = {shop.id: error for _, shop, error in refused if error.code == CIPHER_OF_ANOTHER_GRANT}
        for shop_id, error in strange.items():
            yield Finding("ciphers", "fail", f"the cipher of shop {shop_id} is not one of this grant's: {error}")
        for shop in shops:
            if not shop.cipher:
                yield Finding("ciphers", "fail", f"the platform names no cipher for shop {shop.id}: authorise it again")
        if not strange and all(shop.cipher for shop in shops):
            yield Finding("ciphers", "ok", "of " + ", ".join(shop.label.removeprefix("shop ") for shop in shops))

    def _markets(self, shops: Sequence[Shop], refused: Sequence[_Refusal]) -> Iterator[Finding]:
        found = {(operation.name, shop.market) for operation, shop, e in refused if e.category is Category.MARKET}
        for need in self.needs:
            for operation in need.operations:
                for region in sorted({shop.market for shop in shops}):
                    if operation.excluded_from(region):
                        found.add((operation.name, region))
        for name, region in sorted(found):
            users = [need.name for need in self.needs if name in {each.name for each in need.operations}]
            text = f"{name} is not offered in {region}: {', '.join(users)} will have no rows from there"
            yield Finding("markets", "ok" if self._optional(users) else "warn", text)
        if not found:
            regions = ", ".join(sorted({shop.market for shop in shops}))
            yield Finding("markets", "ok", f"everything needed is offered in {regions}")

    def _optional(self, names: Sequence[str]) -> bool:
        """Whether a run can do without these parts."""
        return all(need.optional for need in self.needs if need.name in names)

    def _others(self, refused: Sequence[_Refusal]) -> Iterator[Finding]:
        """Refusals that belong to none of these checks."""
        told = {"scopes", "ciphers", "markets", "rate budget"}
        first: dict[str, TikTokShopError] = {}
        for _, _, error in refused:
            first.setdefault(check_of(error), error)
        for check in first.keys() - told:
            yield Finding(check, "fail", str(first[check]))

    def _budget(self, client: Client, refused: Sequence[_Refusal]) -> Finding:
        errors = [error for _, _, error in refused if check_of(error) == "rate budget"]
        if errors:
            return Finding("rate budget", "fail", str(errors[0]))
        unit = {"shop": "shop", "family": "shop and API family", "api": "shop and API"}[self.settings.budget_scope]
        rate = f"at most {self.settings.requests_per_second:g} requests a second for each {unit}"
        if client.slowed():
            families = ", ".join(client.slowed())
            return Finding(
                "rate budget", "warn", f"the platform asked for fewer requests to {families}; allowed: {rate}"
            )
        return Finding(
            "rate budget", "ok", f"{_count(self._requests, 'request', 'requests')}, none of them refused; {rate}"
        )

    def _forecast(self, shops: Sequence[Shop]) -> Iterator[Finding]:
        """Whether the lists, read whole once, fit into the requests of a day."""
        most = self.settings.requests_per_day
        if most is None or not self._pages:
            return
        for shop in shops:
            needed = self._pages[shop.id]
            words = f"a full read of all lists of {shop.label} takes at least {_count(needed, 'request', 'requests')}"
            days = math.ceil(needed / most)
            if days <= 1:
                yield Finding("rate budget", "ok", f"{words}, of {most:,} that requests_per_day allows")
            else:
                yield Finding("rate budget", "warn", f"{words}: {days} days with requests_per_day at {most:,}")


_Refusal = tuple["Operation", "Shop", TikTokShopError]


def check_of(error: TikTokShopError) -> str:
    """The check that an error belongs to."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if isinstance(error, ConfigurationError):
        words: Callable[[str], bool] = str(error.args[0]).__contains__
        return next((check for word, check in _BY_WORD.items() if words(word)), "host")
    return _BY_CATEGORY.get(error.category, "host")


def line_of(finding: Finding) -> str:
    """A finding as one line for a human."""
    return f"{finding.status:<6}{finding.check:<15}{finding.text}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
