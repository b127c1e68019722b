"""The command line, as a user types it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest
import requests
import tiktokshop_sandbox
from tiktokshop_sandbox import sandbox
from tiktokshop_sandbox.cli import main

NOW = 1_780_000_000


@pytest.fixture
def shop_file(tmp_path):
    file = tmp_path / "shop.db"
    tiktokshop_sandbox.start(file, shops=1, orders=5, now=NOW).close()
    return file


def test_counts_prints_what_each_shop_holds(shop_file, capsys):
    assert main(["counts", "--db", str(shop_file)]) == 0
    (held,) = json.loads(capsys.readouterr().out).values()
    assert held["shops"] == 1


def test_advance_moves_the_clock_in_the_file(shop_file, capsys):
    assert main(["advance", "--db", str(shop_file), "--hours", "1.5"]) == 0
    assert json.loads(capsys.readouterr().out)["now"] == NOW + 5400
    main(["advance", "--db", str(shop_file), "--hours", "240"])
    moved = json.loads(capsys.readouterr().out)
    assert moved["now"] == NOW + 5400 + 240 * 3600
    assert moved["events"] > 0


@pytest.mark.parametrize("command", [["counts"], ["advance", "--hours", "1"]], ids=["counts", "advance"])
def test_a_file_that_a_server_has_is_left_alone(shop_file, capsys, command, monkeypatch):
    monkeypatch.setattr(sandbox, "_LETTING_GO", 0.1)
    with tiktokshop_sandbox.start(shop_file) as running:
        assert main([*command, "--db", str(shop_file)]) == 1
    sentence = f"{shop_file} is in use by the sandbox at {running.api_base_url}; stop it first, or use it"
    assert capsys.readouterr().err == f"tiktokshop-sandbox: {sentence}\n"


@pytest.mark.parametrize("command", [["counts"], ["advance", "--hours", "1"]], ids=["counts", "advance"])
def test_a_file_that_is_not_there_is_not_made(tmp_path, capsys, command):
    assert main([*command, "--db", str(tmp_path / "none.db")]) == 1
    assert "there is no sandbox file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_clock_does_not_go_back(shop_file, capsys):
    assert main(["advance", "--db", str(shop_file), "--hours", "-1"]) == 1
    assert "only moves forward" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["serve", "--shops", "0"], ["serve", "--now", "yesterday"], ["serve", "--port", "x"], []]
)
def test_arguments_that_make_no_sense_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_how_to_use_it_and_stops_when_told(tmp_path, stop):
    command = [sys.executable, "-c", "import sys; from tiktokshop_sandbox.cli import main; sys.exit(main())"]
    options = ["serve", "--port", "0", "--db", str(tmp_path / "s.db"), "--orders", "5", "--now", "2026-05-01T00:00Z"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        said = "".join(server.stdout.readline() for _ in range(7))
        url = re.search(r"http://127\.0\.0\.1:\d+", said).group()
        status = requests.get(f"{url}/_sandbox", timeout=10).json()
        server.send_signal(stop)
        more, errors = server.communicate(timeout=20)
    assert (server.returncode, more, errors) == (0, "", "")
    assert status["clock"]["now"] == 1777593600
    for secret in (status["app"]["app_secret"], status["tokens"]["access_token"], status["tokens"]["refresh_token"]):
        assert said.count(secret) == 1
