"""A sandbox in a process of its own: it answers, says why it cannot start, and ends however the other process ends."""

import os
import select
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from tiktokshop_sandbox import SandboxError, start, start_beside

STARTER = """
import sys
from tiktokshop_sandbox import start_beside
running = start_beside(sys.argv[1])
print(running.api_base_url, running._process.pid, flush=True)
sys.stdin.read()
"""


def status(url):
    try:
        with urllib.request.urlopen(f"{url}/_sandbox/clock", timeout=10) as answer:
            return answer.status
    except urllib.error.URLError as error:
        return type(error.reason).__name__


@pytest.fixture
def path(shop_file, tmp_path):
    copy = tmp_path / "shop.sqlite"
    copy.write_bytes(shop_file(shops=1, orders=5).read_bytes())
    return str(copy)


@pytest.mark.slow
def test_it_answers_until_it_is_closed_and_lets_go_of_its_file(path):
    running = start_beside(path)
    assert status(running.api_base_url) == 200
    running.close()
    running.close()
    assert status(running.api_base_url) == "ConnectionRefusedError"
    with start(path) as again:
        assert status(again.api_base_url) == 200


@pytest.mark.slow
def test_one_that_cannot_start_says_why(path, tmp_path):
    with start(path) as other, pytest.raises(SandboxError, match=f"is in use by the sandbox at {other.api_base_url}"):
        start_beside(path)
    (tmp_path / "other").write_text("not a database, and long enough to be looked at as one")
    with pytest.raises(SandboxError, match="cannot be used as a sandbox file"):
        start_beside(str(tmp_path / "other"))


@pytest.mark.slow
def test_its_secrets_are_not_shown(path):
    running = start_beside(path)
    running.close()
    assert running.app_secret not in repr(running)
    assert running.refresh_token not in repr(running)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_the_process_that_started_it_does(path, number):
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        url, sandbox = starter.stdout.readline().split()
        ended = os.pidfd_open(int(sandbox))
        assert status(url) == 200
        starter.send_signal(number)
        assert select.select([ended], [], [], 10)[0] == [ended]
        os.close(ended)
    with start(path) as again:
        assert status(again.api_base_url) == 200


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_does_not_reach_it(path):
    with subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + STARTER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as starter:
        url, _ = starter.stdout.readline().split()
        os.killpg(starter.pid, signal.SIGINT)
        assert status(url) == 200
        starter.stdin.close()
