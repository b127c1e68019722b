"""The requests of a day over processes: never more than the cap, none counted twice, little lost to a kill."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from store_places import PASSWORD
from tiktokshop_client.calls.daily import Daily
from tiktokshop_client.calls.day_store import LARGEST_BLOCK, RETRY, SMALLEST_PART, DayStore
from tiktokshop_client.client import Client
from tiktokshop_client.errors import DayUsedUpError, TransientError
from tiktokshop_client.places import open_place, redis
from tiktokshop_client.places.file import FilePlace
from tiktokshop_client.secret import Secret
from tiktokshop_client.settings import Settings
from tiktokshop_client.stores import Address

NOON = 1_780_315_200.0  # 2026-06-01 12:00 UTC
MIDNIGHT = NOON + 12 * 3600
MOMENTS = (NOON, MIDNIGHT)  # one of each day


def process(place, most: int, state=None) -> Daily:
    daily = Daily(most, DayStore(place, "app"))
    daily.resume(state)
    return daily


def takes(daily: Daily, now: float = NOON) -> bool:
    try:
        daily.take("1", now)
    except DayUsedUpError:
        return False
    return True


def taken(daily: Daily, now: float = NOON, tries: int = 3_000) -> int:
    """How many of so many requests were let through until the first that was not."""
    return next((passed for passed in range(tries) if not takes(daily, now)), tries)


class BadLine:
    """A way to a place that is cut: before the place has heard, or before its answer is back."""

    def __init__(self, place):
        self.place, self.name, self.alone, self.wanted, self.cut = place, place.name, 1.0, False, ""

    def now(self):
        return self.place.now()

    def exchange(self, key, change):
        if self.cut == "before":
            raise TransientError("the shared budget cannot be reached")
        result = self.place.exchange(key, change)
        if self.cut == "after":
            raise TransientError("the shared budget cannot be reached")
        return result


STEPS = st.tuples(
    st.sampled_from(["take", "take", "take", "unsent", "kill", "close"]),
    st.integers(0, 2),  # which process
    st.integers(0, 1),  # which day it is by its clock, which may step back
    st.integers(1, 70),  # how many requests; whether it goes on from a state
)


@settings(max_examples=60)
@example(most=3, steps=[("take", 0, 1, 1), ("close", 1, 0, 1), ("take", 1, 1, 1)])
@example(most=1_000, steps=[("take", 0, 0, 1), ("kill", 0, 0, 1), ("take", 1, 0, 70)])
@example(most=60, steps=[("take", 0, 0, 9), ("take", 1, 0, 1), ("close", 0, 0, 2), ("take", 1, 0, 70)])
@example(most=1_000, steps=[("take", 0, 0, 30), ("take", 0, 1, 1), ("take", 0, 0, 30), ("take", 1, 0, 1)])
@given(most=st.sampled_from([1, 3, 25, 60, 400, 1_100]), steps=st.lists(STEPS, max_size=25))
def test_however_processes_come_go_and_are_killed_a_shop_has_its_cap_and_no_request_more(most, steps):
    with tempfile.TemporaryDirectory() as folder:
        place, sent, lost, states = FilePlace(Path(folder)), [0, 0], 0, [None]
        running = [process(place, most) for _ in range(3)]
        block = max(1, min(LARGEST_BLOCK, most // SMALLEST_PART))
        for what, which, day, number in steps:
            daily = running[which]
            if what == "take":
                sent[day] += taken(daily, MOMENTS[day], number)
                states.append(daily.kept(MOMENTS[day]))
            elif what == "unsent" and takes(daily, MOMENTS[day]):
                daily.give_back("1", MOMENTS[day])
                lost += 1  # another may have heard of it as sent
            elif what in ("kill", "close"):
                daily.leave() if what == "close" else None
                state = states[-number % len(states)]
                # A state also has what the two others have sent and not told of yet, beside what they have in hand.
                lost += block * ((what == "kill") + 2 * (state is not None))
                running[which] = process(place, most, state)
        for daily in running:
            daily.leave()
        left = [taken(process(place, most), moment, most + 1) for moment in MOMENTS]
    for day in (0, 1):
        assert most - lost <= sent[day] + left[day] <= most, (sent, left, lost)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_process_whose_store_is_away_goes_on_with_what_it_knows_says_so_and_tells_it_later(tmp_path, caplog, cut):
    place = FilePlace(tmp_path)
    line, other = BadLine(place), process(place, 40)
    cut_off = process(line, 40)
    assert (taken(other, tries=10), taken(cut_off, tries=5)) == (10, 5)
    line.cut = cut
    assert taken(cut_off, NOON, 50) == 26, "it knows of 14"
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "the shared budget cannot be reached"
    ]
    assert "counts requests_per_day by itself" in caplog.text
    assert cut_off.kept(NOON)["shops"] == {"1": 40}
    line.cut = ""
    assert not takes(cut_off, NOON + RETRY)
    assert "are counted together" in caplog.records[-1].getMessage()
    assert not takes(other), "it has heard of them"


def test_a_place_that_is_away_is_not_asked_for_each_request(tmp_path):
    line, asked = BadLine(FilePlace(tmp_path)), []
    line.cut = "before"
    whole, line.exchange = line.exchange, lambda *given: asked.append(1) or whole(*given)
    daily = process(line, 500)
    assert (taken(daily, NOON, 100), taken(daily, NOON + RETRY, 100), len(asked)) == (100, 100, 2)


def test_the_place_is_asked_once_a_block_and_the_last_requests_one_by_one(tmp_path):
    line, asked = BadLine(FilePlace(tmp_path)), []
    whole, line.exchange = line.exchange, lambda *given: asked.append(1) or whole(*given)
    daily = process(line, 10_000)
    assert (taken(daily, tries=5_000), len(asked)) == (5_000, 5_000 // LARGEST_BLOCK)
    few = process(FilePlace(tmp_path / "few"), 15)
    assert takes(few)
    assert taken(process(FilePlace(tmp_path / "few"), 15)) == 14, "it keeps none of the others from the last ones"


def test_what_an_earlier_run_or_a_lost_store_counted_is_not_sent_again(tmp_path):
    state = {"day": "2026-06-01", "shops": {"1": 30}}
    first = process(FilePlace(tmp_path), 100, state)
    assert taken(first, tries=10) == 10
    first.leave()
    assert taken(process(FilePlace(tmp_path), 100, state), tries=5) == 5, "the store knows of more than the state"
    for path in tmp_path.iterdir():
        path.unlink()
    assert taken(process(FilePlace(tmp_path), 100, first.kept(NOON)), tries=200) == 60


@pytest.mark.parametrize(
    "content", [b"\xff", b"5", b"[]", b'{"2026-06-01": 5}', b'{"2026-06-01": {"a": 5}}', b'{"a": {"b": [1e999, 1]}}']
)
def test_a_document_that_somebody_else_has_written_into_is_begun_anew(tmp_path, content):
    place = FilePlace(tmp_path)
    place.exchange("app:1:day", lambda _, __: (content, None))
    assert [taken(process(place, 7, {"day": "2026-06-01", "shops": {"1": 2}})) for _ in range(2)] == [5, 0]


@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_clients_that_share_the_place_of_tokens_count_together_and_one_that_closes_keeps_nothing(
    request, tmp_path, kind
):
    stores = {
        "file": lambda: str(tmp_path / "tokens.json"),
        "postgresql": lambda: postgresql_url(request.getfixturevalue("postgresql_port")),
    }
    config = {
        "app_key": tmp_path.name,
        "app_secret": "app-secret-0123456789",
        "refresh_token": "refresh-seed",
        "token_store": stores[kind](),
        "requests_per_day": 1_100,
    }
    with Client(Settings.from_config(config)) as one, Client(Settings.from_config(config)) as two:
        assert taken(one.daily, tries=1) == 1
        one.close()
        assert taken(two.daily) == 1_099
    if kind == "postgresql":
        assert connections(request.getfixturevalue("postgresql_port")) == 1


def postgresql_url(port: int) -> str:
    return f"postgresql://owner:{PASSWORD}@127.0.0.1:{port}/postgres"


def connections(port: int) -> int:
    """How many there are to the server, this one included, once it has seen the ends of others."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    with psycopg.connect(postgresql_url(port), autocommit=True) as connection:
        found = (connection.execute(asked).fetchone()[0] for _ in range(1_000))
        return next((count for count in found if count == 1), 2)


@pytest.mark.slow
def test_threads_of_several_processes_count_together_in_redis_for_as_long_as_the_day_lasts(redis_port, monkeypatch):
    monkeypatch.setattr(redis, "SOCKET_TIMEOUT", 60.0)  # a busy machine is no Redis that is away
    monkeypatch.setattr(redis, "TRIES", 5_000)
    address = Address("redis", Secret(f"redis://:{PASSWORD}@127.0.0.1:{redis_port}/4"))
    processes, sent = [process(open_place(address, None), 500) for _ in range(4)], []
    threads = [threading.Thread(target=lambda one=one: sent.append(taken(one, tries=200))) for one in processes * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 500
    assert open_place(address, None)._redis.pttl("tiktokshop:budget:app:1:day") > 24 * 3_600_000
