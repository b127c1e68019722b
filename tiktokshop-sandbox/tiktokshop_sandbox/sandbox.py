"""One sandbox: its file, and the parts that work on it."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from tiktokshop_sandbox.accounts import Accounts
from tiktokshop_sandbox.app import SandboxApp
from tiktokshop_sandbox.clock import KEY as CLOCK
from tiktokshop_sandbox.clock import Clock
from tiktokshop_sandbox.control import Control
from tiktokshop_sandbox.difficulties import DIFFICULTIES, RARELY
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.faults import Faults, of_books, rates
from tiktokshop_sandbox.gateway import Gateway
from tiktokshop_sandbox.journal import Journal
from tiktokshop_sandbox.markets import BY_REGION
from tiktokshop_sandbox.shops import World
from tiktokshop_sandbox.webhooks.announcing import Announcing
from tiktokshop_sandbox.webhooks.dispatch import Dispatch

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from tiktokshop_sandbox.budget import RateLimit

_MEMORY: Final = ":memory:"
_LETTING_GO: Final = 2.0
"""Seconds for a sandbox that has just been told to end, or whose starter has been killed."""


class SandboxError(Exception):
    """The sandbox cannot start or do what was asked, in one sentence for a human.

    Attributes:
        may_pass: Whether the same may work later without anybody's doing.
    """

    may_pass = False


class FileInUseError(SandboxError):
    """Another sandbox has the file; it may end by itself."""

    may_pass = True


@dataclass(frozen=True)
class WorldSize:
    """What a new sandbox is filled with. An existing file keeps its own."""

    seed: int = 7
    shops: int = 2
    orders: int = 5000
    regions: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()


@contextlib.contextmanager
def held(path: str | os.PathLike[str] | None) -> Iterator[str]:
    """The file, for this process alone; None stands for a sandbox in memory.

    Raises:
        SandboxError: another sandbox has the file, or it cannot be used.
    """
    if path is None or str(path) == _MEMORY:
        yield _MEMORY
        return
    file = Path(path)
    lock = FileLock(f"{file}.lock", timeout=_LETTING_GO, thread_local=False)
    try:
        if file.is_dir():
            raise SandboxError(f"{file} is a folder: name a file in it")
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise FileInUseError(f"{file} is in use by {_holder(file)}; stop it first, or use it") from None
    except OSError as error:
        raise SandboxError(f"{file} cannot be used: {error.strerror}") from None
    try:
        yield str(file)
    finally:
        _address(file).unlink(missing_ok=True)
        lock.release()


def announce(path: str, url: str) -> None:
    """Note beside the file where its server can be reached, for the message above."""
    if path != _MEMORY:
        _address(Path(path)).write_text(url, encoding="utf-8")


@contextlib.contextmanager
def opened(
    path: str, size: WorldSize, now: int | None = None, *, asleep: bool = False
) -> Iterator[tuple[World, Clock]]:
    """The world in a file that is `held`, lived up to its own clock. A new file is filled first.

    `asleep` leaves an existing world as it is.

    Raises:
        SandboxError: the file is something else, or cannot be opened; or there is no such market or difficulty.
    """
    for kind, named, known in (
        ("market", size.regions, BY_REGION),
        ("difficulty", size.difficulties, (*DIFFICULTIES, RARELY)),
    ):
        if unknown := [name for name in named if name not in known]:
            raise SandboxError(f"there is no {kind} {unknown[0]!r}; there are: {', '.join(known)}")
    clock = Clock(now)
    try:
        clock.resume(_kept_clock(path))
        world = World.open(path, **asdict(size), now=0 if asleep else clock.now(), announcing=Announcing)
    except sqlite3.DatabaseError as error:
        raise SandboxError(f"{path} cannot be used as a sandbox file: {error}") from None
    with contextlib.closing(world):
        clock.keep(world)
        yield world, clock


def assembled(world: World, clock: Clock, *, seed: int, budget: RateLimit, latency_ms: int) -> SandboxApp:
    """The application over a world."""
    accounts = Accounts(world, clock, seed=seed)
    faults = Faults(accounts.seed)
    for spec in of_books(world.rates, world.shops):
        faults.add(spec)
    faults.on_books = lambda on: world.make_hard(rates(on, world.shops))
    gateway = Gateway(world, accounts, clock, faults, budget, Router(all_endpoints()))
    assert isinstance(world.announcer, Announcing)  # noqa: S101 - as `opened` makes worlds
    dispatch = Dispatch(world, clock, accounts, faults, world.announcer)
    return SandboxApp(gateway, Control(world, accounts, clock, gateway, Journal(), dispatch), latency_ms / 1000)


def _kept_clock(path: str) -> str | None:
    """The state of the clock in an existing file, which must be known before its world wakes up."""
    if not Path(path).exists():
        return None
    with contextlib.closing(sqlite3.connect(path)) as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is None:
            return None
        row = db.execute("SELECT value FROM meta WHERE key = ?", (CLOCK,)).fetchone()
        return None if row is None else str(row[0])


def _address(file: Path) -> Path:
    return file.with_name(f"{file.name}.server")


def _holder(file: Path) -> str:
    try:
        return f"the sandbox at {_address(file).read_text(encoding='utf-8')}"
    except OSError:
        return "another sandbox"
