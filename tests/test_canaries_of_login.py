"""`auth login` with its callback, and results fed again: no secret in what they print, log, show or leave in files."""

import json
import socket
import threading
import webbrowser
from importlib.metadata import entry_points
from urllib.parse import parse_qs, urlencode, urlsplit

import click
import pytest
import requests
from test_canaries_of_runs import (
    ANSWERS,
    DEBUG,
    EXCHANGE,
    FORMS,
    HOOKS,
    ODD,
    QUIET,
    SECRETS,
    SHOPS,
    TRUSTED,
    WORK,
    canaries_in,
    forms_of,
    platform,
    user,
)
from tiktokshop_client.command.cli import tiktokshop
from tiktokshop_webhooks.command.cli import hooks

__all__ = ["platform", "user"]  # fixtures
LOGIN = ("tiktokshop", "auth", "login", "--region", "legacy", "--config", "config.json", *DEBUG)
REFUSED = {
    "a seller who declines": {"error": "access_denied", "error_description": SECRETS["code"]},
    "an error beside a code": {"error": SECRETS["code"], "code": SECRETS["code"]},
    "no code": {"code": "", "auth_code": SECRETS["code"]},
}
"""What the platform sends the browser back with besides the state."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Seller:
    """What a seller's browser brings back to a waiting login: with a stranger's state first, then with its own."""

    def __init__(self, user, query):
        self.user, self.query, self.port, self.pages, self.thread = user, query, free_port(), [], None

    def open(self, link):
        state = parse_qs(urlsplit(link).query)["state"][0]
        self.thread = threading.Thread(target=self._come_back, args=({"state": SECRETS["code"]}, {"state": state}))
        self.thread.start()
        return True

    def _come_back(self, *states):
        with requests.Session() as session:
            session.trust_env = False  # whatever proxy the command has
            for state in states:
                address = f"http://127.0.0.1:{self.port}/callback?{urlencode({**self.query, **state})}"
                self.pages.append(session.get(address, timeout=10).text)

    def login(self, *more):
        ended = self.user.call(*LOGIN, "--port", self.port, *more)
        if self.thread:
            self.thread.join()
        self.user.texts += self.pages
        return ended


@pytest.fixture
def browser(user, monkeypatch):
    made = Seller(user, {"code": SECRETS["code"]})
    monkeypatch.setattr(webbrowser, "open", made.open)
    return made


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["lines", "json"])
def test_a_login_that_works_shows_none_of_the_secrets_that_came_and_went(user, browser, more):
    user.platform.answers = TRUSTED
    ended = browser.login(*more)
    assert ended.code == 0, ended.log
    assert canaries_in(user.seen()) == []
    assert "***" in ended.output, "the token host has quoted secrets in the seller's name and scopes"
    assert [page.count("Not this login") + 2 * page.count("Thank you") for page in browser.pages] == [2, 4]
    assert json.loads((user.folder / "tokens.json").read_text())["access_token"] == SECRETS["fresh_access"]
    assert user.platform.asked == [EXCHANGE, SHOPS]


@pytest.mark.parametrize("trust", ["nothing", "tokens"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_platform_that_quotes_all_secrets_at_a_login_gets_none_of_them_shown(user, browser, answer, trust):
    user.platform.answers = {} if trust == "nothing" else {EXCHANGE: TRUSTED[EXCHANGE]}
    user.platform.otherwise = ANSWERS[answer]
    user.platform.met.append("code")
    ended = browser.login()
    assert canaries_in(user.seen()) == []
    assert user.platform.asked[0] == EXCHANGE
    assert "bug" not in ended.log


@pytest.mark.parametrize("form", FORMS)
def test_in_whichever_form_the_token_host_quotes_the_code(user, browser, form):
    user.platform.form = form
    user.platform.met = ["code"]
    ended = browser.login()
    assert (ended.code, user.platform.asked) == (2, [EXCHANGE])
    assert canaries_in(user.seen()) == []
    assert "***" in ended.log


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("odd", ["\n", "\r\n", "\x00", "é", "\U0001f511", " ", ["a"], {"a": "b"}])
def test_a_token_host_that_hands_out_odd_tokens_at_a_login_gets_none_shown(user, browser, name, odd):
    pair = TRUSTED[EXCHANGE]
    given = pair[name] + odd + pair[name] if isinstance(odd, str) else [pair[name], odd]
    user.platform.answers = {**TRUSTED, EXCHANGE: {**pair, name: given}}
    browser.login()
    assert canaries_in(user.seen()) == []
    assert user.platform.asked[0] == EXCHANGE


@pytest.mark.parametrize("refused", REFUSED)
def test_a_browser_that_comes_back_with_secrets_in_its_errors_gets_none_shown(user, browser, refused):
    browser.query = REFUSED[refused]
    user.platform.answers = {}
    ended = browser.login()
    assert ended.code == 2
    assert canaries_in(user.seen()) == []


@pytest.mark.parametrize("odd", [pytest.param(odd, marks=[pytest.mark.slow] if odd == "S3" else []) for odd in ODD])
def test_what_libraries_would_quote_of_secrets_at_a_login_is_not_shown(user, browser, odd, monkeypatch):
    user.platform.answers = TRUSTED
    for name, value in ODD[odd].items():
        if name.isupper():
            monkeypatch.setenv(name, value)
    user.changed(**{name: value for name, value in ODD[odd].items() if not name.isupper()})
    browser.login()
    assert canaries_in(user.seen()) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_results_of_a_run_whose_platform_quoted_secrets_are_fed_again_without_one(user, form):
    """The results that a target has really written, by way of the command that makes messages of them, and again."""
    user.platform.answers = {SHOPS: TRUSTED[SHOPS]}
    user.platform.form = form
    user.call(*WORK["target"])
    results = user.folder / "results.jsonl"
    assert "***" in results.read_text(), "the platform has quoted something"
    outcomes = {json.loads(line)["outcome"] for line in results.read_text().splitlines()}
    chosen = [part for outcome in sorted(outcomes) for part in ("--outcome", outcome)]
    ended = user.call("target-tiktokshop-refeed", results, *chosen, *DEBUG)
    assert [json.loads(line)["type"] for line in ended.output.splitlines()] == ["SCHEMA", "RECORD"]
    (user.folder / "records.jsonl").write_text(ended.output)
    user.call(*WORK["target"])
    assert canaries_in(user.seen()) == []


@pytest.mark.parametrize(
    "text",
    [
        SECRETS["code"],
        f'{{"stream": "inventory", "reason": "{forms_of(SECRETS["code"])["percent-encoded"]}',
        "[" * 5_000,
    ],
    ids=["no JSON", "half a line", "too deep"],
)
def test_a_results_file_that_is_none_is_not_quoted(user, text):
    (user.folder / "old.jsonl").write_text(text)
    ended = user.call("target-tiktokshop-refeed", "old.jsonl", *DEBUG)
    assert (ended.code, ended.output) == (0, "")
    assert canaries_in(user.seen()) == []


def commands(command, *words):
    """All commands below a group, as words."""
    inner = command.commands.items() if isinstance(command, click.Group) else ()
    return [found for word, each in inner for found in commands(each, *words, word)] or [words]


def test_every_command_that_meets_secrets_has_canaries():
    scripts = {point.name for point in entry_points(group="console_scripts") if "tiktokshop" in point.value}
    # The first two meet none of these; the sandbox's own test asks over HTTP.
    others = {"target-tiktokshop-table", "tiktokshop-books", "tiktokshop-sandbox"}
    meeting = scripts - {"tiktokshop", "tiktokshop-webhooks"} - others
    called = [LOGIN, *WORK.values(), *QUIET.values()]
    wanted = [*commands(tiktokshop, "tiktokshop"), *commands(hooks, HOOKS), *((name,) for name in meeting)]
    for served in ((HOOKS, "serve"), ("tiktokshop", "auth", "serve")):  # have tests of their own
        wanted.remove(served)
    assert len(wanted) == 7 + 10 + 5
    assert [words for words in wanted if not any(each[: len(words)] == words for each in called)] == []
