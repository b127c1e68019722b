"""The command `tiktokshop` as a user has it: a process of its own, a sandbox, and no secret in anything it says."""

import json
import math
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from in_process import call

COMMAND = [sys.executable, "-c", "from tiktokshop_client.command.cli import main; main()"]
CHECKS = [
    "token store", "host", "clock", "app", "signature", "IP allow list", "token", "grant", "scopes", "ciphers",
    "markets", "rate budget",
]  # fmt: skip


class User:
    """Somebody at a terminal in an empty folder, with the app's key and secret in the environment."""

    def __init__(self, lab, folder):
        self.lab, self.folder, self.seen = lab, folder, []
        self.started = []
        self.app = lab.sandbox.control("GET", "")["app"]
        self.environment = {
            **{name: value for name, value in os.environ.items() if "TIKTOKSHOP" not in name},
            "TIKTOKSHOP_APP_KEY": lab.sandbox.app_key,
            "TAP_TIKTOKSHOP_APP_SECRET": lab.sandbox.app_secret,
            "TIKTOKSHOP_API_BASE_URL": lab.sandbox.api_base_url,
            "TIKTOKSHOP_AUTH_BASE_URL": lab.sandbox.auth_base_url,
            "BROWSER": "true %s",
        }

    def start(self, *arguments, **environment):
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def close(self):
        """Ends what a failed test has left running."""
        for process in self.started:
            process.kill()
            process.communicate()

    def end(self, process, typed=""):
        """Exit code, standard output and standard error of a process, once it ends."""
        output, log = process.communicate(typed, timeout=60)
        self.seen += [output, log]
        return process.returncode, output, log

    def run(self, *arguments, typed="", **environment):
        return self.end(self.start(*arguments, **environment), typed)

    def inside(self, *arguments, typed="", **environment):
        """The same as `run` within this process: for what leads to what a test is about, and what tests ask often."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            with mock.patch.dict(os.environ, {**self.environment, **environment}, clear=True):
                ended = call("tiktokshop", *arguments, typed=typed)
        finally:
            os.chdir(before)
        self.seen += [ended.output, ended.log]
        return ended.code, ended.output, ended.log

    def link(self, process):
        """The consent link that a waiting login shows."""
        while True:
            line = process.stderr.readline()
            assert line, "the login ended without a link"
            self.seen.append(line)
            found = re.search(r"http://\S+/o\w+/\S+", line)
            if found:
                return found[0]

    def decide(self, link, decision="approve", scopes=None):
        """What the seller's browser is sent to after the consent page."""
        shops = [shop["id"] for shop in self.lab.sandbox.control("GET", "")["shops"]]
        form = {"decision": decision, "shop": shops}
        if scopes is not None:
            form |= {"scopes": "shown", "scope": scopes}
        return requests.post(link, data=form, allow_redirects=False, timeout=10).headers["location"]

    def login(self, *arguments, **more):
        """Logs in by pasting; the grant covers all shops."""
        _, link, _ = self.inside("auth", "url")
        code = parse_qs(urlsplit(self.decide(link.strip(), **more)).query)["code"][0]
        return self.inside("auth", "exchange", *arguments, typed=f"{code}\n")

    def doctor(self, *arguments, **environment):
        code, output, _ = self.inside("doctor", "--json", *arguments, **environment)
        report = json.loads(output)
        assert report["ok"] == (code == 0)
        return {check["check"]: (check["status"], check["text"]) for check in report["checks"]}

    def stored(self):
        return json.loads((self.folder / ".tiktokshop" / "tokens.json").read_text())

    def secrets(self):
        """Everything that must not have been shown: the app's secret, and every token and code there ever was."""
        stored = self.stored() if (self.folder / ".tiktokshop" / "tokens.json").exists() else {}
        tokens = self.lab.sandbox.control("GET", "")["tokens"]
        ciphers = [shop["cipher"] for shop in self.lab.sandbox.control("GET", "")["shops"]]
        pairs = [pair[name] for pair in (stored, tokens) if pair for name in ("access_token", "refresh_token")]
        return [self.lab.sandbox.app_secret, *pairs, *ciphers]


@pytest.fixture
def user(lab_of, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    with lab_of(now=None) as lab:  # the shops' time is the machine's, as the doctor expects of a platform
        user = User(lab, folder)
        yield user
        user.close()
        said = "".join(user.seen)
        assert not [secret for secret in user.secrets() if secret in said]
        assert "Traceback" not in said


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def test_login_receives_the_redirect_and_stores_the_tokens(user):
    port = free_port()
    login = user.start("auth", "login", "--json", "--port", port)
    back = urlsplit(user.decide(user.link(login)))
    assert requests.get(f"http://127.0.0.1:{port}/favicon.ico", timeout=10).status_code == 404
    page = requests.get(f"http://127.0.0.1:{port}{back.path}?{back.query}", timeout=10)
    assert page.status_code == 200
    assert "You can close this window" in page.text
    code, output, _ = user.end(login)
    facts = json.loads(output)
    assert code == 0
    assert [shop["region"] for shop in facts["shops"]] == ["US", "GB"]
    assert "seller.order.info" in facts["granted_scopes"]
    assert facts["grant_expires_at"] > time.time() + 300 * 86400
    assert user.stored()["granted_scopes"] == facts["granted_scopes"]
    assert oct((user.folder / ".tiktokshop" / "tokens.json").stat().st_mode)[-3:] == "600"


def test_a_seller_who_declines_ends_the_login(user):
    port = free_port()
    login = user.start("auth", "login", "--no-browser", "--port", port)
    back = urlsplit(user.decide(user.link(login), "deny"))
    page = requests.get(f"http://127.0.0.1:{port}/callback?{back.query}", timeout=10)
    code, output, log = user.end(login)
    assert (code, output, page.status_code) == (2, "", 400)
    assert "the seller declined: nothing was exchanged" in log
    assert not (user.folder / ".tiktokshop" / "tokens.json").exists()
    assert user.lab.calls()["exchanges"] == 0


STRANGERS = [
    "code=TTP_stolen&state=guessed",
    "code=TTP_stolen",
    "code=TTP_stolen&state=",
    "error=denied&state=guessed",
    "error=denied",
    "state=%CA%FE",
    "code=TTP_stolen&state=guessed&state=" + "x" * 5000,
]


def test_who_does_not_know_the_state_is_ignored_and_the_login_goes_on_waiting(user):
    port = free_port()
    login = user.start("auth", "login", "--no-browser", "--port", port)
    back = urlsplit(user.decide(user.link(login)))
    for query in STRANGERS:
        page = requests.get(f"http://127.0.0.1:{port}/callback?{query}", timeout=10)
        assert (page.status_code, "Not this login" in page.text) == (400, True), query
    assert login.poll() is None
    assert user.lab.calls()["exchanges"] == 0
    assert requests.get(f"http://127.0.0.1:{port}/callback?{back.query}", timeout=10).status_code == 200
    assert user.end(login)[0] == 0
    assert user.lab.calls()["exchanges"] == 1


def test_a_pasted_address_of_another_login_is_refused(user):
    login = user.start("auth", "login", "--paste")
    user.link(login)
    code, output, log = user.end(login, "http://127.0.0.1/callback?code=TTP_stolen&state=guessed\n")
    assert (code, output) == (2, "")
    assert "a state other than the one it was given" in log
    assert user.lab.calls()["exchanges"] == 0


def test_an_address_can_be_pasted_where_there_is_no_browser(user):
    login = user.start("auth", "login", "--paste")
    code, output, _ = user.end(login, f"{user.decide(user.link(login))}\n")
    assert code == 0
    assert "Sandbox Trading (US)" in output


def test_a_port_in_use_is_explained(user):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, log = user.run("auth", "login", "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "another program uses it" in log
    assert "--paste" in log


@pytest.mark.parametrize(
    ("arguments", "link"),
    [
        (
            ["--region", "us", "--service-id", "7"],
            "https://services.us.tiktokshop.com/open/authorize?service_id=7&state=",
        ),
        (
            ["--region", "row", "--service-id", "7"],
            "https://services.tiktokshop.com/open/authorize?service_id=7&state=",
        ),
        (["--region", "legacy"], "https://auth.tiktok-shops.com/oauth/authorize?app_key=k&state="),
    ],
)
def test_the_link_is_the_one_of_the_sellers_market(tmp_path, arguments, link):
    (tmp_path / "app.env").write_text("export TAP_TIKTOKSHOP_APP_KEY='k'\nTIKTOKSHOP_APP_SECRET=\"s\"\n")
    command = [*COMMAND, "auth", "url", "--config", "app.env"]
    first, second = (
        subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, cwd=tmp_path, env={}).stdout
        for _ in range(2)
    )
    assert first.startswith(link)
    assert len(first) - len(link) > 40
    assert first != second, "the state cannot be guessed"
    without = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env={})
    assert without.returncode == 2
    assert "--region us" in without.stderr


def test_status_refresh_and_logout_do_what_they_say(user):
    assert user.login()[0] == 0
    before = user.stored()
    code, output, _ = user.run("auth", "status")
    assert code == 0
    assert "Maple & Moss Home (US)" in output
    assert "seller.finance.info" in output
    code, output, _ = user.run("auth", "refresh", "--json")
    after = user.stored()
    assert code == 0
    assert json.loads(output)["access_token_expires_at"] == after["access_expires_at"]
    assert after["refresh_token"] != before["refresh_token"]
    assert user.lab.calls()["refreshes"] == 1
    user.seen.append("")
    assert user.run("auth", "logout")[0] == 0
    code, _, log = user.run("auth", "status")
    assert (code, "tiktokshop auth login" in log) == (2, True)


def test_a_bad_key_spends_neither_a_code_nor_a_refresh(user):
    bad = {"TIKTOKSHOP_TOKEN_KEY": "not-a-key"}
    code, _, log = user.run("auth", "login", "--no-browser", "--port", free_port(), **bad)
    assert (code, "is not a key" in log, "Waiting" in log) == (2, True, False), "told before anybody clicks"
    _, link, _ = user.run("auth", "url")
    bought = parse_qs(urlsplit(user.decide(link.strip())).query)["code"][0]
    code, _, log = user.run("auth", "exchange", typed=f"{bought}\n", **bad)
    assert (code, "is not a key" in log) == (2, True)
    assert user.run("auth", "exchange", typed=f"{bought}\n")[0] == 0, "the code is still valid"
    user.lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
    for command in ("status", "refresh"):
        code, _, log = user.run("auth", command, **bad)
        assert (code, "is not a key" in log) == (2, True)
    assert user.lab.calls()["refreshes"] == 0
    assert user.doctor(**bad)["token store"][0] == "fail"
    assert user.run("auth", "status")[0] == 0
    assert user.lab.calls()["refreshes"] == 1


def test_after_a_revocation_the_advice_is_to_log_in_where_the_tokens_came_from_a_login(user):
    user.login()
    user.lab.sandbox.control("POST", "/grants/revoke", {})
    code, _, log = user.run("auth", "status")
    assert (code, "tiktokshop auth login" in log, "configuration" in log) == (2, True, False)


def test_a_code_is_good_once(user):
    _, link, _ = user.run("auth", "url")
    code = parse_qs(urlsplit(user.decide(link.strip())).query)["code"][0]
    assert user.run("auth", "exchange", typed=f"{code}\n")[0] == 0
    status, output, log = user.run("auth", "exchange", "--json", typed=f"{code}\n")
    assert status == 2
    assert json.loads(output)["code"] == 36004004
    assert "the authorisation code is used, expired or wrong" in log
    assert code not in "".join(user.seen)


def test_the_doctor_is_content_with_a_good_configuration(user):
    user.login()
    found = user.doctor()
    assert list(found) == CHECKS
    assert {status for status, _ in found.values()} == {"ok"}
    code, output, _ = user.run("doctor")
    assert code == 0
    assert [line[6:21].strip() for line in output.splitlines()] == CHECKS


@pytest.mark.parametrize(("most", "status"), [("100000", "ok"), ("5", "warn")])
def test_the_doctor_forecasts_how_far_the_requests_of_a_day_reach(user, most, status):
    user.login()
    found, text = user.doctor(TIKTOKSHOP_REQUESTS_PER_DAY=most)["rate budget"]
    assert found == status
    needed = [int(number.replace(",", "")) for number in re.findall(r"at least ([\d,]+) requests", text)]
    assert len(needed) == len(user.lab.sandbox.control("GET", "")["shops"])
    days = [int(number) for number in re.findall(r"(\d+) days with requests_per_day at 5", text)]
    assert days == ([math.ceil(number / 5) for number in needed] if status == "warn" else [])


@pytest.mark.parametrize(("skew", "side"), [(600, "10 minutes behind"), (-600, "10 minutes ahead of")])
def test_the_doctor_names_a_wrong_clock(user, skew, side):
    user.login()
    user.lab.sandbox.control("POST", "/clock", {"skew": skew})
    status, text = user.doctor()["clock"]
    assert status == "fail"
    assert side in text
    assert "NTP" in text


def test_the_doctor_names_a_wrong_secret(user):
    user.login()
    found = user.doctor(TIKTOKSHOP_APP_SECRET="canary-wrong-secret")
    assert found["signature"][0] == "fail"
    assert "check app_secret" in found["signature"][1]
    assert "canary" not in "".join(user.seen)


def test_the_doctor_names_a_wrong_secret_when_the_token_has_expired_too(user):
    user.login()
    user.lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
    stored = user.folder / ".tiktokshop" / "tokens.json"
    stored.write_text(json.dumps({**json.loads(stored.read_text()), "access_expires_at": 1}))
    assert "check app_secret" in user.doctor(TIKTOKSHOP_APP_SECRET="canary-wrong-secret")["signature"][1]


@pytest.mark.parametrize("way", ["withheld by the seller", "missing from the app"])
def test_the_doctor_names_a_missing_scope_and_what_needs_it(user, way):
    if way == "withheld by the seller":
        user.login(scopes=["seller.authorization.info", "seller.order.info", "seller.product.basic",
                           "seller.return_refund.basic"])  # fmt: skip
    else:
        user.login()
        user.lab.fault("scope_withheld", scope="seller.finance.info")
    status, text = user.doctor()["scopes"]
    assert status == ("fail" if way == "withheld by the seller" else "warn"), "sinks need scopes, streams are skipped"
    assert "the scope seller.finance.info is missing for" in text
    assert "stream statements, stream statement_transactions, stream order_transactions, stream payments" in text
    assert "Partner Center" in text


def test_the_doctor_checks_only_what_a_catalog_selects(user):
    user.login(scopes=["seller.authorization.info", "seller.order.info"])
    marks = [{"breadcrumb": [], "metadata": {"selected": True}}]
    catalog = {"streams": [{"tap_stream_id": "orders", "stream": "orders", "metadata": marks},
                           {"tap_stream_id": "payments", "metadata": [{"breadcrumb": [], "metadata": {"selected": False}}]}]}  # fmt: skip  # noqa: E501
    (user.folder / "catalog.json").write_text(json.dumps(catalog))
    assert user.doctor("--catalog", "catalog.json")["scopes"] == ("ok", "all that 1 stream or sink need")


def test_the_doctor_names_a_revoked_grant(user):
    user.login()
    user.lab.sandbox.control("POST", "/grants/revoke", {})
    status, text = user.doctor()["grant"]
    assert status == "fail"
    assert "the seller must authorise the app again" in text


def test_the_doctor_names_a_foreign_cipher(user):
    user.login()
    shop = user.lab.sandbox.control("GET", "")["shops"][1]["id"]
    user.lab.fault("cipher_foreign", shop_id=shop)
    status, text = user.doctor()["ciphers"]
    assert status == "fail"
    assert f"the cipher of shop {shop} is not one of this grant's" in text


@pytest.mark.parametrize("host", ["API", "AUTH"])
def test_the_doctor_names_an_unreachable_host(user, host):
    user.login()
    if host == "AUTH":
        user.lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
    port = free_port()
    found = user.doctor(**{f"TIKTOKSHOP_{host}_BASE_URL": f"http://127.0.0.1:{port}"})
    assert found["host"][0] == "fail"
    assert f"127.0.0.1:{port} cannot be reached: check the network" in found["host"][1]


def test_the_doctor_names_an_unreadable_store(user):
    user.login()
    (user.folder / ".tiktokshop" / "tokens.json").chmod(0o666)
    status, text = user.doctor()["token store"]
    assert (status, "can be written by others" in text) == ("fail", True)
    user.environment["TIKTOKSHOP_TOKEN_STORE"] = str(user.folder / ".tiktokshop")
    assert "cannot be read" in user.doctor()["token store"][1]
    user.environment["TIKTOKSHOP_TOKEN_STORE"] = f"redis://u:canary-password@127.0.0.1:{free_port()}/0"
    assert "cannot be reached" in user.doctor()["token store"][1]
    assert "canary" not in "".join(user.seen)


def test_the_doctor_tells_when_the_grant_ends_soon(user):
    user.login()
    stored = user.folder / ".tiktokshop" / "tokens.json"
    stored.write_text(json.dumps({**user.stored(), "refresh_expires_at": int(time.time()) + 10 * 86400}))
    status, text = user.doctor()["grant"]
    assert (status, "(10 days)" in text) == ("warn", True)


def test_the_tap_examines_first_when_it_is_tested(user):
    user.login()
    config = {**user.lab.config, "access_token": None, "refresh_token": None,
              "token_store": str(user.folder / ".tiktokshop" / "tokens.json")}  # fmt: skip
    good = user.lab.process(arguments=["--test"], streams=("shops", "payments"), **config)
    assert good.code == 0
    assert good.log.index("ok    rate budget") < good.log.index("Beginning")
    user.lab.fault("scope_withheld", scope="seller.finance.info")
    bad = user.lab.process(arguments=["--test"], streams=("shops", "payments"), on_missing_scope="fail", **config)
    assert (bad.code, bad.output) == (2, "")
    assert "fail  scopes" in bad.log
    assert "1 of the checks failed" in bad.log


def test_a_run_warns_while_there_is_time(user, caplog):
    user.login(scopes=["seller.authorization.info", "seller.order.info"])
    stored = user.folder / ".tiktokshop" / "tokens.json"
    stored.write_text(json.dumps({**user.stored(), "refresh_expires_at": int(time.time()) + 10 * 86400}))
    bare = {"access_token": None, "refresh_token": None, "token_store": str(stored)}
    user.lab.run(streams=["shops", "orders"], **bare)
    assert "the seller's grant ends on" in caplog.text
    assert "is missing" not in caplog.text, "what is not selected needs no scope"
    caplog.clear()
    user.lab.run(streams=["shops", "payments"], **bare)
    assert caplog.text.count("the scope seller.finance.info is missing for stream payments") == 1


def test_settings_that_are_wrong_are_named_and_not_shown(user):
    (user.folder / "bad.json").write_text('{"app_secret": "canary-secret", ')
    for arguments, words in (
        (["--config", "bad.json"], "bad.json is not a JSON object of settings"),
        (["--config", "none.json"], "none.json cannot be read"),
    ):
        code, _, log = user.run("auth", "status", *arguments)
        assert (code, words in log) == (2, True)
    code, _, log = user.run("auth", "status", TIKTOKSHOP_MAX_TRIES="canary")
    assert (code, "max_tries" in log) == (2, True)
    code, _, log = user.run("auth", "login", TAP_TIKTOKSHOP_APP_SECRET="")
    assert (code, "app_secret is missing" in log) == (2, True)
    assert "canary" not in "".join(user.seen)
