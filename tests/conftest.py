"""A sandbox shop, and runs of the tap against it: inside this process where that is enough."""

import contextlib
import datetime as dt
import functools
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tiktokshop_sandbox
from tap_tiktokshop.streams import OFFERED
from tap_tiktokshop.tap import TapTikTokShop

# The shops' time stands still unless a test moves it, so that runs can be compared to the row.
NOON = int(dt.datetime(2026, 6, 1, 12, tzinfo=dt.timezone.utc).timestamp())
KEYS = {stream.name: stream.keys for stream in OFFERED}
# What most tests read: enough of every way of reading but reports, and done in a second.
SOME = (
    "shops",
    "orders",
    "returns",
    "cancellations",
    "products",
    "statements",
    "statement_transactions",
    "payments",
)
CONFIG = {"app_key": "k", "app_secret": "s", "refresh_token": "r"}


@functools.cache
def catalog(streams):
    """A Singer catalog that selects these streams."""
    made = TapTikTokShop(config=CONFIG).catalog_dict
    for entry in made["streams"]:
        for mark in entry["metadata"]:
            if not mark["breadcrumb"]:
                mark["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return made


@dataclass
class Run:
    """What a run of the tap left behind."""

    output: str
    log: str = ""
    code: int = 0
    messages: list = field(init=False)

    def __post_init__(self):
        lines = self.output.split("\n")
        # A killed process may leave half a line, which no loader would take for a message.
        self.messages = [json.loads(line) for line in lines[:-1]]

    @property
    def states(self):
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self):
        return self.states[-1] if self.states else {}

    def records(self, stream=None):
        """All records in order, or those of one stream."""
        found = [message for message in self.messages if message["type"] == "RECORD"]
        return [message["record"] for message in found if stream in (None, message["stream"])]

    def table(self):
        """What a loader that upserts by key holds after the run: (stream, key...) -> record."""
        return {
            (message["stream"], *(message["record"][key] for key in KEYS[message["stream"]])): message["record"]
            for message in self.messages
            if message["type"] == "RECORD"
        }

    def counts(self, streams=SOME):
        """Rows a loader holds, for each of the streams."""
        counted = dict.fromkeys(streams, 0)
        for stream, *_ in self.table():
            if stream in counted:
                counted[stream] += 1
        return counted


@dataclass
class Lab:
    """A sandbox, and a configuration of the tap that reads it."""

    sandbox: tiktokshop_sandbox.Running
    folder: Path
    config: dict

    def run(self, state=None, streams=SOME, **config):
        """A run inside this process. `streams` are those to read."""
        tap = TapTikTokShop(config={**self.config, **config}, state=state or {})
        for name, stream in tap.streams.items():
            stream.selected = name in streams
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf8")
        with contextlib.redirect_stdout(output):
            try:
                tap.sync_all()
            finally:
                tap.client.close()
        output.seek(0)
        return Run(output.read())

    def start(self, state=None, arguments=(), streams=SOME, **config):
        """A run as a process of its own, under way."""
        files = {name: self.folder / f"{name}.json" for name in ("config", "state", "catalog")}
        files["config"].write_text(json.dumps({**self.config, **config}))
        files["state"].write_text(json.dumps(state or {}))
        files["catalog"].write_text(json.dumps(catalog(tuple(streams))))
        named = [part for name, file in files.items() for part in (f"--{name}", file)]
        command = [sys.executable, "-m", "tap_tiktokshop", *named, *arguments]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("TAP_TIKTOKSHOP")},
        )

    def process(self, state=None, arguments=(), streams=SOME, **config):
        """A run as a process of its own, to its end."""
        started = self.start(state, arguments, streams, **config)
        output, log = started.communicate(timeout=120)
        return Run(output.decode(), log.decode(), started.returncode)

    @staticmethod
    def result(output):
        """What a process wrote, taken apart."""
        return Run(output)

    def held(self, streams=SOME):
        """Rows the sandbox holds, for each of the streams."""
        counts = self.sandbox.control("GET", "/counts").values()
        held = {stream: sum(shop[stream] for shop in counts) for stream in streams}
        if "products" in held:
            held["products"] += sum(shop["deleted_products"] for shop in counts)  # they come as tombstones
        return held

    def fault(self, kind, **more):
        """Switches a fault on."""
        self.sandbox.control("POST", "/faults", {"kind": kind, **more})

    def calls(self):
        """Requests the sandbox has answered, for each operation."""
        return self.sandbox.control("GET", "/stats")


@pytest.fixture
def catalog_of():
    """Makes a catalog that selects some streams."""
    return lambda *streams: catalog(streams)


@pytest.fixture(scope="session")
def make_lab(shop_file, tmp_path_factory):
    """Makes a lab in a folder, around a sandbox with the given shops."""

    @contextlib.contextmanager
    def make(folder, **shops):
        shops = {"shops": 2, "orders": 120, "rps": 100_000, "now": NOON, **shops}
        if "path" not in shops and shops["now"] is not None:
            size = {name: shops[name] for name in ("now", "orders", "shops")}
            shops["path"] = shutil.copy(shop_file(**size), tmp_path_factory.mktemp("shop") / "shop.sqlite")
        with tiktokshop_sandbox.start(**shops) as sandbox:
            config = sandbox.settings(
                token_store=str(folder / "tokens.json"),
                requests_per_second=100_000,
                analytics_requests_per_second=100_000,
            )
            yield Lab(sandbox, folder, config)

    return make


@pytest.fixture
def lab_of(make_lab, tmp_path):
    """Makes a lab around a sandbox with the given shops."""
    return lambda **shops: make_lab(tmp_path, **shops)


@pytest.fixture
def lab(lab_of):
    with lab_of() as made:
        yield made
