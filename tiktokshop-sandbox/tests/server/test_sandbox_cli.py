"""The command line, as a user types it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys

import pytest
import requests
import tiktokshop_sandbox
from tiktokshop_sandbox import sandbox
from tiktokshop_sandbox.cli import main
from tiktokshop_sandbox.sandbox import held

NOW = 1_780_000_000


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield str(taken.getsockname()[1])


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
def test_a_name_that_no_file_can_have_is_one_sentence(capsys, command):
    assert main([*command, "--db", "x" * 300]) == 2
    assert capsys.readouterr().err.endswith(" cannot be used: File name too long\n")


@pytest.mark.parametrize("command", [["counts"], ["advance", "--hours", "1"]], ids=["counts", "advance"])
def test_a_file_that_is_not_there_is_not_made(tmp_path, capsys, command):
    assert main([*command, "--db", str(tmp_path / "none.db")]) == 2
    assert "there is no sandbox file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_clock_does_not_go_back(shop_file, capsys):
    assert main(["advance", "--db", str(shop_file), "--hours", "-1"]) == 2
    assert "only moves forward" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_made_for_shops_that_are_made(tmp_path):
    with held(tmp_path / "my" / "shop.db") as file:
        assert file == str(tmp_path / "my" / "shop.db")
        assert (tmp_path / "my").is_dir()


@pytest.mark.parametrize(
    "wrong",
    [["--port", "1"], ["--regions", "XX"], ["--db", "/dev/null/shop.db"], ["--db", "."], ["--db", "x" * 300]],
    ids=lambda words: "".join(words)[:20],
)
def test_an_option_that_a_person_must_put_right_ends_with_2_and_one_sentence(
    wrong, capsys, monkeypatch, tmp_path, taken_port
):
    monkeypatch.chdir(tmp_path)
    wrong = [taken_port if word == "1" else word for word in wrong]
    assert main(["serve", "--orders", "1", *(wrong if "--port" in wrong else ["--port", "0", *wrong])]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tiktokshop-sandbox: ")
    assert said.count("\n") == 1


def test_ctrl_c_while_a_command_works_is_no_traceback(shop_file, monkeypatch, capsys):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tiktokshop_sandbox.cli.row_counts", stopped)
    assert main(["counts", "--db", str(shop_file)]) == 130
    assert capsys.readouterr() == ("", "")


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
