"""Starts what compose.yaml describes, without Docker, from the file itself, and tries it; as root.

    apt-get install mmdebstrap && .venv/bin/python scripts/containers/try_compose.py FOLDER

Images, commands, variables, volumes, ports, health checks and the order are the file's. The images are those of
try_image.py; in place of postgres and redis there are Debian's servers, begun as those images begin theirs. Each
service has namespaces and a network of its own behind one bridge, as Compose makes them; what restarts a service that
has ended is left out. It prints what came of it as JSON, and ends with 1 if that is not what it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from compose import Project, by_default, services_of
from container import Container, wait_until
from images import ROOT, Image, bootstrapped
from try_image import PLACES, images

SERVERS = "postgresql,redis-server,ca-certificates"
POSTGRES = r"""#!/bin/sh -e
# As the image postgres begins: a cluster with the superuser and the database of POSTGRES_USER, reached by password.
as() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
install -d -o postgres -g postgres -m 700 "$PGDATA" /var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" > /tmp/password && chown postgres /tmp/password
  as initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256
  rm /tmp/password
  echo "CREATE DATABASE $POSTGRES_USER" | as postgres --single postgres
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
"""
REDIS = '#!/bin/sh -e\nexec setpriv --reuid=redis --regid=redis --init-groups "$@" --protected-mode no --bind "*"\n'
DAG = """
from airflow.sdk import DAG
from tiktokshop_airflow import Pipeline
from tiktokshop_airflow.dags import read

shops = Pipeline(
    store="tiktokshop_store",
    folder="/data/sellers/{seller}",
    programs="/opt/tiktokshop/bin",
    settings={"budget_store": "redis://redis:6379/0"},
    loader_settings={"path": "/data/{state}.duckdb"},
)
with DAG("tiktokshop", schedule=None):
    read(shops, "/dags/sellers.json")
"""
EXPECTED = {
    "settings ended with": 0,
    "subscribed": 0,
    "the receiver's port is reached": True,
    "the sandbox is reached from outside": False,
    "a service can write to": ["/data"],
    "capabilities of a service": "0" * 16,
    "the tap ended with": [0, 0],
    "token pairs in PostgreSQL": "sandbox",
    "logs with the password": [],
    "not ended in order": [],
}
EXPECTED_OF_AIRFLOW = {
    "the DAG is known": True,
    "Airflow's port is reached": True,
    "its run": ["success"],
    "orders in its DuckDB": 20,
    "sellers with tokens": "anna,sandbox",
}
QUICK = {"TAP_TIKTOKSHOP_ANALYTICS_REQUESTS_PER_SECOND": "50"}
"""As with `docker compose run -e`: the sandbox has time for reports."""
SANDBOX = "/opt/tiktokshop/bin/tiktokshop-sandbox serve --port 18080 --shops 1 --orders 20 --db /data/s.sqlite"
ROWS = """
import duckdb
with duckdb.connect({path!r}, read_only=True) as shop:
    print(shop.execute("SELECT count(DISTINCT id) FROM orders").fetchone()[0])
"""
GET = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=20).read().decode())"
TELL = """
import sys, urllib.request as r
r.urlopen(r.Request(sys.argv[1], sys.argv[2].encode()), timeout=99)
"""
SUBSCRIBE = "set -a; . /data/settings; tiktokshop-webhooks subscribe all --address http://127.0.0.1:8787/webhooks"


def servers(work: Path) -> dict[str, Image]:
    """What takes the place of the images of PostgreSQL and Redis."""
    base = bootstrapped(work, "servers", SERVERS)
    for name, text in (("postgres", POSTGRES), ("redis", REDIS)):
        path = base.root / "usr/local/bin" / f"begin-{name}"
        path.write_text(text)
        path.chmod(0o755)
    binaries = next((base.root / "usr/lib/postgresql").iterdir()).name
    path = f"/usr/lib/postgresql/{binaries}/bin:/usr/local/bin:/usr/bin:/bin"
    env = {"PATH": path, "PGDATA": "/var/lib/postgresql/data", "LANG": "C.UTF-8"}
    return {
        "postgres:17": replace(base, env=env, entry=["/usr/local/bin/begin-postgres"], stop="SIGINT"),
        "redis:7": replace(base, env=env, entry=["/usr/local/bin/begin-redis"], workdir="/tmp"),
    }


def asked(project: Project, query: str) -> str:
    """What PostgreSQL answers."""
    return project.up["postgres"].asked("psql", "-U", "shop", "-Atc", query)[1].strip()


def reached(project: Project, name: str, port: int) -> bool:
    """Whether the machine, to which Compose publishes ports, gets an answer of a service there."""
    words = ["nsenter", f"--target={project.networks['the machine'].pid}", "--net", "python3", "-c", GET]
    address = f"http://{project.address(name)}:{port}{'/api/v2/version' if name == 'airflow' else '/healthz'}"
    return subprocess.run([*words, address], capture_output=True, check=False, timeout=60).returncode == 0


def tell(box: Container, port: int, switch: str, text: str) -> None:
    """Uses a switch of a sandbox."""
    box.asked("python3", "-c", TELL, f"http://127.0.0.1:{port}/_sandbox/{switch}", text)


def rows(box: Container, python: str, path: str) -> int:
    """How many orders a database has; -1 if it cannot be read."""
    text = box.asked(python, "-c", ROWS.format(path=path))[1].strip()
    return int(text) if text.isdigit() else -1


def tried(project: Project) -> dict[str, Any]:
    """The made-up shop: what `up --wait` and `run tap` do."""
    project.start(by_default(project.services))
    for name in by_default(project.services):
        if "healthcheck" in project.services[name] or name == "receiver":
            project.wait(name, "service_healthy")
    sandbox, receiver = project.up["sandbox"], project.up["receiver"]
    found: dict[str, Any] = {
        "order": list(project.up),
        "settings ended with": project.up["settings"].ended,
        "subscribed": receiver.asked("bash", "-c", SUBSCRIBE)[0],
        "the receiver's port is reached": reached(project, "sandbox", 8787),
        "the sandbox is reached from outside": reached(project, "sandbox", 8080),
        "a service can write to": receiver.asked("sh", "-c", PLACES)[1].split(),
        "capabilities of a service": receiver.asked("grep", "CapBnd", "/proc/self/status")[1].split()[-1],
    }
    tell(sandbox, 8080, "clock", '{"advance": 86400}')
    wait_until(lambda: asked(project, "select count(*) > 0 from tiktokshop_events") == "t", 30)
    ends = []
    for _ in range(2):
        tell(sandbox, 8080, "tokens/expire", '{"which": "access"}')  # a pair is stored when it has been refreshed
        project.up.pop("tap", None)
        project.start(["tap"])
        wait_until(lambda: project.up["tap"].ended is not None, 3_600, 1)
        ends.append(project.up["tap"].ended)
    counts = json.loads(sandbox.asked("python3", "-c", GET, "http://127.0.0.1:8080/_sandbox/counts")[1])
    return {
        **found,
        "the tap ended with": ends,
        "orders of the sandbox": sum(each["orders"] for each in counts.values()),
        "orders in DuckDB": rows(sandbox, "python3", "/data/shop.duckdb"),
        "token pairs in PostgreSQL": asked(project, "select string_agg(entry, ',') from tiktokshop_tokens"),
        "events in PostgreSQL": int(asked(project, "select count(*) from tiktokshop_events") or 0),
        "budgets in Redis": len(project.up["redis"].asked("redis-cli", "keys", "tiktokshop:budget:*")[1].split()),
    }


def tried_airflow(project: Project) -> dict[str, Any]:
    """Airflow: a DAG of the folder reads a seller, whose sandbox runs beside it."""
    dags = project.work / "dags"
    dags.mkdir(exist_ok=True)
    (dags / "shops.py").write_text(DAG)
    project.start(["airflow"])
    box = project.up["airflow"]
    box.asked("sh", "-c", f"{SANDBOX} > /data/sandbox.log 2>&1 &")
    wait_until(lambda: box.asked("python3", "-c", GET, "http://127.0.0.1:18080/_sandbox/settings")[0] == 0, 120, 1)
    settings = json.loads(box.asked("python3", "-c", GET, "http://127.0.0.1:18080/_sandbox/settings")[1])
    settings["token_store"] = "postgresql://shop@postgres/shop?name=anna"
    settings["analytics_requests_per_second"] = 50
    tell(box, 18080, "tokens/expire", '{"which": "access"}')
    (dags / "sellers.json").write_text(json.dumps([{"name": "anna", "settings": settings}]))
    states: list[str] = []
    known = wait_until(lambda: box.asked("airflow", "dags", "trigger", "tiktokshop")[0] == 0, 600, 5)
    if known:
        box.asked("airflow", "dags", "unpause", "tiktokshop", "--yes")

        def done() -> bool:
            states[:] = asked(project, "select state from dag_run").split()
            return states[:1] in (["success"], ["failed"])

        wait_until(done, 900, 3)
    return {
        "the DAG is known": known,
        "its run": states,
        "Airflow's port is reached": reached(project, "airflow", 8080),
        "orders in its DuckDB": rows(box, "/opt/tiktokshop/bin/python3", "/data/anna.duckdb"),
        "sellers with tokens": asked(project, "select string_agg(entry, ',' order by entry) from tiktokshop_tokens"),
    }


def main() -> None:
    """Makes the images in the folder that is named, starts all, and prints what came of it."""
    parser = argparse.ArgumentParser(description="compose.yaml without Docker.")
    parser.add_argument("folder", type=Path, help="where the roots are made; Debian's own are used again")
    parser.add_argument("--as-built", action="store_true", help="use the images that try_image.py has made there")
    parser.add_argument(
        "--without-airflow", action="store_true", help="only the services without a profile, and the tap"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all it has started ends with it
    folder, airflow = arguments.folder.resolve(), not arguments.without_airflow
    folder.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)
    made = {**images(folder, airflow=airflow, again=not arguments.as_built), **servers(folder)}
    work = folder / "compose"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    began = time.monotonic()
    password = secrets.token_hex(16)
    project = Project(services_of(ROOT / "compose.yaml", {"POSTGRES_PASSWORD": password}), made, work)
    project.services["tap"]["environment"] |= QUICK
    found: dict[str, Any] = {}
    try:
        project.connect()
        found |= tried(project)
        if airflow:
            found |= tried_airflow(project)
    finally:
        ended = project.stop()
    found["ended with"] = {name: code for name, (code, _) in ended.items()}
    found["not ended in order"] = [name for name, (code, _) in ended.items() if code]
    found["the slowest took seconds to end"] = max(seconds for _, seconds in ended.values())
    found["logs with the password"] = [path.name for path in work.glob("*.log") if password in path.read_text()]
    found["seconds"] = round(time.monotonic() - began)
    expected = {**EXPECTED, **(EXPECTED_OF_AIRFLOW if airflow else {})}
    wrong = [key for key, value in expected.items() if found.get(key) != value]
    wrong += ["orders"] if found["orders in DuckDB"] != found["orders of the sandbox"] else []
    print(json.dumps({**found, "wrong": wrong}, indent=2))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
