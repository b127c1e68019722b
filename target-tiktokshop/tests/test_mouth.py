"""What comes in: anything may, and each bad line costs itself only; what ends a run does so in one sentence."""

import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from target_tiktokshop.refeed import messages
from target_tiktokshop.singer.messages import DEEPEST_LINE, LineReader
from target_tiktokshop.streams import WRITINGS
from target_tiktokshop.target import TargetTikTokShop
from target_tiktokshop.writing.results import Results
from target_tiktokshop.writing.rows import Row

COMMAND = [sys.executable, "-m", "target_tiktokshop"]
REFEED = [sys.executable, "-c", "from target_tiktokshop.refeed import main; main()"]
CONFIG = {"app_key": "k", "app_secret": "s", "refresh_token": "r"}
SCHEMA = json.dumps({"type": "SCHEMA", "stream": "inventory", "schema": {"properties": {}}, "key_properties": []})


def listen(folder, text, **config):
    """A run that never gets as far as a batch with a usable record: no platform is needed for it."""
    path = folder / "results.jsonl"
    target = TargetTikTokShop(config={**CONFIG, "results_path": str(path), "max_rejected_percent": 100, **config})
    error = None
    try:
        target.listen(io.StringIO(text))
    except Exception as caught:  # noqa: BLE001 - the test looks at it
        error = caught
    finally:
        target.close()
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else [], error


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n \t\n\r\n", "\ufeff", "\ufeff\n", f"\ufeff{SCHEMA}\n\n", f"{SCHEMA}\n \n"]
)
def test_blank_lines_and_a_byte_order_mark_are_nothing(tmp_path, text):
    assert listen(tmp_path, text) == ([], None)


def test_a_message_behind_a_byte_order_mark_is_read():
    reader = LineReader()
    message = {"type": "RECORD", "stream": "a", "record": {"b": "\ufeff"}}
    assert reader.deserialize_json("\ufeff" + json.dumps(message, ensure_ascii=False) + "\n") == message


UNREADABLE = {
    "brackets": ("[" * 5_000, "more than 100 nested brackets"),
    "braces": ('{"a":' * 5_000, "more than 100 nested brackets"),
    "bad bytes": ('{"type": "RECORD", "stream": "inventory", "record": {"a": "\udcff"}}', "not UTF-8"),
    "half an emoji": ('{"type": "RECORD", "stream": "inventory", "record": {"a": "\\ud83d"}}', "not JSON"),
    "no properties": ('{"type": "SCHEMA", "stream": "inventory", "schema": {"properties": null}}', "no properties"),
    "a schema that is none": ('{"type": "SCHEMA", "stream": "inventory", "schema": []}', "no properties"),
    "a list for a stream": ('{"type": "SCHEMA", "stream": ["a"], "schema": {"properties": {}}}', "no stream"),
    "a record in a list": ('{"type": "RECORD", "stream": "inventory", "record": []}', "no record"),
    "a list for a record's stream": ('{"type": "RECORD", "stream": [], "record": {}}', "no stream"),
    "a state without a value": ('{"type": "STATE"}', "no value"),
    "a version of nothing": ('{"type": "ACTIVATE_VERSION", "version": 1}', "no stream"),
    "a number": ("5", "not a Singer message"),
    "null": ("null", "not a Singer message"),
    "no type": ("{}", "not a Singer message"),
    "an odd type": ('{"type": ["RECORD"]}', "not a Singer message"),
    "an unknown type": ('{"type": "HELLO"}', "not a type of Singer message"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_line_that_is_no_message_is_one_rejected_record(tmp_path, case):
    line, words = UNREADABLE[case]
    rows, error = listen(tmp_path, f"{line}\n")
    assert error is None
    assert [(row["outcome"], row["code"]) for row in rows] == [("rejected", "unreadable_line")]
    assert words in rows[0]["message"]


def test_brackets_in_texts_and_beside_one_another_are_no_depth():
    message = {"type": "RECORD", "stream": "a", "record": {"b": "[{" * 5_000 + '"', "c": [[]] * 5_000}}
    assert LineReader().deserialize_json(json.dumps(message)) == message
    deep = json.dumps({"type": "STATE", "value": json.loads("[" * (DEEPEST_LINE - 1) + "]" * (DEEPEST_LINE - 1))})
    assert LineReader().deserialize_json(deep)["type"] == "STATE"


def test_many_bad_lines_wait_for_the_disk_together(tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(os, "fsync", waits.append)
    rows, error = listen(tmp_path, "{ bad\n" * 5_000)
    assert (len(rows), error) == (5_000, None)
    assert [row["row"] for row in rows] == list(range(1, 5_001))
    assert len(waits) < 60


def test_a_state_behind_bad_lines_is_passed_on_when_they_are_on_disk(tmp_path, capsys):
    rows, error = listen(tmp_path, '{ bad\n{ bad\n{"type": "STATE", "value": {"n": 1}}\n')
    assert (len(rows), error) == (2, None)
    assert capsys.readouterr().out.splitlines()[-1] == '{"n": 1}'


def test_odd_parts_of_a_schema_do_not_matter_for_the_target_has_its_own(tmp_path):
    schema = {"properties": {"a": 5, "b": None, "quantity": {"type": "string", "format": "date-time"}}}
    odd = {"type": "SCHEMA", "stream": "inventory", "schema": schema, "key_properties": [5, "a"]}
    record = {"type": "RECORD", "stream": "inventory", "record": {"quantity": "yesterday"}, "time_extracted": 5}
    text = f"{json.dumps(odd)}\n"
    assert listen(tmp_path, text) == ([], None)
    reader = LineReader()
    assert reader.deserialize_json(text)["key_properties"] == ["a"]
    assert reader.deserialize_json(text)["schema"]["properties"]["a"] == {}
    assert "time_extracted" not in reader.deserialize_json(json.dumps(record))


# -- anything, with a fixed seed ---------------------------------------------------------------------------------

ODD = [None, True, 0, -1, 1e308, "", "inventory", "x" * 300, "\u0000", [], {}, [[]], {"properties": None}, "\ud83d"]
TYPES = ["SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION", "BATCH", "HELLO", None, 5]


def odd_message(rng):
    """A message of which each part may be anything."""
    good = {
        "type": rng.choice(TYPES),
        "stream": rng.choice([*WRITINGS, "nobody", *ODD]),
        "schema": rng.choice([{"properties": {}}, {"properties": {"a": rng.choice(ODD)}}, *ODD]),
        "record": rng.choice([{rng.choice(["quantity", "sku_id", "_sdc_deleted_at"]): rng.choice(ODD)}, *ODD]),
        "key_properties": rng.choice([[], ["a"], *ODD]),
        "value": rng.choice(ODD),
        "version": rng.choice(ODD),
        "time_extracted": rng.choice(ODD),
        "encoding": rng.choice(ODD),
        "manifest": rng.choice(ODD),
    }
    return {name: value for name, value in good.items() if rng.random() < 0.8}


def odd_line(rng):
    """A message, cut, doubled or sprinkled now and then."""
    line = json.dumps(odd_message(rng))
    chance = rng.random()
    if chance < 0.15:
        line = line[: rng.randrange(len(line))]
    elif chance < 0.25:
        place = rng.randrange(len(line))
        line = line[:place] + rng.choice(['"', "\\", "{", "]", "\udcff", "\x00", ","]) + line[place:]
    return line


def test_whatever_comes_in_is_rejected_line_by_line_or_ends_the_run_with_a_sentence_of_ours(lab):
    known = ("InputError", "UnsupportedStreamError", "InvalidInputLine", "RecordsWithoutSchemaException")
    ends = set()
    for seed in range(40):
        rng = random.Random(seed)
        lines = [SCHEMA, *(odd_line(rng) for _ in range(30))]
        run = lab.run("".join(f"{line}\n" for line in lines), max_rejected_percent=100)
        ends.add(type(run.error).__name__)
        assert run.error is None or type(run.error).__name__ in known, (seed, ascii(run.error))
        assert {row["outcome"] for row in run.rows} <= {"rejected"}, seed
    assert len(ends) > 2


# -- as a process ------------------------------------------------------------------------------------------------


def process(command, folder, arguments=(), close=(), **more):
    """Exit code, output and log of a process that begins with some of its files closed."""
    shell = f'exec "$@" {" ".join(close)}'
    return subprocess.run(
        ["sh", "-c", shell, "sh", *command, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**{name: value for name, value in os.environ.items() if "TIKTOKSHOP" not in name}},
        **more,
    )


@pytest.fixture
def config(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    return ["--config", "config.json"]


@pytest.mark.slow
def test_closed_files_are_told_in_one_sentence(tmp_path, config):
    (tmp_path / "rows.singer").write_text(f"{SCHEMA}\n")
    for close, words in ((["<&-"], "Standard input is closed"), ([">&-"], "Standard output is closed")):
        done = process(COMMAND, tmp_path, [*config, *(["--input", "rows.singer"] if ">&-" in close else [])], close)
        assert done.returncode == 2
        assert words in done.stderr
        assert "bug" not in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_an_empty_run_says_nothing_unless_it_is_asked_to(tmp_path, config):
    for text in ("", f"{SCHEMA}\n"):
        done = process(COMMAND, tmp_path, config, input=text)
        assert (done.returncode, done.stderr) == (0, "")
    loud = process(COMMAND, tmp_path, [*config, "--log-level", "debug"], input="")
    assert "completed processing 0 lines" in loud.stderr


@pytest.mark.slow
@pytest.mark.parametrize("content", ["null", "5", '{"sandbox": '])
def test_a_configuration_that_is_none_is_one_sentence(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    done = process(COMMAND, tmp_path, ["--config", "config.json"], input="")
    assert done.returncode == 2
    assert "config.json is not a JSON object of settings" in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.slow
def test_refeed_names_a_wrong_path_and_a_pipe_that_is_closed(tmp_path):
    done = process(REFEED, tmp_path, ["nofile"])
    assert done.returncode == 2
    assert done.stderr == "Cannot use nofile: No such file or directory.\n"
    assert "bug" not in done.stderr
    helped = process(REFEED, tmp_path, ["--help"])
    assert "--log-level" in helped.stdout


def test_refeed_passes_over_what_is_no_outcome(tmp_path):
    path = tmp_path / "results.jsonl"
    good = {"stream": "inventory", "outcome": "rejected", "record": {"a": 1}}
    lines = [b"5", b"null", b"[]", b'{"stream": [], "outcome": "rejected", "record": {}}', b"\xff", b"[" * 5_000]
    path.write_bytes(b"\n".join([*lines, json.dumps(good).encode()]))
    assert [each["type"] for each in messages(path, frozenset({"rejected"}))] == ["SCHEMA", "RECORD"]


def test_the_schemas_of_what_is_fed_again_name_each_type_once():
    for writing in WRITINGS.values():
        for name, spec in writing.contract.schema()["properties"].items():
            assert len(spec["type"]) == len(set(spec["type"])), name


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_with_the_file():
    results = Results(Path("/dev/full"), plan=False)
    try:
        with pytest.raises(OSError, match="No space left on device") as caught:
            results.write([Row("inventory", 1, {}, outcome="rejected")])
    finally:
        results.close()
    assert caught.value.filename == "/dev/full"
