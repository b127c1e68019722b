"""Carries out the Dockerfile's steps in roots of Debian's own, and tries the image's commands there; as root.

    apt-get install mmdebstrap && .venv/bin/python scripts/try_image.py FOLDER

The base image is not pulled: in its place there is a root that mmdebstrap makes, with Debian's Python and tini. COPY
takes files that git tracks, RUN is carried out under chroot, and the rest is kept for the commands at the end, which
run as the image's user, in a PID namespace of their own, below its ENTRYPOINT.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parent.parent
PACKAGES = "python3,python3-venv,ca-certificates,tini"
CANARY = "canary-of-the-image"
LONGEST = 300
SHOP = """
tiktokshop-sandbox serve --port 18080 --orders 20 >/dev/null 2>&1 &
until python3 -c "
import urllib.request as r
text = r.urlopen('http://127.0.0.1:18080/_sandbox/settings').read()
open('c.json', 'wb').write(text)" 2>/dev/null; do sleep 0.3; done
"""
"""A made-up shop, and the tap's configuration for it."""
PIPE = "TAP_TIKTOKSHOP_START_DATE=$(date +%F) tap-tiktokshop --config c.json --config ENV 2>/dev/null"


@dataclass
class Stage:
    """What a stage of the Dockerfile has come to."""

    root: Path
    workdir: str = "/"
    user: str = "0:0"
    env: dict[str, str] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    health: list[str] = field(default_factory=list)

    def command(self, words: list[str], *, entry: bool = True) -> list[str]:
        """How a command is started in it as a container would be."""
        inside = [*(self.words["ENTRYPOINT"] if entry else []), *words]
        env = ["env", "-i", *(f"{name}={value}" for name, value in self.env.items())]
        script = f"cd {shlex.quote(self.workdir)} && exec {shlex.join([*env, *inside])}"
        # Without --kill-child's own signal, unshare would be what is stopped, and not the command.
        spaces = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc=" + str(self.root / "proc")]
        return [*spaces, "chroot", f"--userspec={self.user}", str(self.root), "/bin/sh", "-c", script]


def built(work: Path) -> Stage:
    """The last stage of the Dockerfile, made in a folder."""
    base = work / "base"
    if not (base / "bin").exists():
        run(["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(base)])
    stages: dict[str, Stage] = {}
    stage = Stage(base)
    with (ROOT / "Dockerfile").open("rb") as file:
        steps = DockerfileParser(fileobj=file, env_replace=False).structure
    for step in steps:
        name, value = step["instruction"].upper(), step["value"]
        if name == "FROM":
            label = value.partition(" AS ")[2] or "last"
            stage = stages[label] = Stage(work / label)
            shutil.rmtree(stage.root, ignore_errors=True)
            run(["cp", "-a", str(base), str(stage.root)])
            for path in ("/etc/resolv.conf", *more_files()):
                target = stage.root / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                copy(Path(path), target)
        elif name != "COMMENT":
            print(f"{name} {value[:100]}", flush=True)
            carried_out(stage, stages, name, value)
    return stage


def carried_out(stage: Stage, stages: dict[str, Stage], name: str, value: str) -> None:
    """One step."""
    if name == "RUN":
        script = f"cd {shlex.quote(stage.workdir)} && {value}"
        run(["chroot", str(stage.root), "/bin/sh", "-ec", script], env={**os.environ, **stage.env})
    elif name == "COPY":
        *sources, target = [word for word in value.split() if not word.startswith("--")]
        origin = value.partition("--from=")[2].split()
        for source in sources:
            to = stage.root / str(Path(stage.workdir) / target).lstrip("/")
            if origin:
                copy(stages[origin[0]].root / source.lstrip("/"), to)
            else:
                tracked(source, to)
    elif name == "ENV":
        stage.env |= dict(pair.split("=", 1) for pair in shlex.split(value))
    elif name == "WORKDIR":
        stage.workdir = value
        (stage.root / value.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif name == "USER":
        stage.user = value
    elif name == "HEALTHCHECK":
        stage.health = json.loads(value.partition("CMD")[2])
    elif name in {"ENTRYPOINT", "CMD"}:
        stage.words[name] = json.loads(value)


def tracked(source: str, to: Path) -> None:
    """Copies what git tracks of the project, without tests, as .dockerignore has it."""
    files = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", source], cwd=ROOT, check=True, capture_output=True
    ).stdout
    for name in filter(None, files.decode().split("\0")):
        if "/tests/" in name:
            continue
        place = to if (ROOT / source).is_file() else to / Path(name).relative_to(source)
        if place.is_dir() or str(to).endswith("/"):
            place = place / Path(name).name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place)


def more_files() -> list[str]:
    """What a machine behind a proxy needs to install packages; a real build gets it otherwise."""
    return [path for path in ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt") if Path(path).exists()]


def copy(source: Path, target: Path) -> None:
    """Copies a file or folder with all that it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run(["cp", "-aTL" if source.is_symlink() else "-aT", str(source), str(target)], program="cp")


def run(words: list[str], *, program: str = "", env: dict[str, str] | None = None) -> None:
    """Runs a command that must succeed."""
    subprocess.run([program, *words[1:]] if program else words, check=True, env=env)


def tried(stage: Stage) -> dict[str, object]:
    """What was tried in the image, and how it came out."""
    found: dict[str, object] = {}

    def ask(*words: str, entry: bool = True) -> tuple[int, str]:
        done = subprocess.run(
            stage.command(list(words), entry=entry), capture_output=True, check=False, timeout=LONGEST
        )
        return done.returncode, done.stdout.decode()

    found["user"] = ask("id", "-u")[1].strip()
    commands = ("tap-tiktokshop", "target-tiktokshop", "target-duckdb-exact", "tiktokshop", "tiktokshop-webhooks")
    found["commands"] = {name: ask(name, "--help")[0] for name in (*commands, "tiktokshop-sandbox")}
    found["default command"] = ask(*stage.words["CMD"])[0]
    written = "for place in /opt/tiktokshop /usr /etc /data; do touch $place/x 2>/dev/null && echo $place; done; true"
    found["can write to"] = ask("sh", "-c", written)[1].split()
    found["health without a service"] = ask(*stage.health, entry=False)[0]
    found["records of a run"] = int(ask("bash", "-c", f"{SHOP}{PIPE} | grep -c RECORD")[1] or 0)
    found["the tap of a stopped pipe ends with"] = stopped(stage)
    found |= served(stage)
    return found


def stopped(stage: Stage) -> str:
    """How the tap ended in a pipe whose container was stopped while it was at work."""
    script = f"trap : TERM; {SHOP}{PIPE} | cat > out; echo ${{PIPESTATUS[0]}} > code"
    running = subprocess.Popen(stage.command(["bash", "-c", script]), start_new_session=True)
    out, code = stage.root / "data" / "out", stage.root / "data" / "code"
    wait_until(lambda: out.exists() and out.stat().st_size > 0, LONGEST)
    for pid in tini_of(children(running.pid)):
        os.kill(pid, signal.SIGTERM)
    running.wait(LONGEST)
    return code.read_text().strip()


def served(stage: Stage) -> dict[str, object]:
    """The receiver as a container: healthy, then stopped in order."""
    stage.env |= {"HEALTH_PORT": "18787", "TIKTOKSHOP_APP_KEY": "key", "TIKTOKSHOP_APP_SECRET": CANARY}
    running = subprocess.Popen(
        stage.command(["tiktokshop-webhooks", "serve", "--port", "18787"]),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert running.stdout is not None
    line = running.stdout.readline().decode().strip()
    check = stage.command(stage.health, entry=False)
    healthy = subprocess.run(check, capture_output=True, check=False, timeout=60).returncode
    began = time.monotonic()
    for pid in tini_of(children(running.pid)):
        os.kill(pid, signal.SIGTERM)
    code = running.wait(30)
    ended = subprocess.run(check, capture_output=True, check=False, timeout=60).returncode
    return {
        "receiver says": line,
        "health of the receiver": healthy,
        "receiver ends at SIGTERM with": code,
        "within seconds": round(time.monotonic() - began, 1) < 10,
        "health when it is gone": ended,
    }


def children(pid: int) -> list[int]:
    """All processes below one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def tini_of(pids: list[int]) -> list[int]:
    """The first process of a container among some."""
    return [pid for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == "tini"]


def wait_until(condition: object, seconds: float) -> None:
    """Waits for something."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:  # type: ignore[operator]
        time.sleep(0.1)


def secrets_in(root: Path) -> list[str]:
    """Files of the image that no image should have."""
    names = (".env", "tokens.json", "config.json", ".git", "inbox.sqlite")
    return [str(path) for name in names for path in (root / "opt").rglob(name)]


def main() -> None:
    """Makes the image's root in the folder that is named, tries it, and prints what came of it as JSON."""
    parser = argparse.ArgumentParser(description="The Dockerfile's steps in roots of Debian's own.")
    parser.add_argument("folder", type=Path, help="where the roots are made; what is there is used again")
    work = parser.parse_args().folder.resolve()
    work.mkdir(parents=True, exist_ok=True)
    stage = built(work)
    found = {"secret files": secrets_in(stage.root), **tried(stage)}
    size = subprocess.run(["du", "-sm", str(stage.root / "opt")], capture_output=True, check=True).stdout
    print(json.dumps({**found, "megabytes of /opt": int(size.split()[0])}, indent=2))


if __name__ == "__main__":
    main()
