"""A model of a grant's life: whatever fails at whatever step, it is lost only in the windows that are documented."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tiktokshop_client import FileStore, Secret, Settings, Token, errors
from tiktokshop_client.http.transport import Reply
from tiktokshop_client.redaction import Redactor
from tiktokshop_client.tokens.refresh import Tokens

NOW = 1_700_000_000


class DiedError(BaseException):
    """The process is no more."""


@dataclass(frozen=True)
class Run:
    """What goes wrong in one run that refreshes.

    `answers` come before the good one: `busy` (not carried out), `lost` (carried out, but the answer never came).
    `write` fails that many times; from 100 on for ever. `dies` is the step at which the process ends.
    """

    lock: bool = True
    check: bool = True
    answers: tuple[str, ...] = ()
    write: int = 0
    dies: str = ""
    refuge: bool = True


runs = st.builds(
    Run,
    lock=st.sampled_from([True] * 5 + [False]),
    check=st.sampled_from([True] * 5 + [False]),
    answers=st.lists(st.sampled_from(["busy"] * 5 + ["lost"]), max_size=2).map(tuple),
    write=st.sampled_from([0, 0, 0, 1, 3, 100]),
    dies=st.sampled_from([""] * 8 + ["before asking", "before writing", "after writing"]),
    refuge=st.sampled_from([True] * 5 + [False]),
)


class World:
    """A token host that takes each refresh token once, and a store on a disk; both stumble as a run says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.good, self.spent, self.asked, self.lost = "refresh-0", 0, 0, False
        self.run = Run()
        self.answers: list[str] = []
        self.failing = 0
        self.file = FileStore(folder / "store" / "tokens.json")
        self.file.write(Token(Secret("access-0"), Secret("refresh-0"), issued_at=NOW))

    # The network.

    def send(self, method, url, **_):
        assert method == "GET"
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else "good"
        if answer == "busy":
            return Reply(503, {}, b"")
        if f"refresh_token={self.good}&" not in url:
            return Reply(200, {}, b'{"code": 36004005, "message": "can not find related auth record", "data": null}')
        self.spent += 1
        self.good = f"refresh-{self.spent}"
        if answer == "lost":
            self.lost = True  # documented: the answer did not reach this machine
            raise errors.TransientError("the connection broke", unclear=True)
        pair = {"access_token": f"access-{self.spent}", "refresh_token": self.good}
        return Reply(200, {}, json.dumps({"code": 0, "data": pair}).encode())

    # The store.

    name = "the store"

    @contextmanager
    def locked(self):
        if not self.run.lock:
            raise errors.TransientError("the store is not there")
        with self.file.locked():
            yield

    def read(self):
        return self.file.read()

    def check_writable(self):
        if not self.run.check:
            raise errors.ConfigurationError("the store is read-only")
        self.file.check_writable()
        self.die("before asking")

    def write(self, token):
        if self.run.dies == "before writing":
            self.lost = True  # documented: the machine died between the answer and the store
            raise DiedError
        if self.failing:
            self.failing -= 1
            raise errors.TransientError("the store went away")
        self.file.write(token)
        self.die("after writing")

    def clear(self):
        self.file.clear()

    def die(self, step):
        if self.run.dies == step:
            raise DiedError

    # The runs.

    def tokens(self, clock):
        config = {"app_key": "k", "app_secret": "s", "token_store": "elsewhere"}
        return Tokens(Settings.from_config(config), self, self, clock, Event(), Redactor())

    def play(self, run: Run, clock) -> None:
        self.run, self.answers, self.failing, asked = run, list(run.answers), run.write, self.asked
        refuges = [Path(".tiktokshop"), Path(os.environ["XDG_STATE_HOME"])]
        for refuge in refuges:
            if not run.refuge and not refuge.exists():
                refuge.write_text("in the way")
        tokens = self.tokens(clock)
        try:
            tokens.renew()
        except errors.TikTokShopError as error:
            if not (run.lock and run.check):
                assert self.asked == asked, "nothing was asked"
            if "could not be kept anywhere else" in str(error):
                assert run.write >= 100 and not run.refuge  # noqa: PT018
                self.lost = True  # documented: neither the store nor this machine took it, until the process ended
        except DiedError:
            return
        finally:
            for refuge in refuges:
                if refuge.is_file():
                    refuge.unlink()
        try:
            tokens.close()
        except DiedError:
            return

    def is_lost(self) -> bool:
        """Whether a documented window was met, and the pair that the token host knows is indeed nowhere."""
        texts = [path.read_bytes() for path in self.folder.rglob("*.json")]
        return self.lost and not any(f'"{self.good}"'.encode() in text for text in texts)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(runs, min_size=1, max_size=5))
@example([Run(write=100), Run(write=100), Run()])
@example([Run(write=100), Run(write=100, refuge=False), Run(dies="after writing")])
@example([Run(write=100), Run(dies="before writing")])
@example([Run(answers=("busy", "busy"), write=3), Run(check=False), Run(lock=False)])
def test_a_grant_is_lost_only_in_the_documented_windows(clock, life):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.chdir(folder)
        patch.setenv("XDG_STATE_HOME", str(folder / "temporary"))
        world = World(folder)
        for run in life:
            world.play(run, clock)
            if world.is_lost():
                return
            world.lost = False
        world.play(Run(), clock)
        assert world.file.read().refresh_token == Secret(world.good)
        assert not list(folder.rglob("*.tmp"))
        before = world.spent
        world.tokens(clock).renew()
        assert (world.spent, world.file.read().refresh_token) == (before + 1, Secret(world.good))
