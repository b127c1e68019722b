"""Target collaborations: to whom the seller offers which products, at which rate, and who takes the offer up.

There is a new one every few days, and every quarter a programme for the best creators. The programme takes in what is
in no open collaboration, so that a creator can sell any product at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.derived.analytics.creators import AFFILIATE, Creator, creator
from tiktokshop_sandbox.derived.analytics.days import world_start
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.kept import kept
from tiktokshop_sandbox.life.engine import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

STANDARD: Final = "STANDARD"
PROGRAMME: Final = "TOP_CREATOR_PROGRAM"
OPEN_RATE: Final = 800  # hundredths of a percent
PROGRAMME_RATE: Final = 1_200
_RATES: Final = (1_000, 1_500)
_EVERY: Final = 5 * DAY
_A_QUARTER: Final = 18  # invitations, the programme's included
_NAMES: Final = (
    "Autumn favourites",
    "Kleine Freuden",
    "Sélection de la semaine",
    "Regalos con alma",
    "Sunday reset",
    "Neu im Regal",
    "Colori di casa",
    "Hadiah kecil ✿",
    "Quà xinh mỗi ngày",
    "春の新作",
)
_MESSAGES: Final = (
    "Hi! We love how you film everyday things and would be glad to see ours in your hands.",
    "Bonjour, vos vidéos nous parlent : essayez notre nouvelle série, l'échantillon est pour nous.",
    "Hallo, wir sind ein kleines Team und suchen Menschen, die unsere Sachen wirklich benutzen.",
)


class Member(NamedTuple):
    """An invited creator: when they took a product into their showcase and first posted about one; 0 is never."""

    creator: Creator
    accepted: int
    posted: int


class Invitation(NamedTuple):
    """A target collaboration. `products` are numbers, empty for a programme; `cancelled` is 0 if it never is."""

    created: int
    id: str
    number: int
    kind: str
    name: str
    message: str
    start: int
    end: int
    cancelled: int
    rate: int
    has_free_sample: bool
    exempt: bool
    members: tuple[Member, ...]
    products: tuple[int, ...]

    @property
    def over(self) -> int:
        """When it really ends: a cancelled one at the next midnight."""
        return (self.cancelled // DAY + 1) * DAY if self.cancelled else self.end

    def offers(self, product: int) -> bool:
        """Whether a product of that number is in it."""
        return product in self.products if self.kind == STANDARD else not in_open_collaboration(product)


def in_open_collaboration(product: int) -> bool:
    """Whether any creator may sell the product of that number; the others are kept for the programme."""
    return product % 6 != 4


class _Invitations:
    """The shop's invitations so far, in order."""

    def __init__(self, world: World, shop: Shop) -> None:
        self._shop = shop
        self._start = world_start(world) - _A_QUARTER * _EVERY
        sql = "SELECT count(*) FROM products WHERE shop = ? AND create_time < ?"
        (self._opened_with,) = world.db.execute(sql, (shop.number, world_start(world))).fetchone()
        self._made = [self._invitation(0)]

    def until(self, now: int) -> list[Invitation]:
        """Those sent by `now`."""
        while self._made[-1].created <= now:
            self._made.append(self._invitation(len(self._made)))
        return [item for item in self._made if item.created <= now]

    def running(self, moment: int) -> list[Invitation]:
        """Those that run at a moment, which none does for longer than a quarter."""
        last = (moment - self._start) // _EVERY + 1
        while len(self._made) < last:
            self._made.append(self._invitation(len(self._made)))
        return [item for item in self._made[max(last - _A_QUARTER - 2, 0) : last] if item.start <= moment < item.over]

    def _invitation(self, number: int) -> Invitation:
        draws = Draws(self._shop.seed, self._shop.number, "invitation", number)
        created = self._start + number * _EVERY + draws.between(0, 4 * DAY)
        make = self._standard if number % _A_QUARTER else self._programme
        return make(number, created, draws)

    def _programme(self, number: int, created: int, draws: Draws) -> Invitation:
        start = self._start + (number + 1) * _EVERY
        return Invitation(
            created=created,
            id=self._shop.identify("target_collaboration", number),
            number=number,
            kind=PROGRAMME,
            name=f"Top creators {number // _A_QUARTER + 1}",
            message="",
            start=start,
            end=start + _A_QUARTER * _EVERY,
            cancelled=0,
            rate=PROGRAMME_RATE,
            has_free_sample=True,
            exempt=True,
            members=tuple(Member(who, start, start) for who in self._creators(draws, 8)),
            products=(),
        )

    def _standard(self, number: int, created: int, draws: Draws) -> Invitation:
        start = created + draws.between(6, 48) * HOUR
        has_free_sample = draws.chance(600)
        return Invitation(
            created=created,
            id=self._shop.identify("target_collaboration", number),
            number=number,
            kind=STANDARD,
            name=f"{draws.pick(_NAMES)} #{number}",
            message=draws.pick(_MESSAGES),
            start=start,
            end=start + draws.between(30, 60) * DAY,
            cancelled=start + draws.between(8 * DAY, 20 * DAY) if draws.chance(150) else 0,
            rate=draws.pick(_RATES),
            has_free_sample=has_free_sample,
            exempt=has_free_sample and draws.chance(500),
            members=tuple(_member(who, start, draws) for who in self._creators(draws, draws.between(3, 9))),
            products=tuple(dict.fromkeys(draws.skewed(self._opened_with) for _ in range(draws.between(2, 7)))),
        )

    def _creators(self, draws: Draws, count: int) -> list[Creator]:
        return list(dict.fromkeys(creator(self._shop, AFFILIATE, draws) for _ in range(count)))


def _member(who: Creator, start: int, draws: Draws) -> Member:
    accepted = start + draws.between(2 * HOUR, 12 * DAY)
    posted = accepted + draws.between(DAY, 9 * DAY)
    takes_up, posts = draws.chance(750), draws.chance(800)
    return Member(who, accepted if takes_up else 0, posted if takes_up and posts else 0)


def invitations(world: World, shop: Shop, now: int) -> Sequence[Invitation]:
    """The shop's target collaborations as of `now`, oldest first."""
    return _all(world, shop).until(now)


def running(world: World, shop: Shop, moment: int, product: int) -> list[Invitation]:
    """The target collaborations in which a product (by number) could be sold at a moment."""
    return [item for item in _all(world, shop).running(moment) if item.offers(product)]


def _all(world: World, shop: Shop) -> _Invitations:
    return kept(world, ("invitations", shop.number), lambda: _Invitations(world, shop))


def offered(world: World, shop: Shop, item: Invitation, now: int) -> list[tuple[int, int]]:
    """The products in a target collaboration as of `now`: number and since when the shop has it, unix seconds.

    A programme goes on taking in new products until it is over.
    """
    sql = "SELECT key & 4294967295, create_time FROM products WHERE shop = ? ORDER BY key"
    births = world.remembered((sql, shop.number), lambda: world.db.execute(sql, (shop.number,)).fetchall())
    return [(number, at) for number, at in births if at <= min(now, item.over) and item.offers(number)]


def accepted_by(members: Sequence[Member], moment: int) -> list[Member]:
    """Who had a product in their showcase by a moment."""
    return [member for member in members if 0 < member.accepted <= moment]


def posted_by(members: Sequence[Member], moment: int) -> list[Member]:
    """Who had posted about a product by a moment."""
    return [member for member in members if 0 < member.posted <= moment]
