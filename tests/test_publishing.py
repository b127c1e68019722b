"""What is made for others to install: the packages' files, the definitions for Meltano Hub, the workflows."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGES = ("tiktokshop-client", "tap-tiktokshop", "target-tiktokshop", "tiktokshop-sandbox")

# The Hub's rules for a definition, reduced to what ours could break: what it must have, what it may have, and of what.
NEEDED = {"name", "namespace", "variant", "quality"}
KNOWN = NEEDED | {
    *("capabilities", "commands", "definition", "description", "docs", "domain_url", "executable", "hidden"),
    *("keywords", "label", "log_parser", "logo_url", "maintenance_status", "next_steps", "pip_url", "prereq", "python"),
    *("repo", "requires", "settings", "settings_group_validation", "settings_preamble", "supported_python_versions"),
    "usage",
}
KNOWN_OF = {
    "tap-tiktokshop": KNOWN | {"metadata", "schema", "select"},
    "target-tiktokshop": KNOWN | {"dialect", "target_schema"},
}
CAPABILITIES = {
    "tap-tiktokshop": {
        *("about", "activate-version", "batch", "catalog", "discover", "log-based", "properties", "schema-flattening"),
        *("state", "stream-maps", "structured-logging", "test"),
    },
    "target-tiktokshop": {
        *("about", "activate-version", "batch", "datatype-failsafe", "hard-delete", "schema-flattening", "soft-delete"),
        *("stream-maps", "target-schema", "validate-records"),
    },
}
CHOICES = {
    "maintenance_status": {"active", "beta", "development", "inactive", "unknown"},
    "quality": {"gold", "silver", "bronze", "unknown"},
}
OF_SETTING = {
    *("aliases", "description", "docs", "documentation", "env", "hidden", "kind", "label", "name", "oauth", "options"),
    *("placeholder", "sensitive", "tooltip", "value", "value_post_processor", "value_processor"),
}
KINDS = {
    *("array", "boolean", "date_iso8601", "decimal", "email", "file", "hidden", "integer", "oauth", "object"),
    *("options", "password", "string"),
}
TEXTS = ("description", "domain_url", "executable", "label", "log_parser", "name", "namespace", "pip_url", "variant")


def definition(name):
    return yaml.safe_load((ROOT / "hub" / f"{name}.yml").read_text(encoding="utf8"))


@pytest.mark.parametrize("name", ["tap-tiktokshop", "target-tiktokshop"])
def test_a_definition_keeps_to_the_hub_s_schema(name):
    found = definition(name)
    assert found.keys() >= NEEDED
    assert found.keys() - KNOWN_OF[name] == set()
    assert [key for key in TEXTS if not isinstance(found[key], str)] == []
    assert set(found["capabilities"]) - CAPABILITIES[name] == set()
    assert [key for key, choices in CHOICES.items() if found[key] not in choices] == []
    for setting in found["settings"]:
        assert setting.keys() - OF_SETTING == set(), setting["name"]
        assert setting["kind"] in KINDS, setting["name"]
    names = [setting["name"] for setting in found["settings"]]
    assert len(names) == len(set(names)) > 20
    assert {one for group in found["settings_group_validation"] for one in group} - set(names) == set()
    assert found["supported_python_versions"] == ["3.10", "3.11", "3.12", "3.13"]


@pytest.mark.parametrize(("name", "kind"), [("tap-tiktokshop", "extractors"), ("target-tiktokshop", "loaders")])
def test_the_hub_s_definition_and_that_of_the_clone_differ_in_where_they_install_from(name, kind):
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf8"))["plugins"][kind]
    ours = next(plugin for plugin in plugins if plugin["name"] == name)
    hub = definition(name)
    assert (ours["pip_url"], hub["pip_url"]) == (
        f"-c constraints.txt ./tiktokshop-client ./tiktokshop-sandbox ./{name}",
        f"{name}[sandbox]",
    )
    same = ("settings", "settings_group_validation", "namespace", "executable", "label", "variant")
    assert {key: ours[key] for key in same} == {key: hub[key] for key in same}
    assert ours.get("select") == hub.get("select")
    assert ours.get("commands") == hub.get("commands")


def test_secrets_are_marked_as_such_in_both_definitions():
    for name in KNOWN_OF:
        secrets = {one["name"] for one in definition(name)["settings"] if one.get("sensitive")}
        assert secrets == {"app_secret", "access_token", "refresh_token"}


def test_nothing_says_pip_install_of_a_name_that_no_index_has():
    names = "|".join(PACKAGES)
    told = re.compile(rf"(?:pip|uv tool|pipx) install [^\n|]*?(?<![./\w-])(?:{names})\b|uvx (?:--\S+ )*(?:{names})\b")
    assert told.search("pip install -q 'tiktokshop-client[redis]'")
    assert not told.search("pip install './tiktokshop-client[redis]' ./tap-tiktokshop")
    listed = subprocess.run(["git", "ls-files"], capture_output=True, cwd=ROOT, text=True, check=True).stdout.split()
    read = [name for name in listed if Path(name).suffix in {".md", ".py", ".yml", ".toml"} and (ROOT / name).is_file()]
    found = {name for name in read if told.search((ROOT / name).read_text(encoding="utf8"))}
    assert found - {"tests/test_publishing.py", "RELEASING.md"} == set()
