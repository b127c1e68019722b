"""No secret is seen in what whole commands print, log or leave in files, whatever the platform or a library quotes."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from in_process import call
from secret_forms import INSIDE, PACKINGS, WAYS
from tiktokshop_client.clock import SystemClock
from tiktokshop_client.redaction import HEAD
from tiktokshop_webhooks.inbox import Arrival, Stray, open_inbox

from conftest import KEYS, catalog

SECRETS = {
    "app_secret": "Zq7+Wv/3x=Kp\"9'Lm&<Rt%41>_8Yb",
    "access_token": "Hd4+Nc/8s=Vg\"2'Jx&<Fw%42>_Tm6Pz",
    "refresh_token": "Bk9+Qy/5u=Xr\"7'Ds&<Ga%43>_Lh3Ce",
    "cipher": "Ue2+Mf/6p=Ti\"4'Sn&<Ov%44>_Ab8Xk",
    "fresh_access": "Cw5+Rj/1g=Ey\"8'Uh&<Zp%45>_Kq2Vd",
    "fresh_refresh": "Lz8+Px/4d=Ws\"6'Bm&<Ie%46>_Yn9Gt",
    "code": "Fj3+Av/7k=Nu\"5'Qc&<Hs%47>_Dr4Wo",
}
SHOPS = "/authorization/202309/shops"
ORDERS = "/order/202309/orders/search"
REFRESH = "/api/v2/token/refresh"
EXCHANGE = "/api/v2/token/get"
GIVEN = {SHOPS: ["cipher"], REFRESH: ["fresh_access", "fresh_refresh"], EXCHANGE: ["fresh_access", "fresh_refresh"]}
"""What the platform gives with its answers."""
OF_TOKENS = ("tokens", "rescued-", "inbox")
"""How the files begin that hold tokens, or what anybody sent, on purpose, for their owner alone."""
TELLING = HEAD
"""So many characters of a form of a secret in a row may not be seen."""


def forms_of(secret):
    """Name -> the secret in each way, with base64 at each of the places where it may begin, and in lines."""
    forms = {name: way(secret) for name, way in WAYS.items()}
    for before in range(3):
        for packing, pack in PACKINGS.items():
            for inner, inside in INSIDE.items():
                forms[f"{packing} of {inner} at {before}"] = pack(b"," * before + inside(secret).encode()).decode()
    for name in ("plain", "percent-encoded", "base64 of plain at 0", "base64 of plain at 1"):
        form = forms[name]
        forms[f"{name} in lines"] = "\n".join(form[place : place + 20] for place in range(0, len(form), 20))
    return forms


FORMS = tuple(forms_of(SECRETS["code"]))


def pieces_of(text):
    """All that is in a text and just long enough to tell."""
    return {text[place : place + TELLING] for place in range(len(text) - TELLING + 1)}


CANARIES = frozenset(
    piece for secret in SECRETS.values() for form in forms_of(secret).values() for piece in pieces_of(form)
)


def canaries_in(text):
    """What of the secrets can be seen in a text, also if it is in lines."""
    return sorted(CANARIES & (pieces_of(text) | pieces_of(re.sub(r"(\s|\\+[nr])+", "", text))))


def envelope(code, message, **more):
    return json.dumps({"code": code, "message": message, "request_id": message, "data": None, **more}).encode()


def one_line(echo):
    """As a header takes it."""
    return echo.encode("ascii", "backslashreplace").decode().replace("\n", "\\n")


ANSWERS = {
    "a refusal": lambda echo: (400, {}, envelope(36009004, f"access_token {echo} is no parameter")),
    "a refusal of an unknown code": lambda echo: (200, {}, envelope(87654321, echo, detail=echo)),
    "a refused token": lambda echo: (401, {}, envelope(105002, echo)),
    "a refused signature": lambda echo: (401, {}, envelope(106001, echo)),
    "a missing scope": lambda echo: (401, {}, envelope(105005, echo)),
    "too many requests": lambda echo: (429, {"Retry-After": "1"}, envelope(36009002, echo)),
    "a page": lambda echo: (500, {}, f"<html>{echo}".encode()),
    "a page of text": lambda echo: (404, {"Content-Type": "text/plain"}, echo.encode()),
    "a way elsewhere": lambda echo: (302, {"Location": f"https://elsewhere.example/?{one_line(echo)}"}, b""),
    "an odd header": lambda echo: (200, {"Content-Encoding": one_line(echo), "Date": one_line(echo)}, b"{}"),
    "an odd answer": lambda echo: (200, {}, json.dumps({"code": echo, "data": echo}).encode()),
    "half an answer": lambda echo: (0, {}, envelope(0, echo)),
    "odd data": lambda echo: (200, {}, envelope(0, "", data={"shops": echo, "orders": [echo], echo: echo})),
}


@dataclass
class Hostile:
    """A platform that lets through what it was laid out to, and quotes in every other answer the secrets that it met.

    Sentences quote no more than the first hundreds of characters, so it quotes one secret an answer, by turns.
    """

    answers: dict = field(default_factory=dict)
    otherwise: object = ANSWERS["a refusal"]
    form: str = "plain"
    url: str = ""
    asked: list = field(default_factory=list)
    met: list = field(default_factory=lambda: ["app_secret", "access_token", "refresh_token"])

    def take(self, path):
        self.asked.append(path)
        if path in self.answers:
            self.met += GIVEN.get(path, ())
            body = {"code": 0, "message": "Success", "request_id": "R1", "data": self.answers[path]}
            return 200, {}, json.dumps(body).encode()
        secret = SECRETS[self.met[len(self.asked) % len(self.met)]]
        return self.otherwise(forms_of(secret)[self.form])


def handler(platform):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = platform.take(urlsplit(self.path).path)
            self.send_response(status or 200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if status else body[: len(body) // 2])
            self.close_connection = not status

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server looks for these names

        def log_message(self, *_):
            """Keeps the test's output clean."""

    return Handler


@dataclass
class User:
    """Somebody with the secrets in the configuration, and all that the commands said and left."""

    folder: Path
    platform: Hostile
    config: dict
    texts: list = field(default_factory=list)

    def __post_init__(self):
        self.write("config.json", self.config)
        self.write("target.json", {**self.config, "results_path": "results.jsonl", "max_rejected_percent": 100})
        self.write("catalog.json", catalog(("shops", "orders", "products")))
        schema = {"type": "SCHEMA", "stream": "inventory", "schema": {"properties": {}}, "key_properties": []}
        record = {"shop_id": "7495", "sku_id": "1", "warehouse_id": "1", "quantity": 1}
        lines = [schema, {"type": "RECORD", "stream": "inventory", "record": record}, {"type": "STATE", "value": {}}]
        (self.folder / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        row = {"stream": "inventory", "outcome": "rejected", "reason": SECRETS["code"], "record": record}
        self.write("old.jsonl", row)
        self.given = {path.name for path in self.folder.iterdir()}

    def write(self, name, value):
        (self.folder / name).write_text(json.dumps(value))

    def changed(self, **config):
        """Gives the commands another configuration."""
        for name in ("config.json", "target.json"):
            self.write(name, {**json.loads((self.folder / name).read_text()), **config})

    def call(self, *words):
        ended = call(*words)
        self.texts += [ended.output, ended.log]
        return ended

    def seen(self):
        """All that was printed, and all files but those whose owner has given them, or that hold the tokens."""
        left = (Path(folder, name) for folder, _, names in os.walk(self.folder) for name in names)
        return "\n".join([*self.texts, *filter(None, map(self._text_of, left))])

    def _text_of(self, path):
        """What a file holds; None for those of tokens, of which threads of an ended run may still make and remove."""
        if path.name in self.given or path.name.startswith(OF_TOKENS):
            return None
        return path.read_text(errors="replace")  # a shared budget is no text


DEBUG = ("--log-level", "debug")
HOOKS = "tiktokshop-webhooks"
HTTPS = "https://hooks.example.com/webhooks"
WORK = {
    "tap": ("tap-tiktokshop", "--config", "config.json", "--catalog", "catalog.json", *DEBUG),
    "target": ("target-tiktokshop", "--config", "target.json", "--input", "records.jsonl", *DEBUG),
    "auth status": ("tiktokshop", "auth", "status", "--config", "config.json", *DEBUG),
    "auth refresh": ("tiktokshop", "auth", "refresh", "--config", "config.json", *DEBUG),
    "auth exchange": ("tiktokshop", "auth", "exchange", SECRETS["code"], "--config", "config.json", *DEBUG),
    "settle": ("target-tiktokshop-settle", "--config", "target.json", *DEBUG),
    "export": ("target-tiktokshop-export", "--config", "target.json", *DEBUG),
    "doctor": ("tiktokshop", "doctor", "--config", "config.json", *DEBUG),
    "doctor --json": ("tiktokshop", "doctor", "--json", "--config", "config.json", *DEBUG),
    "list": (HOOKS, "list", "--config", "config.json", *DEBUG),
    "subscribe": (HOOKS, "subscribe", "all", "--address", HTTPS, "--config", "config.json", *DEBUG),
    "unsubscribe": (HOOKS, "unsubscribe", "all", "--json", "--config", "config.json", *DEBUG),
}
QUIET = {
    "tap --discover": ("tap-tiktokshop", "--config", "config.json", "--discover", *DEBUG),
    "tap --about": ("tap-tiktokshop", "--config", "config.json", "--about", "--format", "json"),
    "target --about": ("target-tiktokshop", "--config", "target.json", "--about", "--format", "markdown"),
    "auth url": ("tiktokshop", "auth", "url", "--region", "legacy", "--config", "config.json", *DEBUG),
    "refeed": ("target-tiktokshop-refeed", "old.jsonl", *DEBUG),
    "auth logout": ("tiktokshop", "auth", "logout", "--config", "config.json", *DEBUG),
    "webhooks stats": (HOOKS, "stats", "--config", "config.json", *DEBUG),
    "dead list": (HOOKS, "dead", "list", "--config", "config.json", *DEBUG),
    "dead show": (HOOKS, "dead", "show", "1", "--config", "config.json", *DEBUG),
    "dead retry": (HOOKS, "dead", "retry", "--config", "config.json", *DEBUG),
    "quarantine list": (HOOKS, "quarantine", "list", "--config", "config.json", *DEBUG),
    "quarantine retry": (HOOKS, "quarantine", "retry", "--config", "config.json", *DEBUG),
    "quarantine clear": (HOOKS, "quarantine", "clear", "--config", "config.json", *DEBUG),
}
PAIR = {
    "access_token": SECRETS["fresh_access"],
    "access_token_expire_in": 4_854_580_000,
    "refresh_token": SECRETS["fresh_refresh"],
    "refresh_token_expire_in": 4_854_580_847,
    "open_id": "7010736057180325637",
    "seller_name": f"Tea {SECRETS['access_token']}",
    "granted_scopes": ["seller.order.info", SECRETS["refresh_token"]],
}
SHOP = {"id": "7495", "name": "Tea & Co", "region": "GB", "cipher": SECRETS["cipher"]}
TRUSTED = {SHOPS: {"shops": [SHOP]}, REFRESH: PAIR, EXCHANGE: PAIR}


@pytest.fixture
def platform():
    made = Hostile()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def user(platform, tmp_path, monkeypatch):
    skipped = [0.0]

    def wait(_, seconds, wake):
        skipped[0] += seconds
        return wake.is_set()

    monkeypatch.setattr(SystemClock, "wait", wait)
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + skipped[0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    config = {
        "app_key": "68xu9ks5p4i8",
        **{name: SECRETS[name] for name in ("app_secret", "access_token", "refresh_token")},
        "api_base_url": platform.url,
        "auth_base_url": platform.url,
        "token_store": "tokens.json",
        "requests_per_second": 100_000,
        "max_retries": 1,
    }
    return User(tmp_path, platform, config)


@pytest.mark.parametrize("form", FORMS)
def test_what_looks_for_the_secrets_finds_them(form):
    for secret in SECRETS.values():
        assert canaries_in(f"It said: {forms_of(secret)[form]}.")


def test_what_looks_for_the_secrets_finds_none_in_our_sentences():
    assert canaries_in("A sentence of ours about shop 7495, with code 36009004 (request_id 2023).") == []


@pytest.mark.parametrize("trust", ["nothing", "shops and tokens"])
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("work", WORK)
def test_a_platform_that_quotes_all_secrets_in_its_errors_gets_none_of_them_shown(user, work, answer, trust):
    user.changed(summary_path="summary.json")
    user.platform.answers = {} if trust == "nothing" else TRUSTED
    user.platform.otherwise = ANSWERS[answer]
    ended = user.call(*WORK[work])
    assert canaries_in(user.seen()) == []
    assert user.platform.asked
    assert "bug" not in ended.log


@pytest.mark.slow
def test_a_run_of_all_streams_shows_none_of_them_either(user):
    user.write("catalog.json", catalog(tuple(KEYS)))
    user.platform.answers = TRUSTED
    user.call(*WORK["tap"])
    assert canaries_in(user.seen()) == []
    assert len(set(user.platform.asked)) > 20


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("work", ["tap", "target"])
def test_in_whichever_form_it_quotes_them(user, work, form):
    user.platform.answers = {SHOPS: TRUSTED[SHOPS]}
    user.platform.form = form
    user.call(*WORK[work])
    assert canaries_in(user.seen()) == []
    assert "***" in user.seen()


NOWHERE = 1
"""A port at which nobody listens."""
PASSWORD = quote(SECRETS["code"], safe="")
ODD = {
    "a proxy that is not there": {"HTTP_PROXY": f"http://user:{PASSWORD}@127.0.0.1:{NOWHERE}", "NO_PROXY": ""},
    "a key that is none": {"TIKTOKSHOP_TOKEN_KEY": SECRETS["code"]},
    "a token with a line end": {"THE_TOKEN": SECRETS["code"] + "\n" + SECRETS["code"], "token_store": "env:THE_TOKEN"},
    "half a pair": {"THE_TOKEN": '{"access_token": "' + SECRETS["code"], "token_store": "env:THE_TOKEN"},
    "a pair that is encrypted": {"THE_TOKEN": f"fernet:{SECRETS['code']}", "token_store": "env:THE_TOKEN"},
    "a command that fails": {"token_store": f"command:{sys.executable} -c 'raise SystemExit(input())' {PASSWORD}"},
    "a command with an odd quote": {"token_store": f"command:vault '{PASSWORD}"},
    "a file without rights": {"token_store": "/proc/tokens.json"},
    "Redis": {"token_store": f"redis://:{PASSWORD}@127.0.0.1:{NOWHERE}/0"},
    "Redis at an odd port": {"token_store": f"redis://:{PASSWORD}@127.0.0.1:{PASSWORD}/0"},
    "PostgreSQL": {"token_store": f"postgresql://owner:{PASSWORD}@127.0.0.1:{NOWHERE}/postgres"},
    "PostgreSQL as words": {"token_store": f"postgresql://127.0.0.1:{NOWHERE}/postgres?password={PASSWORD}"},
    "S3": {
        "token_store": "s3://shop/tokens",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{NOWHERE}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRETS["code"],
        "AWS_MAX_ATTEMPTS": "1",
    },
    "a store of no kind": {"token_store": f"vault://{PASSWORD}@127.0.0.1/tokens"},
    "hosts that are none": {"api_base_url": f"https://user:{PASSWORD}@", "auth_base_url": f"ht!tp://{PASSWORD}"},
    "a number that is none": {"max_retries": SECRETS["code"]},
    "a map that is none": {"stream_maps": {"orders": {"__filter__": f"{SECRETS['app_secret']} ((("}}},
}
"""What the configuration and the environment say, and libraries would quote: `code` stands for any other secret."""


@pytest.mark.parametrize("odd", [pytest.param(odd, marks=[pytest.mark.slow] if odd == "S3" else []) for odd in ODD])
@pytest.mark.parametrize("work", WORK)
def test_what_libraries_would_quote_of_secrets_is_not_shown(user, work, odd, monkeypatch):
    user.platform.answers = TRUSTED
    for name, value in ODD[odd].items():
        if name.isupper():
            monkeypatch.setenv(name, value)
    user.changed(**{name: value for name, value in ODD[odd].items() if not name.isupper()})
    user.call(*WORK[work])
    assert canaries_in(user.seen()) == []


@pytest.mark.parametrize("work", QUIET)
def test_commands_that_ask_the_platform_nothing_show_no_secret(user, work):
    with contextlib.closing(open_inbox(".tiktokshop/inbox.sqlite")) as inbox:
        stray = Stray(SECRETS["code"].encode(), SECRETS["code"], "", "its signature is wrong", 0)
        inbox.keep([Arrival(b"no JSON", "68xu9ks5p4i8", 0)], [stray], 10_000)
    assert user.call(*QUIET[work]).code == 0
    assert canaries_in(user.seen()) == []
    assert user.platform.asked == []


@pytest.mark.slow
@pytest.mark.parametrize("module", ["tap_tiktokshop", "target_tiktokshop"])
def test_a_whole_process_shows_none(user, module):
    user.platform.answers = {SHOPS: TRUSTED[SHOPS]}
    user.platform.form = "base64 of percent-encoded at 2"
    work = WORK["tap" if module == "tap_tiktokshop" else "target"]
    ended = subprocess.run([sys.executable, "-m", module, *work[1:]], capture_output=True, text=True, check=False)
    user.texts += [ended.stdout, ended.stderr]
    assert "***" in user.seen()
    assert canaries_in(user.seen()) == []


@pytest.mark.slow
def test_a_sandbox_shows_none_of_those_that_it_is_sent(tmp_path):
    command = [sys.executable, "-c", "from tiktokshop_sandbox.cli import main; main()", "serve", "--port", "0"]
    command += ["--orders", "5", "--db", str(tmp_path / "shops.db")]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = []
    try:
        url = re.search(r"http://\S+", serving.stdout.readline())[0]
        given = {name: SECRETS[name] for name in ("app_secret", "access_token", "refresh_token")}
        headers = {"x-tts-access-token": SECRETS["access_token"]}
        query = {"shop_cipher": "c", "app_key": "k", "sign": SECRETS["code"], **given}
        answers = [
            requests.get(f"{url}{REFRESH}", params={**given, "grant_type": "refresh_token"}, timeout=10),
            requests.get(f"{url}{EXCHANGE}", params={**given, "auth_code": SECRETS["code"]}, timeout=10),
            requests.get(f"{url}{SHOPS}", params=query, headers=headers, timeout=10),
            requests.post(f"{url}{ORDERS}", params=query, headers=headers, json={}, timeout=10),
        ]
        assert [answer.json()["code"] == 0 for answer in answers] == [False] * 4
        seen += [answer.text for answer in answers]
        for page in ("/_sandbox/requests?limit=100", "/_sandbox/stats", "/console", "/console/requests"):
            answer = requests.get(f"{url}{page}", timeout=10)
            assert answer.status_code == 200, page
            seen.append(answer.text)
    finally:
        serving.terminate()
        seen += serving.communicate(timeout=30)
    assert ORDERS in "".join(seen)
    assert canaries_in("".join(seen)) == []
