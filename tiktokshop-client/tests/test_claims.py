"""What one process at a time may do: however processes run, are killed and wait, two never do it at once."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from store_places import PLACES
from tiktokshop_client.claims import BEATS, REMEMBERED, SHORTEST, Claims
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.places.file import FilePlace
from tiktokshop_client.places.place import open_claims_place
from tiktokshop_client.secret import Secret
from tiktokshop_client.stores import Address


class MemoryPlace:
    """Documents in memory, and a clock that stands still unless it is moved."""

    name, alone, wanted = "memory", 1.0, False

    def __init__(self):
        self.documents, self.seconds = {}, 10_000.0

    def now(self):
        return self.seconds

    def exchange(self, key, change):
        self.documents[key], result = change(self.documents.get(key), self.seconds)
        return result

    def close(self):
        """Nothing is open."""


class Buyer:
    """A run that looks, claims, looks again where it must, buys if nothing was bought, and gives the claim back."""

    def __init__(self, place, bought):
        self.claims, self.bought = Claims(place, SHORTEST, alive=False), bought
        self.since, self.saw, self.claim, self.flight, self.dead, self.done = None, False, None, None, False, False
        self.stopped = False

    def arrive(self):
        if self.flight and not self.flight["arrived"]:
            self.flight["arrived"] = True
            self.bought.append(self)

    def step(self, now):
        if self.dead or self.stopped or self.done or (self.flight and not self.flight["arrived"]):
            return  # it waits for an answer
        if self.since is None:
            self.since, self.saw = self.claims.now(), bool(self.bought)
        elif self.claim is None:
            self.claim = self.claims.take("order", self.since)
            if self.claim and not self.claim.fresh:
                self.saw = bool(self.bought)
        elif self.flight is None and not self.saw:
            if self.claims.lasts(self.claim):
                self.flight = {"sent": now, "arrived": False}
            else:  # it stood still, and begins anew
                self.since, self.claim = None, None
        else:
            self.claims.give_back(self.claim)
            self.done = True


WORDS = ["step", "step", "step", "kill", "wait", "arrive", "stop", "go"]
STEPS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 3)))
STOPPED_AND_OVERTAKEN = (
    [("step", 0), ("step", 0), ("stop", 0)]
    + [("wait", 0)] * (BEATS + 1)
    + [("step", 1)] * 3
    + [("arrive", 1), ("step", 1), ("go", 0), ("step", 0), ("arrive", 0)]
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
@example(STOPPED_AND_OVERTAKEN)
def test_of_runs_that_are_killed_or_stand_still_at_any_moment_only_one_ever_buys(steps):
    place, bought = MemoryPlace(), []
    buyers = [Buyer(place, bought) for _ in range(4)]

    for what, number in steps:
        buyer = buyers[number]
        if what == "step":
            buyer.step(place.seconds)
        elif what == "kill":
            buyer.dead = True
        elif what in {"stop", "go"}:
            buyer.stopped = what == "stop"
        elif what == "arrive":
            buyer.arrive()
        else:  # what was sent has been carried out by then, and who lives renews its claims
            place.seconds += SHORTEST / BEATS
            for each in buyers:
                if each.flight and place.seconds - each.flight["sent"] > SHORTEST / 2:
                    each.arrive()
                if not each.dead and not each.stopped:
                    each.claims.renew()
    assert len(bought) <= 1


def test_who_was_killed_holds_up_the_others_for_a_claim_s_time_and_they_must_look_again():
    place = MemoryPlace()
    gone, other = Claims(place, 8, alive=False), Claims(place, 8, alive=False)
    since = other.now()
    assert gone.take("order", since).fresh is True
    assert other.take("order", since) is None
    place.seconds += 7.9
    assert other.take("order", since) is None
    gone.renew()
    place.seconds += 7.9
    assert other.take("order", since) is None
    place.seconds += 0.2
    assert other.take("order", since).fresh is False, "the first may have done it"


def test_what_nobody_else_had_needs_no_second_look_and_an_old_look_always_does():
    place = MemoryPlace()
    first, second = Claims(place, 8, alive=False), Claims(place, 8, alive=False)
    start = place.now()
    for _ in range(2):
        claim = first.take("order", start)
        assert claim.fresh is True, "its own claims count for nothing"
        assert first.take("order", start) is None, "another thread of it waits, too"
        first.give_back(claim)
    assert second.take("order", start).fresh is False
    place.seconds += 1
    assert second.take("another", start).fresh is True
    second.close()
    place.seconds += 1
    assert first.take("another", place.now()).fresh is True, "it was read after the other's claim had ended"
    place.seconds += REMEMBERED
    assert second.take("third", start).fresh is False, "nobody remembers so long"


def test_claims_of_before_the_machine_was_started_anew_hold_nobody_up():
    place = MemoryPlace()
    before, after = (Claims(place, 8, alive=False) for _ in range(2))
    before.take("order", place.now())
    place.seconds = 20.0
    assert after.take("order", place.now()).fresh is False


def take_all(address, folder, names):
    claims = Claims(open_claims_place(None, at(address)), 30)
    for name in range(40):
        if claims.take(f"order-{name}", claims.now()):
            (Path(folder) / f"{name}-{names}").touch()
    time.sleep(0.3)  # as long as others still try, nothing is given back


def at(address):
    kind = address.partition("://")[0]
    return Path(address) if kind == address else Address(kind, Secret(address))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "redis", "postgresql"])
def test_of_processes_that_claim_the_same_at_once_one_gets_each(kind, request, tmp_path, monkeypatch):
    address = PLACES[kind](request, tmp_path, monkeypatch).address
    (tmp_path / "taken").mkdir()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=take_all, args=(address, tmp_path / "taken", n)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    taken = sorted(int(file.name.partition("-")[0]) for file in (tmp_path / "taken").iterdir())
    assert taken == list(range(40))


def test_claims_are_where_the_tokens_are_and_else_in_a_folder_of_this_machine(tmp_path):
    beside = open_claims_place(None, tmp_path / "tokens.json")
    assert isinstance(beside, FilePlace)
    assert beside.name == str(tmp_path / "tokens.json.claims")
    assert open_claims_place(None, None).name == str(Path(".tiktokshop") / "claims")
    bucket = Address("s3", Secret("s3://bucket/folder"))
    assert open_claims_place(None, bucket).name == str(Path(".tiktokshop") / "claims")


@pytest.mark.parametrize(
    "content", [b"{", b"\xff", b"[1]", b"7", b'{"order": 1}', b'{"order": ["a", "b", "c", 1]}', b"null"]
)
def test_where_somebody_has_written_into_the_claims_everybody_looks_again(content):
    place = MemoryPlace()
    first, second = (Claims(place, 8, alive=False) for _ in range(2))
    since = place.now()
    first.give_back(first.take("order", since))
    place.documents = dict.fromkeys(place.documents, content)
    claim = second.take("order", since)
    assert claim.fresh is False
    second.give_back(claim)
    assert first.take("order", since).fresh is False, "nor does the first know whether the second was alone"
    place.seconds += 1
    first.close()
    place.seconds += 1
    assert second.take("order", place.now()).fresh is True


def test_a_claim_whose_answer_was_lost_is_had_and_looked_at_again():
    place = MemoryPlace()
    first, second = (Claims(place, 8, alive=False) for _ in range(2))
    since = place.now()
    first.give_back(first.take("order", since))
    once = place.exchange

    def twice(key, change):
        once(key, change)
        return once(key, change)

    place.exchange = twice
    assert second.take("order", since).fresh is False
    assert first.take("order", since) is None


@pytest.mark.slow
def test_a_postgresql_that_ends_its_connections_meanwhile_stops_nobody(request, tmp_path, monkeypatch):
    import psycopg

    address = PLACES["postgresql"](request, tmp_path, monkeypatch).address
    claims = Claims(open_claims_place(None, at(address)), 30, alive=False)
    claim = claims.take("order", claims.now())
    mine = claims._place._connection.info.backend_pid
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (mine,))
        assert claims.take("order", 0.0) is None
        mine = claims._place._connection.info.backend_pid
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (mine,))
    claims.give_back(claim)
    assert claims.take("order", 0.0).key == "order"
    claims._place._connection.close()


def test_a_folder_of_claims_that_does_not_let_us_is_a_setting_to_be_changed(tmp_path):
    (tmp_path / "tokens.json.claims").touch()
    claims = Claims(open_claims_place(None, tmp_path / "tokens.json"), 8, alive=False)
    with pytest.raises(ConfigurationError, match=r"^the claims in .*tokens\.json\.claims cannot be used \("):
        claims.now()
