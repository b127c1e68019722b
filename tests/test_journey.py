"""As the docs tell a new user: consent in a browser, a doctor who is content, runs; and again elsewhere, later."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from browser import chromium
from selenium.webdriver.common.by import By
from test_command_line import User, free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
NEEDED = (
    "meltano.yml",
    "constraints.txt",
    "tiktokshop-client",
    "tiktokshop-sandbox",
    "tap-tiktokshop",
    "target-duckdb-exact",
)


def container(folder, store, user):
    """A folder with the project and nothing else, and an environment that knows the app and the token store."""
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("tests", "__pycache__", "*.egg-info"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    (folder / "output").mkdir()
    kept = (
        "PATH",
        "UV_CACHE_DIR",
        "UV_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "PIP_INDEX_URL",
        "SSL_CERT_FILE",
        "LANG",
        "HOME",
    )
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "UV_PYTHON_DOWNLOADS": "never",
        "TAP_TIKTOKSHOP_APP_KEY": user.lab.sandbox.app_key,
        "TAP_TIKTOKSHOP_APP_SECRET": user.lab.sandbox.app_secret,
        "TAP_TIKTOKSHOP_API_BASE_URL": user.lab.sandbox.api_base_url,
        "TAP_TIKTOKSHOP_AUTH_BASE_URL": user.lab.sandbox.auth_base_url,
        "TAP_TIKTOKSHOP_TOKEN_STORE": str(store),
        "TAP_TIKTOKSHOP_ANALYTICS_REQUESTS_PER_SECOND": "1000",  # the sandbox has time for reports
    }


def meltano(folder, environment, user):
    """README's command for a real shop."""
    command = ["uvx", "--python", sys.executable, "--constraints", "constraints.txt", "meltano", "--environment=prod"]
    done = subprocess.run(
        [*command, "run", "tap-tiktokshop", "target-duckdb-exact"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    user.seen += [done.stdout, done.stderr]
    assert done.returncode == 0, done.stderr[-2000:]
    with duckdb.connect(str(folder / "output" / "prod.duckdb"), read_only=True) as database:
        amount, moment, orders = database.execute("""
            select any_value(typeof(settlement_amount)), any_value(typeof(statement_time)), any_value(o.many)
            from tiktokshop.statements, (select count(*) as many from tiktokshop.orders) o""").fetchone()
    assert (amount, moment) == ("DECIMAL(38,9)", "TIMESTAMP WITH TIME ZONE")
    assert orders >= 60


def test_from_consent_to_runs_that_outlive_their_tokens(lab_of, tmp_path):
    if shutil.which("uvx") is None:
        pytest.skip("uv is not installed: bash .ci/setup")
    store = tmp_path / "volume" / "tokens.json"
    with lab_of(now=None, orders=60) as lab, chromium(tmp_path / "chromium") as window:
        user = User(lab, tmp_path)
        user.environment["TIKTOKSHOP_TOKEN_STORE"] = str(store)
        port = free_port()
        lab.sandbox.control("PUT", "/app", {"redirect_uri": f"http://127.0.0.1:{port}/callback"})
        login = user.start("auth", "login", "--port", port)
        window.get(user.link(login))
        window.find_element(By.ID, "approve").click()
        assert user.end(login)[0] == 0
        assert {status for status, _ in user.doctor().values()} == {"ok"}

        here = tmp_path / "here"
        environment = container(here, store, user)
        meltano(here, environment, user)
        first = store.read_text()

        lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
        meltano(here, environment, user)
        second = store.read_text()
        assert second != first
        assert lab.calls()["refreshes"] == 1

        lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
        elsewhere = tmp_path / "elsewhere"
        meltano(elsewhere, container(elsewhere, store, user), user)
        assert store.read_text() != second
        assert lab.calls()["refreshes"] == 2
        said = "".join(user.seen)
        assert not [secret for secret in user.secrets() if secret in said]
