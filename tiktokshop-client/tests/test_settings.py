"""Settings: complete, checked, and honest about what is wrong."""

from __future__ import annotations

import http.server
import ssl
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiktokshop_client import SETTINGS, Client, MemoryStore, Settings, is_made_up, sandbox
from tiktokshop_client.configuration import typed
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.tokens.refresh import store_for

BASE = {"app_key": "key", "app_secret": "secret", "refresh_token": "refresh"}
NAMES = {
    "app_key",
    "app_secret",
    "access_token",
    "refresh_token",
    "token_store",
    "shop_ids",
    "api_base_url",
    "auth_base_url",
    "requests_per_second",
    "budget_scope",
    "budget_store",
    "budget_priority",
    "requests_per_day",
    "analytics_requests_per_second",
    "request_timeout_seconds",
    "max_retries",
    "max_tries",
    "sandbox",
    "sandbox_path",
    "user_agent",
}


def make(**config) -> Settings:
    return Settings.from_config({**BASE, **config})


def test_the_names_are_a_contract():
    assert set(SETTINGS["properties"]) == NAMES


def test_every_setting_has_a_type_a_title_and_a_description():
    for facts in SETTINGS["properties"].values():
        assert {"type", "title", "description"} <= set(facts)


def test_the_secret_ones_are_marked():
    marked = {name for name, facts in SETTINGS["properties"].items() if facts.get("secret")}
    assert marked == {"app_secret", "access_token", "refresh_token"}


def test_what_is_left_out_takes_the_documented_default():
    settings = make()
    for name, facts in SETTINGS["properties"].items():
        if name != "sandbox" and "default" in facts:
            assert getattr(settings, name) == facts["default"], name
    assert settings.user_agent.startswith("tiktokshop-client/")
    assert settings.token_store is None
    assert settings.shop_ids == ()


def test_values_are_taken_over():
    settings = make(
        token_store="~/tokens.json",
        shop_ids=[7495, " 7496 ", "7495"],
        api_base_url="https://proxy.example/",
        requests_per_second=0.5,
        max_tries=1,
        user_agent="tea/1",
        unknown="ignored",
    )
    assert settings.token_store == Path.home() / "tokens.json"
    assert settings.shop_ids == ("7495", "7496")
    assert settings.api_base_url == "https://proxy.example"
    assert (settings.requests_per_second, settings.max_tries, settings.user_agent) == (0.5, 1, "tea/1")


@pytest.mark.parametrize("name", ["app_key", "app_secret", "refresh_token"])
@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_missing_setting_is_named(name, blank):
    with pytest.raises(ConfigurationError) as caught:
        make(**{name: blank})
    login = "or set token_store to where tiktokshop auth login has put the tokens (.tiktokshop/tokens.json), "
    assert str(caught.value) == (
        f"the setting {name} is missing: set it, {login if name == 'refresh_token' else ''}"
        "or set sandbox to true to try without an account"
    )
    assert caught.value.reach == "run"


@pytest.mark.parametrize("given", [{"access_token": "a"}, {"token_store": "tokens.json"}])
def test_an_access_token_or_a_store_do_for_a_refresh_token(given):
    assert make(refresh_token=None, **given).refresh_token is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "ftp://example.com",
        "example.com",
        "https://",
        "https://user@example.com",
        "https://example.com/path",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://example.com:port",
        "https://[",
        5,
    ],
)
@pytest.mark.parametrize("name", ["api_base_url", "auth_base_url"])
def test_a_base_url_is_a_host_behind_https(name, url):
    with pytest.raises(ConfigurationError, match=f"the setting {name} must be|the setting {name} must start"):
        make(**{name: url})


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1:8080", "http://127.8.8.8", "http://[::1]:80", "https://a.example:1"]
)
def test_this_machine_needs_no_https(url):
    assert make(api_base_url=url).api_base_url == url


@pytest.mark.parametrize("value", [0, -1, 2.5, "many", True, []])
def test_the_requests_of_a_day_are_a_whole_number_above_0(value):
    with pytest.raises(ConfigurationError, match="the setting requests_per_day must be a whole number above 0"):
        make(requests_per_day=value)


def test_the_requests_of_a_day_are_not_limited_unless_the_setting_is_there():
    assert (make().requests_per_day, make(requests_per_day=10_000).requests_per_day) == (None, 10_000)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "fast", True, []])
@pytest.mark.parametrize("name", ["requests_per_second", "request_timeout_seconds"])
def test_a_rate_and_a_timeout_are_above_zero(name, value):
    with pytest.raises(ConfigurationError, match=f"{name} must be a number above 0"):
        make(**{name: value})


@pytest.mark.parametrize("value", [3601, 1e10, 10**400])
def test_a_timeout_is_an_hour_at_most(value):
    assert make(request_timeout_seconds=3600).request_timeout_seconds == 3600
    with pytest.raises(ConfigurationError, match="request_timeout_seconds must be a number above 0 and at most 3600"):
        make(request_timeout_seconds=value)


@pytest.mark.parametrize("value", [0, 11, 1.5, "3", True])
def test_tries_are_one_to_ten(value):
    with pytest.raises(ConfigurationError, match="max_tries must be a whole number from 1 to 10"):
        make(max_tries=value)


@pytest.mark.parametrize("value", ["true", 1, "no"])
def test_sandbox_is_true_or_false(value):
    with pytest.raises(ConfigurationError, match="sandbox must be true or false"):
        make(sandbox=value)


@pytest.fixture
def unknown_authority(data):
    """A TLS server on this machine whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(data / "unknown_authority.pem")

    class Quiet(http.server.HTTPServer):
        def handle_error(self, *_) -> None:
            """The client hangs up on us; that is the point."""

    server = Quiet(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_setting_switches_tls_verification_off(clock, unknown_authority):
    words = ("verify", "tls", "ssl", "insecure", "certificate")
    assert not [name for name in SETTINGS["properties"] if any(word in name for word in words)]
    settings = make(access_token="access", api_base_url=unknown_authority, verify=False, tls_verify=False)
    with (
        Client(settings, token_store=MemoryStore(), clock=clock) as client,
        pytest.raises(ConfigurationError, match=r"the certificate of 127\.0\.0\.1:\d+ is not valid"),
    ):
        client.shops()


@pytest.fixture
def made_up_sandbox(monkeypatch):
    """A stand-in for the package, which is another project's and runs a server."""
    started = []

    def start_beside(path):
        if path and path.endswith("taken.sqlite"):
            raise RuntimeError("another process has it")
        url = f"http://127.0.0.1:{8000 + len(started)}"
        secrets = {name: f"sandbox-{name.split('_')[0]}" for name in ("access_token", "refresh_token")}
        app = {"app_key": "sandbox-key", "app_secret": "sandbox-secret"}
        settings = {"api_base_url": url, "auth_base_url": url, **app, **secrets}
        running = SimpleNamespace(settings=lambda: settings, close=lambda: None)
        started.append((path, running))
        return running

    package = SimpleNamespace(start_beside=start_beside, SandboxError=RuntimeError, __spec__=SimpleNamespace())
    monkeypatch.setitem(sys.modules, "tiktokshop_sandbox", package)
    monkeypatch.setattr(sandbox, "_running", {})
    return started


def test_the_sandbox_brings_its_own_connection_and_overrides_a_real_one(made_up_sandbox, tmp_path):
    path = str(tmp_path / "shop.sqlite")
    settings = make(sandbox=True, sandbox_path=path, token_store="real.json", api_base_url="https://real.example")
    assert settings.api_base_url == settings.auth_base_url == "http://127.0.0.1:8000"
    assert settings.app_key == "sandbox-key"
    assert settings.app_secret.reveal() == "sandbox-secret"
    assert settings.refresh_token.reveal() == "sandbox-refresh"
    assert settings.token_store == Path(f"{path}.tokens.json"), "a real shop's tokens are not touched"


def test_one_sandbox_runs_for_each_path(made_up_sandbox, tmp_path):
    for path in ("a", "a", "b", None, None):
        Settings.from_config({"sandbox": True, "sandbox_path": path and str(tmp_path / path)})
    assert [path and Path(path).name for path, _ in made_up_sandbox] == ["a", "b", None]


@pytest.mark.parametrize(
    ("shop_id", "made_up"),
    [
        ("1000110284871069840", True),
        ("7495110284871069840", False),
        ("1000", False),
        ("100011028487106984", False),
        ("10001102848710698401", False),
        ("7100011028487106984", False),
        ("1000110284871069840\n", False),
        (f"1000{chr(0x661) * 15}", False),
        ("", False),
    ],
)
def test_a_made_up_shop_is_told_by_its_id(shop_id, made_up):
    assert is_made_up(shop_id) is made_up


def test_a_sandbox_in_memory_leaves_no_tokens_behind(made_up_sandbox):
    settings = Settings.from_config({"sandbox": True})
    assert isinstance(store_for(settings), MemoryStore)


def test_a_sandbox_that_cannot_start_says_why(made_up_sandbox):
    with pytest.raises(ConfigurationError, match="the sandbox cannot start: another process has it"):
        Settings.from_config({"sandbox": True, "sandbox_path": "taken.sqlite"})


def test_a_missing_sandbox_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tiktokshop_sandbox", None)
    monkeypatch.setattr(sandbox, "_running", {})
    with pytest.raises(ConfigurationError, match=r"package tiktokshop-sandbox .* pip install \./tiktokshop-sandbox"):
        Settings.from_config({"sandbox": True})


@pytest.mark.parametrize(
    ("given", "tries"), [({"max_retries": 3}, 3), ({"max_retries": "3"}, 3), ({"max_retries": 3, "max_tries": 7}, 7)]
)
def test_the_old_name_of_a_setting_goes_on_working_and_says_what_it_is_called_now(given, tries, caplog):
    config = typed({**BASE, **given}, SETTINGS["properties"])
    assert "max_retries" not in config
    assert make(**config).max_tries == tries
    assert [record.getMessage() for record in caplog.records] == [
        "The setting max_retries is now called max_tries; the old name still works."
    ]


def test_a_library_s_user_may_give_the_old_name_too():
    assert make(max_retries=2).max_tries == 2
    assert make(max_retries=2, max_tries=4).max_tries == 4


def test_the_budget_priority_is_one_of_two():
    assert (make().budget_priority, make(budget_priority="low").budget_priority) == ("normal", "low")
    with pytest.raises(ConfigurationError, match="budget_priority must be one of normal, low"):
        make(budget_priority="high")


@pytest.mark.parametrize("value", ["shop", "family", "api"])
def test_the_budget_scope_is_one_of_three(value):
    assert make(budget_scope=value).budget_scope == value
    with pytest.raises(ConfigurationError, match="budget_scope must be one of shop, family, api"):
        make(budget_scope=f"{value}s")
