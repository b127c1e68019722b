"""A store's address with a slip in it is refused: it is no file, and no host that holds a password."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_secrets import everything_about
from tiktokshop_client import Settings, errors
from tiktokshop_client.redaction import known
from tiktokshop_client.stores.seeds import EnvironmentStore
from tiktokshop_client.tokens.refresh import store_for

PASSWORD = "canary-pass"
SERVERS = ["redis", "rediss", "postgresql", "postgres"]
OBJECTS = ["s3", "gs", "az"]


def opened(address):
    return store_for(Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": address}))


def refused(address):
    """The sentence with which an address is refused; nothing of the password is in it or behind it."""
    with pytest.raises(errors.ConfigurationError, match="the setting token_store") as caught:
        opened(address)
    assert PASSWORD not in everything_about(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    "rest",
    [
        f"//user:12/{PASSWORD}@host/0",
        f"//:12/{PASSWORD}@host/0",
        f"//user:12#{PASSWORD}@host/0",
        f"//user:12?{PASSWORD}@host/0",
        f"//user:/{PASSWORD}@host/0",
        f"//user:#{PASSWORD}@host/0",
        f"//user:12@{PASSWORD}@host/0",
        f"//user:{PASSWORD}/12@host/0",
        f"//user/{PASSWORD}@host/0",
        f"//user:12/{PASSWORD}@host/0?name=a",
        f"//host/0?name=a@{PASSWORD}",
    ],
)
def test_an_at_sign_out_of_its_place_is_refused_with_how_to_write_it(kind, rest):
    words = refused(f"{kind}:{rest}")
    assert "%40 for @" in words or "not a URL that can be read" in words


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize(
    "rest", [f"//key:12/{PASSWORD}@bucket/folder", f"//key:{PASSWORD}@bucket/folder", f"//key:/{PASSWORD}@bucket/f"]
)
def test_a_key_in_the_address_of_an_object_store_is_refused(kind, rest):
    words = refused(f"{kind}:{rest}")
    assert "come from the cloud's own" in words or "not a URL that can be read" in words


@pytest.mark.parametrize(
    "address",
    [
        f"rediss//:user:{PASSWORD}@host/0",
        f"redsi//:user:{PASSWORD}@host/0",
        f"redsi://user:{PASSWORD}@host/0",
        f"redis:/user:{PASSWORD}@host/0",
        f"redis:user:{PASSWORD}@host/0",
        f"redis;//user:{PASSWORD}@host/0",
        f"redis//user:{PASSWORD}@host/0",
        f"redis//{PASSWORD}",
        f"redis:{PASSWORD}",
        f"Redis:{PASSWORD}",
        f"POSTGRESQL:/owner:{PASSWORD}@host/db",
        f"postgresql+psycopg://owner:{PASSWORD}@host/db",
        f"postgresql:\\\\owner:{PASSWORD}@host/db",
        f"user:{PASSWORD}@host:6379/0",
        f":{PASSWORD}@host",
        f"//:{PASSWORD}@host",
        f"s3:/{PASSWORD}/folder",
        f"{PASSWORD}://host",
        f"{PASSWORD}:x://host",
        f"http://user:{PASSWORD}@host/",
        f"ENV:{PASSWORD}",
        f"Command:echo {PASSWORD}",
    ],
)
def test_a_misspelt_kind_is_refused_and_no_file(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "redis/tokens.json",
        "s3/tokens.json",
        "env/tokens.json",
        "envy.json",
        "redis.json",
        "./redis:0/tokens.json",
        "me@corp/tokens.json",
        "a:b.json",
        r"C:\Users\me@corp\tokens.json",
        "C:/Users/me@corp/tokens.json",
        "https.json",
    ],
)
def test_a_path_is_a_path(path):
    made = Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": path})
    assert made.token_store == Path(path)


@pytest.mark.parametrize("url", ["redis://:%40%2F%23%3F@host:6379/0", "redis://user:p%40ss@host/0?name=seller%40shop"])
def test_what_is_percent_encoded_is_taken(url):
    store = opened(url)
    assert store.name in {"redis://host:6379/0", "redis://host/0"}
    assert store.entry in {"k", "seller@shop"}


def test_a_folder_of_objects_may_have_an_at_sign():
    made = Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": "s3://bucket/me@corp"})
    assert made.token_store.kind == "s3"


def test_the_kinds_that_are_only_read_take_any_text(monkeypatch):
    monkeypatch.setenv("A", "token")
    assert isinstance(opened("env:A"), EnvironmentStore)
    assert opened("command:echo redis://x:y/z@h").read().access_token


@pytest.mark.parametrize("option", ["password", "sslpassword"])
def test_a_password_among_the_options_is_known_too(option, caplog):
    caplog.set_level(logging.DEBUG)
    Settings.from_config(
        {"app_key": "k", "app_secret": "s", "token_store": f"postgresql://h/d?user=u&{option}=canary%2Foption"}
    )
    assert "canary" not in known("it was canary/option, or canary%2Foption")


slips = st.text(st.sampled_from("/#?@:;%\\[] a1"), max_size=4)


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.sampled_from([*SERVERS, *OBJECTS, "redsi", "postgre", "S3"]),
    st.sampled_from(["://", "//:", ":/", ":", "//", ";//", "::/", ":///"]),
    slips,
    slips,
)
@example("redis", "://", "12/", "")
@example("redis", "://", "12#", "?")
def test_whatever_slips_in_no_name_of_a_store_holds_the_password(kind, mark, before, after):
    address = f"{kind}{mark}user:{before}{PASSWORD}{after}@host/0"
    try:
        made = Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": address})
        name = store_for(made).name
    except errors.ConfigurationError as error:
        name = everything_about(error)
    assert PASSWORD not in name
