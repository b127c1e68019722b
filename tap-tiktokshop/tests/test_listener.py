"""Whatever comes, is late, is refused or is cut short: no state passes an event whose record is not out."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import json
import logging
import sqlite3
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from platform_lists import Platform
from tap_tiktokshop.reading import Chunk
from tap_tiktokshop.reading.pool import Pool
from tap_tiktokshop.records.convert import RecordPlan, as_sent
from tap_tiktokshop.records.decode import TypedPlan
from tap_tiktokshop.run import listener
from tap_tiktokshop.run.asking import Asked
from tap_tiktokshop.run.inbox import InboxReader
from tap_tiktokshop.run.listener import AFTER_TROUBLE, AGAIN, Listener
from tap_tiktokshop.run.output import Messages
from tap_tiktokshop.run.reader import StreamReader
from tap_tiktokshop.run.run import Run
from tap_tiktokshop.settings import ReadingSettings
from tap_tiktokshop.streams.declaration import load_schema
from tap_tiktokshop.streams.orders import ORDERS
from tap_tiktokshop.times import unix
from tiktokshop_client import Page, Shop, operations
from tiktokshop_client.errors import BusinessError, ConfigurationError, DayUsedUpError, ScopeError, TransientError
from tiktokshop_webhooks.inbox import Arrival, InboxError, open_inbox

SHOP = Shop(id="7", name="Shop", region="US", cipher="c", code="s", seller_type="LOCAL")
START = 1_780_000_000
LOOKBACK = 300


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Hand:
    """A clock that goes when somebody waits."""

    moment: float = 0.0

    def time(self):
        return START + self.moment

    def monotonic(self):
        return self.moment

    def wait(self, seconds, wake):
        self.moment += seconds
        return wake.is_set()


@dataclass
class Orders(Platform):
    """A platform with orders, which shows a change so many calls later as `lag` says."""

    seconds: int = START
    lag: int = 0
    hidden: dict[str, tuple[int, int]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    trouble_by_id: int = 0
    asked: list[list[str]] = field(default_factory=list)

    def change(self, identity, lag=0):
        """Changes an order, or makes it; some seconds pass."""
        self.seconds += 3
        row = next((row for row in self.rows if row["id"] == identity), None)
        if row is None:
            self.rows.append({"id": identity, "update_time": self.seconds})
        elif lag:
            self.hidden[identity] = (lag, self.seconds)
        else:
            row["update_time"] = self.seconds
            self.hidden.pop(identity, None)
        return self.seconds

    def pages(self, operation, *, query=None, **more):
        if operation is not operations.GET_ORDERS:
            self.show(10**9)  # a list is asked later, when everything is shown
            yield from super().pages(operation, query=query, **more)
            return
        if self.trouble_by_id:
            self.trouble_by_id -= 1
            raise TransientError("no answer")
        self.asked.append(query["ids"])
        if self.refused.intersection(query["ids"]):
            raise BusinessError("refused", code=21008111)
        found = [copy.copy(row) for row in self.rows if row["id"] in query["ids"]]
        self.show(1)
        yield Page(found, None, {}, "r", 1, "")

    def show(self, calls):
        for identity, (left, moment) in list(self.hidden.items()):
            if left <= calls:
                next(row for row in self.rows if row["id"] == identity)["update_time"] = moment
                del self.hidden[identity]
            else:
                self.hidden[identity] = (left - calls, moment)

    def shops(self):
        return (SHOP,)

    unshared = ""

    def grant(self):
        return None

    def now(self):
        return self.seconds + 1

    def unit(self, operation):
        return operation.family

    def parallel(self, operation, shop):  # noqa: ARG002
        return 1


@dataclass
class Written:
    """A loader: what it holds, and the last state; it may end the process behind so many messages."""

    state: dict[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)
    table: dict[str, int] = field(default_factory=dict)
    records: list[tuple[str, int]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    left: int = 10**9
    full_table: bool = False
    one_record: bool = False
    as_it_is: bool = False

    def __post_init__(self):
        schema = load_schema(ORDERS.name)
        self.plan = RecordPlan(as_sent(schema, schema))
        self.typed = TypedPlan(as_sent(schema, schema), self.plan)

    def write(self):
        self.left -= 1
        if self.left < 0:
            raise Killed

    def take(self, record):
        self.write()
        version = seconds(record["update_time"])
        self.records.append((record["id"], version))
        self.table[record["id"]] = version

    def pass_on(self, records):
        for record in records:
            self.take(record)

    def state_of(self, context):  # noqa: ARG002
        return self.state["orders"]

    def write_state(self):
        self.write()
        self.kept = json.loads(json.dumps(self.state))
        self.states.append(self.kept)

    def offer_state(self, shops):  # noqa: ARG002
        self.write_state()

    def begin_chunk(self):
        pass


def seconds(moment):

    if isinstance(moment, int):
        return unix(moment)
    return int(dt.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())


class World:
    """A shop, an inbox, and processes of a tap, one after the other."""

    def __init__(self, folder, follow=True):
        self.inbox = open_inbox(str(folder / "inbox.sqlite"))
        self.inbox.keep([])
        self.platform, self.clock, self.told = Orders(page_size=100), Hand(), []
        self.output = Written({"orders": {}, "inbox": {}})
        self.output.kept = copy.deepcopy(self.output.state)
        self.follow = follow
        self.run, self.left = None, 0
        self.start()
        self.listen()

    def start(self):
        """A process, from the last state that the loader got."""
        if self.run is not None:
            self.run.pool.close()
            self.run.listener.close()
        self.output.state = copy.deepcopy(self.output.kept)
        self.output.left = 10**9
        reader = InboxReader(self.inbox, self.output.state["inbox"], logging.getLogger("listener"))
        self.listener = Listener(reader, self.clock, 5.0 if self.follow else 0.0)
        self.begin()

    def begin(self):
        """A run of this process."""
        config = {"on_missing_scope": "warn", "follow": self.follow}
        write = self.output.write_state
        messages = Messages(lambda: None, write, lambda _: write(), lambda _: None, lambda: None)
        reading = ReadingSettings(start=START - 10, lookback=LOOKBACK)
        self.run = Run(None, reading, config, logging.getLogger("run"), messages, lambda: [self.reader])
        self.run.listener = self.listener
        self.run.__dict__.update(client=self.platform, pool=Pool())
        self.reader = StreamReader(self.run, ORDERS, self.output)
        self.listener.attend(self.run, [self.reader], None)

    def tell(self, identity, moment):
        event = {"type": 1, "tts_notification_id": str(len(self.told)), "shop_id": "7", "timestamp": moment}
        event["data"] = {"order_id": identity, "update_time": moment}
        (kept,) = self.inbox.keep([Arrival(json.dumps(event).encode(), "k", moment * 1000)])
        if kept.new:
            self.told.append((kept.position, identity, moment))

    def listen(self):
        self.listener.listen()
        self.listener.write_state(at_once=True)

    def windows(self):
        """All windows, as another run of this process."""
        self.run.pool.close()
        self.begin()
        self.run._warned_scopes = set()
        self.run.read_ahead(self.reader)
        for record in self.reader.records():
            self.output.take(record)
        self.listener.windows_read()

    def passed(self):
        """Up to where the last state that the loader got says that events are done."""
        return self.output.kept["inbox"].get("position", 0)

    def close(self):
        self.run.pool.close()
        self.listener.close()
        self.inbox.close()


@contextlib.contextmanager
def a_world(**more):
    """A world that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        made = World(Path(folder), **more)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def world():
    """A world whose tap has read its windows once."""
    with a_world() as made:
        made.platform.change("0")
        made.windows()
        made.listen()
        yield made


IDS = st.sampled_from("123456")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), IDS, st.integers(0, 3)),
        st.tuples(st.just("change in silence"), IDS, st.just(0)),
        st.tuples(st.just("tell late"), st.just(""), st.just(0)),
        st.tuples(st.just("listen"), st.just(""), st.just(0)),
        st.tuples(st.just("trouble"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("kill in"), st.just(""), st.integers(0, 6)),
        st.tuples(st.just("windows"), st.just(""), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 400)),
    ),
    max_size=40,
)


def carry_out(world, step, late):
    what, identity, number = step
    if what == "change":
        moment = world.platform.change(identity, number)
        (late.append if number == 3 else lambda each: world.tell(*each))((identity, moment))
    elif what == "change in silence":
        world.platform.change(identity)
    elif what == "tell late" and late:
        world.tell(*late.pop(0))
    elif what == "listen":
        world.listen()
    elif what == "trouble":
        world.platform.trouble_by_id = number
    elif what == "kill in":
        world.output.left = number
    elif what == "windows":
        world.windows()
    elif what == "wait":
        world.clock.moment += number
        world.platform.seconds += number


def undone(world):
    """Events that the loader's state passes although the loader has no record that is as new.

    Before the first windows there is nothing to be newer than: they read everything.
    """
    if "replication_key_value" not in world.output.kept["orders"]:
        return []
    return [
        (position, identity, moment)
        for position, identity, moment in world.told
        if position <= world.passed() and world.output.table.get(identity, 0) < moment
    ]


@pytest.mark.slow
@given(steps=STEPS)
@settings(max_examples=40)
def test_no_state_passes_an_event_whose_record_is_not_out_and_in_the_end_everything_is_there(steps):
    with a_world() as world:
        late = []
        for step in steps:
            try:
                carry_out(world, step, late)
            except Killed:
                world.start()
            world.left += world.listener.hearing.figures.left
            assert world.left or undone(world) == []
        world.output.left = 10**9
        for each in late:
            world.tell(*each)
        world.windows()
        world.platform.trouble_by_id = 0
        for _ in range(20):
            world.listen()
            world.clock.moment += max(AFTER_TROUBLE)
        world.platform.seconds += 1
        world.windows()
        assert world.output.table == {row["id"]: row["update_time"] for row in world.platform.rows}
        assert world.passed() == len(world.told)


def changed(world, *identities, **more):
    for identity in identities:
        world.tell(identity, world.platform.change(identity, **more))


def test_an_order_that_is_shown_late_is_asked_for_again_until_it_is_as_new_as_its_event(world):
    changed(world, "1")
    world.listen()
    changed(world, "1", lag=2)
    world.listen()
    assert world.passed() == 1, "the event is not done yet"
    world.clock.moment += AGAIN[0]
    world.listen()
    world.clock.moment += AGAIN[1]
    world.listen()
    moment = world.told[-1][2]
    assert [version for identity, version in world.output.records if identity == "1"][-1] == moment
    assert world.passed() == 2
    assert world.platform.asked[1:] == [["1"], ["1"], ["1"]]


def test_an_order_that_is_never_shown_is_buried_with_the_reason_and_those_behind_it_go_on(world):
    world.tell("404", world.platform.seconds)
    changed(world, "1")
    for seconds_ in (0.0, *AGAIN):
        world.clock.moment += seconds_
        world.listen()
    (dead,) = world.inbox.dead()
    assert (dead.position, dead.dead) == (
        1,
        "The platform refuses 404 of stream orders of shop 7 (Shop): it gives no such one",
    )
    assert world.passed() == 2
    assert world.listener.hearing.figures.refused == 1


def test_one_refused_order_takes_no_other_with_it(world):
    world.platform.refused = {"13"}
    identities = [str(number) for number in range(10, 30)]
    changed(world, *identities)
    for seconds_ in (0.0, *AGAIN):
        world.clock.moment += seconds_
        world.listen()
    assert world.output.table.keys() - {"0"} == set(identities) - {"13"}
    assert [dead.position for dead in world.inbox.dead()] == [4]
    assert "refused (code 21008111)" in world.inbox.dead()[0].dead
    assert world.passed() == 20


def test_many_events_go_into_calls_of_fifty(world):
    changed(world, *(str(number) for number in range(100, 220)))
    world.listen()
    assert sorted(len(each) for each in world.platform.asked) == [20, 50, 50]
    assert world.passed() == 120


def test_while_a_first_run_still_reads_its_windows_what_changes_is_asked_for_and_what_was_before_is_not():
    with a_world() as world:
        before = world.platform.change("1")
        world.platform.seconds += 1_000
        world.begin()
        world.tell("1", before)
        world.listen()
        assert world.platform.asked == []
        world.tell("2", world.platform.change("2"))
        world.listen()
        assert world.platform.asked == [["2"]]
        assert world.output.table == {"2": world.told[-1][2]}


def test_an_event_of_what_was_read_because_of_another_one_costs_no_call(world):
    first = world.platform.change("1")
    second = world.platform.change("1")
    world.platform.seconds += 5
    world.tell("1", second)
    world.listen()
    world.tell("1", first)
    world.listen()
    assert world.platform.asked == [["1"]]
    assert (world.passed(), world.listener.hearing.figures.known) == (2, 1)


def test_an_event_of_the_second_in_which_its_order_was_read_costs_another_call(world):
    changed(world, "1")
    world.listen()
    world.tell("1", world.told[-1][2])
    world.listen()
    assert world.platform.asked == [["1"], ["1"]], "there may have been two changes in that second"


def test_while_the_platform_does_not_answer_the_position_stays_and_then_it_goes_on(world, caplog):
    world.platform.trouble_by_id = 1
    changed(world, "1")
    world.listen()
    assert (world.passed(), world.output.table.get("1")) == (0, None)
    world.clock.moment += AFTER_TROUBLE[0]
    world.listen()
    assert (world.passed(), world.output.table.get("1")) == (1, world.told[0][2])
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "Objects of stream orders of shop 7 (Shop) could not be got, although events name them: no answer"
    ]


def test_when_the_requests_of_a_day_are_used_up_the_events_wait_for_another_run(world, monkeypatch):
    changed(world, "1")
    there = world.platform.pages

    def used_up(*_, **__):
        raise DayUsedUpError("used up")
        yield

    monkeypatch.setattr(world.platform, "pages", used_up)
    world.listen()
    assert world.passed() == 0
    monkeypatch.setattr(world.platform, "pages", there)
    world.start()
    world.listen()
    assert (world.passed(), world.output.table["1"]) == (1, world.told[0][2])


def test_without_the_scope_events_are_left_to_the_windows_which_say_so(world, monkeypatch, caplog):
    changed(world, "1", "2")

    def withheld(*_, **__):
        raise ScopeError("not granted")
        yield

    monkeypatch.setattr(world.platform, "pages", withheld)
    world.listen()
    changed(world, "3")
    world.listen()
    assert world.passed() == 3
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_an_inbox_that_is_away_is_said_once_and_read_when_it_is_back(world, monkeypatch, caplog):
    changed(world, "1")

    def away(*_):
        raise InboxError("the inbox is away")

    with monkeypatch.context() as patched:
        patched.setattr(world.inbox, "after", away)
        world.listen()
        world.listen()
        assert world.listener.trouble == "the inbox is away"
    world.listen()
    assert (world.listener.trouble, world.passed()) == ("", 1)
    said = [record.getMessage() for record in caplog.records if "not read at this time" in record.getMessage()]
    assert said == ["Events are not read at this time: the inbox is away"]


def test_an_inbox_that_takes_no_notes_holds_up_nothing_behind_a_refused_order(world, monkeypatch, caplog):
    def readonly(*_):
        raise InboxError("the inbox cannot be written")

    monkeypatch.setattr(world.inbox, "bury", readonly)
    world.platform.refused.add("9")
    changed(world, "9", "1")
    for seconds_ in (0.0, *AGAIN):
        world.clock.moment += seconds_
        world.listen()
    asked = len(world.platform.asked)
    world.listen()
    assert len(world.platform.asked) == asked
    assert (world.passed(), world.listener.trouble) == (2, "")
    (said,) = [record.getMessage() for record in caplog.records if "list of dead events" in record.getMessage()]
    assert said.endswith("That is not in the list of dead events: the inbox cannot be written")


@pytest.mark.parametrize("which", ["world", "world_once"])
def test_an_order_that_cannot_be_read_ends_nothing(which, request, monkeypatch, caplog):
    world = request.getfixturevalue(which)
    real = Orders.pages

    def pages(platform, operation, *, query=None, **more):
        if operation is operations.GET_ORDERS and "404" in query["ids"]:
            yield Page({"no": "list"}, None, {}, "r", 1, "")
        else:
            yield from real(platform, operation, query=query, **more)

    monkeypatch.setattr(Orders, "pages", pages)
    changed(world, "404")
    world.listen()
    changed(world, "1")
    for seconds_ in (0.0, *AFTER_TROUBLE):
        world.clock.moment += seconds_
        world.listen()
    assert world.passed() == 2
    assert world.output.table["1"] == world.platform.seconds
    assert "Objects of stream orders of shop 7 (Shop) could not be got" in caplog.text


@pytest.mark.parametrize(("found_by", "done"), [("", 1), ("id", 0)])
def test_an_object_whose_pages_did_not_all_come_is_asked_for_again(world, monkeypatch, found_by, done):
    (way, *_) = listener.KINDS["order"]
    way = replace(way, found_by=found_by, time="")
    monkeypatch.setitem(listener.KINDS, "order", (way,))
    asked = []

    def ask(_, tasks):
        each = Asked(way, SHOP, list(tasks))
        asked.append(sorted(task.identity for task in each.tasks))
        rows = [{"id": identity, "update_time": world.platform.seconds} for identity in asked[-1]]
        for row in rows:
            yield each, Chunk([row], identity=row["id"])
        each.error = TransientError("cut") if len(asked) == 1 else None
        yield each, None

    monkeypatch.setattr(world.listener._asking, "ask", ask)
    changed(world, "1", "2")
    world.listen()
    assert world.passed() == done
    world.clock.moment += AFTER_TROUBLE[0]
    world.listen()
    assert (asked, world.passed()) == ([["1", "2"], ["1", "2"][done:]], 2)


def test_an_inbox_that_was_there_may_be_missing_for_a_moment(world, monkeypatch):
    def missing(*_):
        raise ConfigurationError("there is no inbox")

    with monkeypatch.context() as patched:
        patched.setattr(world.inbox, "after", missing)
        world.listen()
        assert world.listener.trouble == "there is no inbox"
    changed(world, "1")
    world.listen()
    assert (world.listener.trouble, world.passed()) == ("", 1)


@pytest.mark.parametrize("how", ["another inbox", "an older copy of it"])
def test_events_of_an_inbox_that_has_begun_anew_are_all_read_and_the_old_positions_forgotten(
    world, tmp_path, how, caplog
):
    changed(world, "1", "2", "3")
    world.listen()
    copied = tmp_path / "copy.sqlite"
    if how == "an older copy of it":
        with contextlib.closing(sqlite3.connect(world.inbox.name)) as source, sqlite3.connect(copied) as made:
            source.backup(made)
    world.platform.trouble_by_id = 1
    changed(world, "4", "5", "6")
    world.listen()  # three objects wait, named by events at 4 to 6
    for end in ("", "-wal", "-shm"):
        Path(world.inbox.name + end).unlink(missing_ok=True)
    if copied.exists():
        copied.rename(world.inbox.name)
    else:
        with contextlib.closing(open_inbox(world.inbox.name)) as made:
            made.keep([])
    world.listen()
    changed(world, "7")
    world.listen()
    assert world.passed() == world.inbox.last() == (1 if how == "another inbox" else 4)
    assert world.output.table["7"] == world.platform.seconds
    assert sum("is read from its beginning" in record.getMessage() for record in caplog.records) == 1


def test_a_row_that_a_window_had_read_before_does_not_come_behind_the_newer_one_of_an_event(world, monkeypatch):
    come = StreamReader._come

    def later(reader, partition, item):
        if item is not None and item.rows:
            changed(world, "1")
            world.listen()
        return come(reader, partition, item)

    world.platform.change("1")
    world.platform.change("2")
    moment = world.platform.seconds
    with monkeypatch.context() as patched:
        patched.setattr(StreamReader, "_come", later)
        world.windows()
    assert world.output.table == {"0": START + 3, "1": moment + 3, "2": moment}
    world.windows()
    assert world.output.table["1"] == moment + 3


def test_what_windows_may_have_undone_without_a_time_to_tell_is_asked_for_again_behind_them(world, monkeypatch):
    monkeypatch.setattr("tap_tiktokshop.run.reader.WATCHED", frozenset())
    come = StreamReader._come

    def later(reader, partition, item):
        if item is not None and item.rows:
            world.listener.windows_begin()
            changed(world, "1")
            world.listen()
        return come(reader, partition, item)

    world.platform.change("1")
    with monkeypatch.context() as patched:
        patched.setattr(StreamReader, "_come", later)
        world.windows()
    world.listen()
    assert world.output.table["1"] == world.platform.seconds
    asked = len(world.platform.asked)
    world.listen()
    assert len(world.platform.asked) == asked


def test_how_long_it_was_from_events_to_records(world):
    for number, late in enumerate((0.5, 1.0, 1.5, 20.0), 1):
        moment = world.platform.change(str(number))
        world.tell(str(number), moment)
        world.clock.moment = moment + late - START
        world.listen()
    assert world.listener.hearing.report()["seconds_to_record"] == {"median": 1.0, "p95": 20.0, "worst": 20.0}


def test_what_only_a_window_has_found_is_missed_unless_its_event_is_merely_late(world):
    changed(world, "1")
    world.listen()
    late = world.platform.change("2")
    lost = world.platform.change("3")
    world.platform.seconds += 5
    world.windows()
    hearing = world.listener.hearing
    world.listen()
    world.windows()
    assert {each["identity"] for each in hearing.report()["examples"]} == {"2", "3"}
    world.tell("2", late)
    world.listen()
    assert [(each["identity"], seconds(each["changed_at"])) for each in hearing.report()["examples"]] == [("3", lost)]
    assert hearing.sentence().startswith("Windows found 1 changed objects of which no event has told (orders 3)")


def test_what_an_earlier_process_was_told_is_not_missed_by_a_later_one(world):
    changed(world, "1", "2")
    world.listen()
    world.start()
    lost = world.platform.change("3")
    world.platform.seconds += 5
    world.windows()
    assert [
        (each["identity"], seconds(each["changed_at"])) for each in world.listener.hearing.report()["examples"]
    ] == [("3", lost)]


def test_a_state_is_written_at_most_as_often_as_the_setting_says_and_behind_its_records(world):
    world.output.states.clear()
    world.clock.moment += 100
    for number in range(50):
        changed(world, str(100 + number))
        world.listener.listen()
        world.listener.write_state()
        world.clock.moment += 0.2
    assert len(world.output.states) == 2, "in ten seconds"
    assert [state["inbox"]["position"] for state in world.output.states] == [1, 26]


def test_a_run_that_does_not_follow_waits_for_nothing_but_what_the_platform_does_not_give(world_once):
    changed(world_once, "1", lag=0)
    world_once.listen()
    changed(world_once, "1", lag=9)
    world_once.tell("404", world_once.platform.seconds)
    world_once.listener.listen(patient=True)
    assert world_once.clock.moment == sum(AGAIN)
    assert [dead.position for dead in world_once.inbox.dead()] == [3]
    assert world_once.platform.asked == [["1"], ["1", "404"], ["404"], ["404"], ["404"]]


@pytest.fixture
def world_once():
    """The same of a tap that does not follow."""
    with a_world(follow=False) as made:
        made.platform.change("0")
        made.windows()
        made.listen()
        yield made


def test_a_run_that_does_not_follow_leaves_trouble_to_its_windows_and_to_the_next_run(world_once):
    world_once.platform.trouble_by_id = 1
    changed(world_once, "1")
    world_once.listener.listen(patient=True)
    world_once.platform.seconds += LOOKBACK + 5
    world_once.windows()
    assert (world_once.clock.moment, world_once.passed(), world_once.output.table["1"]) == (0, 0, world_once.told[0][2])
    world_once.platform.seconds += 100
    world_once.windows()
    world_once.start()
    world_once.listen()
    assert world_once.passed() == 1
    assert world_once.platform.asked == [], "its windows have read it"


def test_a_later_run_of_one_process_still_knows_what_was_missed(world):
    world.platform.seconds += 900
    world.listen()
    lost = world.platform.change("1")
    world.listen()
    world.platform.seconds += 900
    world.listen()
    world.windows()
    (example,) = world.listener.hearing.report()["examples"]
    assert (example["identity"], seconds(example["changed_at"])) == ("1", lost)


def test_what_has_come_by_the_end_of_a_run_is_not_missed_and_the_next_run_reads_it(world_once):
    moment = world_once.platform.change("1")
    world_once.platform.seconds += 5
    world_once.windows()
    world_once.tell("1", moment)
    world_once.listener.peek()
    assert world_once.listener.hearing.missed() == 0
    world_once.start()
    world_once.listen()
    assert world_once.passed() == 1


@pytest.mark.parametrize("follows", [True, False])
def test_only_a_run_that_ends_waits_for_what_the_platform_does_not_give(follows):
    with a_world(follow=follows) as world:
        world.platform.change("0")
        world.windows()
        world.tell("404", world.platform.seconds)
        world.run._begin_to_listen()
        assert world.clock.moment == (0 if follows else sum(AGAIN))
