"""Starting sandboxes in a thread: several, on files, again."""

from __future__ import annotations

import socket
import time

import pytest
import requests
import tiktokshop_sandbox
from older_sandbox import as_before
from tiktokshop_sandbox import SandboxError, sandbox

NOW = 1_780_000_000


def start(path=None, **more):
    return tiktokshop_sandbox.start(path, **{"orders": 5, "shops": 1, "now": NOW, **more})


def test_two_sandboxes_run_side_by_side():
    with start() as one, start(seed=8) as two:
        assert one.api_base_url != two.api_base_url
        assert one.app_key != two.app_key
        assert one.control("GET", "")["shops"] != two.control("GET", "")["shops"]


def test_it_ends_at_once_whoever_still_holds_a_connection():
    seconds = []
    for _ in range(3):
        with start() as one, requests.Session() as client:
            assert client.get(f"{one.api_base_url}/nothing", timeout=10).status_code == 404
            began = time.monotonic()
            one.close()
            seconds.append(time.monotonic() - began)
    assert min(seconds) < 0.1, "on a busy machine one may take longer"


def test_the_same_seed_makes_the_same_credentials_and_shops():
    with start() as one, start() as two:
        assert (one.app_key, one.app_secret, one.access_token) == (two.app_key, two.app_secret, two.access_token)
        assert one.control("GET", "/counts") == two.control("GET", "/counts")


def test_its_settings_are_what_a_client_needs_and_show_no_secret_when_printed():
    with start() as one:
        secrets = {"app_secret": one.app_secret, "access_token": one.access_token, "refresh_token": one.refresh_token}
        hosts = {"api_base_url": one.api_base_url, "auth_base_url": one.auth_base_url}
        assert one.settings(requests_per_second=9) == hosts | secrets | {
            "app_key": one.app_key,
            "requests_per_second": 9,
        }
        assert not [secret for secret in secrets.values() if secret in repr(one)]


def test_a_file_is_reopened_with_its_tokens_shops_and_time(tmp_path):
    with start(tmp_path / "shop.db") as first:
        query = {"app_key": first.app_key, "app_secret": first.app_secret, "refresh_token": first.refresh_token}
        url = f"{first.auth_base_url}/api/v2/token/refresh"
        pair = requests.get(url, params={**query, "grant_type": "refresh_token"}, timeout=10).json()["data"]
        first.control("POST", "/clock", {"advance": 3600})
        held = first.control("GET", "/counts")
    with start(tmp_path / "shop.db", seed=99, shops=2, orders=50, now=None) as second:
        assert (second.access_token, second.refresh_token) == (pair["access_token"], pair["refresh_token"])
        assert second.control("GET", "/clock")["now"] == NOW + 3600
        assert second.control("GET", "/counts") == held


def shop_ids(running):
    return [shop["id"] for shop in running.control("GET", "")["shops"]]


def test_the_ids_of_the_shops_begin_with_1000():
    for seed in (7, 8):
        with start(seed=seed, shops=3, orders=0) as running:
            ids = shop_ids(running)
            assert [(found[:4], len(found), found.isdecimal()) for found in ids] == [("1000", 19, True)] * 3
            assert len(set(ids)) == 3


def test_a_file_of_an_older_version_keeps_the_ids_of_its_shops(tmp_path):
    with start(tmp_path / "shop.db", shops=2) as first:
        tails = [found[4:] for found in shop_ids(first)]
    as_before(tmp_path / "shop.db")
    for hours in (0, 1):
        with start(tmp_path / "shop.db", now=None) as older:
            assert shop_ids(older) == [f"7495{tail}" for tail in tails]
            assert list(older.control("GET", "/counts")) == shop_ids(older)
            older.control("POST", "/clock", {"advance": 3600 * hours})


def test_a_file_in_use_is_refused_with_the_address_of_its_sandbox(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_LETTING_GO", 0.1)
    with start(tmp_path / "shop.db") as running:
        with pytest.raises(SandboxError, match="in use by the sandbox at " + running.api_base_url):
            start(tmp_path / "shop.db")
        assert running.control("GET", "/clock")["now"] == NOW
    start(tmp_path / "shop.db").close()


def test_a_file_of_another_kind_is_refused(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database, by far" * 100, encoding="utf-8")
    with pytest.raises(SandboxError, match="cannot be used as a sandbox file"):
        start(file)
    assert file.read_text(encoding="utf-8").startswith("not a database")


def test_a_taken_port_is_refused(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SandboxError, match="cannot be used"):
        start(tmp_path / "shop.db", port=taken.getsockname()[1])
    start(tmp_path / "shop.db").close()


def test_latency_is_added_to_every_answer():
    with start(latency_ms=40) as running:
        assert requests.get(f"{running.api_base_url}/nothing", timeout=10).elapsed.total_seconds() >= 0.04


def test_no_connection_waits_for_nagle():
    with start() as running, requests.Session() as http:
        http.get(running.api_base_url, timeout=10)
        (transport,) = running._server.config.app.connections.values()
        assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_after_close_nobody_answers_and_a_second_close_is_harmless():
    running = start()
    running.close()
    running.close()
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(running.api_base_url, timeout=1)


def test_its_repr_shows_no_secret():
    with start() as running:
        text = repr(running)
    assert running.api_base_url in text
    for secret in (running.app_secret, running.access_token, running.refresh_token):
        assert secret not in text


def kinds_on(running):
    return [(fault["kind"], fault.get("shop_id")) for fault in running.control("GET", "/faults")["on"]]


def reserved(running):
    """The shops in whose books reserves are held."""
    ledger = running.control("GET", "/ledger")
    return [any(row["account"] == "reserves" for row in ledger[found]) for found in shop_ids(running)]


def test_a_difficulty_is_switched_on_for_one_shop_and_stays_in_the_file_until_it_is_switched_off(tmp_path):
    file = tmp_path / "shop.db"
    with start(file, shops=2, orders=600) as first:
        one = shop_ids(first)[1]
        assert reserved(first) == [False, False]
        first.control("POST", "/faults", {"kind": "reserves", "shop_id": one, "probability": 1})
        first.control("POST", "/clock", {"advance": 12 * 86_400})
        assert reserved(first) == [False, True]
    with start(file, now=None) as second:
        assert kinds_on(second) == [("reserves", one)]
        second.control("DELETE", "/faults/1")
        assert kinds_on(second) == []
        second.control("POST", "/clock", {"advance": 60 * 86_400})  # the last one is released after 31 days
        assert reserved(second) == [False, False]
    with start(file, now=None) as third:
        assert kinds_on(third) == []


def test_new_shops_have_the_markets_and_difficulties_that_they_are_started_with():
    with start(shops=3, orders=600, regions=("JP", "VN"), difficulties=("reserves", "sums_differ")) as running:
        assert [shop["region"] for shop in running.control("GET", "")["shops"]] == ["JP", "VN", "JP"]
        assert len({shop["name"] for shop in running.control("GET", "")["shops"]}) == 3
        assert kinds_on(running) == [("reserves", None), ("sums_differ", None)]
        assert reserved(running) == [True] * 3


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"regions": ("XX",)}, "there is no market 'XX'; there are: US, GB"),
        ({"difficulties": ("taxes",)}, "there is no difficulty 'taxes'; there are: reserves"),
    ],
)
def test_a_market_or_difficulty_that_there_is_not_is_named(more, words):
    with pytest.raises(SandboxError, match=words):
        start(**more)


def test_a_difficulty_is_no_fault_of_requests():
    with start() as running, pytest.raises(SandboxError, match="it takes shop_id and probability only"):
        running.control("POST", "/faults", {"kind": "reserves", "next": 3})
