"""Budgets shared through a real Redis and through files: by desks of their own, as processes have them."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import threading
import time
from bisect import bisect_right
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from store_places import PASSWORD, free_port, serving, wait_for
from tiktokshop_client.calls.limits import Limits
from tiktokshop_client.clock import SystemClock
from tiktokshop_client.errors import ClosedError, ConfigurationError, TransientError
from tiktokshop_client.places import open_place
from tiktokshop_client.places.file import FilePlace
from tiktokshop_client.places.redis import RedisPlace
from tiktokshop_client.secret import Secret
from tiktokshop_client.stores import Address


@pytest.fixture(params=["redis", "file"])
def place(request, tmp_path):
    """Makes a place as each process has one; all are one and the same."""
    if request.param == "file":
        return lambda: FilePlace(tmp_path / "tokens.json.budgets")
    port = request.getfixturevalue("redis_port")
    base = tmp_path.name
    made = lambda: RedisPlace(f"redis://:{PASSWORD}@127.0.0.1:{port}/3", "redis://127.0.0.1", "budget_store")  # noqa: E731
    made()._redis.delete(f"tiktokshop:budget:app:{base}")
    return made


def limits(place, ceiling=50.0, closing=None) -> Limits:
    return Limits(ceiling, SystemClock(), closing or threading.Event(), scope="shop", place=place)


def test_no_change_of_a_document_is_lost_however_many_change_it_at_once(place, tmp_path):
    def add_often(own) -> None:
        for _ in range(30):
            own.exchange(tmp_path.name, lambda stored, _: (str(int(stored or b"0") + 1).encode(), None))

    threads = [threading.Thread(target=add_often, args=(place(),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place().exchange(tmp_path.name, lambda stored, _: (stored, stored)) == b"150"


def test_threads_of_one_process_do_not_lose_each_others_changes_either(place, tmp_path):
    own = place()
    threads = [
        threading.Thread(
            target=lambda: [
                own.exchange(tmp_path.name, lambda stored, _: (str(int(stored or b"0") + 1).encode(), None))
                for _ in range(20)
            ]
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert own.exchange(tmp_path.name, lambda stored, _: (stored, stored)) == b"80"


def test_the_clock_of_a_redis_is_the_servers(redis_port):
    own = RedisPlace(f"redis://:{PASSWORD}@127.0.0.1:{redis_port}/3", "redis://127.0.0.1", "budget_store")
    assert own.exchange("clock", lambda _, now: (b"", now)) == pytest.approx(time.time(), abs=0.2)
    seconds, micros = own._redis.time()
    assert own.now() == pytest.approx(seconds + micros / 1e6, abs=0.2)


def test_a_request_of_a_shop_that_nobody_else_uses_does_not_wait(place, tmp_path):
    budget = limits(place()).budget("app", tmp_path.name, "orders")
    began = time.monotonic()
    budget.acquire()
    assert time.monotonic() - began < 0.5


@pytest.mark.slow
def test_processes_send_no_more_than_the_ceiling_together_and_as_much_each(place, tmp_path):
    over, sent, lock = threading.Event(), [], threading.Lock()

    def send(number: int, budget) -> None:
        while not over.is_set():
            slot = budget.acquire()
            budget.left(slot)
            with lock:
                sent.append((slot, number))

    closing = [threading.Event() for _ in range(3)]
    budgets = [limits(place(), 40.0, one).budget("app", tmp_path.name, "orders") for one in closing]
    threads = [
        threading.Thread(target=send, args=(number, one)) for number, one in enumerate(budgets) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    over.wait(4)
    over.set()
    for thread in threads:
        thread.join()
    times = sorted(slot for slot, _ in sent)
    assert max(index + 1 - bisect_right(times, slot - 1) for index, slot in enumerate(times)) <= 40
    assert len(times) >= 4 * 40 * 0.8
    assert min(Counter(number for _, number in sent).values()) >= 4 * 40 / 3 * 0.7


def test_a_refusal_slows_down_the_other_process_too(place, tmp_path):
    one, other = (limits(place()).budget("app", tmp_path.name, "orders") for _ in range(2))
    slot = one.acquire()
    other.acquire()
    one.slow_down(slot)
    other.acquire()
    assert other.refused
    assert other.rate <= 50 * 0.6


def test_a_closed_client_lets_nobody_wait(place, tmp_path):
    closing = threading.Event()
    slow = limits(place(), 0.01, closing)
    slow.budget("app", tmp_path.name, "orders").acquire()
    threading.Timer(0.05, closing.set).start()
    with pytest.raises(ClosedError):
        slow.budget("app", tmp_path.name, "orders").acquire()


def test_a_client_that_closes_leaves_its_share_to_the_others(place, tmp_path):
    one, other = limits(place()), limits(place())
    one.budget("app", tmp_path.name, "orders").acquire()
    mine = other.budget("app", tmp_path.name, "orders")
    mine.acquire()
    assert mine.rate <= 25
    one.leave()
    mine.acquire()
    assert mine.rate == 50


def test_a_redis_that_is_not_there_leaves_a_tenth_and_says_so_once_without_its_password(caplog, tmp_path):
    address = Address("redis", Secret(f"redis://user:{PASSWORD}@127.0.0.1:{free_port()}/0?name=x"))
    own = limits(open_place(address, None))
    with caplog.at_level(logging.WARNING):
        budgets = [own.budget("app", tmp_path.name, family) for family in ("orders", "finance")]
        began = time.monotonic()
        for budget in budgets:
            budget.slow_down(budget.acquire())
        assert time.monotonic() - began < 1
    assert [record.getMessage() for record in caplog.records] == [
        f"the shared budget in {own._sharing.place.name} cannot be reached: check that Redis runs there; each process "  # noqa: ISC004
        "goes on with 1/10 of it until it is there again"
    ]
    assert own._sharing.place.name.startswith("redis://127.0.0.1:")
    assert PASSWORD not in caplog.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_shares_nothing_and_says_so(caplog, tmp_path):
    tmp_path.chmod(0o500)
    budget = limits(FilePlace(tmp_path / "budgets")).budget("app", "1", "orders")
    budget.acquire()
    assert "Permission denied" in caplog.text


def test_what_is_in_the_way_of_the_folder_shares_nothing_and_leaves_the_whole_budget(caplog, tmp_path):
    (tmp_path / "budgets").write_text("")
    budget = limits(FilePlace(tmp_path / "budgets")).budget("app", "1", "orders")
    for _ in range(3):
        budget.acquire()
    assert caplog.text.count("goes on with the whole budget") == 1


def test_a_wrong_password_is_a_setting_to_be_changed_and_is_not_shown(redis_port, tmp_path):
    address = Address("redis", Secret(f"redis://:{PASSWORD}-wrong@127.0.0.1:{redis_port}/0"))
    budget = limits(open_place(address, None)).budget("app", "1", "orders")
    with pytest.raises(
        ConfigurationError, match="refuses this user or password: check the setting budget_store"
    ) as told:
        budget.acquire()
    assert PASSWORD not in str(told.value)


def test_without_a_store_of_its_own_the_budget_is_where_the_tokens_are(tmp_path):
    assert open_place(None, tmp_path / "tokens.json").name == str(tmp_path / "tokens.json.budgets")
    assert open_place(None, Address("redis", Secret("redis://h:1/2?name=x"))).name == "redis://h:1/2"
    assert open_place(None, Address("s3", Secret("s3://bucket/folder"))) is None
    assert open_place(None, None) is None


@pytest.mark.slow
def test_a_redis_that_stops_and_starts_again_stops_nobody(caplog, tmp_path):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed: apt-get install redis-server")
    port = free_port()
    command = [program, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    own = limits(RedisPlace(f"redis://127.0.0.1:{port}/0", "redis://127.0.0.1", "budget_store"), 20.0)
    budget = own.budget("app", "1", "orders")
    with serving(command, port):
        budget.acquire()
    began = time.monotonic()
    for _ in range(5):
        budget.acquire()
    assert time.monotonic() - began < 2, "alone it has the whole budget"
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(port, server)
    while "is there again" not in caplog.text:
        budget.acquire()
    assert caplog.text.count("cannot be reached") == 1
    server.terminate()
    server.wait(20)


def test_a_file_that_a_stopped_process_holds_is_waited_for_no_longer_than_a_second(tmp_path, monkeypatch):
    from filelock import FileLock
    from tiktokshop_client.places import file

    monkeypatch.setattr(file, "LOCK_TIMEOUT", 0.05)
    own = FilePlace(tmp_path)
    own.exchange("a", lambda _, now: (b"", now))
    [lock] = tmp_path.glob("*.lock")
    with FileLock(lock), pytest.raises(TransientError, match="held by a process that does not go on"):
        own.exchange("a", lambda _, now: (b"", now))


@given(content=st.binary(max_size=300))
@hypothesis_settings(max_examples=30, deadline=None)
def test_whatever_lies_in_the_file_a_slot_is_given(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("budgets")
    FilePlace(folder).exchange("app:1", lambda _, now: (content, now))
    place = FilePlace(folder)
    assert abs(limits(place).budget("app", "1", "orders").acquire() - place.now()) < 60


ODD = [
    lambda document: document[4]["orders"].pop("throttle"),
    lambda document: document[4]["orders"].update(throttle=7),
    lambda document: document[4]["orders"].update(due=None),
]


@pytest.mark.parametrize("change", ODD, ids=["gone", "number", "nothing"])
def test_a_document_of_another_kind_is_begun_anew_and_stops_nobody(place, tmp_path, caplog, change):
    """Another version of the client may have written it, or somebody else who may write there."""

    def spoil(stored, _):
        document = msgspec.msgpack.decode(stored)
        change(document)
        return msgspec.msgpack.encode(document), None

    first = limits(place()).budget("app", tmp_path.name, "orders")
    first.acquire()
    place().exchange(first._desk._key, spoil)
    second = limits(place()).budget("app", tmp_path.name, "orders")
    assert second.acquire() > 0
    assert first.acquire() > 0
    assert sum("cannot be understood" in message for message in caplog.messages) >= 1


def test_a_file_system_without_locks_leaves_each_process_on_its_own(tmp_path, monkeypatch):
    def no_locks(*_, **__):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr("tiktokshop_client.places.file.FileLock.acquire", no_locks)
    with pytest.raises(TransientError, match="its file system has no locks"):
        FilePlace(tmp_path).exchange("key", lambda _, __: (b"", None))
