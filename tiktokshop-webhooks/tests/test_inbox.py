"""The inbox, in SQLite and in PostgreSQL: each event once, exact, in an order that a reader can trust."""

from __future__ import annotations

import contextlib
import json
import random
import re
import sqlite3
import threading
import time
from pathlib import Path

import platform_facts
import pytest
from deliveries import KEY, NOW, SHOP, emptied, event
from store_places import free_port
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.redaction import known
from tiktokshop_webhooks import inbox as inbox_package
from tiktokshop_webhooks.inbox import Arrival, Inbox, InboxError, Stray, UselessInboxError, open_inbox
from tiktokshop_webhooks.inbox import statements as sql

SELLER = "7010736057180325637"
DAY = 86_400_000
ROOM = 1_000_000


def arrival(body: bytes, at: int = NOW) -> Arrival:
    return Arrival(body, KEY, at)


def keep(inbox: Inbox, *bodies: bytes, at: int = NOW):
    return inbox.keep([arrival(body, at) for body in bodies])


def test_an_event_is_kept_with_its_exact_bytes_and_what_it_says_of_itself(inbox):
    body = event(1, tts_notification_id="7380066284010030890") + b" \n"
    (kept,) = keep(inbox, body)
    assert (kept.new, kept.position, kept.type, kept.shop_id, kept.fault) == (True, 1, 1, SHOP, "")
    (found,) = inbox.after(0)
    assert (found.position, found.type, found.name, found.shop_id) == (1, 1, "ORDER_STATUS_CHANGE", SHOP)
    assert (found.notification_id, found.app_key, found.received_ms) == ("7380066284010030890", KEY, NOW)
    assert (found.body, found.deliveries, found.dead) == (body, 1, "")
    assert (found.data()["order_id"], found.timestamp()) == ("576653688135258178", 1_718_305_585)


def test_a_second_delivery_counts_and_changes_nothing_although_it_is_stamped_anew(inbox):
    first = event(tts_notification_id="1", timestamp=1)
    keep(inbox, first, event(tts_notification_id="2"))
    assert [each.new for each in keep(inbox, event(tts_notification_id="1", timestamp=2))] == [False]
    found = inbox.after(0)
    assert [(each.position, each.deliveries) for each in found] == [(1, 2), (2, 1)]
    assert found[0].body == first


def test_two_deliveries_of_one_event_in_one_transaction_are_one_event(inbox):
    body = event()
    assert [each.new for each in keep(inbox, body, body, body)] == [True, False, False]
    assert [each.deliveries for each in inbox.after(0)] == [3]


def test_without_a_notification_id_type_shop_and_data_make_an_event(inbox):
    def bare(number=1, **more):
        return event(number, **{"tts_notification_id": None, "data": {"a": 1, "b": 2}, **more})

    keep(inbox, bare(timestamp=1))
    again = [bare(timestamp=2), bare(data={"b": 2, "a": 1}), bare(tts_notification_id="")]
    others = [bare(2), bare(shop_id="7"), bare(data={"a": 1, "b": 3}), bare(data={"a": 1, "b": "2"}), bare(data=None)]
    assert [each.new for each in keep(inbox, *again)] == [False] * 3
    assert [each.new for each in keep(inbox, *others)] == [True] * 5


def test_one_number_for_an_event_of_the_old_kind_and_one_of_the_new_makes_two(inbox):
    kept = keep(inbox, event(2, tts_notification_id="5"), event(11, tts_notification_id="5"))
    assert [each.new for each in kept] == [True, True]


@pytest.mark.parametrize(
    ("body", "kind", "shop_id"),
    [
        (event(999), 999, SHOP),
        (event("1"), 1, SHOP),
        (event(1, shop_id=7495540735365777507), 1, SHOP),
        (
            event(68, shop_id=None, seller_open_id=SELLER, data={"seller_id": 5}),
            68,
            SELLER,
        ),
        (event(71, shop_id=None, data={"shop_id": 7495540735365777507}), 71, SHOP),
        (event(1, shop_id=None, data=None), 1, ""),
        (event(1, shop_id="\ud800\0"), 1, ""),
        (event(1, tts_notification_id="\0 \ud800"), 1, SHOP),
    ],
)
def test_odd_envelopes_are_understood(inbox, body, kind, shop_id):
    (kept,) = keep(inbox, body)
    assert (kept.type, kept.shop_id, kept.fault) == (kind, shop_id, "")
    assert inbox.after(0)[0].body == body


def test_every_delivery_that_is_known_of_the_platform_is_understood(inbox):
    samples = platform_facts.of("webhook-samples")
    kept = keep(inbox, *(json.dumps(each).encode() for each in samples))
    assert [(each.type, each.shop_id, each.fault) for each in kept] == [
        (each["type"], each["shop_id"], "") for each in samples
    ]
    assert len(samples) > 10


def test_whole_numbers_beyond_what_a_double_holds_stay_exact(inbox):
    number = 2**63 + 12_345_678_901
    keep(
        inbox,
        event(5, data={"product_id": number}),
        event(5, data={"product_id": number + 1}, tts_notification_id=None),
    )
    assert [each.data()["product_id"] for each in inbox.after(0)] == [number, number + 1]
    assert str(number).encode() in inbox.after(0)[0].body
    assert not keep(inbox, event(5, data={"product_id": number + 1}, tts_notification_id=None))[0].new


def test_a_number_of_thousands_of_digits_makes_no_event_dead_and_is_a_text(inbox):
    digits = "9" * 5_000
    body = event(5, data={"product_id": 2**63, "size": "?"}).replace(b'"?"', digits.encode())
    keep(inbox, body)
    (found,) = inbox.after(0)
    assert (found.dead, found.type, found.shop_id, found.body) == ("", 5, SHOP, body)
    assert found.data() == {"product_id": 2**63, "size": digits}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe\0{", "it is not JSON"),
        (b"[1]", "it is not a JSON object"),
        (b"{}", "it has no type"),
        (event(True), "its type is not a whole number"),
        (event(2**40), "its type is not a whole number"),
        (b'{"type": ' + b"9" * 5_000 + b"}", "its type is not a whole number"),
        (b'{"type": 1, "data": ' + b"9" * 5_000, "it is not JSON"),
        (b'{"type": 1, "data": ' + b"[" * 100_000, "it is nested too deeply"),
    ],
    ids=range(9),
)
def test_what_cannot_be_understood_is_kept_as_it_came_with_the_reason(inbox, body, fault):
    assert [(each.new, each.fault) for each in keep(inbox, body, body)] == [(True, fault), (False, fault)]
    (found,) = inbox.dead()
    assert (found.type, found.body, found.dead, found.deliveries) == (None, body, fault, 2)
    assert inbox.after(0) == [found]


def test_a_reader_gets_a_limited_number_behind_its_position_in_order(inbox):
    keep(inbox, *(event() for _ in range(7)))
    assert [each.position for each in inbox.after(0, 3)] == [1, 2, 3]
    assert [each.position for each in inbox.after(3, 10)] == [4, 5, 6, 7]
    assert inbox.after(7) == []
    assert inbox.last() == 7


def test_numbers_beyond_what_a_database_takes_are_no_positions_and_no_bounds(inbox):
    keep(inbox, event())
    assert (inbox.after(2**63), inbox.event(2**63), inbox.bury(2**63, "gone")) == ([], None, False)
    assert [each.position for each in inbox.after(-(2**70), 2**70)] == [1]
    assert (inbox.dead(2**63), inbox.notices(2**63)) == ([], [])


def test_a_number_is_given_only_when_all_lower_ones_are_there_to_read(address, inbox, open_one):
    """The trap of sequences: the one who takes the lower number commits later."""
    inbox.check()
    taken, go_on, seen = threading.Event(), threading.Event(), []

    def slow(run):
        inbox._admit(run, [arrival(event())])
        taken.set()
        assert go_on.wait(10)

    first = threading.Thread(target=inbox._engine.perform, args=(slow,))
    other = open_one(address)
    second = threading.Thread(target=lambda: seen.extend(keep(other, event())))
    first.start()
    assert taken.wait(10)
    second.start()
    reader = open_one(address)
    second.join(0.2)
    assert second.is_alive()
    assert reader.after(0) == []
    go_on.set()
    second.join(10)
    first.join(10)
    assert [each.position for each in seen] == [2]
    assert [each.position for each in reader.after(0)] == [1, 2]


def test_a_reader_beside_four_writers_misses_nothing(address, open_one):
    def write():
        with contextlib.closing(open_inbox(address)) as inbox:
            for _ in range(25):
                keep(inbox, *(event() for _ in range(random.randint(1, 3))))

    reader = open_one(address)
    reader.check()
    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    going = True
    while going:
        going = any(writer.is_alive() for writer in writers)
        seen += [each.position for each in reader.after(seen[-1] if seen else 0, 5)] or []
    while more := reader.after(seen[-1]):
        seen += [each.position for each in more]
    assert seen == list(range(1, reader.last() + 1))
    assert len(seen) >= 100


def test_an_inbox_keeps_its_identity_and_another_one_has_another(address, inbox, open_one, tmp_path):
    keep(inbox, event())
    assert inbox.identity() == open_one(address).identity() != 0
    other = open_one(str(tmp_path / "other.sqlite"))
    other.check()
    assert other.identity() != inbox.identity()


def test_an_event_whose_object_the_platform_refuses_is_kept_with_the_reason_until_it_is_tried_again(inbox):
    keep(inbox, event(), event(), event())
    assert inbox.bury(2, "the platform knows no such order")
    assert not inbox.bury(2, "the platform knows no such order")
    assert [(each.position, each.dead) for each in inbox.dead()] == [(2, "the platform knows no such order")]
    body = inbox.event(2).body
    assert inbox.revive(inbox.dead()) == 1
    assert [(each.position, each.dead, each.body) for each in inbox.after(3)] == [(4, "", body)]
    assert [each.position for each in inbox.after(0)] == [1, 3, 4]
    assert inbox.dead() == []
    assert keep(inbox, body)[0].new is False


def test_an_old_event_that_is_tried_again_stays_for_its_readers_as_long_as_a_new_one(inbox):
    keep(inbox, event(), event(), at=NOW - 40 * DAY)
    inbox.bury(1, "gone")
    began = round(time.time() * 1_000)
    inbox.revive(inbox.dead())
    assert inbox.forget(began) == 1
    (left,) = inbox.after(0)
    assert left.position == 3
    assert began <= left.received_ms <= time.time() * 1_000


def test_trying_again_leaves_what_still_cannot_be_understood_where_it_is(inbox):
    keep(inbox, b"garbage", event())
    assert inbox.revive(inbox.dead()) == 0
    assert [each.position for each in inbox.after(0)] == [1, 2]


def test_what_is_understood_at_last_gets_its_type_or_joins_its_event(inbox, monkeypatch):
    lone, twin = event(12), event(4)
    with monkeypatch.context() as older:
        older.setattr("tiktokshop_webhooks.inbox.envelope.LARGEST_TYPE", 0)
        keep(inbox, lone, twin + b" ")
    keep(inbox, twin)
    assert inbox.revive(inbox.dead()) == 2
    assert [(each.type, each.deliveries, each.dead) for each in inbox.after(0)] == [(4, 2, ""), (12, 1, "")]


def test_people_are_told_once_of_grants_and_of_dead_events(inbox):
    keep(inbox, event(), event(6), event(7), b"garbage")
    inbox.bury(1, "gone")
    assert [each.position for each in inbox.notices()] == [1, 2, 3, 4]
    inbox.told(inbox.notices()[:3])
    assert [each.position for each in inbox.notices()] == [4]


def test_the_retention_removes_what_is_old_and_no_position_is_given_twice(inbox):
    keep(inbox, event(), event(), at=NOW - 40 * DAY)
    keep(inbox, event(), at=NOW)
    assert inbox.forget(NOW - 30 * DAY) == 2
    assert [each.position for each in inbox.after(0)] == [3]
    assert (inbox.forgotten(), inbox.last()) == (2, 3)
    inbox.forget(NOW + DAY)
    assert keep(inbox, event())[0].position == 4
    assert inbox.forgotten() == 3


def test_the_retention_leaves_of_a_dead_event_only_what_is_not_personal(inbox):
    keep(inbox, event(14, data={"content": "canary-words"}), b"canary-garbage", at=NOW - 40 * DAY)
    inbox.bury(1, "gone")
    inbox.forget(NOW - 30 * DAY)
    left = [(each.type, each.dead, each.body) for each in inbox.dead()]
    assert left == [(14, "gone", b""), (None, "it is not JSON", b"")]
    assert inbox.revive(inbox.dead()) == 0


def test_the_retention_empties_the_quarantine_too(inbox):
    inbox.keep([], [Stray(b"a", "s", "", "r", NOW - 40 * DAY), Stray(b"b", "s", "", "r", NOW)], ROOM)
    assert inbox.forget(NOW - 30 * DAY) == 1
    assert [stray.body for stray in inbox.quarantine.strays()] == [b"b"]


def test_more_than_fit_in_one_transaction_are_removed(inbox, monkeypatch):
    monkeypatch.setattr("tiktokshop_webhooks.inbox.inbox.AT_ONCE", 3)
    keep(inbox, *(event() for _ in range(10)), at=NOW - 40 * DAY)
    assert inbox.forget(NOW) == 10
    assert (inbox.after(0), inbox.forgotten()) == ([], 10)


def test_the_quarantine_keeps_what_came_within_its_bounds_and_pushes_nothing_out(inbox):
    strays = [Stray(bytes([65 + number]) * 100, f"s{number}", "k", "why", NOW + number) for number in range(4)]
    assert [each.full for each in inbox.keep([], strays, 3_500)] == [False, False, False, True]
    found = list(inbox.quarantine.strays())
    assert [(each.body, each.signature, each.app_key, each.reason, each.received_ms) for each in found] == [
        (each.body, each.signature, "k", "why", each.received_ms) for each in strays[:3]
    ]
    assert inbox.quarantine.clear() == 3
    assert not inbox.keep([], strays[3:], 3_500)[0].full


def test_the_quarantine_is_walked_to_its_end(inbox, monkeypatch):
    monkeypatch.setattr("tiktokshop_webhooks.inbox.quarantine.PAGE", 2)
    inbox.keep([], [Stray(b"x", "", "", "", NOW) for _ in range(5)], ROOM)
    assert len(list(inbox.quarantine.strays())) == 5


def test_what_is_released_from_the_quarantine_becomes_an_event_once(inbox):
    body = event()
    inbox.keep([], [Stray(body, "s", "", "why", NOW), Stray(body, "s", "", "why", NOW)], ROOM)
    released = [inbox.quarantine.release(stray, arrival(body)) for stray in list(inbox.quarantine.strays())]
    assert [each.new for each in released] == [True, False]
    assert [each.body for each in inbox.after(0)] == [body]
    assert list(inbox.quarantine.strays()) == []


def test_the_figures_know_every_type_that_ever_came(inbox):
    keep(inbox, event(1), event(1), event(11), b"garbage", at=NOW)
    keep(inbox, event(1, tts_notification_id="1"), event(1, tts_notification_id="1"), at=NOW + 5)
    figures = inbox.figures()
    assert figures["types"] == [
        {"type": 1, "events": 3, "deliveries": 4, "latest_ms": NOW + 5},
        {"type": 11, "events": 1, "deliveries": 1, "latest_ms": NOW},
    ]
    assert (figures["events"], figures["deliveries"], figures["dead"]) == (5, 6, 1)
    inbox.forget(NOW + DAY)
    assert [each["type"] for each in inbox.figures()["types"]] == [1, 11]


def test_events_of_some_types_since_a_moment_are_found(inbox):
    keep(inbox, event(6), at=NOW - DAY)
    keep(inbox, event(6), event(7), event(1), at=NOW)
    assert [each.type for each in inbox.of_types((6, 7), NOW)] == [6, 7]


def test_a_reader_is_told_when_there_is_no_inbox(address, open_one):
    inbox = open_one(address, create=False)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"there is no inbox .* start tiktokshop-webhooks serve"):
            inbox.after(0)
    keep(open_one(address), event())
    assert len(inbox.after(0)) == 1


def test_a_transaction_that_fails_keeps_nothing(inbox):
    def work(run):
        inbox._admit(run, [arrival(event())])
        raise KeyError

    with pytest.raises(KeyError):
        inbox._engine.perform(work)
    assert (inbox.after(0), inbox.last()) == ([], 0)
    assert keep(inbox, event())[0].position == 1


def test_a_reader_needs_none_of_the_server_s_libraries():
    folder = Path(inbox_package.__file__).parent
    named = {
        word
        for path in folder.glob("*.py")
        for word in re.findall(r"^ *(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
    }
    assert "psycopg" in named
    assert named & {"starlette", "uvicorn", "click", "h11", "anyio"} == set()


# -- what only one of the two can do ------------------------------------------------------------------------------


def test_an_inbox_in_a_file_is_on_the_disk_when_it_answers_and_for_its_owner_only(file, open_one):
    inbox = open_one(str(file))
    keep(inbox, event())
    pragmas = {name: inbox._engine.perform(lambda run, name=name: run(f"PRAGMA {name}").fetchall()[0][0]) for name in (
        "journal_mode", "synchronous", "secure_delete")}  # fmt: skip
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    assert {path.stat().st_mode & 0o077 for path in file.parent.glob("inbox.sqlite*")} == {0}


def test_nothing_personal_is_left_in_the_files_when_the_retention_has_passed(file, open_one):
    inbox = open_one(str(file))
    keep(inbox, *(event(14, data={"content": f"canary-{number}"}) for number in range(300)), at=NOW - 40 * DAY)
    keep(inbox, event(14, data={"content": "still-there"}), at=NOW)
    inbox.forget(NOW - 30 * DAY)
    left = b"".join(path.read_bytes() for path in file.parent.glob("inbox.sqlite*"))
    assert b"still-there" in left
    assert b"canary-" not in left


def test_an_inbox_whose_file_was_taken_away_begins_a_new_one_in_place_of_writing_into_nothing(file, open_one):
    inbox = open_one(str(file))
    keep(inbox, event())
    before = inbox.identity()
    for path in file.parent.glob("inbox.sqlite*"):
        path.unlink()
    keep(inbox, event())
    assert [each.position for each in open_one(str(file)).after(0)] == [1]
    assert inbox.identity() != before


def test_a_file_that_is_something_else_is_left_alone_and_named(file, open_one):
    file.write_text("my diary, which is no database at all" * 100)
    with pytest.raises(InboxError, match=r"inbox\.sqlite is not an inbox but some other file"):
        keep(open_one(str(file)), event())
    assert file.read_text().startswith("my diary")


@pytest.mark.parametrize("create", [False, True])
def test_a_database_of_somebody_else_is_left_as_it_is_and_named(file, open_one, create):
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE diary (day TEXT)")
    before = file.read_bytes()
    inbox = open_one(str(file), create=create)
    for _ in range(2):
        with pytest.raises(UselessInboxError, match=r"inbox\.sqlite is not an inbox but some other file"):
            inbox.figures()
    assert (file.read_bytes(), [path.name for path in file.parent.iterdir()]) == (before, [file.name])


def test_a_file_without_anything_in_it_is_no_inbox_to_a_reader_and_is_left_as_it_is(file, open_one):
    file.touch()
    with pytest.raises(ConfigurationError, match="there is no inbox at"):
        open_one(str(file), create=False).figures()
    assert file.read_bytes() == b""


def test_a_file_that_another_process_keeps_locked_is_away_until_it_lets_go(file, open_one, monkeypatch):
    monkeypatch.setattr("tiktokshop_webhooks.inbox.sqlite.PATIENCE", 0.05)
    inbox, other = open_one(str(file)), open_one(str(file))
    other.check()
    held, let_go = threading.Event(), threading.Event()
    thread = threading.Thread(target=other._engine.perform, args=(lambda _: (held.set(), let_go.wait(10)),))
    thread.start()
    held.wait(10)
    began = time.monotonic()
    with pytest.raises(InboxError, match="has been locked by another process"):
        keep(inbox, event())
    assert time.monotonic() - began < 2
    let_go.set()
    thread.join(10)
    assert keep(inbox, event())[0].new


def test_a_server_that_was_started_again_costs_no_delivery(postgresql_port, open_one):
    import psycopg

    address = emptied(postgresql_port)
    inbox = open_one(address)
    keep(inbox, event())
    with psycopg.connect(address, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'owner'"
        )
    assert keep(inbox, event())[0].position == 2


def test_a_commit_waits_for_the_disk_whatever_the_server_s_default_is(postgresql_port, open_one):
    inbox = open_one(emptied(postgresql_port) + "?options=-csynchronous_commit%3Doff")
    assert inbox._engine.perform(lambda run: run("SHOW synchronous_commit").fetchall()[0][0]) == "on"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://user:canary-password@host/db", "neither a file's path nor a URL that begins with postgresql://"),
        ("postgresql://user:canary-password@host:port/db", "is not a URL that can be read"),
        ("postgresql://user:canary-p@ssword@host/db/x?canary-password", r"PostgreSQL|URL"),
        ("a\nb", "holds a character"),
        ("~canary-nobody/inbox.sqlite", "begins with ~ and a user whose home is not known here"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_without_showing_it(address, words):
    with pytest.raises(ConfigurationError, match=words) as raised:
        open_inbox(address)
    assert "canary" not in str(raised.value)


def test_a_server_that_is_not_there_or_refuses_is_told_without_the_password(open_one, postgresql_port):
    gone = open_one(f"postgresql://owner:canary-password@127.0.0.1:{free_port()}/postgres?sslpassword=canary-other")
    assert known("canary-password and canary-other") == "*** and ***"
    with pytest.raises(InboxError, match=r"postgresql://127\.0\.0\.1:\d+/postgres cannot be reached") as raised:
        keep(gone, event())
    refused = open_one(f"postgresql://owner:canary-password@127.0.0.1:{postgresql_port}/postgres")
    with pytest.raises(InboxError, match="refuses this user, password or database") as other:
        keep(refused, event())
    assert "canary" not in f"{raised.value}{other.value}"


def test_a_sequence_of_statements_says_nothing_that_only_one_database_takes():
    texts = [value for value in vars(sql).values() if isinstance(value, str)]
    assert len(texts) > 20
    assert not any("%" in text for text in texts)
    assert json.dumps(texts).count("RETURNING") == 0
