"""What compose.yaml describes, started without Docker: a network of its own, a container for each service."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from container import Container, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from images import Image

SUBNET = "172.29.0"
_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}|(?P<bare>\w+))")


def filled(value: Any, variables: Mapping[str, str]) -> Any:
    """A part of the file with its variables put in, as Compose does it.

    Raises:
        SystemExit: One that must be there is not.
    """
    if isinstance(value, dict):
        return {key: filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    if not isinstance(value, str):
        return value

    def text(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        name = found["name"] or found["bare"]
        if found["kind"] == "?" and not variables.get(name):
            raise SystemExit(f"required variable {name} is missing a value: {found['rest']}")
        return variables.get(name) or (found["rest"] if found["kind"] == "-" else "") or ""

    return _VARIABLE.sub(text, value)


def services_of(path: Path, variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services of a compose file, each as it is described."""
    found: dict[str, dict[str, Any]] = filled(yaml.safe_load(path.read_text())["services"], variables)
    return found


def needed(service: Mapping[str, Any]) -> dict[str, str]:
    """The services that must be there before one starts, and in which condition."""
    shared = str(service.get("network_mode", "")).partition("service:")[2]
    before = {name: each["condition"] for name, each in service.get("depends_on", {}).items()}
    return {**({shared: "service_started"} if shared else {}), **before}


def order(services: Mapping[str, Mapping[str, Any]], wanted: Iterable[str]) -> list[str]:
    """Some services with all that they need, each behind what it needs."""
    found: list[str] = []

    def put(name: str) -> None:
        for other in needed(services[name]):
            put(other)
        if name not in found:
            found.append(name)

    for name in wanted:
        put(name)
    return found


def by_default(services: Mapping[str, Mapping[str, Any]], profile: str = "") -> list[str]:
    """What `up` starts: services without a profile, and those of the one that is asked for."""
    return [name for name, each in services.items() if not each.get("profiles") or profile in each["profiles"]]


@dataclass
class Project:
    """The services as they run.

    Args:
        services: As `services_of` has them.
        images: By the names that services have for them.
        work: Where volumes and logs go.
    """

    services: Mapping[str, dict[str, Any]]
    images: Mapping[str, Image]
    work: Path
    up: dict[str, Container] = field(default_factory=dict)
    networks: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def connect(self) -> None:
        """Makes a network for each service that shares none, and a bridge between them; the machine's is left alone."""
        own = [name for name, each in self.services.items() if not each.get("network_mode")]
        for name in ("the machine", *own):
            self.networks[name] = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
            wait_until(lambda pid=self.networks[name].pid: _net_of(pid) != _net_of("self"), 20)
        machine = self.networks["the machine"].pid
        _ip(machine, "link add br0 type bridge", f"addr add {SUBNET}.1/24 dev br0", "link set br0 up", "link set lo up")
        for number, name in enumerate(own, 2):
            pid = self.networks[name].pid
            _ip(
                machine, f"link add v{number} type veth peer name eth0 netns {pid}", f"link set v{number} master br0 up"
            )
            _ip(pid, f"addr add {SUBNET}.{number}/24 dev eth0", "link set eth0 up", "link set lo up")

    def address(self, name: str) -> str:
        """Where a service is in the network."""
        return f"{SUBNET}.{1 + list(self.networks).index(name)}"

    def container(self, name: str) -> Container:
        """The container of a service."""
        service = self.services[name]
        shared = str(service.get("network_mode", "")).partition("service:")[2]
        env = service.get("environment", {})
        return Container(
            self.images[service["image"]],
            env={key: str(value) for key, value in env.items()},
            volumes=dict(self._volume(each, self.images[service["image"]]) for each in service.get("volumes", ())),
            network=self.networks[shared or name].pid,
            hosts={each: self.address(each) for each in self.networks if each != "the machine"},
            read_only=bool(service.get("read_only")),
            tmpfs=list(service.get("tmpfs", ())),
            bare=service.get("cap_drop") == ["ALL"],
        )

    def command(self, name: str) -> list[str]:
        """What a service runs."""
        service = self.services[name]
        found = service.get("command") or self.images[service["image"]].command
        return [str(word) for word in found]

    def start(self, wanted: Iterable[str]) -> None:
        """Starts services in their order, each when what it needs is as it must be.

        Raises:
            SystemExit: Something did not come to be what another one needs.
        """
        for name in order(self.services, wanted):
            for other, condition in needed(self.services[name]).items():
                self.wait(other, condition)
            if name not in self.up:
                print(f"start {name}", file=sys.stderr, flush=True)
                with self.log(name).open("ab") as log:
                    self.up[name] = self.container(name).start(self.command(name), output=log.fileno())

    def wait(self, name: str, condition: str) -> None:
        """Waits for a condition, for as long as the service's health check allows.

        Raises:
            SystemExit: It did not come.
        """
        box, check = self.up[name], self.services[name].get("healthcheck", {})
        if condition == "service_healthy":
            words = check["test"][1:] if check else box.image.health
            good = wait_until(
                lambda: box.ended is None and box.asked(*words)[0] == 0,
                3 * _seconds(check.get("interval", "30s")) * check.get("retries", 3),  # a machine that does much else
                _seconds(check.get("interval", "2s")),
            )
        elif condition == "service_completed_successfully":
            wait_until(lambda: box.ended is not None, 300)
            good = box.ended == 0
        else:
            good = box.ended is None
        if not good:
            raise SystemExit(f"{name} is not {condition}: {self.log(name).read_text()[-2000:]}")

    def log(self, name: str) -> Path:
        """Where a service's output goes."""
        return self.work / f"{name}.log"

    def stop(self) -> dict[str, tuple[int, float]]:
        """Stops all, the last one first: how each ended, killed if it took too long, and after how many seconds."""
        ended = {}
        for name in reversed(self.up):
            if self.up[name].ended is None:
                ended[name] = self.up[name].stop(_seconds(self.services[name].get("stop_grace_period", "10s")))
        for process in self.networks.values():
            process.kill()
            process.wait()
        return ended

    def _volume(self, text: str, image: Image) -> tuple[str, tuple[Path, bool]]:
        """A volume: where it is, and what is there; one with a name begins as what the image has there."""
        source, target, *mode = text.split(":")
        if source.startswith("."):
            return target, (self.work / source, mode == ["ro"])
        place = self.work / "volumes" / source
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            origin = image.root / target.lstrip("/")
            origin.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-aT", str(origin), str(place)], check=True)
        return target, (place, mode == ["ro"])


def _net_of(pid: int | str) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())


def _ip(pid: int, *commands: str) -> None:
    for command in commands:
        subprocess.run(["nsenter", f"--target={pid}", "--net", "ip", *command.split()], check=True)


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))
