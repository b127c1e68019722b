"""What a command says where its input or output is closed or full, a proxy's address is none, or nothing is set."""

import contextlib
import json
import warnings
from pathlib import Path

import pytest
from in_process import call
from tap_tiktokshop.streams import STREAMS

CONNECTION = {"app_key": "k", "app_secret": "s", "refresh_token": "r", "auth_base_url": "https://nowhere.invalid"}
READING = {"start_date": "2026-05-01T00:00:00Z"}
TAP, TARGET, COMMAND = "tap-tiktokshop", "target-tiktokshop", "tiktokshop"


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """A folder without settings, in an environment without any."""
    monkeypatch.chdir(tmp_path)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    Path("read.json").write_text(json.dumps(CONNECTION | READING))
    Path("write.json").write_text(json.dumps(CONNECTION))


def told(ended, code=2):
    """The one sentence of a command that failed, without what a logger puts before it."""
    lines = [line for line in ended.log.splitlines() if "INFO" not in line]
    assert (ended.code, len(lines)) == (code, 1), ended.log
    assert "bug" not in lines[0]
    return lines[0]


WRITING = [
    (TAP, "--config", "read.json", "--discover"),
    (TAP, "--about"),
    (TAP, "--about", "--format=json"),
    (TARGET, "--about"),
    (COMMAND, "auth", "link"),
    (COMMAND, "doctor"),
]


@pytest.mark.parametrize("command", [*WRITING, (TAP, "--config", "read.json"), (TARGET, "--config", "write.json")])
def test_where_the_output_is_closed_each_command_says_so_and_does_nothing(command, caplog):
    assert call(*command, stdout=None).code == 2
    assert caplog.messages == ["Standard output is closed: send it to a file or /dev/null."]


@pytest.mark.parametrize("command", [command for command in WRITING if command[-1] != "link"])
def test_where_the_output_is_full_each_command_says_so(command):
    with contextlib.suppress(OSError), Path("/dev/full").open("w") as full:
        assert "Standard output cannot be written: No space left on device." in told(
            call(*command, stdout=full), code=1
        )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((COMMAND, "auth", "login"), "the setting app_key is missing"),
        ((COMMAND, "auth", "exchange"), "the setting app_key is missing"),
        ((COMMAND, "doctor"), "the setting app_key is missing"),
        ((TARGET, "--config", "write.json"), "Standard input is closed"),
    ],
)
def test_where_the_input_is_closed_what_would_be_asked_is_said(command, words):
    ended = call(*command, stdin=None)
    assert ended.code == 2
    assert words in ended.log + ended.output
    assert "bug" not in ended.log


@pytest.mark.parametrize("ways", [{"stdin": None}, {"typed": ""}, {"typed": "\n"}])
@pytest.mark.parametrize("command", [("auth", "login", "--paste"), ("auth", "exchange")])
def test_a_question_that_nobody_answers_is_one_sentence_without_a_warning(command, ways):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ended = call(COMMAND, *command, "--config", "write.json", **ways)
    assert ended.code == 2
    assert "the input ended without an answer to: " in ended.log.splitlines()[-1]


def test_what_is_set_first_is_asked_for_first():
    """Without an app there can be no token, so that who has set nothing is not sent to the login."""
    ended = call(COMMAND, "doctor")
    assert ended.code == 2
    assert "the setting app_key is missing" in ended.output
    assert "auth login" not in ended.output


PROXIES = ["http://[bad", "foo://", "http://u:hidden@127.0.0.1:99999", "http://u:hidden@127.0.0.1:x", "http://"]


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxys_address_that_is_none_is_one_sentence_without_it(monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    ended = call(TAP, "--config", "read.json")
    sentence = "nowhere.invalid cannot be reached, because the proxy's address is not valid: check HTTPS_PROXY"
    assert sentence in told(ended)
    assert "hidden" not in ended.log


WRONG = {
    "start_date": "31.01.2026",
    "end_date": "soon",
    "time_zones": {"US": "America/Nowhere"},
    "lookback_seconds": -1,
    "on_missing_scope": "stop",
    "follow": True,
    "webhook_inbox": "ftp://inbox",
    "follow_for_seconds": 0,
    "metrics_gateway": "gateway",
    "batch_config": {"encoding": {"format": "jsonl"}},
    "app_secret": "hid\nden",
    "api_base_url": "http://nowhere.invalid",
    "budget_store": "sqlite://hidden",
    "shop_ids": ["?"],
    "max_tries": 11,
    "sandbox": "maybe",
}


@pytest.mark.parametrize("name", WRONG)
def test_discovery_needs_no_account_and_refuses_a_setting_that_is_wrong_whatever_is_done(name):
    """Meltano discovers before it runs: else the catalogue is made, and the run fails."""
    Path("wrong.json").write_text(json.dumps({name: WRONG[name]}))
    ended = call(TAP, "--config", "wrong.json", "--discover")
    assert name in told(ended)
    assert (ended.output, "hidden" in ended.log) == ("", False)
    Path("none.json").write_text("{}")
    assert call(TAP, "--config", "none.json", "--discover").code == 0


@pytest.mark.parametrize(("names", "fails"), [(["order", "itmes"], True), (["order", "orders"], False)])
def test_a_catalogue_of_streams_that_do_not_exist_reads_nothing_and_says_so(names, fails):
    whole = json.loads(call(TAP, "--config", "read.json", "--discover").output)
    entry = next(each for each in whole["streams"] if each["tap_stream_id"] == "orders")
    off = [{"breadcrumb": [], "metadata": {"selected": False}}]
    streams = [{**entry, "tap_stream_id": name, "stream": name, "metadata": off} for name in names]
    Path("catalog.json").write_text(json.dumps({"streams": streams}))
    ended = call(TAP, "--config", "read.json", "--catalog", "catalog.json")
    assert "There is no stream order; did you mean orders?" in ended.log
    assert ("The catalogue has no stream that exists." in ended.log) is fails
    assert ended.code == (2 if fails else 0)
    assert "orders" in {stream.name for stream in STREAMS}
