"""What a person sees, and what is kept, when something goes wrong. Nothing printed ever holds a secret."""

import json
import re
import socket
import subprocess
import sys
import time

import pytest

from conftest import SOME, Run, catalog

SENTENCE = re.compile(r"\| ERROR +\| [\w.-]+ +\| (.*)")


def secrets(lab):
    """Everything that must never be printed: the app's secret, every token and cipher."""
    status = lab.sandbox.control("GET", "")
    known = {lab.config["app_secret"], lab.config["access_token"], lab.config["refresh_token"]}
    known |= {shop["cipher"] for shop in status["shops"]}
    known |= {status["tokens"]["access_token"], status["tokens"]["refresh_token"]}
    stored = lab.folder / "tokens.json"
    if stored.exists():
        known |= {value for name, value in json.loads(stored.read_text()).items() if name.endswith("_token")}
    return {secret for secret in known if secret}


def assert_says(lab, run, *words, lines=1, code=2):
    """The run failed with so many error lines, each of the words in one, no traceback and no secret."""
    assert run.code == code, run.log
    errors = SENTENCE.findall(run.log)
    assert len(errors) == lines, run.log
    assert "Traceback" not in run.log
    for word in words:
        assert word in "\n".join(errors), run.log
    for secret in secrets(lab):
        assert secret not in run.log
        assert secret not in run.output


@pytest.mark.slow
@pytest.mark.parametrize("level", [(), ("--log-level", "debug")])
def test_a_good_run_prints_no_secret_at_any_level(lab, level):
    run = lab.process(arguments=level)
    assert run.code == 0, run.log
    assert run.counts() == lab.held()
    for secret in secrets(lab):
        assert secret not in run.log
        assert secret not in run.output


@pytest.mark.slow
def test_a_wrong_secret_is_named(lab):
    assert_says(lab, lab.process(app_secret="wrong-canary-secret"), "app_secret", "106001")


@pytest.mark.slow
def test_a_wrong_secret_is_not_printed(lab):
    assert "wrong-canary-secret" not in lab.process(("--log-level", "debug"), app_secret="wrong-canary-secret").log


@pytest.mark.slow
def test_a_secret_of_the_wrong_type_is_not_printed_either(lab):
    run = lab.process(app_secret=987654321987)
    assert_says(lab, run, "app_secret")
    assert "987654321987" not in run.log


@pytest.mark.slow
def test_a_missing_setting_is_named(lab):
    assert_says(lab, lab.process(app_key=None), "app_key")


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["start_date", "end_date"])
def test_an_unreadable_date_is_named(lab, setting):
    assert_says(lab, lab.process(**{setting: "the day before yesterday"}), setting, "the day before yesterday")


@pytest.mark.slow
def test_a_host_out_of_reach_ends_the_run_within_a_minute(lab):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    began = time.monotonic()
    run = lab.process(api_base_url=address)
    assert time.monotonic() - began < 60
    assert_says(lab, run, f"{address.partition('//')[2]} cannot be reached", code=1)


@pytest.mark.slow
def test_a_revoked_grant_stops_the_run_and_says_how_to_go_on(lab):
    lab.sandbox.control("POST", "/grants/revoke")
    assert_says(lab, lab.process(), "authorise")


@pytest.mark.slow
def test_a_config_that_is_no_json_is_one_sentence(lab):
    started = lab.start()
    started.kill()
    started.communicate()
    broken = lab.folder / "broken.json"
    broken.write_text('{"app_secret": "canary-in-broken-json", }')
    run = lab.process(arguments=("--config", str(broken)))
    assert_says(lab, run, "JSON")
    assert "canary-in-broken-json" not in run.log


@pytest.mark.slow
def test_debugging_adds_the_traceback(lab):
    assert "Traceback" in lab.process(arguments=("--log-level", "debug"), app_key=None).log


WARNING = re.compile(r"\| WARNING +\| [\w.-]+ +\| (.*)")
FINANCE = ("statements", "statement_transactions", "payments")


def assert_finance_is_left_out(lab, run):
    """All other streams are complete, and nothing says that finance was ever read."""
    held = lab.held()
    assert run.counts() == {stream: 0 if stream in FINANCE else rows for stream, rows in held.items()}
    for stream in FINANCE:
        assert not any("replication_key_value" in part for part in run.state["bookmarks"][stream].get("partitions", []))


@pytest.mark.slow
def test_a_missing_scope_skips_its_streams_with_a_warning_that_says_where_to_grant_it(lab):
    lab.fault("scope_withheld", scope="seller.finance.info")
    run = lab.process()
    assert run.code == 0, run.log
    assert SENTENCE.findall(run.log) == []
    (warning,) = [line for line in WARNING.findall(run.log) if "seller.finance.info" in line]
    assert "grant it to the app in Partner Center" in warning
    assert_finance_is_left_out(lab, run)


@pytest.mark.slow
def test_a_missing_scope_fails_the_run_where_that_is_wished_and_leaves_the_other_streams_complete(lab):
    lab.fault("scope_withheld", scope="seller.finance.info")
    run = lab.process(on_missing_scope="fail")
    assert_says(lab, run, "seller.finance.info", "105005", "statements", lines=3 * 2 + 1)
    assert_finance_is_left_out(lab, run)


@pytest.mark.slow
def test_a_deactivated_shop_leaves_the_other_shop_complete(lab):
    one, other = (shop["id"] for shop in lab.sandbox.control("GET", "")["shops"])
    lab.fault("shop_inactive", shop_id=one)
    run = lab.process()
    assert_says(lab, run, one, "36009043", "authorising again does not help", lines=2)
    (closing,) = [line for line in SENTENCE.findall(run.log) if "could not be read" in line]
    for stream in SOME:
        assert stream == "shops" or stream in closing
    assert {record["shop_id"] for record in run.records("orders")} == {other}
    assert len(run.records("orders")) == lab.sandbox.control("GET", "/counts")[other]["orders"]


@pytest.mark.slow
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_exits_as_interrupted_and_its_state_is_good(lab, sent):
    import signal

    lab.fault("slow", seconds=0.05)
    started = lab.start()
    for line in started.stdout:
        if b'"STATE"' in line:
            break
    started.send_signal(getattr(signal, sent))
    _, log = started.communicate(timeout=30)
    assert started.returncode == 128 + getattr(signal, sent)
    assert b"Traceback" not in log


@pytest.mark.slow
def test_a_loader_that_dies_ends_the_run_with_one_sentence(lab):
    started = lab.start()
    started.stdout.readline()
    started.stdout.close()
    log = started.stderr.read().decode()
    started.stderr.close()
    assert started.wait(timeout=60) != 0
    assert "Traceback" not in log
    assert "nobody to write to" in log


@pytest.mark.slow
def test_the_target_describes_itself_and_says_in_one_sentence_what_it_cannot_take(lab):
    import subprocess
    import sys

    config = lab.folder / "target.json"
    config.write_text(json.dumps(lab.config))
    command = [sys.executable, "-m", "target_tiktokshop"]
    about = subprocess.run([*command, "--about", "--format=json"], capture_output=True, check=True)
    assert json.loads(about.stdout)["name"] == "target-tiktokshop"
    unknown = {"type": "SCHEMA", "stream": "orders", "schema": {"properties": {}}, "key_properties": []}
    early = {"type": "RECORD", "stream": "inventory", "record": {"sku_id": "1", "quantity": 1}}
    for message, words in (
        (unknown, "The stream orders cannot be written"),
        (early, "The input is not a Singer stream"),
    ):
        refused = subprocess.run(
            [*command, "--config", config],
            input=json.dumps(message) + "\n",
            capture_output=True,
            check=False,
            text=True,
        )
        assert refused.returncode == 2
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
        assert lab.config["app_secret"] not in refused.stderr


@pytest.mark.slow
def test_a_summary_that_no_file_can_take_is_said_before_anything_is_read(lab):
    run = lab.process(summary_path=str(lab.folder))
    assert_says(lab, run, "summary_path", "Is a directory", "Nothing was read")
    assert run.records() == []
    assert lab.calls()["operations"] == {}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="files have a limit on POSIX only")
@pytest.mark.parametrize("failing", [False, True])
def test_where_the_disk_fills_up_the_summary_hides_nothing_that_could_not_be_read(lab, failing):
    """The rows and the state are out; the run fails, and names what it could not read beside the file."""
    if failing:
        lab.fault("refused", code=105005, path="/order/202309/orders/search")
    config = {**lab.config, "summary_path": str(lab.folder / "summary.json"), "on_missing_scope": "fail"}
    for name, value in {"config": config, "catalog": catalog(("shops", "orders"))}.items():
        (lab.folder / f"{name}.json").write_text(json.dumps(value))
    command = f"ulimit -f 0; {sys.executable} -m tap_tiktokshop --config config.json --catalog catalog.json"
    ended = subprocess.run(["bash", "-c", command], cwd=lab.folder, capture_output=True, text=True, check=False)
    run = Run(ended.stdout, ended.stderr, ended.returncode)
    told = ["orders of", "the scope seller.order.info"] if failing else ["Everything was read"]
    assert_says(lab, run, "summary.json", "File too large", *told, lines=3 if failing else 1)
    assert run.counts(("shops",)) == lab.held(("shops",))
    assert not list(lab.folder.glob("*summary*"))
