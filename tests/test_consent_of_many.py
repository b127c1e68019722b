"""`tiktokshop auth serve` as a command: with the sandbox's consent page, over a restart, beside another, and quoted."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import tiktokshop_sandbox
from test_canaries_of_runs import EXCHANGE, FORMS, SECRETS, TRUSTED, canaries_in, forms_of, platform, user
from tiktokshop_client.stores import FileStore

__all__ = ["platform", "user"]  # fixtures
pytestmark = pytest.mark.slow
OPERATOR = SECRETS["code"].replace('"', "") + "x" * 8
COMMAND = "import sys; from tiktokshop_client.command.cli import main; sys.argv[0] = 'tiktokshop'; main()"


def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def serving(folder, port, log, *more):
    """The command as a process; its log goes into a file."""
    words = [sys.executable, "-c", COMMAND, "auth", "serve", "--port", str(port), "--config", "serve.json", *more]
    with (folder / log).open("a") as errors:
        running = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=errors, env=dict(os.environ))
        try:
            line = running.stdout.readline()
            assert b"Serving consent" in line or line == b"{\n", (folder / log).read_text()
            yield running
        finally:
            running.terminate()
            running.wait(20)
            running.stdout.close()


def write_configuration(folder, port, **config):
    base = {
        "region": "legacy",
        "operator_secret": OPERATOR,
        "public_url": f"http://127.0.0.1:{port}",
        "sellers": "sellers.csv",
        "token_store": "tokens/{seller}.json",
    }
    (folder / "serve.json").write_text(json.dumps({**base, **config}))


def link_of(port, name):
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    answer = requests.post(f"http://127.0.0.1:{port}/api/sellers/{name}/link", headers=headers, timeout=10)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


def browser():
    made = requests.Session()
    made.trust_env = False
    return made


def test_sellers_consent_on_the_sandboxs_page_over_a_restart_and_by_way_of_two_instances(tmp_path):
    port, other = free_port(), free_port()
    with tiktokshop_sandbox.start(orders=20) as sandbox:
        sandbox.control("PUT", "/app", {"redirect_uri": f"http://127.0.0.1:{port}/callback"})
        shops = [shop["id"] for shop in sandbox.control("GET", "")["shops"]]
        (tmp_path / "sellers.csv").write_text(f"seller,shop_ids\nanna,{shops[0]}\nbert,{shops[-1]}\n")
        connection = ("app_key", "app_secret", "api_base_url", "auth_base_url")
        write_configuration(tmp_path, port, **{name: getattr(sandbox, name) for name in connection})
        seller, stranger = browser(), browser()

        def decide(session, page, shop, decision="approve"):
            """Decides on the consent page; where the platform sends the browser."""
            answer = session.post(page, data={"decision": decision, "shop": [shop]}, allow_redirects=False, timeout=10)
            return answer.headers["location"]

        with serving(tmp_path, port, "first.log", "--log-level", "info"):
            page = seller.post(link_of(port, "anna"), allow_redirects=False, timeout=10).headers["location"]
            assert "asks for access" in seller.get(page, timeout=10).text
            back = decide(seller, page, shops[0])
            wrong = stranger.post(link_of(port, "bert"), allow_redirects=False, timeout=10).headers["location"]
            assert stranger.get(decide(stranger, wrong, shops[0]), timeout=20).url.endswith("/outcome/other-seller")
        with serving(tmp_path, port, "second.log"), serving(tmp_path, other, "other.log", "--json"):
            ended = seller.get(back.replace(str(port), str(other)), timeout=20)
            assert ended.url == f"http://127.0.0.1:{port}/outcome/authorised"
            assert seller.get(back, timeout=20).url.endswith("/outcome/unknown"), "each state is good once"
            listed = requests.get(
                f"http://127.0.0.1:{other}/api/sellers", headers={"Authorization": f"Bearer {OPERATOR}"}, timeout=10
            ).json()["sellers"]
            assert [(each["seller"], each["granted"]) for each in listed] == [("anna", True), ("bert", False)]
        status = [sys.executable, "-c", COMMAND, "auth", "status", "--json", "--config", "anna.json"]
        anna = {name: getattr(sandbox, name) for name in connection} | {"token_store": "tokens/anna.json"}
        (tmp_path / "anna.json").write_text(json.dumps(anna))
        shown = subprocess.run(status, cwd=tmp_path, capture_output=True, check=True)
        assert [shop["id"] for shop in json.loads(shown.stdout)["shops"]] == [shops[0]]
    logs = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert "made a link for the seller anna" in logs
    assert [secret for secret in (code, sandbox.app_secret, OPERATOR) if secret in logs] == []


def test_a_code_whose_pair_is_lost_to_a_kill_costs_the_seller_one_more_click_and_nothing_else(tmp_path):
    port = free_port()
    with tiktokshop_sandbox.start(orders=5) as sandbox:
        sandbox.control("PUT", "/app", {"redirect_uri": f"http://127.0.0.1:{port}/callback"})
        (tmp_path / "sellers.csv").write_text("seller\nanna\n")
        connection = ("app_key", "app_secret", "api_base_url", "auth_base_url")
        write_configuration(tmp_path, port, **{name: getattr(sandbox, name) for name in connection})
        shop = sandbox.control("GET", "")["shops"][0]["id"]
        seller, kept = browser(), FileStore(tmp_path / "tokens" / "anna.json")

        def consent(link):
            page = seller.post(link, allow_redirects=False, timeout=10).headers["location"]
            return seller.post(page, data={"decision": "approve", "shop": [shop]}, timeout=60).url

        with serving(tmp_path, port, "log"):
            assert consent(link_of(port, "anna")).endswith("/outcome/authorised")
            before = kept.read()
            link, exchanged = link_of(port, "anna"), sandbox.control("GET", "/stats")["exchanges"]
        sandbox.control("POST", "/faults", {"kind": "slow", "seconds": 30, "path": "/api/v2/token/get", "next": 1})
        with serving(tmp_path, port, "log") as running:

            def cut():
                with pytest.raises(requests.ConnectionError):
                    consent(link)

            waiting = threading.Thread(target=cut)
            waiting.start()
            until = time.monotonic() + 30
            while sandbox.control("GET", "/stats")["exchanges"] == exchanged and time.monotonic() < until:
                time.sleep(0.02)  # until the platform has taken the code
            running.kill()
            waiting.join()
        assert kept.read() == before
        with serving(tmp_path, port, "log"):
            assert consent(link).endswith("/outcome/authorised"), "the link is good until a pair is stored"
            assert seller.get(link, timeout=10).status_code == 404
        after = kept.read()
        assert after.access_token != before.access_token
        assert after.open_id == before.open_id
        assert sandbox.control("GET", "/stats")["exchanges"] == exchanged + 2


def test_ctrl_c_and_sigterm_end_it_in_order(tmp_path):
    port = free_port()
    (tmp_path / "sellers.csv").write_text("seller\nanna\n")
    write_configuration(tmp_path, port, app_key="key", app_secret="secret-0123456789")
    ended = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with serving(tmp_path, port, "log") as running:
            running.send_signal(number)
            ended.append(running.wait(20))
    assert ended == [130, 0]
    assert (tmp_path / "log").read_text() == ""


def test_lines_of_its_log_are_objects_with_the_seller(tmp_path):
    port = free_port()
    (tmp_path / "sellers.csv").write_text("seller\nanna\n")
    write_configuration(tmp_path, port, app_key="key", app_secret="secret-0123456789")
    with serving(tmp_path, port, "log", "--log-format", "json", "--log-level", "info"):
        link_of(port, "anna")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line["seller"], line["message"]) for line in lines if "seller" in line] == [
        ("anna", "made a link for the seller anna"),
    ]


@pytest.mark.parametrize("answer", ["trusted", "quoted", *FORMS[::9]])
def test_a_platform_that_quotes_all_secrets_gets_none_shown_in_logs_pages_or_lists(user, answer):
    port = free_port()
    (user.folder / "sellers.csv").write_text("seller\nanna\n")
    config = {name: user.config[name] for name in ("app_key", "app_secret", "api_base_url", "auth_base_url")}
    write_configuration(user.folder, port, **config)
    if answer == "trusted":
        odd = {"seller_name": f"Tea {SECRETS['app_secret']}", "granted_scopes": [SECRETS["code"]]}
        user.platform.answers = {EXCHANGE: {**TRUSTED[EXCHANGE], **odd}}
    elif answer != "quoted":
        user.platform.form = answer
    user.platform.met = ["code", "app_secret"]  # what it is told here
    seller, texts = browser(), []
    with serving(user.folder, port, "serve.log", "--log-level", "debug"):
        sent = seller.post(link_of(port, "anna"), allow_redirects=False, timeout=10)
        state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
        query = {"code": forms_of(SECRETS["code"])["plain"], "state": state}
        ended = seller.get(f"http://127.0.0.1:{port}/callback", params=query, timeout=60)
        listed = requests.get(
            f"http://127.0.0.1:{port}/api/sellers", headers={"Authorization": f"Bearer {OPERATOR}"}, timeout=10
        )
        texts += [ended.text, str(ended.headers), ended.url, listed.text]
    assert EXCHANGE in user.platform.asked
    assert ended.url.rsplit("/", 1)[-1] == ("authorised" if answer == "trusted" else "failed")
    assert canaries_in("".join([*texts, (user.folder / "serve.log").read_text()])) == []
    assert re.search(r"\d\d WARNING|\d\d ERROR|\d\d INFO", (user.folder / "serve.log").read_text())
    stored = FileStore(user.folder / "tokens" / "anna.json").read()
    assert (stored.access_token.reveal() if stored else None) == (
        SECRETS["fresh_access"] if answer == "trusted" else None
    )
