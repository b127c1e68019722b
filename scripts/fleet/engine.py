"""An Airflow with PostgreSQL and Redis that a test starts, kills and asks."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import requests

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tiktokshop-client" / "tests"))

from descent import below, end_all  # noqa: E402
from store_places import PASSWORD, free_port, postgresql_server, serving  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

AIRFLOW = ROOT / ".venv-airflow" / "bin" / "airflow"
PARTS = ("api-server", "scheduler", "dag-processor")
DONE = {"success", "failed"}


def until(ask: Callable[[], Any], what: str, seconds: float = 600, pause: float = 0.5) -> Any:
    """What `ask` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(pause)
    raise SystemExit(f"waited {seconds:.0f} s in vain for {what}")


@dataclass
class Engine:
    """Airflow: its parts are processes of their own, in groups of their own."""

    home: Path
    port: int
    environment: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _headers: dict[str, str] = field(default_factory=dict)

    def start(self, part: str) -> None:
        """Starts a part."""
        command = [str(AIRFLOW), part, *(("--port", str(self.port)) if part == "api-server" else ())]
        with (self.home / f"{part}.log").open("ab") as log:
            self.processes[part] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, part: str) -> None:
        """Kills a part as `kill -9` does: its main process alone."""
        self.processes[part].kill()
        self.processes[part].wait()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Asks Airflow's REST API."""
        base = f"http://127.0.0.1:{self.port}"
        if not self._headers:
            token = requests.get(f"{base}/auth/token", timeout=30).json()["access_token"]
            self._headers = {"Authorization": f"Bearer {token}"}
        answer = requests.request(method, f"{base}/api/v2{path}", json=body, headers=self._headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def answers(self) -> bool:
        """Whether its API answers."""
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.port}/api/v2/version", timeout=10).ok
        return False

    def begin(self, dag: str, **conf: Any) -> str:
        """Starts a run of a DAG; its id."""

        def known() -> bool:
            with contextlib.suppress(requests.RequestException):
                return bool(self.ask("GET", f"/dags/{dag}"))
            return False

        until(known, f"the DAG {dag}")
        run: str = self.ask("POST", f"/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"]
        return run

    def state(self, dag: str, run: str) -> str:
        """The state of a run."""
        state: str = self.ask("GET", f"/dags/{dag}/dagRuns/{run}")["state"]
        return state

    def end(self, dag: str, run: str, seconds: float = 600) -> str:
        """The state of a run once it has ended."""
        until(lambda: self.state(dag, run) in DONE, f"the end of {dag}", seconds)
        return self.state(dag, run)

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        found: list[dict[str, Any]] = self.ask("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return found


@contextlib.contextmanager
def servers(home: Path) -> Iterator[tuple[str, str]]:
    """PostgreSQL and Redis: the address of a database without its name, and of Redis."""
    (home / "postgresql").mkdir()
    redis = free_port()
    settings = ["--port", str(redis), "--save", "", "--requirepass", PASSWORD, "--dir", str(home)]
    with postgresql_server(home / "postgresql") as port, serving(["redis-server", *settings], redis):
        address = f"postgresql://owner:{PASSWORD}@127.0.0.1:{port}"
        with psycopg.connect(f"{address}/postgres", autocommit=True) as db:
            # What a killed scheduler has begun is held open by its children, who have its socket: nothing would be
            # queued any more.
            db.execute("ALTER DATABASE postgres SET idle_in_transaction_session_timeout = '30s'")
            db.execute("CREATE DATABASE fleet")
        yield address, f"redis://:{PASSWORD}@127.0.0.1:{redis}/0"


@contextlib.contextmanager
def engine(home: Path, address: str, **more: str) -> Iterator[Engine]:
    """Airflow with the executor on this machine, few processes and short pauses."""
    port = free_port()
    own_tables = f"{address.replace('postgresql:', 'postgresql+psycopg:')}/postgres"
    settings = {
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "3",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_FOLDER": str(home / "dags"),
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "CORE__FERNET_KEY": "",
        "DATABASE__SQL_ALCHEMY_CONN": own_tables,
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": own_tables,
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__WORKERS": "1",
        "API__SECRET_KEY": secrets.token_urlsafe(48),
        "API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "600",
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
        "SCHEDULER__JOB_HEARTBEAT_SEC": "2",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    }
    own = {name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")}
    environment = own | {"AIRFLOW_HOME": str(home)} | {f"AIRFLOW__{name}": text for name, text in settings.items()}
    environment |= more
    subprocess.run([str(AIRFLOW), "db", "migrate"], env=environment, check=True, capture_output=True)
    running = Engine(home, port, environment)
    servers_and_sellers = frozenset(below(os.getpid()))
    try:
        for part in PARTS:
            running.start(part)
        until(running.answers, "Airflow's API")
        yield running
    finally:
        end_all(without=servers_and_sellers)
