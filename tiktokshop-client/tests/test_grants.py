"""No refresh token and no code is spent before all that can fail afterwards has been tried; what is bought is kept."""

from __future__ import annotations

import contextlib
import signal
import stat
import subprocess
import sys
import time

import pytest
from store_faults import FULL, READ_ONLY, filled, small_disk
from store_places import PLACES
from tiktokshop_client import Client, Secret, Token, errors
from tiktokshop_client.authorise import Standing, exchange
from tiktokshop_client.stores import objects as store_objects
from tiktokshop_client.stores import redis as store_redis
from tiktokshop_client.token import KEY_VARIABLE
from tiktokshop_client.tokens.refresh import store_for

REFRESH = "/api/v2/token/refresh"
EXCHANGE = "/api/v2/token/get"
NOW = 1_700_000_000
SHOPS = "/authorization/202309/shops"
OLD = Token(
    Secret("canary-old-access"), Secret("canary-old-refresh"), access_expires_at=NOW + 86400, issued_at=NOW - 60
)
EXPIRED = Token(
    Secret("canary-old-access"), Secret("canary-old-refresh"), access_expires_at=NOW - 1, issued_at=NOW - 60
)


@pytest.fixture(params=[pytest.param(kind, marks=[pytest.mark.slow] if kind == "s3" else []) for kind in PLACES])
def place(request, tmp_path, monkeypatch):
    for module in (store_redis, store_objects):  # the lock of a store that cannot be written stays until it runs out
        monkeypatch.setattr(module, "LEASE", 0.5)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "temporary"))
    return PLACES[request.param](request, tmp_path, monkeypatch)


@pytest.fixture
def grant(place, platform, settings, clock):
    return Grant(place, platform, settings(access_token=None, refresh_token=None, token_store=place.address), clock)


class Grant:
    """A grant in a store, a token host that takes each refresh token once, and the ways to use one up."""

    def __init__(self, place, platform, settings, clock):
        self.place, self.platform, self.settings, self.clock = place, platform, settings, clock
        self.spent = 0
        self.good = ("canary-old-access", "canary-old-refresh")
        self.meanwhile = contextlib.ExitStack()
        self.when_asked = []
        platform.on(REFRESH, self.sell)
        platform.on(EXCHANGE, self.sell)
        platform.on(SHOPS, self.shops)

    def sell(self, seen):
        if seen.path == REFRESH and seen.query["refresh_token"] != self.good[1]:
            return self.platform.no(36004005, "can not find related auth record")
        self.spent += 1
        self.good = (f"access-{self.spent}", f"refresh-{self.spent}")
        for fault in self.when_asked:
            self.meanwhile.enter_context(fault(self.place))
        return self.platform.pair(str(self.spent))

    def shops(self, seen):
        if seen.headers["x-tts-access-token"] != self.good[0]:
            return self.platform.no(105002, "expired", 401)
        return self.platform.ok({"shops": [{"id": "1", "cipher": "c"}]})

    def store(self):
        return store_for(self.settings)

    def client(self):
        return Client(self.settings, token_store=self.store(), clock=self.clock)

    def login(self):
        exchange(self.settings, self.store(), Secret("canary-code"), self.clock)

    def refresh(self):
        with self.client() as client:
            client.refresh()

    def run(self):
        """A run whose token has expired, or is refused."""
        with self.client() as client:
            client.shops()


WAYS = {
    "login": (OLD, Grant.login),
    "auth refresh": (OLD, Grant.refresh),
    "run, expired": (EXPIRED, Grant.run),
    "run, refused": (OLD, Grant.run),
}


def bad_key(place, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "not-a-key")
    return contextlib.nullcontext()


def no_library(place, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "x" * 43 + "=")
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    return contextlib.nullcontext()


BEFOREHAND = {
    "bad key": (bad_key, "is not a key"),
    "missing library": (no_library, r"pip install '\./tiktokshop-client\[encryption\]'"),
    "full": (lambda place, _: FULL[place.kind](place), r"cannot be written|no memory|no room|refuses these"),
    "read-only": (lambda place, _: READ_ONLY[place.kind](place), r"cannot be|only reads|only be read|refuses these"),
}


@pytest.mark.parametrize("fault", BEFOREHAND)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_spent_while_the_new_pair_could_not_be_kept(grant, way, fault, monkeypatch, tmp_path):
    token, use = WAYS[way]
    grant.store().write(token)
    if way == "run, refused":
        grant.good = ("another", grant.good[1])
    before = grant.place.raw()
    make, words = BEFOREHAND[fault]
    with make(grant.place, monkeypatch), pytest.raises(errors.TikTokShopError, match=words) as caught:
        use(grant)
    assert grant.spent == 0
    assert grant.platform.asked(REFRESH) + grant.platform.asked(EXCHANGE) == []
    assert grant.place.raw() == before
    assert "canary" not in str(caught.value)
    assert not list(tmp_path.rglob("*.tmp")) + list(tmp_path.rglob("rescued-*"))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    use(grant)
    assert grant.spent == 1
    assert grant.store().read().refresh_token == Secret("refresh-1")


@pytest.mark.parametrize("way", WAYS)
def test_a_pair_outlives_a_store_that_goes_away_while_it_is_bought(grant, way, caplog, tmp_path):
    token, use = WAYS[way]
    grant.store().write(token)
    if way == "run, refused":
        grant.good = ("another", grant.good[1])
    grant.when_asked = [READ_ONLY[grant.place.kind]]
    with grant.meanwhile:
        use(grant)
        (kept,) = (tmp_path / ".tiktokshop").iterdir()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert f"the new tokens are safe in {kept}" in caplog.text
        assert 25 <= sum(grant.clock.waits) <= 30
    assert grant.store().read() == token, "the store came back as it was"
    grant.when_asked = []
    grant.run()
    assert grant.spent == 1
    assert grant.store().read().refresh_token == Secret("refresh-1")
    assert not (tmp_path / ".tiktokshop").exists()
    assert "canary" not in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_a_store_that_is_back_in_time_takes_the_pair_itself(grant, way, monkeypatch, caplog, tmp_path):
    token, use = WAYS[way]
    grant.store().write(token)
    if way == "run, refused":
        grant.good = ("another", grant.good[1])
    grant.when_asked = [READ_ONLY[grant.place.kind]]
    wait = grant.clock.wait

    def healing(seconds, wake):
        grant.meanwhile.close()
        return wait(seconds, wake)

    monkeypatch.setattr(grant.clock, "wait", healing)
    use(grant)
    assert grant.spent == 1
    assert grant.store().read().refresh_token == Secret("refresh-1")
    assert grant.clock.waits == [0.5]
    assert not list(tmp_path.rglob("rescued-*"))


@pytest.mark.parametrize("place", ["redis", "postgresql"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("meanwhile", ["gone", "older"])
def test_a_pair_is_not_dropped_for_an_empty_place_or_an_older_pair(grant, way, meanwhile):
    token, use = WAYS[way]
    grant.store().write(token)
    if way == "run, refused":
        grant.good = ("another", grant.good[1])

    def changed(_):
        if meanwhile == "gone":
            grant.store().clear()
        else:  # by somebody whose lock ran out
            grant.store().write(Token(Secret("older-access"), Secret("older-refresh"), issued_at=NOW - 3600))
        return contextlib.nullcontext()

    grant.when_asked = [changed]
    use(grant)
    grant.when_asked = []
    grant.run()
    assert grant.spent == 1
    assert grant.store().read().refresh_token == Secret("refresh-1")


@pytest.mark.parametrize("place", ["file"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_fills_up_meanwhile_has_the_room_that_was_taken(grant, way, tmp_path):
    token, use = WAYS[way]
    grant.store().write(token)
    if way == "run, refused":
        grant.good = ("another", grant.good[1])
    with small_disk(grant.place) as mounted:
        if not mounted:
            pytest.skip("only root can mount a small disk")
        grant.when_asked = [filled]
        with grant.meanwhile:
            use(grant)
            assert grant.store().read().refresh_token == Secret("refresh-1")
    assert 0.5 not in grant.clock.waits
    assert not list(tmp_path.rglob("rescued-*"))


@pytest.mark.parametrize("place", ["redis"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_a_redis_whose_memory_fills_up_meanwhile_takes_the_pair_all_the_same(grant, way, tmp_path):
    token, use = WAYS[way]
    grant.store().write(token)
    if way == "run, refused":
        grant.good = ("another", grant.good[1])
    grant.when_asked = [FULL["redis"]]
    with grant.meanwhile:
        use(grant)
    assert grant.store().read().refresh_token == Secret("refresh-1")
    assert 0.5 not in grant.clock.waits
    assert not list(tmp_path.rglob("rescued-*"))


STOPPED = """
import signal, sys, threading
from tiktokshop_client import Client, Settings
url, address, how = sys.argv[1:]
settings = Settings.from_config({
    "app_key": "68xu9ks5p4i8", "app_secret": "app-secret-0123456789", "token_store": address,
    "api_base_url": url, "auth_base_url": url,
})
client = Client(settings)
def end(number, _):
    client.close()  # as the target does
    sys.exit(3)
for number in (signal.SIGTERM, signal.SIGINT):
    if how not in ("plain", "console"):
        signal.signal(number, end)
if how == "console":
    from tiktokshop_client import console
    console.run(client.refresh, "test")
if how == "in a thread":
    worker = threading.Thread(target=client.refresh, daemon=True)
    worker.start()
    signal.pause()
client.refresh()
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["file"], indirect=True)
@pytest.mark.parametrize(
    ("how", "number"),
    [
        ("plain", signal.SIGINT),
        ("handled", signal.SIGTERM),
        ("handled", signal.SIGINT),
        ("in a thread", signal.SIGTERM),
        ("console", signal.SIGTERM),
        ("console", signal.SIGHUP),
        ("console", signal.SIGINT),
    ],
)
def test_a_run_that_is_stopped_while_it_refreshes_keeps_the_pair_and_then_ends(grant, how, number):
    grant.store().write(OLD)
    command = [sys.executable, "-c", STOPPED, grant.platform.url, grant.place.address, how]
    running = []

    def stopped(_):
        for _ in range(3 if how == "console" else 1):
            running[0].send_signal(number)
            time.sleep(0.3)  # so that the signal is there before the answer

    grant.when_asked = [lambda place: contextlib.nullcontext(stopped(place))]
    running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
    _, log = running[0].communicate(timeout=30)
    ends = {"plain": -number, "console": 128 + number}
    assert running[0].returncode == ends.get(how, 3), log
    assert grant.spent == 1
    assert grant.store().read().refresh_token == Secret("refresh-1")


def test_status_says_what_is_unknown():
    lines = Standing(Token(Secret("a")), (), "here").lines()
    assert lines[:3] == [
        "Seller        unknown: the platform did not say",
        "Access token  unknown: the platform did not say",
        "Grant         unknown: the platform did not say",
    ]
    known = Standing(Token(Secret("a"), access_expires_at=NOW, refresh_expires_at=NOW), (), "here").lines()
    assert known[1:3] == ["Access token  valid until 2023-11-14 22:13 UTC", "Grant         ends 2023-11-14 22:13 UTC"]
