"""What can go wrong, on demand: which faults are switched on, and whether one strikes a given request."""

from __future__ import annotations

import fnmatch
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from tiktokshop_sandbox.difficulties import ALWAYS, DIFFICULTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tiktokshop_sandbox.difficulties import Rates
    from tiktokshop_sandbox.storefront import Shop

# kind -> what a request meets. Those in TRANSPORT replace or damage the answer itself; the others make
# the gateway refuse, at the place in its order of checks where the platform would.
TRANSPORT: Final = {
    "http_500": "HTTP 500 with an HTML page; the request is not carried out",
    "http_502": "HTTP 502 with an HTML page; the request is not carried out",
    "http_503": "HTTP 503 in plain text; the request is not carried out",
    "internal_error": "code 36009003 with HTTP 200; the request is not carried out",
    "internal_error_500": "code 36009003 with HTTP 500; the request is not carried out",
    "html_page": "HTTP 200 with an HTML page; the request is not carried out",
    "reset_before": "the connection is reset before any answer; the request is not carried out",
    "reset_middle": "the connection is reset in the middle of the body; the request was carried out",
    "truncated_json": "HTTP 200 with the first half of the JSON; the request was carried out",
    "slow": "the answer comes `seconds` late",
}
GATEWAY: Final = {
    "rate_limit": "code 36009002 with HTTP 429 (and `Retry-After`, when `retry_after` is given)",
    "rate_limit_200": "code 36009002 with HTTP 200, as older reports have it",
    "token_expired": "the access token that was sent runs out now, for good: 105002",
    "grant_revoked": "the grant behind the token is revoked now, for good",
    "seller_inactive": "36009044 with HTTP 401",
    "shop_inactive": "36009043 with HTTP 401 (for one shop, when `shop_id` is given)",
    "cipher_foreign": "101000: the cipher is taken for another grant's (for one shop, when `shop_id` is given)",
    "scope_withheld": "105005 with HTTP 401 (for one scope, when `scope` is given)",
    "page_token_invalid": "a request with a page token is refused with 36009004",
    "refused": "the endpoint refuses with `code` (12052055) and HTTP 400; the request is not carried out",
    "not_kept": "code 0 as if all were well; the request is not carried out",
}
BURST: Final = 5_000
# These strike webhooks: an event when it is about to be sent for the first time, `webhook_bad_signature` every try.
WEBHOOKS: Final = {
    "webhook_lost": "the event is never sent; `GET /_sandbox/webhooks` counts those that were lost",
    "webhook_doubled": "the event is sent twice, under the same `tts_notification_id`",
    "webhook_shuffled": "the event waits for up to `seconds`, so that later ones overtake it",
    "webhook_late": "the event is first sent `seconds` late, by the shops' clock",
    "webhook_bad_signature": "the delivery is signed with another secret",
    "webhook_unknown_type": "an event of a type that nobody knows comes along with it",
    "webhook_garbage": "a delivery comes along with it whose body is no event, rightly signed",
    "webhook_burst": f"{BURST:,} events about a shop's orders come at once, and then no more unless `next` says so",
}
# These are no faults of answers: they happen in the shops, as long as they are on, and what came of them stays.
BOOKS: Final = {name: difficulty.what for name, difficulty in DIFFICULTIES.items()}
KINDS: Final = TRANSPORT | GATEWAY | WEBHOOKS | BOOKS

_TIMES: Final = {"webhook_burst": 1}  # how often a kind strikes that would not end by itself
_LONGEST: Final = 3_600
_HIGHEST: Final = 2**63 - 1


class Spec(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One fault as a tester asks for it.

    It strikes every request that fits, or each with `probability`, or the next `next` of them. `path`
    is a glob over the request's path (`/order/*`), or, for webhooks, over the event's name (`ORDER_*`).
    """

    kind: str
    probability: float | None = None
    next: Annotated[int, msgspec.Meta(ge=1, le=_HIGHEST)] | None = None
    path: str = "*"
    shop_id: str | None = None
    scope: str | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=_LONGEST)] = 1.0
    retry_after: Annotated[int, msgspec.Meta(ge=0, le=_HIGHEST)] | None = None
    code: Annotated[int, msgspec.Meta(ge=1, le=_HIGHEST)] = 12052055

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; there are: {', '.join(KINDS)}")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError("probability must be between 0 and 1")
        if self.kind in BOOKS and (self.next, self.path, self.scope) != (None, "*", None):
            raise ValueError(f"{self.kind} happens in shops, not to requests: it takes shop_id and probability only")


@dataclass
class Fault:
    """A fault that is switched on: how often it struck, and how many strikes are left (None: no end)."""

    id: int
    spec: Spec
    left: int | None
    rng: random.Random
    struck: int = 0

    def describe(self) -> dict[str, object]:
        """The fault as the control endpoint shows it."""
        return {"id": self.id, **msgspec.to_builtins(self.spec), "left": self.left, "struck": self.struck}


@dataclass(frozen=True)
class Target:
    """What a fault's filters look at in a request."""

    path: str
    shop_id: str | None = None
    scope: str | None = None


@dataclass
class Faults:
    """The faults switched on. The same seed and the same requests give the same strikes.

    `struck` counts strikes by kind; `last` is the kind that struck last, until somebody resets it. `on_books` is told
    of those that are on whenever one of the shops' books is switched.
    """

    seed: int
    struck: Counter[str] = field(default_factory=Counter)
    last: str | None = None
    on_books: Callable[[Iterable[Fault]], None] = lambda _: None
    _on: dict[int, Fault] = field(default_factory=dict)
    _made: int = 0

    def add(self, spec: Spec) -> Fault:
        """Switch a fault on."""
        self._made += 1
        rng = random.Random(f"{self.seed} {self._made}")  # noqa: S311 - repeatable, not secret
        fault = self._on[self._made] = Fault(self._made, spec, spec.next or _TIMES.get(spec.kind), rng)
        self._tell([fault])
        return fault

    def remove(self, fault_id: int) -> bool:
        """Switch one fault off; False when there is no such fault."""
        fault = self._on.pop(fault_id, None)
        if fault is None:
            return False
        self._tell([fault])
        return True

    def clear(self) -> None:
        """Switch all faults off."""
        switched = self.listed()
        self._on.clear()
        self._tell(switched)

    def _tell(self, switched: Iterable[Fault]) -> None:
        if any(fault.spec.kind in BOOKS for fault in switched):
            self.on_books(self.listed())

    def listed(self) -> list[Fault]:
        """The faults that are on, oldest first."""
        return list(self._on.values())

    def strike(self, target: Target, *kinds: str) -> Spec | None:
        """The first fault of these kinds that strikes this request now, if any. It counts as struck."""
        for fault in list(self._on.values()):
            spec = fault.spec
            if spec.kind in kinds and _fits(spec, target) and self._rolls(fault):
                return spec
        return None

    def _rolls(self, fault: Fault) -> bool:
        if fault.spec.probability is not None and fault.rng.random() >= fault.spec.probability:
            return False
        fault.struck += 1
        self.struck[fault.spec.kind] += 1
        self.last = fault.spec.kind
        if fault.left is not None:
            fault.left -= 1
            if fault.left == 0:
                del self._on[fault.id]
        return True


def rates(faults: Iterable[Fault], shops: Iterable[Shop]) -> dict[int, dict[str, int]]:
    """What these faults are for the shops' books: number of a shop -> difficulty -> cases in a thousand."""
    found: dict[int, dict[str, int]] = {}
    for spec in (fault.spec for fault in faults if fault.spec.kind in BOOKS):
        often = DIFFICULTIES[spec.kind].often if spec.probability is None else round(spec.probability * ALWAYS)
        for shop in shops:
            if spec.shop_id in {None, shop.id}:
                found.setdefault(shop.number, {})[spec.kind] = often
    return found


def of_books(rates: Rates, shops: Sequence[Shop]) -> Iterator[Spec]:
    """The faults that these rates come of: one for all shops where all have it alike."""
    for kind, difficulty in DIFFICULTIES.items():
        often = {shop.id: rates.get(shop.number, {}).get(kind) for shop in shops}
        alike = len(set(often.values())) == 1
        for shop_id, rate in list(often.items())[: 1 if alike else None]:
            if rate is not None:
                usual = rate == difficulty.often
                yield Spec(kind, None if usual else rate / ALWAYS, shop_id=None if alike else shop_id)


def _fits(spec: Spec, target: Target) -> bool:
    return (
        fnmatch.fnmatchcase(target.path, spec.path)
        and spec.shop_id in {None, target.shop_id}
        and spec.scope in {None, target.scope}
    )
