"""Commands of an image as a container runs them: in namespaces of their own, in its root, as its user."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from images import Image

LONGEST = 900
STARTING = {"unshare", "nsenter", "sh", "mount", "mkdir", "chroot", "setpriv", "env"}


@dataclass
class Container:
    """A container to be.

    Attributes:
        image: What it is made of.
        env: Variables beyond the image's.
        volumes: Where in it -> the folder here, and whether it may only be read.
        network: A process in whose network it is; 0 is the machine's own.
        hosts: Names of other containers -> their addresses.
        read_only: Whether its root may only be read.
        tmpfs: Folders that are memory.
        bare: Without any capability, and without ways to get one.
    """

    image: Image
    env: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, tuple[Path, bool]] = field(default_factory=dict)
    network: int = 0
    hosts: dict[str, str] = field(default_factory=dict)
    read_only: bool = False
    tmpfs: list[str] = field(default_factory=list)
    bare: bool = False
    running: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str], *, entry: bool = True, output: IO[bytes] | int | None = None) -> Container:
        """Starts a command in it; its standard error goes where its output goes, unless that is a pipe.

        A health check, which is no child of the entry point, says in its code all that there is to say.
        """
        words = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "sh", "-ec", self._script()]
        inside = [*(self.image.entry if entry else []), *command]
        self.running = subprocess.Popen(
            [*self._within("--net"), *words, "container", *self._as_its_user(inside)],
            stdout=output,
            stderr=subprocess.DEVNULL if not entry else None if output == subprocess.PIPE else subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def ran(self, *command: str, entry: bool = True) -> tuple[int, str]:
        """A command to its end, in a container for it alone: how it ended, and what it printed."""
        once = Container(**{**self.__dict__, "running": None}).start(list(command), entry=entry, output=subprocess.PIPE)
        assert once.running is not None
        text = once.running.communicate(timeout=LONGEST)[0]
        return once.running.returncode, text.decode()

    def asked(self, *command: str) -> tuple[int, str]:
        """The same inside of the one that is running, as its health check and `docker exec` do it."""
        place = ["nsenter", f"--target={self.init()}", "--mount", "--pid", "--net", "--root"]
        done = subprocess.run(
            [*place, *self._as_its_user(list(command))], capture_output=True, check=False, timeout=LONGEST
        )
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def init(self) -> int:
        """Its first process, once that is what was asked for."""
        assert self.running is not None
        found: list[int] = []

        def there() -> bool:
            found[:] = children(self.running.pid)[:1] if self.running else []
            return self.ended is not None or bool(found and name_of(found[0]) not in STARTING)

        wait_until(there, 60)
        return found[0] if found else 0

    @property
    def ended(self) -> int | None:
        """How it ended; None while it runs."""
        return self.running.poll() if self.running else None

    def stop(self, seconds: float = 60) -> tuple[int, float]:
        """Sends its first process the image's signal: how it ended, and after how many seconds."""
        assert self.running is not None
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.init(), signal.Signals[self.image.stop])
        try:
            code = self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.running.kill()
            code = self.running.wait()
        return code, round(time.monotonic() - began, 1)

    def _within(self, *spaces: str) -> list[str]:
        return ["nsenter", f"--target={self.network}", *spaces] if self.network else []

    def _script(self) -> str:
        """Puts the root together; what was mounted goes with the namespace."""
        root = shlex.quote(str(self.image.root))
        lines = [
            f"mount --bind {root} {root}",
            f"mount -t proc proc {root}/proc",
            "mount -t tmpfs -o mode=1777 tmpfs /dev/shm",
            f"mount --rbind /dev {root}/dev",
        ]
        for target, (source, _) in self.volumes.items():
            place = f"{root}{target}"
            lines += [f"mkdir -p {place}", f"mount --bind {shlex.quote(str(source))} {place}"]
        lines += [f"mount -t tmpfs tmpfs {root}{target}" for target in self.tmpfs]
        if self.hosts:
            names = "\\n".join(["127.0.0.1 localhost", *(f"{address} {name}" for name, address in self.hosts.items())])
            lines += [
                f"printf '{names}\\n' > /dev/shm/hosts",
                f"touch {root}/etc/hosts && mount --bind /dev/shm/hosts {root}/etc/hosts",
            ]
        only = [target for target, (_, read_only) in self.volumes.items() if read_only]
        lines += [f"mount -o remount,ro,bind {root}{target}" for target in only]
        if self.read_only:
            lines.append(f"mount -o remount,ro,bind {root}")
        return "\n".join([*lines, f'exec chroot {root} "$@"'])

    def _as_its_user(self, words: list[str]) -> list[str]:
        user, _, group = self.image.user.partition(":")
        who = ["setpriv", f"--reuid={user}", f"--regid={group or user}", "--clear-groups"]
        who += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"] if self.bare else []
        env = [f"{name}={value}" for name, value in {**self.image.env, **self.env}.items()]
        return [*who, "env", "-i", f"--chdir={self.image.workdir}", *env, *words]


def children(pid: int) -> list[int]:
    """The processes right below one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
    return sorted(found)


def name_of(pid: int) -> str:
    """The name of a process, "" if it has gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def wait_until(condition: Callable[[], object], seconds: float, pause: float = 0.1) -> bool:
    """Waits for something; whether it came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(pause)
    return False
