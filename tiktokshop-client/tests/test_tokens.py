"""One refresh, whoever notices: threads, processes, and a platform that kills what it replaces."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import pytest
from tiktokshop_client import FileStore, MemoryStore, ReadOnlyStore, Secret, Token, errors, operations
from tiktokshop_client.tokens.refresh import expiry, fingerprint, store_for

NOW = 1_700_000_000
REFRESH = "/api/v2/token/refresh"
SHOPS = "/authorization/202309/shops"


class Rotating:
    """A token host whose refresh kills the old pair, and a data call that only takes the live token."""

    def __init__(self, platform, now: int = NOW, refresh: str = "refresh-seed", access: str = "expired") -> None:
        self.platform = platform
        self.now = now
        self.refresh = refresh
        self.access = access
        self.refreshes = 0
        self.pause = 0.0
        self._lock = threading.Lock()
        platform.on(REFRESH, self.refreshed)
        platform.on(SHOPS, self.data)

    def refreshed(self, seen):
        time.sleep(self.pause)
        with self._lock:
            if seen.query["refresh_token"] != self.refresh:
                return self.platform.no(36004005, "can not find related auth record")
            self.refreshes += 1
            self.refresh = f"refresh-{self.refreshes}"
            self.access = f"access-{self.refreshes}"
            return self.platform.pair(str(self.refreshes), access_token_expire_in=self.now + 7 * 86400)

    def data(self, seen):
        if seen.headers["x-tts-access-token"] != self.access:
            return self.platform.no(105002, "Expired credentials. The 'access_token' has expired.", 401)
        return self.platform.ok({"shops": [{"id": "1", "cipher": "c"}]})


def stored(**facts) -> Token:
    base = {
        "access_token": Secret("access-0"),
        "refresh_token": Secret("refresh-0"),
        "access_expires_at": NOW + 86400,
        "issued_at": NOW - 86400,
        "seller_name": "Tea & Co",
    }
    return Token(**{**base, **facts})


def test_an_expired_token_is_refreshed_once_and_the_call_repeated_once(platform, client):
    host = Rotating(platform)
    assert client().call(operations.GET_SHOPS).data["shops"][0]["id"] == "1"
    assert host.refreshes == 1
    (asked,) = platform.asked(REFRESH)
    assert asked.method == "GET"
    assert asked.query == {
        "app_key": "68xu9ks5p4i8",
        "app_secret": "app-secret-0123456789",
        "refresh_token": "refresh-seed",
        "grant_type": "refresh_token",
    }
    assert [seen.headers["x-tts-access-token"] for seen in platform.asked(SHOPS)] == ["access-seed", "access-1"]


@pytest.mark.parametrize("message", ["The 'x-tts-access-token' header is invalid", "access_token is invalid"])
def test_an_unknown_token_is_refreshed_too(platform, client, message):
    Rotating(platform, access="access-1")
    platform.on(SHOPS, platform.no(36009004, message, 400), platform.ok({"shops": []}))
    client().call(operations.GET_SHOPS)
    assert len(platform.asked(REFRESH)) == 1


def test_a_token_that_stays_refused_is_not_refreshed_for_ever(platform, client):
    platform.on(REFRESH, platform.pair("1"))
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    with pytest.raises(errors.AuthorisationError, match=r"must authorise the app again.*\(code 105002") as caught:
        client().call(operations.GET_SHOPS)
    assert len(platform.asked(REFRESH)) == 1
    assert caught.value.reach == "run"


def test_both_tokens_are_on_the_disk_before_the_new_one_is_used(platform, client, tmp_path):
    path = tmp_path / "tokens.json"
    found = []
    host = Rotating(platform)
    platform.on(SHOPS, lambda seen: found.append(path.exists() and json.loads(path.read_bytes())) or host.data(seen))
    client(FileStore(path)).call(operations.GET_SHOPS)
    assert found[0] is False, "a seed is not written: there is nothing new in it"
    assert (found[1]["access_token"], found[1]["refresh_token"]) == ("access-1", "refresh-1")


def test_the_pair_is_kept_with_what_the_platform_says_about_it(platform, client):
    Rotating(platform)
    store = MemoryStore()
    client(store).call(operations.GET_SHOPS)
    token = store.read()
    assert (token.seller_name, token.region, token.open_id) == ("Tea & Co", "GB", "7010736057180325637")
    assert token.granted_scopes == ("seller.order.info",)
    assert (token.access_expires_at, token.refresh_expires_at) == (NOW + 7 * 86400, 4_854_580_847)
    assert token.issued_at == NOW


def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(platform, client):
    platform.on(REFRESH, platform.pair("1", refresh_token=None))
    platform.on(SHOPS, platform.no(105002, "expired", 401), platform.ok({}))
    store = MemoryStore()
    client(store).call(operations.GET_SHOPS)
    assert store.read().refresh_token == Secret("refresh-seed")


def test_a_store_that_cannot_keep_the_new_pair_stops_the_refresh(platform, client, tmp_path):
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    name = "t" * 250  # the lock's name still fits into a folder, the new content's name does not
    with pytest.raises(errors.ConfigurationError, match="cannot be written"):
        client(FileStore(tmp_path / name)).call(operations.GET_SHOPS)
    assert platform.asked(REFRESH) == []


@pytest.mark.parametrize(
    ("left", "life", "refreshes"),
    [(601, 7 * 86400, 0), (599, 7 * 86400, 1), (-5, 7 * 86400, 1), (61, 120, 0), (59, 120, 1)],
)
def test_a_token_is_refreshed_ten_minutes_ahead_of_its_expiry(platform, client, settings, left, life, refreshes):
    host = Rotating(platform, refresh="refresh-0", access="access-0")
    store = MemoryStore()
    seed = fingerprint(settings())
    store.write(stored(access_expires_at=NOW + left, issued_at=NOW + left - life, seed=seed))
    client(store).call(operations.GET_SHOPS)
    assert host.refreshes == refreshes
    assert len(platform.asked(SHOPS)) == 1


def test_a_failing_refresh_ahead_of_expiry_is_put_off(platform, client, settings, clock, caplog):
    store = MemoryStore()
    store.write(stored(access_expires_at=NOW + 500, seed=fingerprint(settings())))
    platform.on(REFRESH, platform.say(503))
    platform.on(SHOPS, platform.ok({}))
    one = client(store)
    one.call(operations.GET_SHOPS)
    asked = len(platform.asked(REFRESH))
    one.call(operations.GET_SHOPS)
    assert len(platform.asked(REFRESH)) == asked == 5
    assert "could not be refreshed ahead of its expiry" in caplog.text
    clock.now = NOW + 501
    with pytest.raises(errors.TransientError, match="refresh_token for seller Tea & Co"):
        one.call(operations.GET_SHOPS)


def test_a_refresh_token_alone_is_enough(platform, client):
    host = Rotating(platform)
    client(access_token=None).call(operations.GET_SHOPS)
    assert host.refreshes == 1
    assert len(platform.asked(SHOPS)) == 1


def test_an_access_token_alone_is_used_until_it_is_refused(platform, client):
    platform.on(SHOPS, platform.ok({}), platform.no(105002, "expired", 401))
    one = client(refresh_token=None)
    one.call(operations.GET_SHOPS)
    with pytest.raises(
        errors.AuthorisationError, match=r"of the seller of app 68xu9ks5p4i8 .* set refresh_token"
    ) as caught:
        one.call(operations.GET_SHOPS)
    assert caught.value.reach == "run"
    assert platform.asked(REFRESH) == []


def test_the_store_wins_over_the_seed_it_grew_from(platform, client, settings):
    host = Rotating(platform, access="access-0")
    store = MemoryStore()
    store.write(stored(seed=fingerprint(settings())))
    client(store).call(operations.GET_SHOPS)
    assert host.refreshes == 0


@pytest.mark.parametrize("changed", [{"refresh_token": "new"}, {"access_token": "new"}, {"app_key": "new"}])
def test_a_changed_seed_wins_over_the_store(platform, client, settings, changed):
    store = MemoryStore()
    store.write(stored(seed=fingerprint(settings())))
    platform.on(SHOPS, platform.ok({}))
    client(store, **changed).call(operations.GET_SHOPS)
    assert platform.requests[0].headers["x-tts-access-token"] == changed.get("access_token", "access-seed")


def test_a_configuration_without_tokens_uses_the_store(platform, client, tmp_path):
    path = tmp_path / "tokens.json"
    FileStore(path).write(stored(seed="of another configuration"))
    Rotating(platform, refresh="refresh-0", access="access-1")
    bare = {"access_token": None, "refresh_token": None, "token_store": str(path)}
    client(FileStore(path), **bare).call(operations.GET_SHOPS)
    assert FileStore(path).read().access_token == Secret("access-1")
    assert FileStore(path).read().seed == "of another configuration", "the seed's owner still finds its pair"


def test_a_configuration_without_tokens_and_an_empty_store_is_reported(client, tmp_path):
    bare = {"access_token": None, "refresh_token": None, "token_store": str(tmp_path / "tokens.json")}
    with pytest.raises(errors.ConfigurationError, match="the token store is empty: set refresh_token"):
        client(FileStore(tmp_path / "tokens.json"), **bare).call(operations.GET_SHOPS)


def test_each_seed_has_a_default_file_of_its_own(settings, tmp_path, monkeypatch, platform, client):
    monkeypatch.chdir(tmp_path)
    one, other = settings(), settings(refresh_token="another")
    assert fingerprint(one) != fingerprint(other)
    for made in (one, other):
        store_for(made).write(stored(seed=fingerprint(made)))
    names = sorted(path.name for path in (tmp_path / ".tiktokshop").glob("*.json"))
    assert names == sorted(f"tokens-{fingerprint(made)[:12]}.json" for made in (one, other))


def test_the_fingerprint_does_not_show_the_secrets(settings):
    made = fingerprint(settings())
    assert len(made) == 64
    assert "seed" not in made
    assert fingerprint(settings(access_token="a", refresh_token="b")) != fingerprint(
        settings(access_token="b", refresh_token="a")
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (36004001, "rt has expired"),
        (36004004, "invalid auth code"),
        (36004005, "can not find related auth record"),
        (36009043, "shop inactive"),
        (36009044, "seller inactive"),
    ],
)
def test_a_dead_grant_names_the_seller_says_what_to_do_and_is_not_asked_again(
    platform, client, settings, code, message
):
    store = MemoryStore()
    store.write(stored(seed=fingerprint(settings())))
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    platform.on(REFRESH, platform.no(code, message))
    one = client(store)
    with pytest.raises(errors.TikTokShopError) as caught:
        one.call(operations.GET_SHOPS)
    text = str(caught.value)
    assert "seller Tea & Co" in text
    deactivated = code in {36009043, 36009044}
    assert ("authorising again does not help" if deactivated else "authorise the app again") in text
    assert ("new refresh_token" in text) is not deactivated
    assert f"code {code}" in text
    assert caught.value.reach == "run"
    with pytest.raises(errors.AuthorisationError) as again:
        one.call(operations.GET_SHOPS)
    text = str(again.value)
    assert "seller Tea & Co" in text
    assert ("authorising again does not help" if deactivated else "authorise the app again") in text
    assert ("new refresh_token" in text) is not deactivated
    assert f"code {code}" in text
    assert len(platform.asked(REFRESH)) == 1


def test_a_dead_grant_of_an_unknown_seller_names_the_shop(platform, client, shop):
    platform.on("/order/202309/orders/search", platform.no(105002, "expired", 401))
    platform.on(REFRESH, platform.no(36004005, "can not find related auth record"))
    with pytest.raises(errors.AuthorisationError, match=r"refresh_token for shop 7495 \(Tea & Co\)"):
        client().call(operations.SEARCH_ORDERS, shop=shop)


def test_a_wrong_secret_at_the_token_host_is_about_the_configuration(platform, client):
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    platform.on(REFRESH, platform.no(36009004, "Invalid app_key"))
    with pytest.raises(errors.ConfigurationError, match="check app_key"):
        client().call(operations.GET_SHOPS)


def test_the_token_host_gets_tries_of_its_own(platform, client):
    platform.on(SHOPS, platform.no(105002, "expired", 401), platform.ok({}))
    platform.on(REFRESH, platform.say(502), platform.say(fault="reset"), platform.ok({}), platform.pair("1"))
    client().call(operations.GET_SHOPS)
    assert len(platform.asked(REFRESH)) == 4


def test_a_race_lost_to_somebody_without_our_lock_is_settled_by_the_store(platform, client, settings):
    store = MemoryStore()
    seed = fingerprint(settings())
    store.write(stored(seed=seed))
    host = Rotating(platform, refresh="taken", access="access-9")

    def lost(seen):
        store.write(stored(access_token=Secret("access-9"), refresh_token=Secret("refresh-9"), seed=seed))
        return host.refreshed(seen)

    platform.on(REFRESH, lost)
    assert client(store).call(operations.GET_SHOPS).data["shops"]
    assert len(platform.asked(REFRESH)) == 1


def test_a_read_only_store_follows_the_program_that_owns_it(platform, client, settings, tmp_path):
    path = tmp_path / "tokens.json"
    seed = fingerprint(settings())
    FileStore(path).write(stored(seed=seed))
    host = Rotating(platform, access="access-9")
    one = client(ReadOnlyStore(path))
    with pytest.raises(errors.ConfigurationError, match="let the program that owns the store refresh it"):
        one.call(operations.GET_SHOPS)
    FileStore(path).write(stored(access_token=Secret("access-9"), seed=seed))
    assert one.call(operations.GET_SHOPS).data["shops"]
    assert host.refreshes == 0


def test_many_threads_that_notice_at_once_refresh_once(platform, client):
    host = Rotating(platform)
    host.pause = 0.02
    one = client(requests_per_second=1000)
    barrier = threading.Barrier(12)
    results = []

    def work() -> None:
        barrier.wait()
        results.append(one.call(operations.GET_SHOPS).data["shops"][0]["id"])

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["1"] * 12
    assert host.refreshes == len(platform.asked(REFRESH)) == 1


PROGRAM = """
import pathlib, sys
from tiktokshop_client import Client, FileStore, Settings, operations

url, path = sys.argv[1:]
settings = Settings.from_config({
    "app_key": "68xu9ks5p4i8", "app_secret": "app-secret-0123456789", "access_token": "access-seed",
    "refresh_token": "refresh-seed", "api_base_url": url, "auth_base_url": url, "token_store": path,
})
with Client(settings) as client:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(3):
        print(client.call(operations.GET_SHOPS).data["shops"][0]["id"], flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("noticed_by", ["refusal", "expiry"])
def test_eight_processes_that_notice_at_once_refresh_once(platform, settings, tmp_path, noticed_by):
    path = tmp_path / "tokens.json"
    now = int(time.time())
    host = Rotating(platform, now)
    host.pause = 0.2
    if noticed_by == "expiry":
        host.refresh = "refresh-0"
        FileStore(path).write(stored(access_expires_at=now + 60, issued_at=now - 86400, seed=fingerprint(settings())))
    command = [sys.executable, "-c", PROGRAM, platform.url, str(path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=30) for process in processes]
    assert [out for out, _ in outputs] == ["1\n1\n1\n"] * 8, outputs
    assert host.refreshes == len(platform.asked(REFRESH)) == 1
    assert FileStore(path).read().refresh_token == Secret("refresh-1")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_660_556_783, 1_660_556_783),
        (4_903_858_076, 4_903_858_076),
        (2**40, 2**40),
        (604_800, NOW + 604_800),
        (999_999_999, NOW + 999_999_999),
        ("86400", NOW + 86_400),
        (0, None),
        (-1, None),
        (None, None),
        ("soon", None),
        (True, None),
        (1.5, None),
    ],
)
def test_expire_in_is_a_moment_or_a_duration(value, moment):
    assert expiry(value, NOW) == moment


def test_an_expiry_beyond_the_calendar_is_kept(platform, client, caplog):
    caplog.set_level("INFO")
    platform.on(REFRESH, platform.pair("1", access_token_expire_in=10**15))
    platform.on(SHOPS, platform.ok({}))
    store = MemoryStore()
    client(store, access_token=None).call(operations.GET_SHOPS)
    assert store.read().access_expires_at == 10**15
    assert "valid until the distant future" in caplog.text


@pytest.mark.parametrize(("seeded", "told"), [(True, True), (False, False)])
def test_a_dead_grant_sends_to_the_configuration_only_who_has_a_token_there(platform, client, seeded, told):
    store = MemoryStore()
    bare = {} if seeded else {"access_token": None, "refresh_token": None, "token_store": "unused"}
    if not seeded:
        store.write(stored())
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    platform.on(REFRESH, platform.no(36004005, "can not find related auth record"))
    one = client(store, **bare)
    for _ in range(2):
        with pytest.raises(errors.AuthorisationError, match="tiktokshop auth login") as caught:
            one.call(operations.GET_SHOPS)
        assert ("into the configuration" in str(caught.value)) == told


def test_a_foreign_cipher_asks_for_another_run_before_another_authorisation(platform, client, shop):
    platform.on("/order/202309/orders/search", platform.no(101000, "cipher does not belong to token"))
    with pytest.raises(errors.AuthorisationError, match="run again, to read the ciphers again; if that does not help"):
        client().call(operations.SEARCH_ORDERS, shop=shop)
