"""Carries out the Dockerfiles in roots of Debian's own, and tries the images' commands there; as root.

    apt-get install mmdebstrap && .venv/bin/python scripts/containers/try_image.py FOLDER

No image is pulled: in place of the base image there is a root that mmdebstrap makes, with Debian's Python and tini.
COPY takes what git tracks and .dockerignore lets in, RUN is carried out under chroot, and the commands at the end run
as the image's user, in namespaces of their own, below its ENTRYPOINT. It prints what came of it as JSON, and ends with
1 if that is not what it should be.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from container import Container, wait_until
from images import BASE, CANARY, Image, as_built, bootstrapped, built, canaries_in

SHOP = """
tiktokshop-sandbox serve --port 18080 --orders 20 >/dev/null 2>&1 &
until python3 -c "
import urllib.request as r
text = r.urlopen('http://127.0.0.1:18080/_sandbox/settings').read()
open('c.json', 'wb').write(text)" 2>/dev/null; do sleep 0.3; done
"""
"""A made-up shop, and the tap's configuration for it."""
PIPE = "TAP_TIKTOKSHOP_START_DATE=$(date +%F) tap-tiktokshop --config c.json --config ENV 2>/dev/null"
COMMANDS = (
    *("tap-tiktokshop", "target-tiktokshop", "target-duckdb-exact", "tiktokshop", "tiktokshop-webhooks"),
    "tiktokshop-sandbox",
)
PLACES = """
for place in /opt/tiktokshop /opt/airflow /usr /etc /data; do
  touch $place/x 2>/dev/null && echo $place
done
true
"""
EXPECTED = {
    "files with a planted secret": [],
    "user": "10001",
    "commands": dict.fromkeys(COMMANDS, 0),
    "default command": 0,
    "can write to": ["/data"],
    "health without a service": 0,
    "the tap of a stopped pipe ends with": "143",
    "health of the receiver": 0,
    "receiver ends at SIGTERM with": 0,
    "receiver ends within 10 seconds": True,
}
EXPECTED_OF_AIRFLOW = {
    "files with a planted secret": [],
    "user": "10001",
    "commands": dict.fromkeys(("airflow", *(f"/opt/tiktokshop/bin/{name}" for name in COMMANDS)), 0),
    "the user whose DAGs can import it": "shop",
    "can write to": ["/data"],
}
DOCKERFILES = {"tiktokshop": "Dockerfile", "tiktokshop-airflow": "deploy/airflow.Dockerfile"}
DAG = "import getpass, tiktokshop_airflow.dags; print(getpass.getuser())"


def images(work: Path, *, airflow: bool = True, again: bool = True) -> dict[str, Image]:
    """All images of the project, by name; "" is what takes the place of those that would be pulled."""
    made = {"": bootstrapped(work, "base", BASE)}
    for name, dockerfile in DOCKERFILES.items():
        if airflow or name == "tiktokshop":
            made[name] = built(work, dockerfile, made) if again else as_built(work, dockerfile)
    return made


def tried(image: Image) -> dict[str, Any]:
    """What was tried in the image of all commands, and how it came out."""
    box = with_data(image)
    return {
        "files with a planted secret": canaries_in(image.root),
        "user": box.ran("id", "-u")[1].strip(),
        "commands": {name: box.ran(name, "--help")[0] for name in COMMANDS},
        "default command": box.ran(*image.command)[0],
        "can write to": box.ran("sh", "-c", PLACES)[1].split(),
        "health without a service": box.ran(*image.health, entry=False)[0],
        "records of a run": int(box.ran("bash", "-c", f"{SHOP}{PIPE} | grep -c RECORD")[1] or 0),
        "the tap of a stopped pipe ends with": stopped(image),
        **served(image),
        "megabytes of /opt": megabytes(image),
    }


def tried_of_airflow(image: Image) -> dict[str, Any]:
    """The same of the image of Airflow."""
    box = with_data(image)
    return {
        "files with a planted secret": canaries_in(image.root),
        "user": box.ran("id", "-u")[1].strip(),
        "commands": {name: box.ran(name, "--help")[0] for name in EXPECTED_OF_AIRFLOW["commands"]},
        "the user whose DAGs can import it": box.ran("/opt/airflow/bin/python3", "-c", DAG)[1].strip(),
        "can write to": box.ran("sh", "-c", PLACES)[1].split(),
        "megabytes of /opt": megabytes(image),
    }


def with_data(image: Image, **env: str) -> Container:
    """A container to be, with a new volume at /data."""
    place = image.root.with_name(f"{image.root.name}-data")
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run(["cp", "-aT", str(image.root / "data"), str(place)], check=True)
    return Container(image, env, {"/data": (place, False)})


def stopped(image: Image) -> str:
    """How the tap ended in a pipe whose container was stopped while it was at work."""
    script = f"trap : TERM; {SHOP}{PIPE} | cat > out; echo ${{PIPESTATUS[0]}} > code"
    box = with_data(image).start(["bash", "-c", script])
    (data, _) = box.volumes["/data"]
    out, code = data / "out", data / "code"
    wait_until(lambda: out.exists() and out.stat().st_size > 0, 300)
    box.stop()
    return code.read_text().strip()


def served(image: Image) -> dict[str, Any]:
    """The receiver as a container: healthy, then stopped in order."""
    env = {"HEALTH_PORT": "18787", "TIKTOKSHOP_APP_KEY": "key", "TIKTOKSHOP_APP_SECRET": CANARY[::-1]}
    box = with_data(image, **env)
    box.start(["tiktokshop-webhooks", "serve", "--port", "18787"], output=subprocess.PIPE)
    assert box.running is not None
    assert box.running.stdout is not None
    line = box.running.stdout.readline().decode().strip()
    healthy = box.asked(*image.health)[0]
    code, seconds = box.stop()
    return {
        "receiver says": line,
        "health of the receiver": healthy,
        "receiver ends at SIGTERM with": code,
        "receiver ends within 10 seconds": seconds < 10,
        "health when it is gone": box.ran(*image.health, entry=False)[0],
    }


def megabytes(image: Image) -> int:
    """How much of the image is not Debian's."""
    size = subprocess.run(["du", "-sm", str(image.root / "opt")], capture_output=True, check=True).stdout
    return int(size.split()[0])


def main() -> None:
    """Makes the roots in the folder that is named, tries the images, and prints what came of it."""
    parser = argparse.ArgumentParser(description="The Dockerfiles' steps in roots of Debian's own.")
    parser.add_argument("folder", type=Path, help="where the roots are made; Debian's own are used again")
    parser.add_argument("--only", choices=("tiktokshop", "tiktokshop-airflow"), help="try one of the images only")
    arguments = parser.parse_args()
    work = arguments.folder.resolve()
    work.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    made = images(work, airflow=arguments.only != "tiktokshop")
    found, wrong = {}, {}
    for name, look, expected in (
        ("tiktokshop", tried, EXPECTED),
        ("tiktokshop-airflow", tried_of_airflow, EXPECTED_OF_AIRFLOW),
    ):
        if arguments.only in {None, name}:
            found[name] = look(made[name])
            wrong[name] = [key for key, value in expected.items() if found[name].get(key) != value]
    print(json.dumps({**found, "seconds": round(time.monotonic() - began), "wrong": wrong}, indent=2))
    sys.exit(any(wrong.values()))


if __name__ == "__main__":
    main()
