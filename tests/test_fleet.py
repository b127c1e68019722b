"""Sellers on a real Airflow: its tasks as Airflow parses them, and a small fleet with a task that is killed."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
told = {}
for dag in bag.dags.values():
    told[dag.dag_id] = {
        task.task_id: [sorted(task.downstream_task_ids), getattr(task, "defaults", task.retries)]
        for task in dag.tasks
    }
json.dump(told, sys.stdout)
"""


STARTER = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # which is ignored where the tests run in the background
sys.path.insert(0, sys.argv[1])
from descent import adopt, end_all
adopt()
line = "setsid sleep 60 & echo $!; setsid env --ignore-signal=TERM sleep 60 & echo $!; wait"
parent = subprocess.Popen(["bash", "-c", line], stdout=subprocess.PIPE)
try:
    children = [int(parent.stdout.readline()) for _ in range(2)]
    while {pathlib.Path(f"/proc/{pid}/comm").read_text() for pid in children} != {"sleep\\n"}:
        time.sleep(0.01)  # a signal that comes before `env` is there meets a process that is not stubborn yet
    parent.kill()
    print(*children, flush=True)
    time.sleep(60)
finally:
    print(*end_all(seconds=0.2), flush=True)
"""


@pytest.fixture(scope="module")
def airflow():
    subprocess.run([ROOT / ".ci" / "airflow"], check=True, cwd=ROOT)
    return ROOT / ".venv-airflow" / "bin"


def test_a_script_that_is_interrupted_ends_all_that_it_started_even_if_their_parent_was_killed():
    command = [sys.executable, "-c", STARTER, ROOT / "scripts" / "fleet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as script:
        polite, stubborn = map(int, script.stdout.readline().split())
        script.send_signal(signal.SIGINT)
        killed, said = script.communicate()
    assert "KeyboardInterrupt" in said
    assert int(killed) == stubborn
    assert [pid for pid in (polite, stubborn) if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.slow
def test_airflow_reads_the_dags_and_nothing_is_sent_before_an_approval(airflow, tmp_path):
    (tmp_path / "dags").mkdir()
    text = (ROOT / "docs" / "guides" / "airflow.md").read_text()
    (tmp_path / "dags" / "shops.py").write_text(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1])
    said = subprocess.run(
        [airflow / "python", "-c", PARSE, tmp_path / "dags"],
        env={"AIRFLOW_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    reading = {
        "seller_batches": [["read_batch", "report"], 3],
        "read_batch": [["report"], 3],
        "report": [[], 3],
    }
    assert json.loads(said.stdout.splitlines()[-1]) == {
        "tiktokshop": reading,
        "tiktokshop_backfill": reading,
        "tiktokshop_write_back": {
            "names": [["seller.apply", "seller.plan"], 3],
            "seller.plan": [["seller.apply", "seller.approve"], 3],
            "seller.approve": [["seller.apply"], ["Reject"]],
            "seller.apply": [[], 3],
        },
    }


@pytest.mark.slow
def test_of_a_small_fleet_whose_task_is_killed_every_healthy_seller_is_whole_and_the_broken_say_why(airflow):
    command = [sys.executable, ROOT / "scripts" / "fleet" / "fleet.py", "--short"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr[-3000:]
    assert [line[:3] for line in said.stdout.splitlines() if not line.startswith(" ")] == ["ok "] * 14
