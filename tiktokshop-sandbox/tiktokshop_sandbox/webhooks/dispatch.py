"""Delivers what is in the outbox: on the shops' clock, with the platform's retries, and the faults that are on."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from tiktokshop_sandbox.faults import BURST, Target
from tiktokshop_sandbox.signature import webhook_signature
from tiktokshop_sandbox.webhooks.envelope import Sender, body_of
from tiktokshop_sandbox.webhooks.following import followed
from tiktokshop_sandbox.webhooks.grants import grant_events
from tiktokshop_sandbox.webhooks.outbox import LOST, NEW, WAITING
from tiktokshop_sandbox.webhooks.posting import Job, Poster
from tiktokshop_sandbox.webhooks.subscribers import addresses, ends_with_401
from tiktokshop_sandbox.webhooks.types import TYPES, Happening
from tiktokshop_sandbox.webhooks.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiktokshop_sandbox.accounts import Accounts
    from tiktokshop_sandbox.clock import Clock
    from tiktokshop_sandbox.faults import Faults
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop
    from tiktokshop_sandbox.webhooks.announcing import Announcing
    from tiktokshop_sandbox.webhooks.outbox import Outgoing
    from tiktokshop_sandbox.webhooks.subscribers import Addresses

UNKNOWN: Final = 4_242
"""A type that nobody knows."""
GARBAGE: Final = (
    b"",
    b"null",
    b'{"type":1,"tts_not',
    b"\xff\xfe\x00not JSON",
    b"[" * 3_000,
    b'{"type":"one","data":7}',
)
_FOLLOWED: Final = "webhooks.followed"
_WRITTEN_EVERY: Final = 60
_UNDER_WAY: Final = 1_000
_AT_A_TIME: Final = 1_000
_FORGET_EVERY: Final = 1_000
_SHARE: Final = 20  # lists that follow from history are looked at for at most a twentieth of the time
_NEWEST: Final = "SELECT id, status, update_time FROM orders WHERE shop = ? ORDER BY create_time DESC, id DESC LIMIT ?"


class UnderWay(NamedTuple):
    """A try that is under way: whether its signature is wrong on purpose, and the time in its envelope."""

    forged: bool
    stamp: int


class Dispatch:
    """Lets the shops live and delivers what happens there, a little at each `tick`.

    Used by one thread at a time, the one that has the world; what is sent is sent by the `Poster`'s own.
    """

    def __init__(self, world: World, clock: Clock, accounts: Accounts, faults: Faults, announcing: Announcing) -> None:
        self.world, self.clock, self.accounts = world, clock, accounts
        self.outbox = announcing.outbox
        self._faults, self._announcing = faults, announcing
        self._poster = Poster()
        self._rng = random.Random(accounts.seed)  # noqa: S311 - an order of deliveries, no secret
        self._under_way: dict[int, UnderWay] = {}
        self._held: dict[int, float] = {}
        self._look_again = 0.0
        self._since: int | None = None
        self._written = 0
        self._taken = 0

    def close(self) -> None:
        """Stops delivering; what has not arrived is delivered when the file is opened again."""
        self._poster.close()

    @property
    def busy(self) -> bool:
        """Whether a try is under way, or its answer has not been looked at."""
        return bool(self._under_way)

    def tick(self) -> None:
        """One round: what came back, what has happened since, what is due now."""
        to = addresses(self.world)
        if not to:
            self._look_away()
            if not self._poster.reactions and self.outbox.is_empty():
                return
        now = self.clock.now()
        self.world.advance(now)
        with self._kept():
            self._take_reactions()
            self._look_around(to, now)
            self._prepare(now)
        self._hand_out(now)

    def send_again(self, identifier: int) -> bool:
        """Delivers something once more, from its first try on; False if there is no such delivery."""
        posting = self.outbox.one(identifier)
        if posting is None or identifier in self._under_way:
            return False
        self.outbox.write([posting._replace(state=WAITING, due=self.clock.now(), tries=0, http=0, told="")])
        return True

    def sent(self, posting: Outgoing) -> bytes:
        """The body of a delivery's last try, or of its first one if none was made."""
        return self._body(posting, posting.stamp or self.clock.now())

    def _body(self, posting: Outgoing, stamp: int) -> bytes:
        return body_of(posting, self._shop(posting).id, self._sender(), stamp)

    def _shop(self, posting: Outgoing) -> Shop:
        return self.world.shops[posting.shop]

    def _sender(self) -> Sender:
        newest = self.accounts.newest()
        return Sender(newest.grant.open_id, newest.grant.seller_id) if newest else Sender("", "0")

    @contextmanager
    def _kept(self) -> Iterator[None]:
        self.world.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.world.db.execute("ROLLBACK")
            raise
        self.world.db.execute("COMMIT")

    # -- what came back -----------------------------------------------------------------------------

    def _take_reactions(self) -> None:
        came = self._poster.reactions
        reactions = {one.id: one for one in (came.popleft() for _ in range(len(came)))}
        if not reactions:
            return
        ids = msgspec.json.encode(list(reactions)).decode()
        ends = ends_with_401(self.world)
        done = []
        for posting in self.outbox.read("id IN (SELECT value FROM json_each(?))", ids):
            made = self._under_way.pop(posting.id)
            reaction = reactions[posting.id]
            tried = posting._replace(tries=posting.tries + 1, http=reaction.http, stamp=made.stamp)
            found = verdict(tried, reaction, forged=made.forged, ends_with_401=ends)
            done.append(tried._replace(state=found.state, due=found.due or tried.due, told=found.told))
        self.outbox.write(done)
        self._taken += len(done)
        if self._taken >= _FORGET_EVERY:
            self._taken = 0
            self.outbox.forget()

    # -- what has happened --------------------------------------------------------------------------

    def _look_around(self, to: Addresses, now: int) -> None:
        self._announcing.put(grant_events(self.world, now, self.clock.real()), to)
        heard = self._announcing.listening()
        began = time.monotonic()
        if began >= self._look_again:
            self._follow(heard, now)
            self._look_again = began + (time.monotonic() - began) * _SHARE
        for shop in self.world.shops:
            if (shop.number, 1) in heard and self._faults.strike(Target(TYPES[1].name, shop.id), "webhook_burst"):
                self._announcing.put(self._many(shop, now), heard)

    def _follow(self, heard: Addresses, now: int) -> None:
        """What has happened in the lists that follow from history, since somebody has begun to listen."""
        if self._since is None:
            self._since = int(self.world.meta(_FOLLOWED) or now)
        span = (self._since, now)
        happened: list[Happening] = []
        for shop in self.world.shops if self._since < now else ():
            wanted = {number for place, number in heard if place == shop.number}
            happened += followed(self.world, shop, wanted, span)
        self._announcing.put(happened, heard)
        if happened or now - self._written >= _WRITTEN_EVERY:
            self.world.set_meta(_FOLLOWED, str(now))
            self._written = now
        self._since = now

    def _look_away(self) -> None:
        """Nobody listens: what happens now is not told later, either."""
        if self._since is not None or self._written == 0:
            self.world.set_meta(_FOLLOWED, "")
            self._since, self._written = None, 1

    def _many(self, shop: Shop, now: int) -> Iterator[Happening]:
        """As many events about the newest orders as a burst has."""
        rows = self.world.db.execute(_NEWEST, (shop.number, BURST)).fetchall()
        for place in range(BURST if rows else 0):
            order, status, updated = rows[place % len(rows)]
            told = "CANCEL" if status == "CANCELLED" else status
            hold = status == "ON_HOLD"
            data = {"order_id": order, "order_status": told, "is_on_hold_order": hold, "update_time": updated}
            yield Happening(shop.number, 1, now, data)

    # -- what goes out ------------------------------------------------------------------------------

    def _prepare(self, now: int) -> None:
        """What is new in the outbox meets the faults that are on."""
        fresh = self.outbox.read("state = ? ORDER BY id LIMIT ?", NEW, _AT_A_TIME)
        self.outbox.write([self._prepared(posting, now) for posting in fresh])

    def _prepared(self, posting: Outgoing, now: int) -> Outgoing:
        target = Target(TYPES[posting.type].name, self._shop(posting).id)
        strike = self._faults.strike
        if strike(target, "webhook_lost"):
            return posting._replace(state=LOST, fault="webhook_lost")
        late, shuffled = strike(target, "webhook_late"), strike(target, "webhook_shuffled")
        ready = posting._replace(state=WAITING, due=now + (round(late.seconds) if late else 0))
        if shuffled:
            self._held[posting.id] = time.monotonic() + self._rng.random() * shuffled.seconds
        if strike(target, "webhook_doubled"):
            self.outbox.beside(ready, "webhook_doubled")
        if strike(target, "webhook_unknown_type"):
            self.outbox.beside(ready, "webhook_unknown_type", type_=UNKNOWN)
        if strike(target, "webhook_garbage"):
            self.outbox.beside(ready, "webhook_garbage", body=GARBAGE[posting.id % len(GARBAGE)])
        named = (("webhook_late", late), ("webhook_shuffled", shuffled))
        return ready._replace(fault=", ".join(name for name, struck in named if struck))

    def _hand_out(self, now: int) -> None:
        room = _UNDER_WAY - len(self._under_way)
        if room <= 0:
            return
        known = len(self._under_way) + len(self._held)
        due = self.outbox.read("state = ? AND due <= ? ORDER BY due, id LIMIT ?", WAITING, now, known + room)
        moment = time.monotonic()
        free = [one for one in due if one.id not in self._under_way and self._held.get(one.id, 0) <= moment][:room]
        jobs = [self._job(posting) for posting in free]
        if jobs:
            self._poster.post(jobs)

    def _job(self, posting: Outgoing) -> Job:
        self._held.pop(posting.id, None)
        name = TYPES[posting.type].name if posting.type in TYPES else str(posting.type)
        forged = bool(self._faults.strike(Target(name, self._shop(posting).id), "webhook_bad_signature"))
        self._under_way[posting.id] = UnderWay(forged, posting.due)
        body = self._body(posting, posting.due)
        app = self.accounts.app
        secret = f"not {app.secret}" if forged else app.secret
        return Job(posting.id, posting.address, body, webhook_signature(app.key, secret, body))
