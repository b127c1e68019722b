"""Settings: each from the environment, and each in the README."""

import re
from pathlib import Path

import pytest
from target_duckdb_exact.target import TargetDuckDB, main

README = Path(__file__).parents[1] / "README.md"
OWN = {
    "path": ("shop.duckdb", "shop.duckdb"),
    "default_target_schema": ("raw", "raw"),
    "load_method": ("append-only", "append-only"),
    "nested_types": ("struct", "struct"),
    "hard_delete": ("true", True),
    "add_record_metadata": ("false", False),
    "process_activate_version_messages": ("false", False),
    "batch_size_rows": ("2", 2),
    "share_file": ("true", True),
    "memory_limit": ("100MB", "100MB"),
}
"""Each setting of its own: as the environment has it, and what it is then."""


@pytest.mark.parametrize("setting", OWN)
def test_a_setting_works_from_the_environment(setting, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TARGET_DUCKDB_EXACT_PATH", "other.duckdb")
    text, value = OWN[setting]
    monkeypatch.setenv(f"TARGET_DUCKDB_EXACT_{setting.upper()}", text)
    target = TargetDuckDB(parse_env_config=True)
    target.database.close()
    assert target.config[setting] == value
    assert type(target.config[setting]) is type(value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        ("path: s3cret", "no JSON object"),
        ('["s3cret"]', "no JSON object"),
        ("", "no JSON object"),
    ],
)
def test_a_file_of_settings_that_cannot_be_read_is_one_sentence_and_exit_code_2(
    content, why, tmp_path, monkeypatch, capsys
):
    file = tmp_path / "target.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setattr("sys.argv", ["target-duckdb-exact", "--config", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"target-duckdb-exact: The settings in {file} cannot be read: {why}.\n"


def test_the_readme_has_every_setting_with_its_default():
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? *\|", README.read_text(), re.MULTILINE)
    properties = TargetDuckDB.config_jsonschema["properties"]
    of_the_sdk = {name for name in properties if name.startswith(("stream_map", "flattening", "faker", "batch_config"))}
    assert {name for name, _ in rows} == set(OWN) >= properties.keys() - of_the_sdk
    for name, default in rows:
        if "default" in properties.get(name, {}):
            assert default == str(properties[name]["default"]).replace("True", "true").replace("False", "false"), name


@pytest.mark.parametrize(("name", "why"), [("none.jsonl", "No such file or directory"), ("", "Is a directory")])
def test_an_input_that_is_not_there_is_one_sentence(tmp_path, monkeypatch, capsys, name, why):
    monkeypatch.setattr("sys.argv", ["target-duckdb-exact", "--input", str(tmp_path / name)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"target-duckdb-exact: The input in {tmp_path / name} cannot be read: {why}.\n"
