"""Every number among the settings of the tap and the target: what cannot be one is told in a sentence, at the start."""

from __future__ import annotations

from copy import deepcopy

import pytest
from tap_tiktokshop.tap import TapTikTokShop
from target_tiktokshop.target import TargetTikTokShop
from tiktokshop_client.configuration import RENAMED_TO
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.settings import Settings

BASE = {"app_key": "k", "app_secret": "s", "refresh_token": "r"}
PLUGINS = {plugin.name: plugin for plugin in (TapTikTokShop, TargetTikTokShop)}
NONE_OF_ANY = {
    "400 digits": 10**400,
    "400 digits below zero": -(10**400),
    "400 digits as a text": "1" * 400,
    "31 digits as a text": "9" * 31,
    "1e308": 1e308,
    "not a number": float("nan"),
    "infinite": float("inf"),
    "infinite below zero": float("-inf"),
    "infinite as a text": "Infinity",
    "below zero": -1,
    "a little below zero": -0.5,
    "true": True,
    "false": False,
    "a word": "many",
    "a list": [],
    "an object": {},
}
RATES = ("requests_per_second", "analytics_requests_per_second", "request_timeout_seconds")


def numbers(plugin) -> dict[str, dict]:
    schema = deepcopy(plugin.config_jsonschema)
    plugin.append_builtin_config(schema)
    return {
        name: spec
        for name, spec in schema["properties"].items()
        if {"integer", "number"} & set([spec["type"]] if isinstance(spec["type"], str) else spec["type"])
    }


def shown(plugin: str, name: str) -> str:
    """What a setting is called where an old name was given."""
    return numbers(PLUGINS[plugin])[name].get(RENAMED_TO, name)


SETTINGS = [(plugin, name) for plugin in PLUGINS for name in numbers(PLUGINS[plugin])]


def test_these_are_the_numbers_among_the_settings():
    assert [sum(plugin == each for each, _ in SETTINGS) for plugin in PLUGINS] == [12, 30]


@pytest.mark.parametrize(("plugin", "name"), SETTINGS)
def test_what_is_no_number_for_a_setting_is_told_in_one_sentence_that_names_it(plugin, name):
    for kind, value in NONE_OF_ANY.items():
        with pytest.raises(ConfigurationError) as caught:
            PLUGINS[plugin](config={**BASE, name: value})
        told = str(caught.value)
        assert told.lower().startswith(f"the setting {shown(plugin, name)} "), kind
        assert len(told) < 120, kind
        assert told.count("\n") == 0, kind


@pytest.mark.parametrize(("plugin", "name"), SETTINGS)
def test_the_usual_numbers_are_taken(plugin, name):
    default = numbers(PLUGINS[plugin])[shown(plugin, name)].get("default")
    taken = [
        PLUGINS[plugin](config={**BASE, name: value}).config.get(shown(plugin, name)) for value in (1, "1", default)
    ]
    assert taken == [1, 1, default]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, -1, "many"])
@pytest.mark.parametrize("name", ["min_price", "max_price"])
def test_a_price_that_is_none_is_told_too(name, value):
    with pytest.raises(ConfigurationError, match=rf"(?i)^the setting {name}\.GBP [^\n]{{1,80}}$"):
        TargetTikTokShop(config={**BASE, name: {"GBP": value}})


@pytest.mark.parametrize("value", [10**400, 1e-320, 1e10, float("nan")])
@pytest.mark.parametrize("name", RATES)
def test_who_uses_the_client_alone_is_told_the_same(name, value):
    with pytest.raises(ConfigurationError, match=f"^the setting {name} must be a number above 0"):
        Settings.from_config({**BASE, name: value})
