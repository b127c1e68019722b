"""The image, the compose file, the manifests, units and scripts of deploy/: checked by their own tools, and run."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import kubernetes_validate
import pytest
import yaml
from compose import by_default, order, services_of
from dockerfile_parse import DockerfileParser
from images import PLANTED, ignored

from conftest import catalog

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
SOME = ("--catalog", "catalog.json")


def steps():
    with (ROOT / "Dockerfile").open("rb") as file:
        return [
            (each["instruction"], each["value"])
            for each in DockerfileParser(fileobj=file, env_replace=False).structure
            if each["instruction"] != "COMMENT"
        ]


def test_the_image_is_built_in_stages_runs_as_nobody_special_and_hands_signals_on():
    found = steps()
    last = found[max(place for place, (name, _) in enumerate(found) if name == "FROM") :]
    words = dict(last)
    assert [name for name, _ in found].count("FROM") == 2
    assert all(image.partition(" ")[0].endswith("-slim-bookworm") for name, image in found if name == "FROM")
    assert words["USER"] == "10001:10001"
    assert json.loads(words["ENTRYPOINT"]) == ["/usr/bin/tini", "-g", "--"]
    assert json.loads(words["CMD"]) == ["tap-tiktokshop", "--help"]
    assert json.loads(words["HEALTHCHECK"].partition(" CMD ")[2])[0] == "python3"
    assert words["STOPSIGNAL"] == "SIGTERM"


def test_only_what_the_image_is_made_of_gets_near_a_layer():
    copied = {
        word for name, value in steps() if name == "COPY" and "--from" not in value for word in value.split()[:-1]
    }
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    let_in = [line[1:] for line in ignored if line[0] == "!"]
    assert ignored[0] == "*"
    assert all(any(Path(each).match(pattern) for pattern in let_in) for each in copied), copied
    assert {"**/.env", "**/.tiktokshop", "**/*.sqlite*"} <= set(ignored)
    assert [name for name, value in steps() if name in {"ARG", "ADD"} or "SECRET" in value or "TOKEN" in value] == []
    assert [each for each in copied if not (ROOT / each).exists()] == []


def test_the_compose_file_fits_its_schema_and_its_services_may_do_little():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, check=False)
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert done.returncode == 0, done.stdout
    assert set(services) == {"sandbox", "settings", "receiver", "tap", "postgres", "redis", "airflow"}
    ours = {name: service for name, service in services.items() if service.get("image") == "tiktokshop"}
    assert len(ours) == 4
    for service in ours.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service.get("ports", ()))
    assert "profiles" in services["airflow"]
    assert (ROOT / services["airflow"]["build"]["dockerfile"]).is_file()


def test_what_an_image_is_built_from_has_every_module_and_no_secret_that_may_lie_in_a_clone():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and line[0] != "#"]
    packages = [folder for folder in ROOT.glob("t*-*") if (folder / "pyproject.toml").exists()]
    modules = [path for folder in packages for path in (folder / folder.name.replace("-", "_")).rglob("*.py")]
    out = {path.parts[len(ROOT.parts)] for path in modules if ignored(str(path.relative_to(ROOT)), patterns)}
    assert [name for name in PLANTED if not ignored(name, patterns)] == []
    assert out == {"tiktokshop-books"}, "which is in no image"
    assert not ignored("deploy/tiktokshop-run", patterns)
    assert ignored("tap-tiktokshop/tests/test_tap.py", patterns)


def test_services_start_behind_what_they_need_and_not_without_a_password():
    with pytest.raises(SystemExit, match="POSTGRES_PASSWORD"):
        services_of(ROOT / "compose.yaml", {})
    services = services_of(ROOT / "compose.yaml", {"POSTGRES_PASSWORD": "pass"})
    assert order(services, by_default(services)) == ["sandbox", "settings", "postgres", "receiver", "redis"]
    assert order(services, ["tap"]) == ["sandbox", "settings", "postgres", "redis", "tap"]
    assert by_default(services, "airflow")[-1] == "airflow"
    assert services["tap"]["environment"]["PGPASSWORD"] == "pass"
    assert services["airflow"]["environment"]["AIRFLOW_CONN_TIKTOKSHOP_STORE"] == "postgresql://shop:pass@postgres/shop"


def test_the_manifests_fit_the_schemas_of_kubernetes():
    manifests = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    assert [each["kind"] for each in manifests] == [
        *("Secret", "PersistentVolumeClaim", "CronJob", "Deployment", "Service"),
    ]
    for each in manifests:
        kubernetes_validate.validate(each, "1.37", strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**manifests[2], "spec": {"schedul": "7 * * * *"}}, "1.37", strict=True)
    (rule, _) = manifests[2]["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [2, 3])


def test_the_units_are_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for name in ("shop@.service", "shop@.timer"):
        text = (DEPLOY / name).read_text().replace("/usr/local/bin/tiktokshop-run", str(DEPLOY / "tiktokshop-run"))
        (tmp_path / name).write_text(text)
    check = ["systemd-analyze", "verify", "./shop@.service", "./shop@.timer"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "shop@" in line]) == (0, [])


def test_each_line_of_the_crontab_is_a_command_of_the_shell():
    lines = [line for line in (DEPLOY / "crontab").read_text().splitlines() if line[0] != "#"]
    assert len(lines) == 2
    for line in lines:
        when, command = re.fullmatch(r"((?:[\d*]+ +){5})(.*)", line).groups()
        assert int(when.split()[0]) < 60
        assert subprocess.run(["sh", "-nc", command], check=False).returncode == 0
        assert "%" not in command, "which cron takes for the end of a line"


@pytest.mark.parametrize("script", ["tiktokshop-run", "tiktokshop-retried"])
def test_scripts_can_be_run_and_are_understood_by_bash(script):
    assert os.access(DEPLOY / script, os.X_OK)
    assert subprocess.run(["bash", "-n", DEPLOY / script], check=False).returncode == 0


@pytest.fixture
def place(lab):
    """A folder of a seller, and the environment of its runs."""
    folder = lab.folder / "anna"
    folder.mkdir()
    (folder / "catalog.json").write_text(json.dumps(catalog(("shops", "products"))))
    texts = {name: value for name, value in lab.config.items() if isinstance(value, str)}
    env = {f"TAP_TIKTOKSHOP_{name.upper()}": value for name, value in texts.items()}
    env |= {"TARGET_DUCKDB_EXACT_PATH": "shop.duckdb", "PATH": f"{DEPLOY}:{BIN}:{os.environ['PATH']}"}
    return folder, {**os.environ, **env, "TAP_TIKTOKSHOP_TOKEN_STORE": "tokens.json"}


def ran(script, folder, env):
    """A script to its end."""
    return subprocess.run([script, *SOME], cwd=folder, env=env, check=False, capture_output=True, text=True)


@pytest.mark.slow
def test_two_runs_of_the_script_load_a_shop_and_the_second_goes_on_from_the_first(place, lab):
    folder, env = place
    first = ran("tiktokshop-retried", folder, env)
    assert first.returncode == 0, first.stderr[-2_000:]
    before = lab.calls()
    second = ran("tiktokshop-run", folder, env)
    assert second.returncode == 0, second.stderr[-2_000:]
    with duckdb.connect(str(folder / "shop.duckdb"), read_only=True) as shop:
        tables = {name for (name,) in shop.sql("select table_name from information_schema.tables").fetchall()}
    assert {"shops", "products"} <= tables
    assert before
    assert json.loads((folder / "state.json").read_text())


@pytest.mark.slow
def test_a_wrong_secret_is_tried_once_and_a_busy_platform_three_times(place, lab):
    folder, env = place
    counted = folder / "tiktokshop-run"
    counted.write_text(f'#!/bin/sh\necho run >> runs\nexec {DEPLOY}/tiktokshop-run "$@"\n')
    counted.chmod(0o755)
    env = {**env, "PATH": f"{folder}:{env['PATH']}", "PAUSES": "0 0", "TAP_TIKTOKSHOP_MAX_TRIES": "1"}
    wrong = {**env, "TAP_TIKTOKSHOP_APP_SECRET": "wrong-secret-0123456789"}
    codes = [ran("tiktokshop-retried", folder, wrong).returncode]
    runs = [(folder / "runs").read_text().count("run")]
    lab.fault("http_503", path="/authorization/*")
    (folder / "runs").unlink()
    codes.append(ran("tiktokshop-retried", folder, env).returncode)
    runs.append((folder / "runs").read_text().count("run"))
    assert (codes, runs) == ([2, 1], [1, 3])


@pytest.mark.slow
def test_a_run_that_is_stopped_ends_with_its_signal_and_the_next_one_goes_on(place, lab):
    folder, env = place
    lab.fault("slow", seconds=0.3)
    running = subprocess.Popen(
        ["tiktokshop-run", *SOME], cwd=folder, env=env, stderr=subprocess.PIPE, start_new_session=True
    )
    until = time.monotonic() + 60
    while not (folder / "tokens.json.budgets").exists() and time.monotonic() < until:
        time.sleep(0.05)  # until the tap is at work
    os.killpg(running.pid, signal.SIGTERM)
    code = running.wait(60)
    running.stderr.close()
    lab.sandbox.control("DELETE", "/faults")
    after = ran("tiktokshop-run", folder, env)
    assert (code, after.returncode) == (143, 0), after.stderr[-2_000:]
