"""Every setting of both plugins works from the environment, plain and under Meltano: generated from the settings."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from tap_tiktokshop.tap import TapTikTokShop
from target_tiktokshop.target import TargetTikTokShop
from tiktokshop_client.configuration import RENAMED_TO, misspelt, plugin_config, typed
from tiktokshop_client.errors import ConfigurationError

ROOT = Path(__file__).parent.parent
PLUGINS = (TapTikTokShop, TargetTikTokShop)
# Settings of which not any text will do.
TEXTS = {
    "api_base_url": "https://proxy.example",
    "auth_base_url": "https://proxy.example",
    "start_date": "2026-01-31",
    "end_date": "2026-02-28",
    "budget_store": "redis://127.0.0.1:6379/0",
    "metrics_gateway": "http://127.0.0.1:9091",
    "label_name": "{package_id}-{document}",
}
LISTS = {
    "label_documents": [
        ("SHIPPING_LABEL", ["SHIPPING_LABEL"]),
        ("SHIPPING_LABEL, PACKING_SLIP", ["SHIPPING_LABEL", "PACKING_SLIP"]),
    ]
}
OTHERS = {"follow": {"webhook_inbox": "inbox.sqlite"}}
"""What a setting needs beside it."""
OBJECTS = {
    "time_zones": {"US": "America/New_York"},
    "min_price": {"USD": "1.00", "EUR": 2},
    "max_price": {"USD": "500"},
    "carriers": {"USPS Ground": "USPS", "7495": {"Ground": "UPS"}},
    "batch_config": {"storage": {"root": "output/batches"}},
    "stream_maps": {"orders": {"cpf": None}},
    "pickup_rule": {"after_minutes": 90, "days": ["mon"], "time_zone": "Europe/London"},
}


def settings_in_meltano(name):
    """The settings that `meltano.yml` documents of a plugin."""
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]
    (plugin,) = [each for kind in plugins.values() for each in kind if each["name"] == name]
    return {setting["name"] for setting in plugin["settings"]}


def properties_of(plugin):
    plugin.append_builtin_config(plugin.config_jsonschema)
    return plugin.config_jsonschema["properties"]


def shown(plugin, name):
    """What a setting is called where an old name was given."""
    return properties_of(plugin)[name].get(RENAMED_TO, name)


def samples(name, spec):
    """(text, value it stands for) of a setting, from its schema alone."""
    kinds = spec["type"] if isinstance(spec["type"], list) else [spec["type"]]
    if "array" in kinds:
        return LISTS.get(name, [("7495", ["7495"]), ("a, b", ["a", "b"]), ('["7495", 7496]', ["7495", "7496"])])
    if "boolean" in kinds:
        return [("true", True), ("False", False), ("1", True), ("no", False)]
    if "number" in kinds:
        return [("0.5", 0.5), ("10", 10), (" 2.50 ", 2.5)]
    if "integer" in kinds:
        return [("7", 7)]
    if "object" in kinds:
        value = OBJECTS.get(name, {"seed": 1})
        return [(json.dumps(value), value)]
    text = str(getattr(spec["enum"][-1], "value", spec["enum"][-1])) if "enum" in spec else TEXTS.get(name, "text")
    return [(text, text)]


CASES = [
    (plugin, name, text, value)
    for plugin in PLUGINS
    for name, spec in properties_of(plugin).items()
    for text, value in samples(name, spec)
]
WRONG = {"number": "1_0", "integer": "seven", "boolean": "ture", "object": "[canary", "array": "[canary"}


def variable(plugin, name):
    return f"{plugin.name.upper().replace('-', '_')}_{name.upper()}"


def made(plugin, monkeypatch, **variables):
    """A plugin as its command line makes it, from variables for a shop and these."""
    needed = {"app_key": "key", "app_secret": "secret", "refresh_token": "r", "flattening_max_depth": "1"}
    for name, text in {**needed, **variables}.items():
        monkeypatch.setenv(variable(plugin, name), text)
    command = plugin.get_singer_command()
    option = next(each for each in command.params if each.name == "config")
    config = plugin.cb_config(click.Context(command), option, ("ENV",)).config
    return plugin(config=config, setup_mapper=False)


@pytest.mark.parametrize(
    ("plugin", "name", "text", "value"), CASES, ids=[f"{case[0].name}-{case[1]}-{case[2]}" for case in CASES]
)
def test_a_setting_works_from_the_environment(plugin, name, text, value, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = made(plugin, monkeypatch, **{name: text, **OTHERS.get(name, {})}).config[shown(plugin, name)]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_text_that_is_none_of_its_type_is_refused_by_name_and_not_shown(plugin, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    tried = set()
    for name, spec in properties_of(plugin).items():
        kind = next((kind for kind in WRONG if kind in spec["type"]), None)
        if kind is None:
            continue
        tried.add(kind)
        with monkeypatch.context() as patch, pytest.raises(ConfigurationError) as caught:
            made(plugin, patch, **{name: WRONG[kind]})
        assert f"The setting {shown(plugin, name)} must be of type" in str(caught.value)
        assert WRONG[kind] not in str(caught.value)
    assert tried == set(WRONG)


@pytest.mark.parametrize("text", ["1_0", "1e3", "NaN", "Infinity", "٣", "0x10", "1,5", "9" * 40, "--1", "1."])
def test_only_plain_decimal_notation_is_a_number(text):
    schemas = {"some": {"type": "number"}, "whole": {"type": "integer"}}
    assert typed({"some": text, "whole": text}, schemas) == {"some": text, "whole": text}


def test_blank_variables_count_as_not_set(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = made(TargetTikTokShop, monkeypatch, requests_per_second=" ", shop_ids="", dry_run=" ").config
    assert (found["requests_per_second"], found.get("shop_ids"), found["dry_run"]) == (50, None, False)


def test_dotenv_comes_behind_the_environment_and_both_before_files(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TARGET_TIKTOKSHOP_MAX_QUANTITY", "1")
    monkeypatch.delenv("TARGET_TIKTOKSHOP_USER_AGENT", raising=False)
    (tmp_path / ".env").write_text("TARGET_TIKTOKSHOP_MAX_QUANTITY=2\nTARGET_TIKTOKSHOP_USER_AGENT='tea'\n")
    (tmp_path / "a.json").write_text('\ufeff{"max_quantity": 3, "verify": false, "batch_size_rows": 5}')
    (tmp_path / "b.json").write_text('{"batch_size_rows": 6}')
    try:
        found = plugin_config(
            "target-tiktokshop", ("a.json", "ENV", "b.json"), ("max_quantity", "user_agent", "verify")
        )
    finally:
        os.environ.pop("TARGET_TIKTOKSHOP_USER_AGENT", None)
    assert found == {"max_quantity": "1", "user_agent": "tea", "verify": False, "batch_size_rows": 6}


FILES = {
    "null": b"null",
    "a number": b"5",
    "a list": b"[]",
    "UTF-16": '{"sandbox": true}'.encode("utf-16"),
    "cut": b'{"sandbox": ',
    "nothing": b"",
    "brackets": b"[" * 100_000,
    "bytes": bytes(range(128, 256)),
}


@pytest.mark.parametrize("name", FILES)
def test_a_configuration_that_is_none_is_one_sentence(name, tmp_path):
    file = tmp_path / "config.json"
    file.write_bytes(FILES[name])
    with pytest.raises(ConfigurationError) as caught:
        plugin_config("tap-tiktokshop", (str(file),), ())
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < len(str(file)) + 120


@pytest.mark.parametrize("path", ["none.json", ".", "a\0b", ""])
def test_a_configuration_that_cannot_be_opened_is_one_sentence(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        plugin_config("tap-tiktokshop", (path,), ())


def test_settings_that_there_are_not_are_told_once_with_what_was_meant(caplog):
    TargetTikTokShop(config={"sandbox": True, "colour": 1})
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == ["In the configuration, colour is not a setting and is ignored."]
    assert misspelt({"sandbox": True}, ["sandbox"]) == ""


@pytest.mark.parametrize(("slip", "meant"), [("dry_runn", "dry_run"), ("max_quantiti", "max_quantity")])
def test_a_misspelt_setting_that_was_to_hold_something_back_ends_the_target(slip, meant):
    with pytest.raises(ConfigurationError, match=rf"{slip} \(did you mean {meant}\?\).*Correct it"):
        TargetTikTokShop(config={"sandbox": True, slip: True})


def test_what_would_break_a_promise_of_the_tap_is_refused():
    with pytest.raises(ConfigurationError, match="emit_activate_version_messages is not supported"):
        TapTikTokShop(config={"sandbox": True, "emit_activate_version_messages": True})


@pytest.mark.slow
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_setting_works_from_the_environment_under_meltano(plugin, tmp_path):
    if shutil.which("uvx") is None:
        pytest.skip("uv is not installed: bash .ci/setup")
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    properties = properties_of(plugin)
    ours = {name: samples(name, spec)[0] for name, spec in properties.items() if not spec.get("secret")}
    variables = {variable(plugin, name): text for name, (text, _) in ours.items()}
    command = ["uvx", "--python", sys.executable, "--constraints", "constraints.txt", "meltano", "--log-level=error"]
    kept = {name: value for name, value in os.environ.items() if "TIKTOKSHOP" not in name}
    done = subprocess.run(
        [*command, "config", "print", plugin.name],
        cwd=tmp_path,
        env={**kept, **variables, "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = typed(json.loads(done.stdout), properties)
    documented = [name for name in ours if name in settings_in_meltano(plugin.name)]
    assert len(documented) > 15
    assert {name: found[name] for name in documented} == {name: ours[name][1] for name in documented}
