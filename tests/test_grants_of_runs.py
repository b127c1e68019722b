"""No run of the tap or the target spends a refresh token while the pair that it buys could not be kept."""

import contextlib
import http.client
import json
import re
import stat
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import tiktokshop_sandbox
from in_process import call
from store_faults import FULL, READ_ONLY
from store_places import PLACES, postgresql_port, redis_port, s3_url  # noqa: F401 - fixtures
from tiktokshop_client import Secret, Settings, Token
from tiktokshop_client.clock import SystemClock
from tiktokshop_client.stores import objects as store_objects
from tiktokshop_client.stores import redis as store_redis
from tiktokshop_client.token import KEY_VARIABLE
from tiktokshop_client.tokens.refresh import store_for

from conftest import NOON, catalog

ERROR = re.compile(r"\| ERROR +\| [\w.-]+ +\| (.*)")
RECORD = {"sku_id": "1", "warehouse_id": "1", "quantity": 1}


class Between(ThreadingHTTPServer):
    """Stands before a sandbox's token host, and does something between the sale of a pair and the answer."""

    daemon_threads = True

    def __init__(self, url):
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.behind = urlsplit(url).netloc
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked = 0
        self.meanwhile = lambda: None


class Forwarding(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked += 1
        connection = http.client.HTTPConnection(server.behind)
        connection.request("GET", self.path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        server.meanwhile()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keeps the test's output clean."""


@dataclass
class Runs:
    """A grant in a place, and whole commands that need it: what each said, and its exit code."""

    place: object
    sandbox: tiktokshop_sandbox.Running
    host: Between
    folder: Path
    said: list = field(default_factory=list)

    def __post_init__(self):
        self.config = {
            "app_key": self.sandbox.app_key,
            "app_secret": self.sandbox.app_secret,
            "api_base_url": self.sandbox.api_base_url,
            "auth_base_url": self.host.url,
            "token_store": self.place.address,
            "requests_per_second": 100_000,
        }
        self.write("config.json", self.config)

    def write(self, name, value):
        path = self.folder / name
        path.write_text(json.dumps(value))
        return str(path)

    def tokens(self):
        """The grant's access token and refresh token, as the platform has them."""
        pair = self.sandbox.control("GET", "")["tokens"]
        return pair["access_token"], pair["refresh_token"]

    def store(self):
        return store_for(Settings.from_config(self.config))

    def give(self, *, expires_in):
        """Puts the current pair into the store, and says when its access token expires."""
        now = int(time.time())
        pair = map(Secret, self.tokens())
        self.store().write(Token(*pair, access_expires_at=now + expires_in, issued_at=now - 3_600))

    def command(self, name, *arguments):
        """Runs a command in this process; its exit code and what it logged."""
        ended = call(name, *arguments)
        self.said.append(ended.log + ended.output)
        return ended.code, ended.log

    def tap(self):
        named = self.write("catalog.json", catalog(("shops",)))
        return self.command("tap-tiktokshop", "--config", "config.json", "--catalog", named)

    def target(self):
        shop = self.sandbox.control("GET", "")["shops"][0]["id"]
        config = {**self.config, "results_path": "results.jsonl", "max_rejected_percent": 100}
        schema = {"type": "SCHEMA", "stream": "inventory", "schema": {"properties": {}}, "key_properties": []}
        record = {"type": "RECORD", "stream": "inventory", "record": {"shop_id": shop, **RECORD}}
        lines = self.folder / "records.jsonl"
        lines.write_text("".join(json.dumps(line) + "\n" for line in (schema, record)))
        named = self.write("target.json", config)
        return self.command("target-tiktokshop", "--config", named, "--input", lines)


@pytest.fixture(scope="module")
def world():
    with tiktokshop_sandbox.start(orders=5, rps=100_000, now=NOON) as sandbox:
        host = Between(sandbox.auth_base_url)
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield sandbox, host
        host.shutdown()
        host.server_close()
        thread.join()


@pytest.fixture(params=[pytest.param(kind, marks=[pytest.mark.slow] if kind == "s3" else []) for kind in PLACES])
def runs(request, world, tmp_path, monkeypatch):
    for module in (store_redis, store_objects):  # the lock of a store that cannot be written stays until it runs out
        monkeypatch.setattr(module, "LEASE", 0.5)
    skipped = [0.0]

    def wait(_, seconds, wake):
        skipped[0] += seconds
        return wake.is_set()

    monkeypatch.setattr(SystemClock, "wait", wait)
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + skipped[0])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "temporary"))
    sandbox, host = world
    host.asked, host.meanwhile = 0, lambda: None
    made = Runs(PLACES[request.param](request, tmp_path, monkeypatch), sandbox, host, tmp_path)
    secrets = [sandbox.app_secret, *made.tokens()]
    yield made
    secrets += made.tokens()
    assert not [secret for secret in secrets if secret in "".join(made.said)]


def expired(runs):
    runs.give(expires_in=-1)


def refused(runs):
    runs.give(expires_in=86_400)
    runs.sandbox.control("POST", "/tokens/expire", {"which": "access"})


COMMANDS = {"tap": Runs.tap, "target": Runs.target}
TOKENS = {"expired": expired, "refused": refused}


def bad_key(_, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "not-a-key")
    return contextlib.nullcontext()


def no_library(_, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "x" * 43 + "=")
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    return contextlib.nullcontext()


FAULTS = {
    "bad key": (bad_key, "is not a key"),
    "missing library": (no_library, r"pip install '\./tiktokshop-client\[encryption\]'"),
    "full": (lambda place, _: FULL[place.kind](place), r"cannot be written|no memory|no room|refuses these"),
    "read-only": (lambda place, _: READ_ONLY[place.kind](place), r"cannot be|only reads|only be read|refuses these"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_ends_with_one_sentence_and_the_old_pair_while_a_new_one_could_not_be_kept(
    runs, command, token, fault, monkeypatch
):
    TOKENS[token](runs)
    make, words = FAULTS[fault]
    before = runs.place.raw(), runs.tokens()
    with make(runs.place, monkeypatch):
        code, log = COMMANDS[command](runs)
    assert code == 2, log
    (sentence,) = ERROR.findall(log)
    assert re.search(words, sentence)
    assert "Traceback" not in log
    assert "bug" not in log
    assert runs.host.asked == 0
    assert (runs.place.raw(), runs.tokens()) == before
    assert not list(runs.folder.rglob("*.tmp")) + list(runs.folder.rglob("rescued-*"))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    code, log = COMMANDS[command](runs)
    assert code == 0, log
    assert runs.host.asked == 1
    assert runs.store().read().refresh_token.reveal() == runs.tokens()[1]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_goes_on_with_a_pair_whose_store_goes_away_and_the_next_run_stores_it(runs, command, token):
    TOKENS[token](runs)
    with contextlib.ExitStack() as away:
        runs.host.meanwhile = lambda: away.enter_context(READ_ONLY[runs.place.kind](runs.place))
        code, log = COMMANDS[command](runs)
        assert code == 0, log
        (kept,) = (runs.folder / ".tiktokshop").iterdir()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        (sentence,) = ERROR.findall(log)
        assert f"the new tokens are safe in {kept}" in sentence
    code, log = COMMANDS[command](runs)
    assert code == 0, log
    assert ERROR.findall(log) == []
    assert runs.host.asked == 1
    assert runs.store().read().refresh_token.reveal() == runs.tokens()[1]
    assert not (runs.folder / ".tiktokshop").exists()


@pytest.mark.parametrize("address", ["env:THE_PAIR", f"command:{sys.executable} print_pair.py"])
@pytest.mark.parametrize("runs", ["file"], indirect=True)
@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_whose_tokens_are_only_read_spends_nothing_and_says_who_has_to_refresh_them(
    runs, command, token, address, monkeypatch
):
    TOKENS[token](runs)
    before, pair = runs.tokens(), runs.place.raw().decode()
    monkeypatch.setenv("THE_PAIR", pair)
    (runs.folder / "print_pair.py").write_text(f"print({pair!r})")
    runs.config["token_store"] = address
    runs.write("config.json", runs.config)
    code, log = COMMANDS[command](runs)
    assert code == 2, log
    (sentence,) = ERROR.findall(log)
    assert "is read-only, so tokens are not refreshed here: let the program that owns it refresh them" in sentence
    assert "Traceback" not in log
    assert runs.host.asked == 0
    assert runs.tokens() == before
