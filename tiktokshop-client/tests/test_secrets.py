"""Canaries: secrets that must not turn up in anything the client prints, whatever happens."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import socket
import traceback

import msgspec
import pytest
from tiktokshop_client import FileStore, Secret, Settings, errors, operations

ORDERS = "/order/202309/orders/search"
SHOPS = "/authorization/202309/shops"
REFRESH = "/api/v2/token/refresh"

CANARIES = {
    "app_secret": "canary-app-secret-1111",
    "access_token": "canary-access-token-2222",
    "refresh_token": "canary-refresh-token-3333",
}
FRESH = {"access_token": "canary-fresh-access-4444", "refresh_token": "canary-fresh-refresh-5555"}
CIPHER = "canary-cipher-6666"
ECHO = " ".join(CANARIES.values())


def everything_about(error: BaseException) -> str:
    """All that a program could print about an exception, with what it was made from."""
    texts = []
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is not None:
            texts += [str(one), repr(one), repr(one.args), *traceback.format_exception(one)]
            texts += [repr(value) for value in vars(one).values()]
            pending += [one.__cause__, one.__context__]
    return "\n".join(texts)


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def work(platform, client, tmp_path, caplog, capfd):
    """Does a day's work with canaries and returns all that could be seen of it."""
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests", "filelock"):
        caplog.set_level(logging.DEBUG, name)

    def run(**config) -> str:
        one = client(FileStore(tmp_path / "tokens.json"), **{**CANARIES, **config})
        seen = [repr(one), repr(vars(one)), repr(one._settings), repr(vars(one._settings)), repr(vars(one._tokens))]
        try:
            shops = one.shops()
            seen += [repr(shops), str(shops), repr(shops[0].data)]
            seen += [repr(page) for page in one.pages(operations.SEARCH_ORDERS, shop=shops[0])]
        except errors.TikTokShopError as error:
            seen.append(everything_about(error))
            logging.getLogger("program").exception("it failed")
        seen += [repr(vars(one._tokens)), caplog.text, *capfd.readouterr()]
        seen += [repr(vars(record)) for record in caplog.records]
        return "\n".join(seen)

    platform.on(SHOPS, platform.ok({"shops": [{"id": "1", "name": "Tea", "region": "GB", "cipher": CIPHER}]}))
    platform.on(REFRESH, platform.pair("x", **FRESH))
    platform.on(ORDERS, platform.ok({"orders": [{"id": "17"}]}))
    return run


def assert_no_canary(text: str) -> None:
    found = [canary for canary in (*CANARIES.values(), *FRESH.values(), CIPHER) if canary in text]
    assert not found
    assert "sign=" not in text


def test_success_shows_no_secret(work, platform):
    platform.on(SHOPS, platform.no(105002, "expired", 401), *platform._answers[SHOPS])
    text = work()
    assert "17" in text
    assert "refreshed the access token of seller Tea & Co" in text
    assert len(platform.asked(REFRESH)) == 1
    assert_no_canary(text)


@pytest.mark.parametrize("path", [SHOPS, ORDERS])
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 302, "headers": {"Location": f"https://elsewhere.example/?{ECHO}"}},
        {"status": 404, "body": ECHO.encode()},
        {"body": b"<html>" + ECHO.encode()},
        {"body": json.dumps({"code": 0, "data": ECHO}).encode()},
        {"body": json.dumps({"code": ECHO, "data": {}}).encode()},
        {"body": json.dumps({"code": 87654321, "message": ECHO, "request_id": ECHO}).encode()},
        {"status": 400, "body": json.dumps({"code": 36009004, "message": f"{ECHO} is no parameter"}).encode()},
        {"status": 400, "body": json.dumps({"code": 36009004, "message": f"access_token {ECHO}"}).encode()},
        {"status": 401, "body": json.dumps({"code": 106001, "message": ECHO}).encode()},
        {"status": 429, "body": json.dumps({"code": 36009002, "message": ECHO}).encode()},
        {"fault": "reset"},
        {"body": json.dumps({"code": 0, "data": {}, "message": ECHO}).encode(), "fault": "cut"},
    ],
    ids=lambda answer: f"{answer.get('status')}-{answer.get('body', b'')[:36]!r}-{answer.get('fault')}",
)
def test_a_failing_call_shows_no_secret(work, platform, path, answer):
    platform.on(path, platform.say(**answer))
    text = work()
    assert "it failed" in text
    assert_no_canary(text)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 302, "headers": {"Location": f"https://elsewhere.example/?{ECHO}"}},
        {"status": 404, "body": b"404 page not found " + ECHO.encode()},
        {"body": json.dumps({"code": 36004005, "message": f"no record of {ECHO}"}).encode()},
        {"body": json.dumps({"code": 36004999, "message": f"odd {ECHO}", "request_id": ECHO}).encode()},
        {"body": json.dumps({"code": 0, "data": {"refresh_token": ECHO}}).encode()},
        {"fault": "reset"},
        {"body": json.dumps({"code": 0, "data": FRESH}).encode(), "fault": "cut"},
    ],
    ids=lambda answer: f"{answer.get('status')}-{answer.get('body', b'')[:36]!r}-{answer.get('fault')}",
)
def test_a_failing_refresh_shows_no_secret(work, platform, answer):
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    platform.on(REFRESH, platform.say(**answer))
    text = work()
    assert "it failed" in text
    assert len(platform.asked(REFRESH)) >= 1
    assert_no_canary(text)


def test_what_was_learned_on_the_way_is_not_quoted_either(work, platform):
    platform.on(SHOPS, platform.no(105002, "expired", 401), *platform._answers[SHOPS])
    platform.on(ORDERS, platform.no(87654321, f"{CIPHER} and {' and '.join(FRESH.values())}"))
    text = work()
    assert '"*** and *** and ***"' in text
    assert_no_canary(text)


@pytest.mark.parametrize("host", ["api_base_url", "auth_base_url"])
def test_an_unreachable_host_shows_no_secret(work, platform, host):
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    text = work(**{host: f"http://127.0.0.1:{closed_port()}"})
    assert "cannot be reached" in text
    assert_no_canary(text)


@pytest.mark.parametrize("host", ["api_base_url", "auth_base_url"])
def test_a_silent_host_shows_no_secret(work, platform, host):
    platform.on(SHOPS, platform.no(105002, "expired", 401))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        text = work(**{host: address, "request_timeout_seconds": 0.05, "max_tries": 2})
    assert "did not answer in time" in text
    assert_no_canary(text)


def test_a_dead_proxy_shows_no_secret(work, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://user:canary-proxy-7777@127.0.0.1:{closed_port()}")
    monkeypatch.setenv("no_proxy", "")
    text = work(api_base_url="http://127.0.0.1:9")
    assert "cannot be reached" in text
    assert "canary-proxy-7777" not in text
    assert_no_canary(text)


def test_a_broken_token_store_shows_no_secret(work, tmp_path):
    (tmp_path / "tokens.json").write_text(json.dumps({"access_token": ECHO}), "utf-8")
    text = work()
    assert "does not hold a token pair" in text
    assert_no_canary(text)


def test_no_exception_of_the_libraries_is_chained_to_ours(platform, client, shop):
    platform.on(ORDERS, platform.say(fault="reset"))
    with pytest.raises(errors.TransientError) as caught:
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "config",
    [
        {"app_secret": "canary bad secret"},
        {"refresh_token": "canary\nrefresh"},
        {"access_token": 12345678},
        {"api_base_url": "https://user:canary@host.example"},
        {"api_base_url": "https://host.example:canary"},
        {"auth_base_url": "http://canary.example"},
        {"request_timeout_seconds": "canary"},
        {"max_tries": "canary"},
        {"user_agent": "canary\r\nx: y"},
        {"shop_ids": ["canary!"]},
    ],
    ids=lambda config: next(iter(config)) + str(config)[-12:],
)
def test_a_refused_setting_is_named_and_not_shown(config):
    base = {"app_key": "k", "app_secret": "s", "refresh_token": "r"}
    with pytest.raises(errors.ConfigurationError, match=f"the setting {next(iter(config))} ") as caught:
        Settings.from_config({**base, **config})
    text = everything_about(caught.value)
    shown = [line for line in text.splitlines() if "canary" in line or "12345678" in line]
    assert not shown


def test_urllib3_keeps_its_lines_but_loses_the_queries(work, platform):
    text = work()
    assert '"POST /order/202309/orders/search?*** HTTP/1.1" 200' in text


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret("canary-8888")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", "%s" % secret, repr([secret])]  # noqa: UP031 - each way to show it
    shown += [json.dumps({"s": secret}, default=str), msgspec.json.encode({"s": secret}, enc_hook=str).decode()]
    assert not any("canary" in text for text in shown)
    assert "***" in shown[0]
    assert secret.reveal() == "canary-8888"


def test_a_secret_does_not_travel():
    secret = Secret("canary-8888")
    for leave in (json.dumps, msgspec.json.encode, pickle.dumps, hash, vars):
        with pytest.raises(TypeError) as caught:
            leave(secret)
        assert "canary" not in str(caught.value)
    assert copy.deepcopy({"s": secret})["s"] is secret
    assert copy.copy(secret) is secret


def test_secrets_compare_with_secrets_only():
    assert Secret("é") == Secret("é")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
    assert Secret("a")
