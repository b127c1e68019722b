"""A store in a real PostgreSQL, and programs that do as a test says."""

import sys
import uuid

import psycopg
import pytest
from store_places import PASSWORD, postgresql_port  # noqa: F401 - one server for all files
from tiktokshop_airflow.pipelines import Errand, Pipeline
from tiktokshop_airflow.sellers import Merchant
from tiktokshop_airflow.store import FleetStore

TAP = """
import json, os, sys
start = json.load(open(sys.argv[2]))["at"] if sys.argv[1:] else 0
print(json.dumps({"type": "STATE", "value": {"at": start + 1}}), flush=True)
sys.stderr.write(os.environ.get("TAP_TIKTOKSHOP_SENTENCE", "") + "\\n")
sys.exit(int(os.environ.get("TAP_TIKTOKSHOP_CODE", "0")))
"""
LOADER = """
import json, os, sys
with open("loaded", "a") as file:
    for line in sys.stdin:
        file.write(line)
        print(json.dumps(json.loads(line)["value"]), flush=True)
sys.exit(int(os.environ.get("LOADER_CODE", "0")))
"""


@pytest.fixture
def store(postgresql_port):  # noqa: F811
    address, name = f"postgresql://owner:{PASSWORD}@127.0.0.1:{postgresql_port}", f"fleet_{uuid.uuid4().hex}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    made = FleetStore(f"{address}/{name}")
    made.prepare()
    return made


@pytest.fixture
def program(tmp_path):
    """Makes a program of Python lines; its path."""

    def made(name, text):
        file = tmp_path / name
        file.write_text(f"#!{sys.executable}\n{text}")
        file.chmod(0o755)
        return str(file)

    return made


@pytest.fixture
def pipeline(tmp_path, store, program):
    program("tap", TAP)
    program("loader", LOADER)
    return Pipeline(
        store.address,
        f"{tmp_path}/{{seller}}",
        programs=str(tmp_path),
        tap=("tap",),
        loader=("loader",),
        loader_settings={"place": "{state}"},
        wait_seconds=0.2,
    )


@pytest.fixture
def errand():
    def made(name, state="", **settings):
        return Errand(Merchant(name, settings=settings), state or name)

    return made
