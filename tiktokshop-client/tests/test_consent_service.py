"""`auth serve`: each seller's grant comes under that seller's name only, once, and by the browser that was sent out."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import os
import re
import socket
import threading
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from store_places import PLACES
from tiktokshop_client.consent import desk as desk_module
from tiktokshop_client.consent.app import create_app
from tiktokshop_client.consent.books import open_book
from tiktokshop_client.consent.desk import LINK_SECONDS, MOST_UNDER_WAY, STATE_SECONDS, ConsentDesk
from tiktokshop_client.consent.rates import AddressRate, network_of
from tiktokshop_client.consent.sellers import sellers_in
from tiktokshop_client.consent.serving import ServiceSettings
from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.redaction import known
from tiktokshop_client.server import BoundedServer, PatientProtocol, bound

OPERATOR = "canary-operator-0123456789abcdef"
APP_SECRET = "canary-app-secret-0123456789"
EXCHANGE, SHOPS = "/api/v2/token/get", "/authorization/202309/shops"
TABLE = "seller,shop_ids,open_id,app_key\nanna,,,\nbert,7495,,\ncara,,id-of-cara,\ndora,,,other-app\n"
BOOKS = ("file", "redis", "postgresql")


@dataclass
class Service:
    """Instances of the service over one book, and what sellers and operators do with them."""

    url: str
    platform: object
    desk: ConsentDesk
    settings: ServiceSettings
    now: list[float]
    pages: list[requests.Response] = field(default_factory=list)

    def operator(self, method, path, secret=OPERATOR, **more):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        answer = requests.request(method, f"{self.url}/api/{path}", headers=headers, timeout=10, **more)
        self.pages.append(answer)
        return answer

    def link(self, name):
        return urlsplit(self.operator("POST", f"sellers/{name}/link").json()["url"]).path

    def browser(self):
        made = requests.Session()
        made.trust_env = False
        return made

    def start(self, browser, path, **headers):
        """Presses the button behind a link; the answer, with the platform's address."""
        answer = browser.post(f"{self.url}{path}", headers=headers, allow_redirects=False, timeout=10)
        self.pages.append(answer)
        return answer

    def state(self, browser, path):
        return parse_qs(urlsplit(self.start(browser, path).headers["location"]).query)["state"][0]

    def back(self, browser, url=None, **query):
        """Comes back from the platform; the last word of the address where the browser ends."""
        address = f"{url or self.url}/callback?{urlencode(query)}"
        answer = browser.get(address, allow_redirects=False, timeout=20)
        self.pages.append(answer)
        return answer.headers.get("location", f"/{answer.status_code}").rsplit("/", 1)[-1]

    def consent(self, name, code="canary-code", browser=None):
        browser = browser or self.browser()
        return self.back(browser, code=code, state=self.state(browser, self.link(name)))

    def stored(self, name):
        return self.settings.store(self.settings.seller(name)).read()

    def seen(self):
        return "".join(f"{page.text}{page.headers}" for page in self.pages)


@pytest.fixture
def service(platform, tmp_path, monkeypatch):
    """Makes services; by default with all in files."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    table = tmp_path / "sellers.csv"
    table.write_text(TABLE)
    platform.on(EXCHANGE, lambda seen: platform.pair(seen.query["auth_code"], open_id=seen.query["auth_code"]))
    platform.on(SHOPS, platform.ok({"shops": [{"id": "7495", "name": "Tea", "region": "GB", "cipher": "c"}]}))
    now = [1_700_000_000.0]
    with contextlib.ExitStack() as running:

        def make(public_url=None, **config):
            sock = running.enter_context(bound("127.0.0.1", 0))
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            base = {
                "app_key": "68xu9ks5p4i8",
                "app_secret": APP_SECRET,
                "apps": {"other-app": "canary-other-secret-0123"},
                "region": "legacy",
                "auth_base_url": platform.url,
                "api_base_url": platform.url,
                "token_store": str(tmp_path / "tokens" / "{seller}.json"),
                "public_url": url if public_url is None else public_url,
                "operator_secret": OPERATOR,
                "sellers": str(table),
            }
            settings = ServiceSettings.from_config({**base, **config})
            desk = ConsentDesk(settings, open_book(settings.consent_store, lambda: now[0]), lambda: now[0])
            ready = threading.Event()
            server = BoundedServer(create_app(settings, desk), ready.set, PatientProtocol)
            thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
            thread.start()
            assert ready.wait(10)

            def stop():
                server.stop()
                thread.join(20)

            running.callback(stop)
            return Service(url, platform, desk, settings, now)

        yield make


@pytest.fixture(params=BOOKS)
def shared(request, service, tmp_path, monkeypatch):
    """A service whose tokens and consents under way are in a store of each kind, and its configuration."""
    place = PLACES[request.param](request, tmp_path, monkeypatch)
    if request.param == "postgresql":
        import psycopg

        with psycopg.connect(place.address, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS tiktokshop_consents")
    address = place.address.replace("tokens.json", "{seller}.json")
    config = {"token_store": address if request.param == "file" else f"{address}?name={{seller}}"}
    return lambda **more: service(**config, **more)


@pytest.fixture(autouse=True)
def told(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def test_a_seller_goes_from_link_to_grant_and_no_secret_is_seen_on_the_way(shared, platform, told):
    service = shared()
    platform.on(EXCHANGE, lambda seen: platform.pair(seen.query["auth_code"], open_id="id-of-anna"))
    browser = service.browser()
    path = service.link("anna")
    page = browser.get(f"{service.url}{path}", timeout=10)
    assert (page.status_code, "<b>anna</b>" in page.text, browser.cookies.get_dict()) == (200, True, {})
    sent = service.start(browser, path)
    address = urlsplit(sent.headers["location"])
    assert (sent.status_code, f"{address.scheme}://{address.netloc}", address.path) == (
        *(303, platform.url),
        "/oauth/authorize",
    )
    query = parse_qs(address.query)
    assert query["app_key"] == ["68xu9ks5p4i8"]
    assert service.back(browser, code="canary-code", state=query["state"][0], app_key="x", locale="en") == "authorised"
    asked = platform.asked(EXCHANGE)[0].query
    assert (asked["auth_code"], asked["app_secret"]) == ("canary-code", APP_SECRET)
    assert service.stored("anna").access_token.reveal() == "access-canary-code"
    listed = service.operator("GET", "sellers").json()["sellers"]
    assert [(each["seller"], each["granted"]) for each in listed] == [
        *(("anna", True), ("bert", False), ("cara", False), ("dora", False)),
    ]
    assert listed[0]["seller_name"] == "Tea & Co"
    secrets = ("canary-", "access-", "refresh-", query["state"][0], path.rsplit("/", 1)[-1])
    seen = (
        service.seen().replace(path, "").replace(query["state"][0], "", 1)
    )  # where they belong: link and consent page
    ours = "".join(record.getMessage() for record in told.records if record.name.startswith("tiktokshop"))
    assert "the grant of anna" in ours
    assert [secret for secret in secrets if secret in seen or secret in ours] == []


def test_a_state_is_good_once_in_one_browser_for_half_an_hour_while_its_link_is(service, platform):
    service = service()
    link = service.link("anna")
    mine, other = service.browser(), service.browser()
    state = service.state(mine, link)
    service.start(other, link)
    assert service.back(other, code="stolen", state=state) == "unknown", "in another browser"
    assert service.back(service.browser(), code="stolen", state=state) == "unknown", "in one without a cookie"
    assert service.back(mine, code="good", state=state) == "authorised", "strangers have not used it up"
    assert service.back(mine, code="again", state=state) == "unknown"
    assert service.start(mine, link).status_code == 404, "the link is used up by the grant"
    late = service.state(mine, service.link("anna"))
    service.now[0] += STATE_SECONDS
    assert service.back(mine, code="late", state=late) == "unknown"
    old = service.link("anna")
    waiting = service.state(mine, old)
    new = service.link("anna")
    assert service.back(mine, code="old", state=waiting) == "unknown", "another link has taken the place of its own"
    assert (service.start(mine, old).status_code, service.start(mine, new).status_code) == (404, 303)
    service.now[0] += LINK_SECONDS
    assert service.start(mine, new).status_code == 404
    assert [seen.query["auth_code"] for seen in platform.asked(EXCHANGE)] == ["good"]


def test_of_many_who_come_back_with_one_state_at_the_same_time_one_is_let_in(shared, platform):
    first, second = shared(), shared()
    browser = first.browser()
    state = first.state(browser, first.link("anna"))
    cookies = browser.cookies.get_dict()
    ended = []

    def come(url):
        own = first.browser()
        own.cookies.update(cookies)
        ended.append(first.back(own, url, code="canary-code", state=state))

    threads = [threading.Thread(target=come, args=(url,)) for url in (first.url, second.url) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["authorised", *["unknown"] * 5]
    assert len(platform.asked(EXCHANGE)) == 1


def test_a_consent_that_one_instance_began_is_finished_by_another_after_the_first_has_ended(shared):
    first = shared()
    browser = first.browser()
    state = first.state(browser, first.link("anna"))
    second = shared()
    assert second.back(browser, code="canary-code", state=state) == "authorised"
    assert second.stored("anna").access_token.reveal() == "access-canary-code"


def test_a_link_for_one_seller_that_another_one_clicks_stores_nothing(service, platform, told):
    service = service()
    assert service.consent("anna", "id-of-anna") == "authorised"
    kept = service.stored("anna")
    assert service.consent("anna", "id-of-bert") == "other-seller", "anna's grant is known"
    assert service.consent("cara", "id-of-anna") == "other-seller", "the table says who cara is"
    platform.on(SHOPS, platform.ok({"shops": [{"id": "8000", "name": "Mine", "region": "GB", "cipher": "c"}]}))
    assert service.consent("bert", "id-of-x") == "other-seller", "the table says which shop bert has"
    platform.on(SHOPS, platform.no(105005, "no scope"))
    assert service.consent("bert", "id-of-x") == "failed", "which shops it has cannot be found out"
    assert (service.stored("anna"), service.stored("bert"), service.stored("cara")) == (kept, None, None)
    platform.on(SHOPS, platform.ok({"shops": [{"id": "7495", "name": "Tea", "region": "GB", "cipher": "c"}]}))
    assert service.consent("bert", "id-of-anna") == "other-seller", "anna has that grant already"
    assert service.consent("bert", "id-of-bert") == "authorised"
    assert service.consent("cara", "id-of-cara") == "authorised"
    assert "the grant of" not in service.seen()
    assert "not by the seller whose grant anna has had so far" in told.text


def test_a_grant_that_another_name_has_from_elsewhere_or_by_the_table_is_not_stored_again(service, told, tmp_path):
    first = service()
    assert first.consent("bert", "id-of-bert") == "authorised"
    elsewhere = service(
        consent_store=str(tmp_path / "empty")
    )  # which knows nothing of it, as with tokens of `auth login`
    assert elsewhere.consent("anna", "id-of-bert") == "other-seller"
    assert elsewhere.consent("anna", "id-of-cara") == "other-seller", "so says the table"
    assert (first.stored("anna"), first.stored("bert").open_id) == (None, "id-of-bert")
    assert "that of the seller bert already" in told.text
    assert elsewhere.consent("anna", "id-of-anna") == "authorised"


def test_a_grant_that_was_revoked_here_may_be_given_under_another_name_and_its_link_is_dead(service):
    service = service()
    assert service.consent("anna", "id-of-one") == "authorised"
    browser = service.browser()
    state = service.state(browser, service.link("anna"))
    done = service.operator("DELETE", "sellers/anna/grant").json()
    assert (done["deleted"], "Seller Center" in done["note"]) == (True, True)
    assert service.back(browser, code="id-of-one", state=state) == "unknown"
    assert service.stored("anna") is None
    assert service.consent("dora", "id-of-one") == "authorised", "of another app, whose ids are others"
    assert service.consent("bert", "id-of-one") == "authorised"
    assert service.operator("DELETE", "sellers/anna/grant").json()["deleted"] is False


def test_a_seller_has_its_own_apps_key_and_secret(service, platform):
    service = service()
    browser = service.browser()
    sent = service.start(browser, service.link("dora"))
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    assert query["app_key"] == ["other-app"]
    assert service.back(browser, code="canary-code", state=query["state"][0]) == "authorised"
    asked = platform.asked(EXCHANGE)[0].query
    assert (asked["app_key"], asked["app_secret"]) == ("other-app", "canary-other-secret-0123")


@pytest.mark.parametrize(
    ("answer", "stays"),
    [
        (lambda platform: platform.no(36004004, "used canary-code"), "used"),
        (lambda platform: platform.say(500, b"canary-code"), "HTTP 500"),
        (lambda platform: platform.say(fault="reset"), ""),
        (lambda platform: platform.ok({"nothing": "here"}), "no token"),
    ],
    ids=["a used code", "HTTP 500", "a broken connection", "no token"],
)
def test_an_exchange_that_fails_leaves_the_link_good_and_the_old_tokens_alone(service, platform, answer, stays, told):
    service = service()
    assert service.consent("anna", "id-of-anna") == "authorised"
    kept = service.stored("anna")
    good = platform._answers[EXCHANGE]
    platform.on(EXCHANGE, answer(platform))
    browser, link = service.browser(), service.link("anna")
    assert service.back(browser, code="canary-code", state=service.state(browser, link)) == "failed"
    assert service.stored("anna") == kept
    assert stays in told.text
    platform.on(EXCHANGE, *good)
    assert service.back(browser, code="id-of-anna", state=service.state(browser, link)) == "authorised"


def test_a_store_that_cannot_be_written_costs_no_code(service, platform, tmp_path):
    service = service()
    (tmp_path / "tokens" / "anna.json").mkdir(parents=True)
    browser = service.browser()
    state = service.state(browser, service.link("anna"))
    assert service.back(browser, code="canary-code", state=state) == "failed"
    assert platform.asked(EXCHANGE) == []


def test_a_seller_who_declines_may_use_the_link_again(service, platform):
    service = service()
    browser, link = service.browser(), service.link("anna")
    for query in ({"error": "access_denied"}, {"code": ""}, {"code": "a\nb"}, {"code": "x" * 5_000}, {}):
        assert service.back(browser, state=service.state(browser, link), **query) == "declined"
    assert platform.asked(EXCHANGE) == []
    assert service.back(browser, code="good", state=service.state(browser, link)) == "authorised"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/callback", 303),
        ("/callback?state=x&code=y", 303),
        ("/callback?state=a&state=b&code=y", 400),
        ("/callback?state=%00%0d%0aSet-Cookie:x&code=y", 303),
        (f"/callback?state={'a' * 43}&code=x&next=https://evil.example", 303),
        (f"/callback?code={'x' * 9_000}", 400),
        (f"/callback?{'a=1&' * 100}", 400),
        ("/consent/anna/x", 404),
        (f"/consent/nobody/{'a' * 43}", 404),
        ("/consent/..%2f..%2fetc/x", 404),
        ("/consent/anna%0d%0aX:y/x", 404),
        ("/consent/%f0%9f%94%91/x", 404),
        ("/outcome/authorised", 200),
        ("/outcome/%3Cscript%3E", 400),
        ("//evil.example/", 404),
        ("/nothing", 404),
        ("/api/nothing", 404),
    ],
)
def test_an_address_of_a_stranger_gets_a_page_of_ours_that_repeats_nothing_of_it(service, path, status):
    service = service("https://consent.example.com")
    port = urlsplit(service.url).port
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        answer = connection.getresponse()
        text = answer.read().decode()
    assert answer.status == status
    assert answer.getheader("location") in {None, "https://consent.example.com/outcome/unknown"}
    assert [word for word in ("evil", "script>", "nobody", "etc") if word in text] == []
    assert {name: answer.getheader(name) for name in ("Cache-Control", "X-Frame-Options", "Set-Cookie")} == {
        "Cache-Control": "no-store",
        "X-Frame-Options": "DENY",
        "Set-Cookie": None,
    }


def test_a_cookie_for_https_is_bound_to_the_host_and_out_of_reach_of_scripts(service):
    service = service("https://consent.example.com")
    sent = service.start(service.browser(), service.link("anna"))
    cookie = sent.headers["set-cookie"]
    assert re.sub(r"=[\w-]{43};", "=…;", cookie, count=1) == (
        f"__Host-consent=…; HttpOnly; Max-Age={STATE_SECONDS}; Path=/; SameSite=lax; Secure"
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "null"}, 400),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({}, 303),
    ],
)
def test_only_a_form_of_ours_sends_a_browser_to_the_platform(service, headers, status):
    service = service()
    assert service.start(service.browser(), service.link("anna"), **headers).status_code == status


def test_one_link_has_so_many_states_and_no_more_however_often_it_is_pressed(shared):
    service = shared()
    link = service.link("anna")
    browsers = [service.browser() for _ in range(MOST_UNDER_WAY + 2)]
    states = [service.state(browser, link) for browser in browsers]
    ended = [service.back(each, state=state) for each, state in zip(browsers, states, strict=True)]
    assert ended == ["unknown", "unknown", *["declined"] * MOST_UNDER_WAY], "the oldest two made room"
    assert service.consent("bert", "good", browsers[0]) == "authorised", "each seller has its own"


def test_an_exchange_of_one_seller_keeps_its_other_consents_waiting_and_no_other_seller(service, platform):
    service = service()
    asked, go_on = threading.Event(), threading.Event()

    def slow(seen):
        if seen.query["auth_code"] != "slow":
            return platform.pair(seen.query["auth_code"], open_id=seen.query["auth_code"])
        asked.set()
        go_on.wait(20)
        return platform.no(36004004, "used")

    platform.on(EXCHANGE, slow)
    link, first, second = service.link("anna"), service.browser(), service.browser()
    states = service.state(first, link), service.state(second, link)
    ended = []
    waiting = threading.Thread(target=lambda: ended.append(service.back(first, code="slow", state=states[0])))
    waiting.start()
    assert asked.wait(10)
    assert service.back(second, code="good", state=states[1]) == "503"
    assert service.consent("bert", "id-of-bert") == "authorised"
    go_on.set()
    waiting.join()
    assert ended == ["failed"]
    assert service.back(second, code="good", state=states[1]) == "authorised", "coming too early has used nothing up"


@pytest.mark.parametrize(
    ("head", "status", "goes_on"),
    [
        ("Content-Length: 65537", 413, False),
        ("Content-Length: 99999999999999999999", 413, False),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400, False),
        ("Transfer-Encoding: chunked", 404, False),
        ("Content-Length: 5", 404, True),
    ],
)
def test_a_body_that_is_large_or_of_unknown_length_is_not_waited_for(service, head, status, goes_on):
    service = service()
    port = urlsplit(service.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
        stranger.sendall(f"POST /consent/anna/x HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
        with stranger.makefile("rb") as answer:
            assert int(answer.readline().split()[1]) == status
            length = next(int(line.split()[1]) for line in answer if line.lower().startswith(b"content-length"))
            text = answer.read(length + 2).lstrip()
            assert b"<h1>" in text
            if goes_on:
                stranger.sendall(b"12345GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (b"200 OK" in answer.readline() + answer.readline()) == goes_on


def test_programs_that_look_at_links_use_nothing_up(service):
    service = service()
    browser, link = service.browser(), service.link("anna")
    state = service.state(browser, link)
    address = f"{service.url}/callback?{urlencode({'code': 'good', 'state': state})}"
    assert [
        browser.head(f"{service.url}{link}", timeout=10).status_code,
        browser.head(address, timeout=10).status_code,
    ] == [
        *(405, 405),
    ]
    assert browser.get(f"{service.url}{link}", timeout=10).status_code == 200
    assert service.back(browser, code="good", state=state) == "authorised"


@pytest.mark.parametrize("secret", ["", "wrong", f"{OPERATOR} ", OPERATOR.upper(), f"{OPERATOR}x", "é" * 40])
def test_nothing_is_told_or_done_without_the_operators_secret(service, secret):
    service = service()
    service.consent("anna", "id-of-anna")
    for method, path in (("POST", "sellers/anna/link"), ("GET", "sellers"), ("DELETE", "sellers/anna/grant")):
        given = {"Authorization": f"Bearer {secret}".encode()} if secret else {}
        answer = requests.request(method, f"{service.url}/api/{path}", headers=given, timeout=10)
        if secret == f"{OPERATOR} ":  # blanks around a header's value are not part of it
            assert answer.ok
        else:
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            assert service.stored("anna") is not None


def test_who_guesses_secrets_is_stopped_by_address_and_the_others_are_not(service):
    service = service()

    def ask(address, secret="wrong"):
        headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": f"9.9.9.9, {address}"}
        return requests.get(f"{service.url}/api/sellers", headers=headers, timeout=10).status_code

    assert [ask("203.0.113.1") for _ in range(12)] == [*[401] * 10, 429, 429]
    assert ask("203.0.113.1", OPERATOR) == 429
    assert ask("203.0.113.2", OPERATOR) == 200


def test_who_asks_all_the_time_whether_it_is_ready_does_not_use_up_the_store(service):
    service = service()
    browser = service.browser()

    def ask(address):
        return browser.get(f"{service.url}/readyz", headers={"X-Forwarded-For": address}, timeout=10).status_code

    service.desk.ready = lambda: asked.append(1)
    asked = []
    answers = [ask("203.0.113.1") for _ in range(80)]
    assert (answers[0], answers[-1], ask("203.0.113.2")) == (200, 429, 200)
    assert 60 <= len(asked) < 80


def test_a_rate_lets_a_burst_through_then_so_many_a_second_for_each_network():
    now = [0.0]
    rate = AddressRate(3, 0.5, lambda: now[0])
    assert [rate.allows("2001:db8::1") for _ in range(4)] == [True, True, True, False]
    assert (rate.allows("2001:db8::ffff"), rate.allows("2001:db8:0:1::1"), rate.allows("no address")) == (
        *(False, True),
        True,
    )
    now[0] += 2
    assert [rate.allows("2001:db8::1") for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:51512", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        *[
            (odd, "unknown")
            for odd in ("", "[]", "[]:1", ":1", "203.0.113.7:x", "203.0.113.7\n:1", "_hidden", "\u0661.1.1.1")
        ],
    ],
)
def test_an_address_is_told_from_others_however_a_proxy_writes_it(address, network):
    assert network_of(address) == network


def test_a_grant_that_is_stored_is_no_failure_if_its_link_cannot_be_taken_away(service, told, monkeypatch):
    service = service()
    browser = service.browser()
    state = service.state(browser, service.link("anna"))
    take = service.desk._book.take

    def away(key):
        if key.startswith("link:"):
            raise TransientError("the consent store is away")
        return take(key)

    monkeypatch.setattr(service.desk._book, "take", away)
    assert service.back(browser, code="good", state=state) == "authorised"
    assert service.stored("anna").open_id == "good"
    assert "anna: the link is good still: the consent store is away" in told.text


def test_too_many_who_come_back_at_once_wait_without_losing_their_state(service):
    service = service()
    browser = service.browser()
    state = service.state(browser, service.link("anna"))
    for _ in range(desk_module.MOST_EXCHANGES):
        service.desk._exchanges.acquire()
    assert service.back(browser, code="good", state=state) == "503"
    for _ in range(desk_module.MOST_EXCHANGES):
        service.desk._exchanges.release()
    assert service.back(browser, code="good", state=state) == "authorised"


def test_who_sends_slowly_or_nothing_keeps_nobody_waiting(service):
    service = service()
    idle = [socket.create_connection(("127.0.0.1", urlsplit(service.url).port), timeout=10) for _ in range(50)]
    for each in idle:
        each.sendall(b"GET /callback?state=")
    assert service.consent("anna", "good") == "authorised"
    for each in idle:
        each.close()


def test_a_seller_who_leaves_the_table_or_changes_its_app_cannot_finish_and_one_who_comes_can_begin(service, tmp_path):
    service = service()
    browser = service.browser()
    anna, dora = (service.state(browser, service.link(name)) for name in ("anna", "dora"))
    (tmp_path / "sellers.csv").write_text("seller,app_key\nnew,\ndora,68xu9ks5p4i8\n")
    assert [service.back(browser, code="good", state=state) for state in (anna, dora)] == ["unknown", "unknown"]
    assert service.operator("POST", "sellers/anna/link").status_code == 404
    assert service.consent("new", "good") == "authorised"


def test_a_table_that_has_become_wrong_is_told_to_the_operator_and_nobody_else(service, tmp_path, told):
    service = service()
    link, browser = service.link("anna"), service.browser()
    state = service.state(browser, link)
    (tmp_path / "sellers.csv").write_text("seller\n../../etc\n")
    answer = service.operator("GET", "sellers")
    assert (answer.status_code, "line 2" in answer.json()["error"]) == (503, True)
    page = service.browser().get(f"{service.url}{link}", timeout=10)
    assert (page.status_code, "line 2" in page.text) == (502, False)
    assert service.back(browser, code="good", state=state) == "failed"
    errors = [record.getMessage() for record in told.records if record.levelname == "ERROR"]
    assert ["line 2" in error for error in errors] == [True] * 3, "also what goes wrong on the way back is told"
    assert requests.get(f"{service.url}/readyz", timeout=10).status_code == 503
    assert requests.get(f"{service.url}/healthz", timeout=10).status_code == 200


def test_a_store_that_is_away_is_told_for_its_seller_in_the_list(service, tmp_path):
    service = service()
    service.consent("bert", "good")
    (tmp_path / "tokens" / "anna.json").write_text("no pair")
    listed = service.operator("GET", "sellers?limit=2").json()
    assert [each["granted"] for each in listed["sellers"]] == [None, True]
    assert "does not hold a token pair" in listed["sellers"][0]["error"]
    assert listed["after"] == "bert"
    rest = service.operator("GET", "sellers?after=bert").json()
    assert ([each["seller"] for each in rest["sellers"]], rest["after"]) == (["cara", "dora"], None)
    assert [
        service.operator("GET", f"sellers?limit={odd}").status_code for odd in ("0", "501", "-1", "\u0661", "x")
    ] == [*[400] * 5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\nanna\n", "column"),
        ("", "no column seller"),
        ("seller\nanna\nAnna\n", "once more"),
        ("seller\n\n a/b\n", "name"),
        ("seller,region\nanna,mars\n", "region"),
        ("seller,shop_ids\nanna,7 é\n", "characters"),
        ("seller,app_key\nanna,a\x00b\n", "characters"),
        ("seller,shop_ids\nanna,1,2\n", "line 2 .* more cells"),
        (f"seller,open_id\nanna,{'x' * 140_000}\n", "behind line 1"),
        *[
            (f"seller\nanna\nanna{end}\n", "line 3 .* name")
            for end in (".lock", ".tmp", ".budgets", ".claims", ".Lock", ".")
        ],
        *[(f"seller\n{name}\n", "line 2 .* name") for name in ("\u212a", "\u017f", "..", "a{b", "a%2fb", "a\0b", "-a")],
    ],
)
def test_a_table_that_is_wrong_is_one_sentence_with_the_line(text, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        sellers_in(text, "sellers.csv", "key")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"operator_secret": "short"}, "operator_secret"),
        ({"operator_secret": ""}, "operator_secret"),
        ({"public_url": ""}, "public_url"),
        ({"public_url": "http://consent.example.com"}, "https"),
        ({"public_url": "https://a.example/path"}, "host's address only"),
        ({"sellers": ""}, "sellers"),
        ({"sellers": "missing.csv"}, "missing.csv"),
        ({"token_store": ".tiktokshop/tokens.json"}, "{seller}"),
        ({"token_store": "env:{seller}"}, "{seller}"),
        ({"token_store": "s3://bucket/{seller}"}, "consent_store"),
        ({"consent_store": "s3://bucket/x"}, "consent_store"),
        ({"apps": {}}, "dora"),
        ({"apps": {"other-app": 5}}, "apps"),
        ({"sandbox": True}, "sandbox"),
    ],
)
def test_a_setting_that_is_wrong_is_told_before_anything_is_served(service, change, words):
    with pytest.raises(ConfigurationError) as caught:
        service(**change)
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_folder_of_consents_loses_expired_entries_and_nothing_else_that_lies_there(tmp_path):
    now = [1_700_000_000.0]
    book = open_book(str(tmp_path), lambda: now[0])
    for name in ("anna", "README", "Makefile"):
        (tmp_path / name).write_text("somebody's")
        os.utime(tmp_path / name, (1, 1))
    book.put("old", b"1", 1_700_000_010)
    now[0] += 20
    book.put("new", b"2", 1_700_000_030)
    entries = [path for path in tmp_path.iterdir() if len(path.name) == 64]
    assert (book.read("old"), book.read("new"), len(entries)) == (None, b"2", 1)
    assert (tmp_path / "anna").read_text() == (tmp_path / "README").read_text() == "somebody's"
    assert (tmp_path / "Makefile").exists()


@pytest.mark.parametrize("kind", ["redis", "postgresql"])
def test_a_book_that_is_away_or_refuses_is_one_sentence_without_its_password(kind, request, tmp_path, monkeypatch):
    place = PLACES[kind](request, tmp_path, monkeypatch)
    for address, expected in ((place.gone, TransientError), (place.forbidden, ConfigurationError)):
        with pytest.raises(expected) as caught:
            open_book(address).put("x", b"y", 4_000_000_000)
        assert "canary" not in str(caught.value)
        assert "consent store" in str(caught.value)


def test_the_listed_grants_hold_no_tokens_even_where_the_platform_puts_them_into_names(service, platform):
    service = service()
    odd = {"seller_name": "access-odd refresh-odd", "granted_scopes": ["access-odd"]}
    platform.on(EXCHANGE, platform.pair("odd", **odd))
    assert service.consent("anna", "good") == "authorised"
    text = json.dumps(service.operator("GET", "sellers").json())
    assert ("***" in text, "access-odd" in text, "refresh-odd" in text) == (True, False, False)
    assert known("access-odd") == "access-odd", "what only passes through does not fill the memory"
    assert replace(service.stored("anna"), seller_name="").seller_name == ""
