"""Records in files: what has left in BATCH messages, and when, whatever the order of messages."""

import contextlib
import gzip
import io
import json
import logging
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.singerlib import RecordMessage, SchemaMessage, StateMessage
from store_places import s3_url  # noqa: F401 - a fixture
from tap_tiktokshop.run.output import OutputError
from tap_tiktokshop.singer import batches
from tap_tiktokshop.singer.batch_files import BatchPlace
from tap_tiktokshop.singer.batch_settings import batch_config
from tap_tiktokshop.singer.batches import BatchWriter
from tap_tiktokshop.singer.parquet import ParquetRows
from tap_tiktokshop.tap import TapTikTokShop
from tiktokshop_client.errors import ConfigurationError

RUNS = ("a" * 12, "b" * 12, "c" * 12)
SCHEMA = {
    "properties": {
        "id": {"type": ["string"]},
        "amount": {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 9},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "day": {"type": ["string", "null"], "format": "date"},
        "number": {"type": ["integer", "null"]},
        "yes": {"type": ["boolean", "null"]},
        "inner": {"type": ["object", "null"]},
        "list": {"type": ["array", "null"]},
    }
}
LOGGER = logging.getLogger("batches")
CONFIG = {"app_key": "k", "app_secret": "s", "refresh_token": "r"}


def place(root, run=RUNS[1], before="", prefix="", size=10_000, **encoding):
    storage = {"root": str(root), "prefix": prefix}
    return BatchPlace(batch_config({"encoding": encoding, "storage": storage, "batch_size": size}), run, before)


def writer_of(*arguments, **options):
    return BatchWriter(place(*arguments, **options), LOGGER)


@contextlib.contextmanager
def output(raw=None):
    text = io.TextIOWrapper(raw or io.BytesIO(), encoding="utf8")
    with contextlib.redirect_stdout(text):
        yield text.buffer
    text.detach()  # what was written stays readable


def rows_of(message):
    for url in message["manifest"]:
        content = Path(url.removeprefix("file://")).read_bytes()
        unpacked = gzip.decompress(content) if message["encoding"].get("compression") == "gzip" else content
        yield from map(json.loads, unpacked.splitlines())


class Checking(io.BytesIO):
    """Standard output that sees, as messages arrive, whether what they promise is there."""

    def __init__(self, rows):
        super().__init__()
        self.rows, self.loaded, self.states = rows, Counter(), 0

    def write(self, data):
        for message in map(json.loads, bytes(data).splitlines()):
            if message["type"] == "BATCH":
                found = [(message["stream"], row["id"]) for row in rows_of(message)]
                assert found
                self.loaded.update(found)
            elif message["type"] == "STATE":
                self.states += 1
                assert Counter(self.rows[: message["value"]["rows"]]) <= self.loaded
            elif message["type"] == "SCHEMA":
                stream = message["stream"]
                before = [row for row in self.rows if row[0] == stream]
                assert Counter(before) <= self.loaded, "rows keep to the schema that was sent before them"
        return super().write(data)


STEPS = st.lists(
    st.sampled_from(["a", "b", "c", "state", "schema a", "late", "flush", "hand over", "bad a"]), max_size=60
)


@given(steps=STEPS, size=st.integers(1, 7), compression=st.sampled_from(["none", "gzip"]))
def test_each_state_comes_behind_every_batch_whose_files_have_a_row_that_it_covers(
    tmp_path_factory, steps, size, compression
):
    rows, clock = [], [0.0]
    with pytest.MonkeyPatch.context() as patch, output(Checking(rows)) as checking:
        patch.setattr(batches.time, "monotonic", lambda: clock[0])
        patch.setattr(batches, "MOST_PENDING", 60)
        patch.setattr("os.fsync", lambda _file: None)  # it takes most of the time, and no order depends on it
        writer = writer_of(tmp_path_factory.mktemp("batches"), size=size, compression=compression)
        for stream in "abc":
            writer.write_message(SchemaMessage(stream, SCHEMA, ["id"]))
        for number, step in enumerate(steps):
            if len(step) == 1:
                rows.append((step, str(number)))
                writer.write_message(RecordMessage(step, {"id": str(number)}))
            elif step == "state":
                writer.write_message(StateMessage({"rows": len(rows), "number": number}))
            elif step == "schema a":
                writer.write_message(SchemaMessage("a", SCHEMA, ["id"]))
            elif step == "bad a":
                with pytest.raises(RecursionError):
                    writer.write_message(RecordMessage("a", {"id": endless()}))
            elif step == "late":
                clock[0] += 61
            else:
                (writer.flush if step == "flush" else writer.hand_over)()
        writer.hand_over()
        assert checking.loaded == Counter(rows)
        kinds = [json.loads(line)["type"] for line in checking.getvalue().splitlines()]
        assert (checking.states > 0) == ("state" in steps)
        assert "state" not in steps or "STATE" in kinds[-2:] or "SCHEMA" in kinds[-2:] or kinds[-1] == "BATCH"


def endless():
    value = []
    value.append(value)
    return value


def started(folder, **options):
    writer = writer_of(folder, **options)
    writer.write_message(SchemaMessage("s", SCHEMA, ["id"]))
    return writer


def kinds_in(out):
    return [json.loads(line)["type"] for line in out.getvalue().splitlines()]


def test_a_state_waits_for_the_files_before_it_and_no_longer_than_a_minute(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(batches.time, "monotonic", lambda: clock[0])
    with output() as out:
        writer = started(tmp_path)
        writer.write_message(StateMessage({"at": 0}))
        writer.write_message(RecordMessage("s", {"id": "1"}))
        writer.write_message(StateMessage({"at": 1}))
        clock[0] = 59
        writer.flush()
        assert kinds_in(out) == ["SCHEMA", "STATE"]
        clock[0] = 60
        writer.flush()
        assert kinds_in(out) == ["SCHEMA", "STATE", "BATCH", "STATE"]


def test_a_file_has_no_more_rows_than_set_and_they_are_the_bytes_of_the_messages(tmp_path):
    records = [{"id": str(number), "inner": {"ü": [1.10, None, "\0😀"]}} for number in range(7)]
    with output() as out:
        writer = started(tmp_path, size=3)
        for record in records:
            writer.write_message(RecordMessage("s", record))
        writer.hand_over()
    found = [json.loads(line) for line in out.getvalue().splitlines()][1:]
    assert [list(rows_of(message)) for message in found] == [records[:3], records[3:6], records[6:]]
    assert found[0]["encoding"] == {"format": "jsonl"}
    first = Path(found[0]["manifest"][0].removeprefix("file://"))
    assert first.read_bytes() == b"".join(batches.encoder.encode(record) + b"\n" for record in records[:3])


def test_a_run_that_ends_in_the_middle_hands_over_what_it_has(tmp_path):
    with output() as out:
        writer = started(tmp_path)
        writer.write_message(RecordMessage("s", {"id": "1"}))
        writer.write_message(StateMessage({"at": 1}))
        writer.write_message(RecordMessage("s", {"id": "2"}))
        writer.leave_early()
    assert kinds_in(out) == ["SCHEMA", "BATCH", "STATE"]


def test_behind_a_full_disk_nothing_leaves_and_nothing_unfinished_stays(tmp_path, monkeypatch):
    def full(_file):
        raise OSError(28, "No space left on device")

    with output() as out:
        writer = started(tmp_path)
        writer.write_message(RecordMessage("s", {"id": "1"}))
        writer.write_message(StateMessage({"at": 1}))
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OutputError, match=r"The batch files in .* cannot be written: No space left on device"):
            writer.hand_over()
        monkeypatch.undo()
        for message in (RecordMessage("s", {"id": "2"}), StateMessage({"at": 2})):
            with pytest.raises(OutputError):
                writer.write_message(message)
        writer.leave_early()
        assert kinds_in(out) == ["SCHEMA"]
    assert list(tmp_path.iterdir()) == []


def test_a_run_removes_the_files_of_those_that_it_goes_on_from_and_no_others(tmp_path):
    first, dead, other = place(tmp_path, RUNS[0]), place(tmp_path, RUNS[1], RUNS[0]), place(tmp_path, "d" * 12)
    files = {}
    for made in (first, dead, other, place(tmp_path, "e" * 12, RUNS[0], prefix="x-")):
        path = Path(made.path_of("s"))
        path.write_bytes(b"")
        files[made.run] = path
    half = Path(dead.path_of("s") + ".part")
    half.write_bytes(b"")
    (tmp_path / "orders.jsonl").write_bytes(b"")
    with output():
        writer_of(tmp_path, run=RUNS[2], before=RUNS[0]).write_message(StateMessage({}))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {files["d" * 12].name, files["e" * 12].name, "orders.jsonl"}


def test_a_run_without_a_state_removes_nothing(tmp_path):
    path = Path(place(tmp_path, RUNS[0]).path_of("s"))
    path.write_bytes(b"")
    with output():
        writer_of(tmp_path).write_message(StateMessage({}))
    assert list(tmp_path.iterdir()) == [path]


def test_the_state_names_the_run_and_a_run_that_writes_no_files_keeps_that(tmp_path):
    config = {**CONFIG, "batch_config": {"storage": {"root": str(tmp_path)}}}
    tap = TapTikTokShop(config=config, state={"batch_run": RUNS[0]})
    assert tap.message_writer._place.before == RUNS[0]
    assert tap.state["batch_run"] == tap.message_writer._place.run != RUNS[0]
    assert TapTikTokShop(config=CONFIG, state={"batch_run": RUNS[0]}).state["batch_run"] == RUNS[0]


def test_files_for_elsewhere_are_there_when_their_batch_is(tmp_path):
    import fsspec

    root = f"memory://{tmp_path.name}/deep"
    with output() as out:
        writer = started(root, prefix="p-", compression="gzip")
        writer.write_message(RecordMessage("s", {"id": "1"}))
        writer.hand_over()
    (url,) = json.loads(out.getvalue().splitlines()[-1])["manifest"]
    assert url.startswith(f"{root}/p-tap-tiktokshop-")
    with fsspec.open(url) as file:
        assert gzip.decompress(file.read()) == b'{"id":"1"}\n'


def s3_writer(url, bucket, run=RUNS[1], before=""):
    params = {"endpoint_url": url, "key": "key", "secret": "a secret key"}
    storage = {"root": f"s3://{bucket}/deep", "prefix": "p-", "params": params}
    made = BatchPlace(batch_config({"encoding": {"compression": "zstd"}, "storage": storage}), run, before)
    return BatchWriter(made, LOGGER), made.fs


def test_in_an_object_store_files_are_whole_and_old_ones_are_removed(s3_url):  # noqa: F811 - the fixture
    _, files = s3_writer(s3_url, "shop")
    files.mkdir("shop")
    before = ""
    for run in RUNS[:2]:
        with output() as out:
            writer, files = s3_writer(s3_url, "shop", run, before)
            writer.write_message(SchemaMessage("s", SCHEMA, ["id"]))
            for number in range(3):
                writer.write_message(RecordMessage("s", {"id": str(number)}))
            writer.hand_over()
        (url,) = json.loads(out.getvalue().splitlines()[-1])["manifest"]
        assert files.find("shop") == [url.removeprefix("s3://")]
        before = run
    assert files.cat_file(url)[:4] == bytes.fromhex("28b52ffd"), "zstd"


def test_a_bucket_that_is_not_there_is_not_made(s3_url):  # noqa: F811 - the fixture
    writer, _ = s3_writer(s3_url, "misspelt")
    with output() as out, pytest.raises(ConfigurationError, match=r"s3://misspelt/deep cannot be written: .*bucket"):
        writer.write_message(StateMessage({}))
    assert out.getvalue() == b""


RECORD = {
    "id": "9007199254740993",
    "amount": "-12345678901234567890.123456789",
    "at": "2026-01-01T00:00:00.25Z",
    "day": "2026-02-28",
    "number": (1 << 63) - 1,
    "yes": True,
    "inner": {"b": 1, "a": ["\0😀"]},
    "list": [],
}


def parquet_of(folder, *records):
    from pyarrow import parquet

    with output() as out:
        writer = started(folder, format="parquet", compression="zstd")
        for record in records:
            writer.write_message(RecordMessage("s", record))
        writer.hand_over()
    manifest = json.loads(out.getvalue().splitlines()[-1])["manifest"]
    return [parquet.read_table(url.removeprefix("file://")) for url in manifest]


@pytest.mark.parametrize(
    "records",
    [
        [RECORD, {"id": "2", "inner": None}],
        [dict.fromkeys(RECORD) | {"id": "1"}],
        [{"id": "1", "inner": {"a": [1, None, "\u00fc"]}}, {"id": "2"}],
    ],
)
def test_rows_that_are_as_expected_make_the_same_parquet_as_any_rows(tmp_path, monkeypatch, records):
    quick = parquet_of(tmp_path / "quick", *records)
    monkeypatch.setattr(ParquetRows, "_arrays_as_expected", lambda _: [])
    slow = parquet_of(tmp_path / "slow", *records)
    assert [table.schema for table in quick] == [table.schema for table in slow]
    assert [table.to_pylist() for table in quick] == [table.to_pylist() for table in slow]


def test_parquet_has_the_schema_s_types_and_exact_values(tmp_path):
    (table,) = parquet_of(tmp_path, RECORD, {"id": "2", "inner": None})
    assert {field.name: str(field.type) for field in table.schema} == {
        "id": "string",
        "amount": "decimal128(38, 9)",
        "at": "timestamp[us, tz=UTC]",
        "day": "date32[day]",
        "number": "int64",
        "yes": "bool",
        "inner": "extension<arrow.json>",
        "list": "extension<arrow.json>",
    }
    first, second = table.to_pylist()
    assert first["amount"] == Decimal(RECORD["amount"])
    assert first["at"].isoformat() == "2026-01-01T00:00:00.250000+00:00"
    assert (first["id"], str(first["day"]), first["number"], first["yes"]) == (
        RECORD["id"],
        RECORD["day"],
        RECORD["number"],
        True,
    )
    assert json.loads(first["inner"]) == RECORD["inner"]
    assert second == {**dict.fromkeys(RECORD), "id": "2"}


def test_a_field_that_no_schema_names_gets_a_column_of_json_in_a_file_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("tap_tiktokshop.singer.parquet.GROUP_BYTES", 1)
    monkeypatch.setattr(batches, "MOST_PENDING", 1)
    tables = parquet_of(tmp_path, {"id": "1"}, {"id": "2", "new": {"a": 1}}, {"id": "3"})
    assert [table.column("id").to_pylist() for table in tables] == [["1"], ["2", "3"]]
    assert tables[1].column("new").to_pylist() == ['{"a":1}', None]


@pytest.mark.parametrize(("field", "value"), [("amount", "0.0000000001"), ("at", "0"), ("number", 1 << 63), ("id", 5)])
def test_what_a_column_cannot_hold_ends_the_run_with_its_name(tmp_path, field, value):
    with pytest.raises(OutputError, match=rf"A value of {field} in s does not fit .*format to jsonl"):
        parquet_of(tmp_path, {**RECORD, field: value})
    with output() as out:
        writer = started(tmp_path, format="parquet")
        writer.write_message(RecordMessage("s", {**RECORD, field: value}))
        writer.leave_early()
    assert kinds_in(out) == ["SCHEMA"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "The setting batch_config lacks one of ['storage']."),
        ({"storage": {}}, "The setting batch_config.storage lacks one of ['root']."),
        ({"storage": {"root": "nowhere://x"}}, "'nowhere://x' cannot be opened: Unsupported filesystem: 'nowhere'"),
        ({"storage": {"root": "gs://bucket/x"}}, "another package: Please install gcsfs"),
        ({"storage": {"root": "sftp://me:hunter22@host/x"}}, "has a password or a query in it"),
        ({"encoding": {"format": "csv"}, "storage": {"root": "x"}}, "batch_config.encoding.format must be one of"),
        ({"encoding": {"compression": "lz4"}, "storage": {"root": "x"}}, "encoding.compression must be one of"),
        ({"storage": {"root": "x"}, "batch_size": 0}, "batch_config.batch_size must be at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_sentence(given, told):
    with pytest.raises(ConfigurationError) as refused:
        TapTikTokShop(config={**CONFIG, "batch_config": given or {"batch_size": 1}})
    assert told in str(refused.value)
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize(
    ("encoding", "module", "package"),
    [
        ({"format": "parquet"}, "pyarrow.parquet", "pyarrow"),
        ({"compression": "zstd"}, "backports.zstd", "backports.zstd"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, encoding, module, package):
    if package == "backports.zstd" and sys.version_info >= (3, 14):
        pytest.skip("Python has zstd of its own")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=f"pip install {package}"):
        batch_config({"encoding": encoding, "storage": {"root": "x"}})


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with output() as out, pytest.raises(ConfigurationError, match=r"cannot be written: (Not a directory|File exists)"):
        writer_of(tmp_path / "file" / "batches").write_message(StateMessage({}))
    assert out.getvalue() == b""


def test_a_secret_of_the_storage_is_in_no_sentence(tmp_path, monkeypatch):
    config = batch_config({"storage": {"root": f"memory://{tmp_path.name}", "params": {"key": "very-secret-key"}}})
    made = BatchPlace(config, RUNS[1], "")

    def refuse(*_args, **_options):
        raise PermissionError("no entry for very-secret-key")

    monkeypatch.setattr(type(made.fs), "pipe_file", refuse)
    with pytest.raises(ConfigurationError) as refused:
        BatchWriter(made, LOGGER).write_message(StateMessage({}))
    assert "no entry for ***" in str(refused.value)


class Signal:
    """Raises what Ctrl-C raises, before a line of the writer's modules."""

    def __init__(self, line):
        self.left = line

    def __call__(self, frame, event, argument):
        del argument
        if not frame.f_code.co_filename.endswith(("batches.py", "batch_files.py")):
            return None
        if event == "line":
            self.left -= 1
            if not self.left:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


def interrupted(tmp_path, line):
    """What a run of two rows and two states sent, interrupted before a line of it, and whether it came that far."""
    with output() as out:
        writer = started(tmp_path)
        sys.settrace(signal := Signal(line))
        try:
            for number in (1, 2):
                writer.write_message(RecordMessage("s", {"id": str(number)}))
                writer.write_message(StateMessage({"rows": number}))
                writer.hand_over()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        writer.leave_early()
        return [json.loads(text) for text in out.getvalue().splitlines()], signal.left <= 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file that nobody could close yet
def test_a_signal_at_any_line_leaves_no_half_file_and_no_state_without_its_rows(tmp_path):
    line = 0
    came = True
    while came:
        line += 1
        folder = tmp_path / str(line)
        messages, came = interrupted(folder, line)
        told = [name.rpartition("/")[2] for message in messages for name in message.get("manifest", ())]
        assert not list(folder.glob("*.part")), line
        assert set(told) <= {path.name for path in folder.iterdir()}, line
        loaded = 0
        for message in messages:
            loaded += sum(1 for _ in rows_of(message)) if message["type"] == "BATCH" else 0
            assert message["type"] != "STATE" or message["value"]["rows"] <= loaded, line
    assert line > 100
    assert loaded == 2
