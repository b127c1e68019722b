"""What the fast ways write is what the SDK's own ways would have written."""

import contextlib
import datetime as dt
import functools
import io
import itertools
import json
import os
import sys
import threading

import pytest
from singer_sdk import Stream
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import RecordMessage, SchemaMessage, StateMessage
from tap_tiktokshop.singer import messages
from tap_tiktokshop.singer import stream as singer_stream
from tap_tiktokshop.singer.messages import MOST_PENDING, MessageWriter, OutputError, StateOutput
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.tap import TapTikTokShop

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.timezone.utc)
CONFIG = {"app_key": "k", "app_secret": "s", "refresh_token": "r"}
MAPS = {"__else__": None} | {
    stream.name: {key: key for key in stream.keys} | {"twice": f"str({stream.keys[0]}) + 'x'"} for stream in STREAMS
}


class Stopped(dt.datetime):
    @classmethod
    def now(cls, tz=None):  # noqa: ARG003 - as datetime's
        return NOW


@pytest.fixture(autouse=True)
def _one_time(monkeypatch):
    monkeypatch.setattr(singer_stream, "datetime", Stopped)
    monkeypatch.setattr("singer_sdk.streams.core.utc_now", lambda: NOW)


@contextlib.contextmanager
def output():
    text = io.TextIOWrapper(io.BytesIO(), encoding="utf8")
    with contextlib.redirect_stdout(text):
        yield text.buffer


def example(schema):
    """A record with every documented field, and some that are not documented."""
    kinds = (
        [kind for kind in schema["type"] if kind != "null"] if isinstance(schema["type"], list) else [schema["type"]]
    )
    if kinds[0] == "object":
        return {name: example(inner) for name, inner in schema.get("properties", {}).items()} | {"brand_new": "ü"}
    if kinds[0] == "array":
        return [example(schema["items"]), example(schema["items"])]
    return {"integer": 7, "number": 1.5, "boolean": True}.get(kinds[0], "text")


def written(stream, record, generate, writer):
    with output() as out:
        for message in generate(stream, record):
            writer.write_message(message)
        if isinstance(writer, MessageWriter):
            writer.flush()
        return out.getvalue()


def deselected(catalog):
    """The catalog, without one field of each stream that is not a key."""
    for stream in catalog["streams"]:
        free = [
            entry["metadata"]
            for entry in stream["metadata"]
            if len(entry["breadcrumb"]) == 2 and entry["metadata"]["inclusion"] == "available"
        ]
        if free:
            free[-1]["selected"] = False
    return catalog


@functools.cache
def tap_with(how):
    config = {"maps": {"stream_maps": MAPS}, "flattening": {"flattening_enabled": True, "flattening_max_depth": 2}}
    catalog = deselected(TapTikTokShop(config=CONFIG).catalog_dict) if how == "selection" else None
    return TapTikTokShop(config={**CONFIG, **config.get(how, {})}, catalog=catalog)


@pytest.mark.parametrize("name", [stream.name for stream in STREAMS])
@pytest.mark.parametrize("how", ["plain", "selection", "maps", "flattening"])
def test_records_are_the_bytes_of_the_sdk_s_own_path(name, how):
    stream = tap_with(how).streams[name]
    stream.selected = True
    fast = written(stream, example(stream.schema), type(stream)._generate_record_messages, MessageWriter())
    slow = written(stream, example(stream.schema), Stream._generate_record_messages, MsgSpecWriter())
    assert fast == slow
    assert json.loads(fast)["stream"] == name
    assert stream.as_it_is is (
        how == "plain" or (how == "selection" and stream.schema["required"] == [*stream.schema["properties"]])
    )


def test_records_are_collected_and_a_state_is_written_at_once_behind_them():
    writer = MessageWriter()
    with output() as out:
        writer.write_message(RecordMessage("s", {"id": 1}))
        assert out.getvalue() == b""
        writer.write_message(StateMessage({"a": 1}))
        kinds = [json.loads(line)["type"] for line in out.getvalue().splitlines()]
    assert kinds == ["RECORD", "STATE"]


def test_each_record_is_in_the_message_of_its_own_stream_version_and_time():
    messages = [
        RecordMessage(stream, {"record": None, "id": number}, version=version, time_extracted=moment)
        for number, (stream, version, moment) in enumerate(
            itertools.product(['s "record":null', "t"], [None, 7], [None, NOW, NOW + dt.timedelta(microseconds=5)])
        )
        for _ in range(2)
    ]
    outputs = []
    for writer in (MessageWriter(), MsgSpecWriter()):
        with output() as out:
            for message in messages:
                writer.write_message(message)
            writer.write_message(StateMessage({}))
            outputs.append(out.getvalue())
    assert outputs[0] == outputs[1]


def test_no_more_is_collected_than_fits():
    writer = MessageWriter()
    with output() as out:
        while not out.getvalue():
            writer.write_message(RecordMessage("s", {"id": "x" * 1000}))
        assert MOST_PENDING <= len(out.getvalue()) < MOST_PENDING + 2000


def test_that_nobody_reads_any_more_is_noticed_with_nothing_to_write():
    read, write = os.pipe()
    with os.fdopen(write, "w") as out, contextlib.redirect_stdout(out):
        writer = MessageWriter()
        writer.look()
        os.close(read)
        with pytest.raises(OutputError, match="The program that read the output has stopped"):
            writer.look()
        with pytest.raises(OutputError, match="has stopped"):
            writer.write_message(StateMessage({}))


@pytest.mark.parametrize("buffering", [0, -1])
def test_nothing_is_lost_where_the_system_takes_only_part_of_what_is_written(buffering):
    outlet, inlet = os.pipe()
    os.set_blocking(inlet, False)  # takes what fits, and then nothing, as a write that a signal interrupts
    read: list[bytes] = []
    with os.fdopen(outlet, "rb") as source:
        reader = threading.Thread(target=lambda: read.append(source.read()))
        reader.start()
        with io.TextIOWrapper(os.fdopen(inlet, "wb", buffering)) as text, contextlib.redirect_stdout(text):
            writer = MessageWriter()
            for number in range(2_000):
                writer.write_message(RecordMessage("s", {"id": number, "text": "x" * 1_000}))
            writer.write_message(StateMessage({"at": 2_000}))
        reader.join()
    messages = [json.loads(line) for line in read[0].splitlines()]
    assert [message["record"]["id"] for message in messages[:-1]] == list(range(2_000))
    assert messages[-1]["value"] == {"at": 2_000}


def test_a_record_that_cannot_be_encoded_leaves_nothing_of_itself_behind():
    writer, endless = MessageWriter(), []
    endless.append(endless)
    with output() as out:
        writer.write_message(RecordMessage("s", {"id": 1}))
        with pytest.raises(RecursionError):
            writer.write_message(RecordMessage("s", {"id": endless}))
        with pytest.raises(RecursionError):
            writer.write_message(StateMessage({"at": endless}))
        writer.write_message(StateMessage({"at": 1}))
        assert [json.loads(line)["type"] for line in out.getvalue().splitlines()] == ["RECORD", "STATE"]


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), BrokenPipeError(), KeyboardInterrupt()])
def test_nothing_is_written_behind_what_could_not_be_written(trouble):
    """Else a later state would cover records that are missing."""

    class Failing(io.BytesIO):
        def write(self, data):
            if len(self.getvalue()) >= 20:
                raise self.trouble.pop() if self.trouble else AssertionError("written behind a gap")
            return super().write(bytes(data)[:20])

    stream = Failing()
    stream.trouble = [trouble]
    writer = MessageWriter()
    writer.write_message(RecordMessage("s", {"id": 1}))
    text = io.TextIOWrapper(stream, write_through=True)
    with contextlib.redirect_stdout(text):
        with pytest.raises((OutputError, KeyboardInterrupt)):
            writer.write_message(StateMessage({"at": 1}))
        for message in (RecordMessage("s", {"id": 2}), StateMessage({"at": 2})):
            with pytest.raises(OutputError):
                writer.write_message(message)
        writer.flush()
    assert len(stream.getvalue()) == 20


def interrupted(instruction, work):
    """Whether a signal ended some work at that instruction of the writer; else the work has come to its end."""
    left = instruction

    def trace(frame, event, _):
        nonlocal left
        if frame.f_code.co_filename != messages.__file__:
            return None
        frame.f_trace_opcodes = True
        left -= event == "opcode"
        if left < 0:
            sys.settrace(None)
            raise SystemExit
        return trace

    before = sys.gettrace()
    try:
        sys.settrace(trace)
        work()
    except SystemExit:
        return True
    finally:
        sys.settrace(before)
    return False


def test_wherever_a_signal_interrupts_a_state_no_later_one_is_written_without_the_records_before_it():
    instruction, ended = 0, True
    while ended:
        writer = MessageWriter()
        with output() as out:
            for number in range(3):
                writer.write_message(RecordMessage("s", {"id": number}))
            ended = interrupted(instruction, lambda writer=writer: writer.write_message(StateMessage({"at": 3})))
            with contextlib.suppress(OutputError):
                writer.write_message(StateMessage({"at": 4}))
            kinds = [json.loads(line)["type"] for line in out.getvalue().splitlines()]
        assert kinds[:4] in ([], ["RECORD", "RECORD", "RECORD", "STATE"]), f"interrupted at instruction {instruction}"
        instruction += 1
    assert instruction > 50


def test_a_state_leaves_again_only_if_something_in_it_has_changed():
    state = {"bookmarks": {"orders": {"partitions": [{"context": {"shop_id": "1"}}]}}}
    with output() as written:
        writer = StateOutput(MessageWriter())
        writer.write_state(state)
        writer.write_state(json.loads(json.dumps(state)))
        state["bookmarks"]["orders"]["partitions"][0]["replication_key_value"] = "2026-01-01T00:00:00Z"
        writer.write_state(state)
        lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["type"] for line in lines] == ["STATE", "STATE"]
    assert "replication_key_value" not in lines[0]["value"]["bookmarks"]["orders"]["partitions"][0]
    assert lines[1]["value"] == state


@pytest.mark.parametrize(
    ("shops", "states"),
    [(1, 300), (6, 300), (100, 44), (1_000, 6)],
)
def test_states_of_many_shops_come_as_seldom_as_they_are_large_and_none_is_lost(shops, states):
    """300 windows within 300 seconds: whatever the shops, no more is written than so many bytes a second."""
    now = [0.0]
    parts = [{"context": {"shop_id": f"{10**18 + shop}"}, "note": "x" * 6_700} for shop in range(shops)]
    state = {"bookmarks": {"orders": {"partitions": parts}}}
    with output() as written:
        writer = StateOutput(MessageWriter(), lambda: now[0])
        for window in range(300):
            now[0] += 1.0
            parts[window % shops]["replication_key_value"] = window
            if writer.is_due(shops):
                writer.write_state(state)
        writer.write_state(state)  # the end of a stream asks nobody
        lines = written.getvalue().splitlines()
    assert abs(len(lines) - states) <= states / 10 * (shops > 6)
    assert sum(map(len, lines)) <= max(300 * 64_000, 300 * 101_000 + 2 * len(lines[-1]))
    assert json.loads(lines[-1])["value"] == state


@pytest.mark.parametrize(
    "message",
    [
        SchemaMessage("s", {"properties": {"a": {"type": ["string", "null"], "default": None}}}, ["a"], ["b"]),
        SchemaMessage("s", {"properties": {}}),
        StateMessage({"bookmarks": {"s": {"a": None}}}),
    ],
)
def test_schemas_and_states_are_written_as_the_sdk_would(message):
    found = []
    for writer in (MessageWriter(), MsgSpecWriter()):
        with output() as buffer:
            writer.write_message(message)
            found.append(json.loads(buffer.getvalue()))
    assert found[0] == found[1]
