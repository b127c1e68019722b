"""One suite for every place a token pair can be kept in: whole, private, and one refresh whoever notices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from store_places import PASSWORD, PLACES
from tiktokshop_client import Client, Secret, Settings, Token, errors, operations
from tiktokshop_client.stores import LostRaceError
from tiktokshop_client.stores import address as stores
from tiktokshop_client.token import KEY_VARIABLE
from tiktokshop_client.tokens.refresh import store_for

REFRESH = "/api/v2/token/refresh"
SHOPS = "/authorization/202309/shops"
APP_KEY = "68xu9ks5p4i8"  # by which servers tell pairs apart
SERVERS = [name for name in PLACES if name != "file"]


@pytest.fixture
def place(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a process that is killed may leave something
    return PLACES[request.param](request, tmp_path, monkeypatch)


everywhere = pytest.mark.parametrize("place", PLACES, indirect=True)
on_servers = pytest.mark.parametrize("place", SERVERS, indirect=True)


def opened(address: str, **config):
    return store_for(
        Settings.from_config({"app_key": APP_KEY, "app_secret": "s" * 20, "token_store": address, **config})
    )


def token(number: int) -> Token:
    return Token(
        Secret(f"canary-access-{number}"),
        Secret(f"canary-refresh-{number}"),
        access_expires_at=1_700_600_000 + number,
        refresh_expires_at=4_854_580_847,
        issued_at=1_700_000_000,
        seller_name="Tea & Co é",
        granted_scopes=("seller.order.info",),
    )


@everywhere
def test_a_pair_comes_back_as_it_was_written(place):
    store = opened(place.address)
    assert store.read() is None
    with store.locked():
        store.check_writable()
        store.write(token(1))
    assert opened(place.address).read() == token(1)
    store.write(token(2))
    assert opened(place.address).read() == token(2)


@everywhere
def test_a_pair_can_be_forgotten(place):
    store = opened(place.address)
    store.write(token(1))
    with store.locked():
        store.clear()
    assert opened(place.address).read() is None
    assert b"canary-refresh" not in place.raw()
    store.write(token(2))
    assert opened(place.address).read() == token(2)


@everywhere
def test_a_check_leaves_nothing_behind(place):
    opened(place.address).check_writable()
    assert place.raw() == b""


@everywhere
def test_readers_see_whole_pairs_that_never_go_back(place):
    opened(place.address).write(token(0))
    seen: list[list[Token]] = [[], [], []]
    done = threading.Event()

    def read(into: list[Token]) -> None:
        store = opened(place.address)
        while not done.is_set():
            into.append(store.read())

    readers = [threading.Thread(target=read, args=(into,)) for into in seen]
    for reader in readers:
        reader.start()
    store = opened(place.address)
    for number in range(1, 13):
        with store.locked():
            store.write(token(number))
    done.set()
    for reader in readers:
        reader.join()
    for pairs in seen:
        numbers = [int(pair.access_token.reveal().rsplit("-", 1)[1]) for pair in pairs]
        assert [token(number) for number in numbers] == pairs
        assert numbers == sorted(numbers)


@everywhere
def test_a_key_in_the_environment_encrypts_what_lies_there(place, monkeypatch):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv(KEY_VARIABLE, old)
    store = opened(place.address)
    with store.locked():
        store.write(token(1))
    assert place.raw()
    assert b"canary" not in place.raw()
    assert b"Tea" not in place.raw()
    assert opened(place.address).read() == token(1)
    monkeypatch.setenv(KEY_VARIABLE, f"{new},{old}")
    assert opened(place.address).read() == token(1), "the old key still opens"
    opened(place.address).write(token(2))
    monkeypatch.setenv(KEY_VARIABLE, new)
    assert opened(place.address).read() == token(2), "the first key encrypts"
    monkeypatch.setenv(KEY_VARIABLE, old)
    with pytest.raises(errors.ConfigurationError, match="encrypted with another key than TIKTOKSHOP_TOKEN_KEY"):
        opened(place.address).read()
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(errors.ConfigurationError, match="is encrypted: put its key into TIKTOKSHOP_TOKEN_KEY"):
        opened(place.address).read()
    monkeypatch.setenv(KEY_VARIABLE, "no key")
    with pytest.raises(errors.ConfigurationError, match="is not a key"):
        opened(place.address).write(token(3))


@everywhere
def test_a_pair_from_before_the_key_can_still_be_read(place, monkeypatch):
    opened(place.address).write(token(1))
    monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
    assert opened(place.address).read() == token(1)


@everywhere
def test_who_may_not_write_is_refused_before_the_old_pair_is_given_up(place, tmp_path):
    opened(place.address).write(token(1))
    if place.kind == "file":  # root may write anywhere but into a file's place as a folder
        (tmp_path / "loose").write_text("in the way")
    with place.deny(), pytest.raises(errors.ConfigurationError, match=r"cannot be written|refuses th") as caught:
        opened(place.forbidden).check_writable()
    assert PASSWORD not in str(caught.value)
    assert opened(place.address).read() == token(1)


@pytest.mark.parametrize("place", ["file", "postgresql"], indirect=True)
def test_a_store_that_is_open_to_others_is_refused(place):
    opened(place.address).write(token(1))
    place.loosen()
    with pytest.raises(errors.ConfigurationError, match=r"so it is not used: .*(chmod 600|REVOKE)"):
        opened(place.address).read()


@pytest.mark.parametrize("place", ["redis", "postgresql"], indirect=True)
def test_a_wrong_password_is_refused_without_showing_it(place):
    with pytest.raises(errors.ConfigurationError, match="refuses this user") as caught:
        opened(place.address.replace(PASSWORD, "canary-wrong")).read()
    assert "canary" not in f"{caught.value!r} {caught.value} {caught.value.__context__ or ''}"


@on_servers
def test_a_place_that_is_not_there_is_named_without_its_password(place):
    with pytest.raises(errors.TikTokShopError, match=r"cannot be reached|does not exist") as caught:
        opened(place.gone).check_writable()
    assert PASSWORD not in str(caught.value)
    assert caught.value.reach == "run"


@on_servers
def test_a_lost_race_leaves_the_winners_pair(place):
    late, winner = opened(place.address), opened(place.address)
    winner.write(token(0))
    with late.locked():
        assert late.read() == token(0)
        winner.write(token(1))  # as after a lease that ran out
        with pytest.raises(LostRaceError, match="meanwhile"):
            late.write(token(2))
    assert late.read() == token(1)


@on_servers
def test_a_client_that_loses_the_race_goes_on_with_the_winners_pair(place, platform, clock, settings):
    store, winner = opened(place.address), opened(place.address)

    def slow(seen):
        winner.write(token(7))
        return platform.pair("late")

    platform.on(REFRESH, slow)
    platform.on(
        SHOPS,
        lambda seen: (
            platform.ok({"shops": [{"id": "1", "cipher": "c"}]})
            if seen.headers["x-tts-access-token"] == "canary-access-7"
            else platform.no(105002, "expired", 401)
        ),
    )
    store.write(token(0))
    bare = settings(access_token=None, refresh_token=None, token_store=place.address)
    with Client(bare, token_store=store, clock=clock) as client:
        assert client.shops()[0].id == "1"
    assert winner.read() == token(7)


RUN = """
import sys
from tiktokshop_client import Client, Settings, operations
from tiktokshop_client.stores import objects as store_objects, redis as store_redis
store_redis.LEASE = store_objects.LEASE = 1.5
url, address, die = sys.argv[1:]
settings = Settings.from_config({
    "app_key": "68xu9ks5p4i8", "app_secret": "app-secret-0123456789", "token_store": address,
    "api_base_url": url, "auth_base_url": url, "max_tries": 1,
})
from tiktokshop_client.tokens.refresh import store_for
import os, signal
store = store_for(settings)
write = store.write
def dying(token):
    if die == "after":
        write(token)
    os.kill(os.getpid(), signal.SIGKILL)
if die != "never":
    store.write = dying
with Client(settings, token_store=store) as client:
    try:
        print("ok", client.call(operations.GET_SHOPS).data["shops"][0]["id"])
    except Exception as error:
        print(type(error).__name__, error)
"""


def process(place, url: str, die: str = "never") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, url, place.address, die],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **place.environment},
    )


def exit_code(running: subprocess.Popen[str]) -> int:
    running.communicate(timeout=60)
    return running.returncode


class Rotating:
    """A platform whose refresh kills the old pair at once."""

    def __init__(self, platform) -> None:
        self.platform, self.refresh, self.access, self.refreshes = platform, "canary-refresh-0", "none", 0
        self._lock = threading.Lock()
        platform.on(REFRESH, self.refreshed)
        platform.on(SHOPS, self.data)

    def refreshed(self, seen):
        with self._lock:
            if seen.query["refresh_token"] != self.refresh:
                return self.platform.no(36004005, "can not find related auth record")
            self.refreshes += 1
            self.refresh, self.access = f"refresh-{self.refreshes}", f"access-{self.refreshes}"
            return self.platform.pair(str(self.refreshes), access_token_expire_in=int(time.time()) + 7 * 86400)

    def data(self, seen):
        if seen.headers["x-tts-access-token"] != self.access:
            return self.platform.no(105002, "Expired credentials. The 'access_token' has expired.", 401)
        return self.platform.ok({"shops": [{"id": "1", "cipher": "c"}]})


@pytest.mark.slow
@everywhere
def test_eight_processes_that_notice_at_once_refresh_once(place, platform):
    host = Rotating(platform)
    opened(place.address).write(token(0))
    racing = [process(place, platform.url) for _ in range(8)]
    results = [one.communicate(timeout=90) for one in racing]
    assert [output for output, _ in results] == ["ok 1\n"] * 8, results
    assert host.refreshes == 1
    stored = opened(place.address).read()
    assert stored.access_token.reveal() == "access-1"
    assert not [text for text in results if "access-1" in str(text) or PASSWORD in str(text)]


@pytest.mark.slow
@everywhere
def test_a_process_killed_before_it_stored_blocks_nobody_and_is_explained(place, platform):
    host = Rotating(platform)
    opened(place.address).write(token(0))
    assert exit_code(process(place, platform.url, "before")) == -9
    assert host.refreshes == 1
    output, log = process(place, platform.url).communicate(timeout=90)
    assert output.startswith("AuthorisationError refresh_token for "), log
    assert "the seller must authorise the app again" in output
    assert opened(place.address).read() == token(0)


@pytest.mark.slow
@everywhere
def test_a_process_killed_after_it_stored_has_lost_nothing(place, platform):
    host = Rotating(platform)
    opened(place.address).write(token(0))
    assert exit_code(process(place, platform.url, "after")) == -9
    assert process(place, platform.url).communicate(timeout=90)[0] == "ok 1\n"
    assert host.refreshes == 1, "the pair that the dead process stored was used"


@pytest.mark.parametrize("content", ["canary-bare-token", json.dumps({"access_token": "canary-bare-token"})])
def test_a_seed_can_come_from_the_environment_or_a_command(content, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_TOKEN", content)
    (tmp_path / "with space").write_text(content)
    for address in ("env:SHOP_TOKEN", f"command:cat '{tmp_path}/with space'"):
        store = opened(address)
        assert store.read().access_token.reveal() == "canary-bare-token"
        with store.locked(), pytest.raises(errors.ConfigurationError, match="is read-only"):
            store.write(token(1))
        with pytest.raises(errors.ConfigurationError, match="is read-only"):
            store.clear()
        assert "with space" not in store.name, "arguments may be secrets"
    monkeypatch.delenv("SHOP_TOKEN")
    assert opened("env:SHOP_TOKEN").read() is None


def test_a_seed_is_read_again_when_its_token_is_refused(platform, client, tmp_path):
    platform.on(SHOPS, lambda seen: platform.ok({"shops": []})
                if seen.headers["x-tts-access-token"] == "fresh" else platform.no(105002, "expired", 401))  # fmt: skip
    file = tmp_path / "secret"
    file.write_text('{"access_token": "old", "refresh_token": "r"}')
    one = client(opened(f"command:cat {file}"), access_token=None, refresh_token=None, token_store="env:UNUSED")
    one._tokens.current()
    file.write_text('{"access_token": "fresh", "refresh_token": "r"}')
    assert one.call(operations.GET_SHOPS).data == {"shops": []}
    assert platform.asked(REFRESH) == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("command:false", "ends with exit code 1"),
        ("command:/no/such/program --token canary", "cannot be started"),
        ("command:echo 'canary", "an odd quote"),
        ("env:", "needs the variable's name"),
        ("ftp://host/x", "a kind of store that is not known: ftp://"),
        ("redis://host:port/0", "not a URL that can be read"),
        ("s3://bucket", "needs a bucket and a folder"),
    ],
)
def test_an_address_that_cannot_work_says_why(address, words):
    with pytest.raises(errors.ConfigurationError, match=words) as caught:
        opened(address).read()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "extra"),
    [
        ("redis://h/0", "redis"),
        ("postgresql://h/d", "postgresql"),
        ("s3://b/f", "s3"),
        ("gs://b/f", "gs"),
        ("az://b/f", "az"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(address, extra, monkeypatch):
    monkeypatch.setattr(stores, "find_spec", lambda _: None)
    with pytest.raises(errors.ConfigurationError, match=rf"the extra {extra}, .*'\./tiktokshop-client\[{extra}\]'"):
        opened(address)


def test_settings_and_stores_print_no_password():
    config = {"app_key": "key", "app_secret": "s" * 20, "token_store": f"redis://u:{PASSWORD}@h:1/0?name=a"}
    settings = Settings.from_config(config)
    store = store_for(settings)
    assert PASSWORD not in repr(settings) + repr(vars(store)) + store.name
    assert store.name == "redis://h:1/0"
    assert vars(store)["_key"] == "tiktokshop:tokens:a"


def test_a_path_stays_a_path():
    assert Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": "a/b:c.json"}).token_store == Path(
        "a/b:c.json"
    )
