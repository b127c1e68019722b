"""A sandbox shop that does not change, and runs of the tap against it, as the soak scripts need them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import IO, TYPE_CHECKING, Any

import tiktokshop_sandbox
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.tap import TapTikTokShop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

NOON = int(datetime(2026, 6, 1, 12, tzinfo=timezone.utc).timestamp())
KEYS = {stream.name: stream.keys for stream in STREAMS}
SMALL_WINDOWS = """
from tap_tiktokshop.reading import base, children
from tap_tiktokshop.tap import main
base.ROWS_PER_WINDOW = children.UNTIL_MARK = {0}
main()
"""
Table = dict[tuple[Any, ...], dict[str, Any]]


@dataclass
class Output:
    """What a run wrote: whole lines; a killed process may leave half a line, which no loader takes for a message."""

    text: bytes
    messages: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.messages = [json.loads(line) for line in self.text.split(b"\n")[:-1]]

    @property
    def states(self) -> list[int]:
        """Where among the messages the states are."""
        return [number for number, message in enumerate(self.messages) if message["type"] == "STATE"]

    def state(self, until: int | None = None) -> dict[str, Any]:
        """The last state among the first messages."""
        messages = self.messages[:until]
        return next((each["value"] for each in reversed(messages) if each["type"] == "STATE"), {})

    def table(self, until: int | None = None) -> Table:
        """What a loader that upserts by key holds after the first messages: (stream, key...) -> record."""
        return {
            (message["stream"], *(message["record"][key] for key in KEYS[message["stream"]])): message["record"]
            for message in self.messages[:until]
            if message["type"] == "RECORD"
        }


@dataclass
class Shop:
    """A sandbox, and a configuration of the tap that reads it."""

    sandbox: Any
    folder: Path
    config: dict[str, Any]

    def catalog(self, streams: Iterable[str]) -> dict[str, Any]:
        """A catalog that selects these streams."""
        chosen = set(streams)
        made: dict[str, Any] = TapTikTokShop(config=self.config).catalog_dict
        for entry in made["streams"]:
            for mark in entry["metadata"]:
                if not mark["breadcrumb"]:
                    mark["metadata"]["selected"] = entry["tap_stream_id"] in chosen
        return made

    def read(self, streams: Sequence[str], state: dict[str, Any] | None = None) -> Output:
        """A run inside this process; one that fails ends where it does."""
        written = io.BytesIO()
        self.run(streams, written, state)
        return Output(written.getvalue())

    def run(self, streams: Sequence[str], output: io.BytesIO, state: dict[str, Any] | None = None) -> None:
        """The same, with an output of the caller's."""
        tap = TapTikTokShop(config=self.config, state=json.loads(json.dumps(state or {})))
        for name, stream in tap.streams.items():
            stream.selected = name in streams
        text = io.TextIOWrapper(output, encoding="utf8")
        with contextlib.redirect_stdout(text), contextlib.suppress(Exception):
            try:
                tap.sync_all()
            finally:
                tap.client.close()
        text.detach()

    def start(
        self,
        catalog: Path,
        state: dict[str, Any],
        output: IO[bytes] | int = subprocess.PIPE,
        window: int | None = None,
        **config: Any,
    ) -> subprocess.Popen[bytes]:
        """A run as a process of its own, whose log goes to a file beside the state.

        Args:
            catalog: The file that says what is read.
            state: Where it goes on from.
            output: Where its messages go.
            window: Rows of a window, so that a small shop has as many as a large one; None for the tap's own size.
            config: Settings beside those of the shop.
        """
        files = {"config": self.folder / "config.json", "state": self.folder / "state.json", "catalog": catalog}
        files["config"].write_text(json.dumps({**self.config, **config}))
        files["state"].write_text(json.dumps(state))
        named = [part for name, file in files.items() for part in (f"--{name}", str(file))]
        program = ["-m", "tap_tiktokshop"] if window is None else ["-c", SMALL_WINDOWS.format(window)]
        with (self.folder / "tap.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *program, *named],
                stdout=output,
                stderr=log,
                cwd=self.folder,
                env={name: value for name, value in os.environ.items() if not name.startswith("TAP_TIKTOKSHOP")},
            )


@contextlib.contextmanager
def shop(folder: Path, **facts: Any) -> Iterator[Shop]:
    """A sandbox whose clock stands still and whose budget is never in the way."""
    with tiktokshop_sandbox.start(**{"rps": 100_000, "now": NOON, **facts}) as sandbox:
        config = sandbox.settings(
            token_store=str(folder / "tokens.json"), requests_per_second=100_000, analytics_requests_per_second=100_000
        )
        yield Shop(sandbox, folder, config)
