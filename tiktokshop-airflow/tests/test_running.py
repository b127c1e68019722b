"""Batches of sellers whose programs end as the contract of exit codes says, over a real PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import psycopg
import pytest
from tiktokshop_airflow.pipelines import of_range, state_id
from tiktokshop_airflow.running import Fate, Programs, again, run_batch, run_seller, summary
from tiktokshop_airflow.sellers import FleetError

SECRET = "canary-of-the-fleet"


def loaded(tmp_path, name):
    file = tmp_path / name / "loaded"
    return [json.loads(line)["value"]["at"] for line in file.read_text().splitlines()] if file.exists() else []


def states(store):
    with psycopg.connect(store.address) as db:
        return {name: json.loads(text) for name, text in db.execute("SELECT state_id, state FROM tiktokshop_states")}


def test_a_seller_that_breaks_stops_no_neighbour_and_each_says_why(pipeline, store, errand, tmp_path):
    errands = {
        "good": errand("good"),
        "secret": errand("secret", code=2, sentence="The secret is wrong."),
        "busy": errand("busy", code=1, sentence='{"level": "ERROR", "message": "Two parts were left."}'),
        "lost": FleetError("There is no Airflow connection app_x, the app of lost."),
        "also-good": errand("also-good"),
    }
    fates = run_batch(pipeline, store, errands, "run", 3, Programs())
    assert fates == {
        "good": Fate(0),
        "secret": Fate(2, "The secret is wrong."),
        "busy": Fate(1, "Two parts were left."),
        "lost": Fate(2, "There is no Airflow connection app_x, the app of lost."),
        "also-good": Fate(0),
    }
    assert store.noted("run") == fates
    assert [loaded(tmp_path, name) for name in ("good", "also-good", "lost")] == [[1], [1], []]
    assert summary(fates).splitlines() == [
        "3 of 5 sellers failed.",
        "busy (exit code 1): Two parts were left.",
        "lost (exit code 2): There is no Airflow connection app_x, the app of lost.",
        "secret (exit code 2): The secret is wrong.",
    ]


@pytest.mark.parametrize(
    ("code", "helps"), [(0, False), (1, True), (2, False), (3, False), (4, True), (129, True), (137, True), (143, True)]
)
def test_what_may_pass_is_run_again_and_what_needs_a_person_is_not(code, helps):
    assert again({"good": Fate(0), "one": Fate(code), "secret": Fate(2)}) is helps


def test_a_try_again_reads_only_whom_it_can_help_and_a_task_that_is_cleared_reads_all(
    pipeline, store, errand, tmp_path
):
    def batch(lot, **codes):
        errands = {name: errand(name, code=code) for name, code in codes.items()}
        return {name: fate.code for name, fate in run_batch(pipeline, store, errands, "run", lot, Programs()).items()}

    assert batch(3, good=0, secret=2, busy=1) == {"good": 0, "secret": 2, "busy": 1}
    assert batch(3, good=0, secret=0, busy=0) == {"good": 0, "secret": 2, "busy": 0}
    assert batch(7, good=0, secret=0, busy=0) == {"good": 0, "secret": 0, "busy": 0}
    assert batch(7, other=0) == {"other": 0}, "what became of other batches is theirs"
    assert [len(loaded(tmp_path, name)) for name in ("good", "secret", "busy")] == [2, 2, 3]
    assert {name: fate.code for name, fate in store.noted("run").items()} == dict.fromkeys(
        ("good", "secret", "busy", "other"), 0
    )


def test_a_state_is_kept_behind_what_is_loaded_and_a_backfill_has_its_own(pipeline, store, errand, tmp_path):
    for each in (errand("mugs"), errand("mugs"), errand("mugs", "mugs.backfill.2026-01-01.now"), errand("cups")):
        assert run_seller(pipeline, store, each, Programs()) == Fate(0)
    assert states(store) == {"mugs": {"at": 2}, "mugs.backfill.2026-01-01.now": {"at": 1}, "cups": {"at": 1}}
    assert loaded(tmp_path, "mugs") == [1, 2, 1]


def test_a_backfill_has_a_state_of_its_own_and_goes_behind_the_schedule():
    asked = {"start_date": "2026-01-01", "end_date": None, "sellers": ["mugs"]}
    parts, settings = of_range(asked)
    assert state_id("mugs", *parts) == "mugs.backfill.2026-01-01.now"
    assert settings == {"start_date": "2026-01-01", "budget_priority": "low"}
    assert of_range({**asked, "end_date": "2026-03-01"})[0] == ("backfill", "2026-01-01", "2026-03-01")
    with pytest.raises(FleetError, match="needs a start date"):
        of_range({"start_date": ""})


def test_the_loaders_own_end_says_why_a_pipe_broke(pipeline, store, errand):
    full = replace(pipeline, loader_settings={"code": 5})
    assert run_seller(full, store, errand("mugs", code=1, sentence="The loader has stopped."), Programs()).code == 5


def test_what_follows_a_load_is_done_in_its_order_and_only_after_a_load_that_is_done(
    pipeline, store, errand, tmp_path, program
):
    program("step", "import sys\nopen('steps', 'a').write(sys.argv[1])\nsys.exit(int(sys.argv[2]))")
    steps = replace(pipeline, then=(("step", "a", "0"), ("step", "b", "3"), ("step", "c", "0")))
    assert run_seller(steps, store, errand("mugs"), Programs()).code == 3
    assert run_seller(steps, store, errand("cups", code=1), Programs()).code == 1
    assert [(tmp_path / "mugs" / "steps").read_text(), (tmp_path / "cups" / "steps").exists()] == ["ab", False]


def test_a_seller_that_another_run_has_is_left_to_it(pipeline, store, errand):
    with store.hold("mugs", 1):
        assert run_seller(pipeline, store, errand("mugs"), Programs()) == Fate(1, "Another run still has mugs.")
        assert run_seller(pipeline, store, errand("mugs", "mugs.backfill"), Programs()) == Fate(0)
    assert run_seller(pipeline, store, errand("mugs"), Programs()) == Fate(0)


HOLDER = """
import subprocess, sys
from tiktokshop_airflow.store import FleetStore
with FleetStore(sys.argv[1]).hold("mugs", 1) as hold:
    child = subprocess.Popen(["sleep", "60"], pass_fds=(hold.fileno(),), stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    child.wait()
"""


@pytest.mark.slow
def test_a_task_that_is_killed_lets_go_of_its_seller_only_when_its_programs_have_ended(pipeline, store, errand):
    with subprocess.Popen([sys.executable, "-c", HOLDER, store.address], stdout=subprocess.PIPE) as holder:
        child = int(holder.stdout.readline())
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    while_they_run = run_seller(pipeline, store, errand("mugs"), Programs())
    os.kill(child, signal.SIGKILL)
    assert while_they_run == Fate(1, "Another run still has mugs.")
    assert run_seller(replace(pipeline, wait_seconds=20), store, errand("mugs"), Programs()) == Fate(0)


@pytest.mark.slow
def test_a_task_that_is_stopped_ends_its_programs_and_begins_no_more(pipeline, store, errand, program, tmp_path):
    program("tap", "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(60)")
    programs, one = Programs(), replace(pipeline, at_once=1)

    def stop():
        while not (tmp_path / "first" / "begun").exists():
            pass
        programs.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    fates = run_batch(one, store, {name: errand(name) for name in ("first", "second")}, "run", 1, programs)
    stopper.join()
    assert fates == {"first": Fate(143, "It was stopped by SIGTERM."), "second": Fate(143, "The task was stopped.")}
    assert not (tmp_path / "second" / "begun").exists()


def test_secrets_are_in_no_file_and_no_argument_and_nothing_of_airflow_is_passed_on(
    pipeline, store, errand, tmp_path, program, monkeypatch
):
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://airflow")
    monkeypatch.setenv("AIRFLOW_CONN_APP", "{}")
    program("tap", "import json, os, sys\njson.dump([sys.argv, dict(os.environ)], sys.stderr)")
    seen = replace(pipeline, settings={"app_secret": SECRET, "start_date": "2026-01-01", "sandbox": True})
    chosen = errand("mugs", shop_ids=["7"], start_date="2026-02-01", end_date=None)
    heard = []
    monkeypatch.setattr("tiktokshop_airflow.running.Voice.hear", lambda _, line: heard.append(line))
    assert run_seller(seen, store, chosen, Programs()) == Fate(0)
    arguments, variables = json.loads(heard[0])
    assert SECRET not in " ".join(arguments)
    assert {name: text for name, text in variables.items() if name.startswith(("TAP_", "LOADER_", "TIKTOKSHOP_"))} == {
        "TIKTOKSHOP_LOG_RUN": "",
        "TIKTOKSHOP_LOG_SELLER": "mugs",
        "TIKTOKSHOP_LOG_STATE_ID": "mugs",
        "TAP_TIKTOKSHOP_APP_SECRET": SECRET,
        "TAP_TIKTOKSHOP_START_DATE": "2026-02-01",
        "TAP_TIKTOKSHOP_SANDBOX": "true",
        "TAP_TIKTOKSHOP_SHOP_IDS": '["7"]',
        "LOADER_PLACE": "mugs",
    }
    assert [name for name in variables if "AIRFLOW" in name] == []
    assert [file for file in tmp_path.rglob("*") if file.is_file() and SECRET in file.read_text()] == []
    assert (tmp_path / "mugs").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("broken", "code", "said"),
    [
        ({"tap": ("no-such-tap",)}, 2, "no-such-tap cannot be started (No such file or directory)."),
        ({"loader": ("no-such-loader",)}, 2, "no-such-loader cannot be started (No such file or directory)."),
        ({"folder": "/proc/{seller}"}, 1, "This machine failed (No such file or directory)."),
    ],
)
def test_what_this_machine_lacks_is_said_in_a_sentence(pipeline, store, errand, broken, code, said):
    fate = run_seller(replace(pipeline, **broken), store, errand("mugs"), Programs())
    assert (fate.code, fate.sentence[-len(said) :]) == (code, said)


def test_a_store_that_goes_away_stops_the_seller_and_is_run_again(pipeline, store, errand, program):
    program(
        "loader",
        f"import psycopg, sys\nlist(sys.stdin)\ndb = psycopg.connect({store.address!r}, autocommit=True)\n"
        'db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name'
        " = 'tiktokshop-airflow' AND datname = current_database()\")\nprint('{}', flush=True)",
    )
    fate = run_seller(pipeline, store, errand("mugs"), Programs())
    assert (fate.code, fate.sentence.split(" (")[0]) == (1, "The store of states failed")
    assert states(store) == {}
