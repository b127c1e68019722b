"""The figures of a run at a Prometheus Pushgateway: a server on this machine takes what really comes."""

import logging
import socket
import time

import pytest
from pushed import figures, gateway
from tap_tiktokshop.run.metrics import OF_PARTS
from tiktokshop_client import FileStore, Secret, Token
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.push import LONGEST_WAIT, checked


@pytest.mark.slow
def test_a_run_sends_the_figures_that_its_rows_and_the_sandbox_have(lab, monkeypatch):
    monkeypatch.setenv("TIKTOKSHOP_LOG_SELLER", "anna")
    seeds = [Secret(lab.config[name]) for name in ("access_token", "refresh_token")]
    store = FileStore(lab.folder / "kept.json")
    store.write(Token(*seeds, refresh_expires_at=int(time.time()) + 100 * 86_400))
    more = {"token_store": store.name, "access_token": None, "refresh_token": None}
    with gateway() as (address, came):
        run = lab.process(streams=("shops", "orders"), metrics_gateway=address, **more)
    assert run.code == 0, run.log
    ((method, path, text),) = came
    assert (method, path) == ("PUT", "/metrics/job/tap-tiktokshop/seller/anna")
    found = figures(text)
    shops = [shop["shop_id"] for shop in run.records("shops")]
    for shop in shops:
        mine = {name: found.get((name, shop, "orders")) for name in OF_PARTS}
        assert mine["rows"] == sum(order["shop_id"] == shop for order in run.records("orders"))
        assert mine["calls"] >= 1
        assert (mine["ok"], mine["refusals"], mine["retries"]) == (1, 0, 0)
        assert 0 <= mine["lag_seconds"] < 60
    assert found["grant_days_left"] > 90  # by the clock of the sandbox
    assert {name for name in found if isinstance(name, str)} == {"grant_days_left", "run_ended_seconds"}


@pytest.mark.slow
def test_a_platform_that_refuses_and_fails_shows_in_the_figures(lab):
    lab.fault("rate_limit", path="/order/202309/orders/search", next=2)
    with gateway() as (address, came):
        lab.process(streams=("shops", "orders"), metrics_gateway=address)
    found = figures(came[0][2])
    assert sum(value for (name, *_), value in labelled(found) if name == "refusals") == 2
    assert sum(value for (name, *_), value in labelled(found) if name == "retries") == 2


def labelled(found):
    return [(key, value) for key, value in found.items() if isinstance(key, tuple)]


def test_a_gateway_that_is_away_refuses_or_never_answers_changes_neither_rows_nor_ending(lab, caplog):
    caplog.set_level(logging.WARNING)
    usual = lab.run(streams=("shops",))
    with socket.create_server(("127.0.0.1", 0)) as silent, gateway(500) as (refusing, _):
        silent_address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for address in ("http://127.0.0.1:1", refusing, silent_address):
            caplog.clear()
            began = time.monotonic()
            run = lab.run(streams=("shops",), metrics_gateway=address)
            assert time.monotonic() - began < LONGEST_WAIT + 3
            assert sorted(map(str, run.records("shops"))) == sorted(map(str, usual.records("shops")))
            told = [text for text in caplog.messages if "metrics_gateway" in text]
            assert len(told) == 1 or address == silent_address, told
            assert "127.0.0.1" not in "".join(told)


@pytest.mark.parametrize("odd", ["127.0.0.1:9091", "ftp://x", "http://", "http://u:canary@x", "http://x:99999", "x"])
def test_what_is_no_address_of_a_gateway_is_one_sentence_before_anything_is_read(odd):
    with pytest.raises(ConfigurationError, match="metrics_gateway") as caught:
        checked(odd, "target-tiktokshop")
    assert "canary" not in str(caught.value)
    assert checked("https://push.example.com/prefix", "tap-tiktokshop") == "https://push.example.com/prefix"
