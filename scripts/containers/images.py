"""Carries out Dockerfiles in roots that Debian's mmdebstrap makes, where no image can be pulled."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dockerfile_parse import DockerfileParser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
CANARY = "canary-of-the-image-0123456789"
PLANTED = (
    *(".env", "tokens.json", "config.json", "output/inbox.sqlite", ".git/config", "deploy/anna.env"),
    *("tap-tiktokshop/.env", "tap-tiktokshop/.tiktokshop/tokens.json", "tiktokshop-client/tests/config.json"),
    *("tiktokshop-webhooks/inbox.sqlite", "tiktokshop-webhooks/inbox.sqlite-wal", "target-duckdb-exact/shop.duckdb"),
)
"""Files with a secret that a clone may have, put into what is built from: none may get into an image."""
BASE = "python3,python3-venv,ca-certificates,tini"
"""Debian's packages that the base image's place is taken by."""


@dataclass
class Image:
    """What the steps have come to so far."""

    root: Path
    workdir: str = "/"
    user: str = "0:0"
    env: dict[str, str] = field(default_factory=dict)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stop: str = "SIGTERM"

    def copied(self, root: Path) -> Image:
        """The same in a root of its own."""
        shutil.rmtree(root, ignore_errors=True)
        run(["cp", "-a", str(self.root), str(root)])
        return replace(self, root=root, env=dict(self.env))


def bootstrapped(work: Path, name: str, packages: str) -> Image:
    """An image of Debian's packages; one that is there is used again."""
    root = work / name
    if not (root / "done").exists():
        shutil.rmtree(root, ignore_errors=True)
        run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", str(root)])
        for path in more_files():
            copy(Path(path), root / path.lstrip("/"))
        (root / "done").touch()
    return Image(root)


def context(work: Path) -> Path:
    """A copy of what git tracks, with secrets planted where somebody may have them: what `docker build` is given."""
    place = work / "context"
    shutil.rmtree(place, ignore_errors=True)
    for name in sorted(_tracked()):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    for name in PLANTED:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(CANARY)
    return place


def built(work: Path, dockerfile: str, images: Mapping[str, Image]) -> Image:
    """The last stage of a Dockerfile.

    Args:
        work: Where roots are made.
        dockerfile: Its path in the project.
        images: Those that it may begin with, by name; "" is what takes the place of all others.
    """
    given = context(work)
    with (ROOT / dockerfile).open("rb") as file:
        steps = DockerfileParser(fileobj=file, env_replace=False).structure
    stages: dict[str, Image] = {}
    label = ""
    for step in steps:
        name, value = step["instruction"].upper(), step["value"]
        if name == "FROM":
            origin, _, label = value.partition(" AS ")
            label = label or "last"
            begun = stages.get(origin) or images.get(origin) or images[""]
            stages[label] = begun.copied(work / f"{Path(dockerfile).stem.lower()}-{label}")
        elif name != "COMMENT":
            print(f"{name} {value[:100]}", flush=True)
            carried_out(stages[label], stages, given, (name, value))
    kept = {key: str(value) if key == "root" else value for key, value in asdict(stages[label]).items()}
    _record(work, dockerfile).write_text(json.dumps(kept))
    return stages[label]


def as_built(work: Path, dockerfile: str) -> Image:
    """What `built` made there before."""
    kept = json.loads(_record(work, dockerfile).read_text())
    return Image(Path(kept.pop("root")), **kept)


def carried_out(image: Image, stages: Mapping[str, Image], given: Path, step: tuple[str, str]) -> None:
    """One step."""
    name, value = step
    if name == "RUN":
        script = f"cd {shlex.quote(image.workdir)} && {value}"
        own = {each: text for each, text in os.environ.items() if each.startswith(("PIP_", "HTTP", "http", "SSL_"))}
        path = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        run(["chroot", str(image.root), "/bin/sh", "-ec", script], env={**own, **path, **image.env})
    elif name == "COPY":
        *sources, target = [word for word in value.split() if not word.startswith("--")]
        origin = value.partition("--from=")[2].split()
        for source in sources:
            to = image.root / str(Path(image.workdir) / target).lstrip("/")
            if origin:
                copy(stages[origin[0]].root / source.lstrip("/"), to)
            else:
                _let_in(given, source, to, into=target.endswith("/"))
    elif name in _KEPT:
        _KEPT[name](image, value)


def ignored(name: str, patterns: list[str]) -> bool:
    """Whether the last pattern of a .dockerignore that fits a file, or a folder above it, keeps it out."""
    out = False
    parents = [str(each) for each in Path(name).parents if each != Path()]
    for pattern in patterns:
        wanted = _regex(pattern.removeprefix("!"))
        if any(wanted.fullmatch(each) for each in (name, *parents)):
            out = not pattern.startswith("!")
    return out


def canaries_in(root: Path) -> list[str]:
    """The files of a root that hold what was planted."""
    found = subprocess.run(
        ["grep", "-rlF", "--devices=skip", CANARY, str(root)], capture_output=True, check=False, text=True
    )
    return found.stdout.splitlines()


def more_files() -> list[str]:
    """What this machine needs to install packages, and a real build gets otherwise."""
    named = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
    return [path for path in named if Path(path).exists()]


def copy(source: Path, target: Path) -> None:
    """Copies a file or folder with all that it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run(["cp", "-aTL" if source.is_symlink() else "-aT", str(source), str(target)])


def run(words: list[str], *, env: Mapping[str, str] | None = None) -> None:
    """Runs a command that must succeed."""
    subprocess.run(words, check=True, env=env)


def _variables(image: Image, value: str) -> None:
    image.env |= dict(pair.split("=", 1) for pair in shlex.split(value))


def _workdir(image: Image, value: str) -> None:
    image.workdir = value
    (image.root / value.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _user(image: Image, value: str) -> None:
    image.user = value


def _health(image: Image, value: str) -> None:
    image.health = json.loads(value.partition("CMD")[2])


def _stop(image: Image, value: str) -> None:
    image.stop = value


def _entry(image: Image, value: str) -> None:
    image.entry, image.command = json.loads(value), []


def _command(image: Image, value: str) -> None:
    image.command = json.loads(value)


_KEPT: Mapping[str, Callable[[Image, str], None]] = {
    "ENV": _variables,
    "WORKDIR": _workdir,
    "USER": _user,
    "STOPSIGNAL": _stop,
    "HEALTHCHECK": _health,
    "ENTRYPOINT": _entry,
    "CMD": _command,
}
"""What steps say of the containers to be."""


def _let_in(given: Path, source: str, to: Path, *, into: bool) -> None:
    """Copies a file or folder of what is built from, without what .dockerignore keeps out."""
    lines = (given / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    start = given / source
    for path in sorted(_files(start)):
        if not ignored(str(path.relative_to(given)), patterns):
            place = to / path.relative_to(start) if start.is_dir() else to / path.name if into or to.is_dir() else to
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)


def _files(start: Path) -> Iterator[Path]:
    return (path for path in ([start] if start.is_file() else start.rglob("*")) if path.is_file())


def _record(work: Path, dockerfile: str) -> Path:
    return work / f"{Path(dockerfile).stem.lower()}.json"


def _tracked() -> list[str]:
    ask = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listed = subprocess.run(ask, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _regex(pattern: str) -> re.Pattern[str]:
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
