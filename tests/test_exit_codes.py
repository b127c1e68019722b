"""The exit codes that every command documents, each provoked through the real command."""

import errno
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import click
import pytest
from in_process import call
from tiktokshop_client.endings import Ending, ending_of, ending_of_all
from tiktokshop_client.errors import ConfigurationError, ScopeError, ShopInactiveError, TransientError

from conftest import catalog

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
TAP, TARGET = "tap-tiktokshop", "target-tiktokshop"


def tap(lab, streams=("shops",), **config):
    """A run of the tap as a user starts it, in this process."""
    (lab.folder / "config.json").write_text(json.dumps({**lab.config, **config}))
    (lab.folder / "catalog.json").write_text(json.dumps(catalog(streams)))
    return call(TAP, "--config", lab.folder / "config.json", "--catalog", lab.folder / "catalog.json")


def target(lab, *messages, **config):
    """The same of the target."""
    (lab.folder / "config.json").write_text(json.dumps({**lab.config, "results_path": str(lab.folder / "r"), **config}))
    (lab.folder / "input").write_text("".join(json.dumps(message) + "\n" for message in messages))
    return call(TARGET, "--config", lab.folder / "config.json", "--input", lab.folder / "input")


def stock(*records):
    schema = {"type": "object", "properties": {"sku_id": {"type": "string"}, "quantity": {"type": "integer"}}}
    yield {"type": "SCHEMA", "stream": "inventory", "schema": schema, "key_properties": []}
    yield from ({"type": "RECORD", "stream": "inventory", "record": record} for record in records)


def doctor(lab, **config):
    (lab.folder / "doctor.json").write_text(json.dumps({**lab.config, **config}))
    return call("tiktokshop", "doctor", "--config", lab.folder / "doctor.json")


def status(lab, **config):
    (lab.folder / "status.json").write_text(json.dumps({**lab.config, **config}))
    return call("tiktokshop", "auth", "status", "--config", lab.folder / "status.json")


def test_0_is_a_run_in_which_all_was_done(lab):
    assert tap(lab).code == 0
    assert target(lab, *stock()).code == 0
    assert doctor(lab).code == 0


def test_1_is_a_part_that_was_left_and_may_be_there_next_time(lab):
    lab.fault("http_503")
    ended = tap(lab, max_tries=1)
    assert ended.code == 1, ended.log
    assert target(lab, *stock({"sku_id": "1", "quantity": 1}), max_tries=1).code == 1


def test_1_is_a_platform_that_is_not_there(lab):
    nowhere = {"api_base_url": "http://127.0.0.1:9", "max_tries": 1, "shop_ids": []}
    assert tap(lab, **nowhere).code == 1
    assert target(lab, *stock({"sku_id": "1", "quantity": 1}), **nowhere).code == 1
    assert status(lab, **nowhere, access_token="", token_store=str(lab.folder / "none")).code in {1, 2}


@pytest.mark.parametrize(
    "wrong",
    [{"app_secret": ""}, {"requests_per_second": 0}, {"token_store": "redis//x:y@z"}, {"budget_store": "sqlite://x"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_2_is_a_setting_that_a_person_must_put_right(lab, wrong):
    assert tap(lab, **wrong).code == 2
    assert target(lab, *stock({"sku_id": "1", "quantity": 1}), **wrong).code == 2
    assert doctor(lab, **wrong).code == 2


def test_2_is_a_secret_that_the_platform_does_not_know(lab):
    wrong = {"app_secret": "0" * 40}
    assert tap(lab, **wrong).code == 2
    assert target(lab, *stock({"sku_id": "1", "quantity": 1}), **wrong).code == 2
    assert doctor(lab, **wrong).code == 2


def test_2_is_a_grant_that_the_seller_has_taken_back(lab):
    lab.sandbox.control("POST", "/grants/revoke")
    assert tap(lab).code == 2
    assert doctor(lab).code == 2


@pytest.mark.parametrize("command", [TAP, TARGET, "tiktokshop", "tiktokshop-webhooks"])
def test_2_is_an_option_that_there_is_not(command):
    assert call(command, "--no-such-option").code == 2


NOT_THERE = [(TAP, "--config"), (TAP, "--state"), (TAP, "--catalog"), (TARGET, "--config"), (TARGET, "--input")]


@pytest.mark.parametrize("words", [*NOT_THERE, (f"{TARGET}-refeed",), (f"{TARGET}-table", "prices")], ids=" ".join)
@pytest.mark.parametrize(("name", "why"), [("none.json", "No such file or directory"), ("", "Is a directory")])
def test_2_is_a_file_that_is_not_there_and_one_sentence(words, name, why, tmp_path, caplog):
    ended = call(*words, tmp_path / name)
    said = [record.getMessage() for record in caplog.records if record.levelname != "INFO"]
    assert (ended.code, ended.output, len(said), "Usage" in ended.log) == (2, "", 1, False), ended.log
    assert f"{tmp_path / name}" in said[0]
    assert said[0].endswith(why) or said[0].endswith(f"{why}.")


def test_3_is_a_run_that_a_guard_has_stopped_or_would_stop(lab):
    read = lab.run(streams=("inventory",)).records("inventory")
    feed = [{"shop_id": row["shop_id"], "sku_id": row["sku_id"], "quantity": 0} for row in read]
    assert target(lab, *stock(*feed), dry_run=True).code == 3
    ended = target(lab, *stock(*feed))
    assert ended.code == 3, ended.log


def test_3_is_more_refused_records_than_is_allowed(lab):
    assert target(lab, *stock({"sku_id": "404", "quantity": 1}), max_rejected_percent=0).code == 3


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_128_and_its_number_is_the_signal_that_has_interrupted_a_run(lab, number):
    lab.fault("slow", seconds=20)
    (lab.folder / "config.json").write_text(json.dumps(lab.config))
    command = [sys.executable, "-m", "tap_tiktokshop", "--config", lab.folder / "config.json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        assert run.stderr
        run.stderr.readline()
        run.send_signal(number)
        run.communicate(timeout=60)
    assert run.returncode in {128 + number, -number}


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (ConfigurationError("x"), Ending.PERSON),
        (ScopeError("x"), Ending.PERSON),
        (ShopInactiveError("x"), Ending.PERSON),
        (TransientError("x"), Ending.AGAIN),
        (click.UsageError("x"), Ending.PERSON),
        (BrokenPipeError(), Ending.AGAIN),
        (OSError(errno.ENOSPC, "no room"), Ending.AGAIN),
        (PermissionError(errno.EACCES, "no", "state.json"), Ending.PERSON),
        (ZeroDivisionError(), Ending.AGAIN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_says_whether_waiting_helps(error, ending):
    assert ending_of(error) is ending


def test_one_part_for_which_waiting_helps_is_reason_enough_to_run_again():
    assert ending_of_all([ScopeError("x"), TransientError("x")]) is Ending.AGAIN
    assert ending_of_all([ScopeError("x"), ConfigurationError("x")]) is Ending.PERSON


def test_the_page_has_every_code_and_no_other():
    told = {int(code) for cell in re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE) for code in cell.split(",")}
    signals = {signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM}
    assert told == {*Ending, *(128 + number for number in signals)}


def test_the_page_names_every_command():
    scripts = [tomllib.loads(file.read_text())["project"].get("scripts", {}) for file in ROOT.glob("*/pyproject.toml")]
    commands = {name for found in scripts for name in found}
    assert commands == {name for name in re.findall(r"`([a-z-]+)`", PAGE) if name in commands}
    assert "tiktokshop-sandbox" in commands


@pytest.mark.parametrize("path", ["README.md", "tap-tiktokshop/README.md", "target-tiktokshop/README.md"])
def test_each_readme_has_the_same_codes(path):
    text = (ROOT / path).read_text()
    for ending in Ending:
        assert re.search(rf"\b{ending.value}\b[^.;|]*", text.partition("exit code")[2]), ending


@pytest.mark.slow
def test_with_the_format_json_each_line_of_a_failing_run_is_an_object_that_says_what_it_is_about(lab):
    lab.fault("http_503", path="/order/202309/orders/search")
    run = lab.process(streams=("shops", "orders"), arguments=["--log-format", "json"], max_tries=1)
    lines = [json.loads(each) for each in run.log.splitlines()]
    failed = [each for each in lines if each["level"] == "error" and each.get("stream") == "orders"]
    assert run.code == 1
    assert {each["shop"] for each in failed} == {shop["shop_id"] for shop in run.records("shops")}
    assert {each["operation"] for each in failed} == {"search_orders"}
    assert len({each["run"] for each in lines}) == 1


@pytest.mark.slow
def test_with_the_format_json_each_line_says_what_whoever_started_the_process_knows(lab, monkeypatch):
    for name, value in {"RUN": "scheduled-7", "SELLER": "anna", "STATE_ID": "anna-hourly"}.items():
        monkeypatch.setenv(f"TIKTOKSHOP_LOG_{name}", value)
    run = lab.process(streams=("shops",), arguments=["--log-format", "json"])
    words = [sys.executable, "-m", "target_tiktokshop", "--log-format", "json", "--config", lab.folder / "config.json"]
    target = subprocess.run(words, input=b"no JSON\n", capture_output=True, cwd=lab.folder, check=False)
    hooks = [sys.executable, "-m", "tiktokshop_webhooks", "stats", "--log-format", "json"]
    receiver = subprocess.run(hooks, capture_output=True, cwd=lab.folder, check=False)
    for log in (run.log, target.stderr.decode(), receiver.stderr.decode()):
        lines = [json.loads(each) for each in log.splitlines()]
        assert lines
        assert {(each["run"], each["seller"], each["state_id"]) for each in lines} == {
            ("scheduled-7", "anna", "anna-hourly"),
        }
