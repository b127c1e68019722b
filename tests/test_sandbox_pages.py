"""The sandbox's face in a real browser: consent, the console's figures and buttons, and who may press them.

With SCREENSHOTS=1 in the environment the pictures for README and docs are written again.
"""

import hashlib
import hmac
import os
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
import tiktokshop_sandbox
from browser import chromium, desk, phone
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from test_command_line import User, free_port

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parent.parent / "docs"
NOON = 1_780_315_200  # 2026-06-01 12:00 UTC

# What a screen reader or a keyboard would miss, as a list of complaints.
AUDIT = """
const bad = [];
if (!document.documentElement.lang) bad.push('no language');
if (document.querySelectorAll('h1').length !== 1) bad.push('not one h1');
if (!document.querySelector('main')) bad.push('no main');
if (!document.title) bad.push('no title');
for (const field of document.querySelectorAll('input:not([type=hidden]), select'))
  if (!field.labels.length) bad.push('no label: ' + field.outerHTML);
for (const button of document.querySelectorAll('button')) if (!button.innerText.trim()) bad.push('nameless button');
for (const drawing of document.querySelectorAll('svg')) if (!drawing.getAttribute('aria-label')) bad.push('mute svg');
for (const table of document.querySelectorAll('table'))
  if (!table.caption || table.querySelector('th:not([scope])')) bad.push('table without caption or scopes');
const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) bad.push('id twice: ' + id);
for (const box of document.querySelectorAll('.scroll')) if (box.tabIndex !== 0) bad.push('cannot be scrolled by keys');
if (performance.getEntriesByType('resource').length) bad.push('loads something');
if (document.scripts.length) bad.push('has a script');
if (document.documentElement.scrollWidth > window.innerWidth) bad.push('wider than the window');
return bad;
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def sandbox():
    with tiktokshop_sandbox.start(orders=1500, rps=1000, now=NOON) as running:
        yield running


@pytest.fixture
def console(window, sandbox):
    desk(window)
    sandbox.control("DELETE", "/faults")
    authorise(sandbox)
    window.get(f"{sandbox.api_base_url}/console")
    return window


def authorise(sandbox):
    """A good grant, whatever the test before did to the last one."""
    app = sandbox.control("GET", "")["app"]
    form = {"decision": "approve", "shop": shop_ids(sandbox)}
    link = f"{sandbox.auth_base_url}/oauth/authorize"
    answer = requests.post(link, params={"app_key": app["app_key"]}, data=form, allow_redirects=False, timeout=10)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    query = {
        "app_key": app["app_key"],
        "app_secret": app["app_secret"],
        "grant_type": "authorized_code",
        "auth_code": code,
    }
    assert requests.get(f"{sandbox.auth_base_url}/api/v2/token/get", params=query, timeout=10).json()["code"] == 0


def sound(window):
    """What there is to complain about, at a desk and on a phone."""
    complaints = window.execute_script(AUDIT)
    phone(window)
    complaints += window.execute_script(AUDIT)
    desk(window)
    return complaints + [entry for entry in window.get_log("browser") if "favicon" not in entry["message"]]


def picture(window, name, tmp_path):
    """The window as a PNG: among the documents when asked for, else just to see that it can be taken."""
    file = (DOCS if os.environ.get("SCREENSHOTS") else tmp_path) / f"{name}.png"
    window.execute_script("window.scrollTo(0, 0)")
    assert window.save_screenshot(str(file))
    assert 5_000 < file.stat().st_size < 300_000


def note(window):
    return window.find_element(By.ID, "note").text


def follow(window, act):
    """Does something that leads to another page, and waits for it."""
    before = window.find_element(By.TAG_NAME, "html")
    act()
    WebDriverWait(window, 10).until(lambda _: is_gone(before))
    WebDriverWait(window, 10).until(lambda _: window.execute_script("return document.readyState") == "complete")


def is_gone(element):
    """Whether an element's page has been left. In the middle of leaving it, the driver has an error of its own."""
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:
        return "does not belong to the document" in (error.msg or "")
    return False


def press(window, identifier):
    follow(window, window.find_element(By.ID, identifier).click)
    return note(window)


def shop_ids(sandbox):
    return [shop["id"] for shop in sandbox.control("GET", "")["shops"]]


def test_the_console_shows_the_shops(console, sandbox, tmp_path):
    sections = console.find_elements(By.CSS_SELECTOR, "section.shop")
    counts = sandbox.control("GET", "/counts")
    assert [section.find_element(By.TAG_NAME, "h2").text for section in sections] == [
        "Maple & Moss Home (US)",
        "Café Lumière Beauty (GB)",
    ]
    for section, shop in zip(sections, shop_ids(sandbox), strict=True):
        text = section.text
        assert re.search(rf"Orders\s+{counts[shop]['orders']}\b", text)
        assert re.search(rf"Returns\s+{counts[shop]['returns']}\b", text)
        assert re.search(r"Settled, (USD|GBP)\s+-?\d+\.\d\d", text)
        assert re.search(r"Unsettled, (USD|GBP) \(estimate\)\s+-?\d+\.\d\d", text)
    assert sound(console) == []
    desk(console, 1000)
    picture(console, "console", tmp_path)


def test_the_chart_has_a_bar_for_each_status_of_each_day(console, sandbox):
    section = console.find_element(By.CSS_SELECTOR, "section.shop")
    label = section.find_element(By.CSS_SELECTOR, "svg[role=img]").get_attribute("aria-label")
    drawn = [bar.get_attribute("textContent") for bar in section.find_elements(By.CSS_SELECTOR, "svg rect")]
    total = sum(int(re.match(r"[\d-]+: (\d+) ", words)[1]) for words in drawn)
    assert f"{total} orders from 2026-05-03 to 2026-06-01" in label
    summary = section.find_element(By.TAG_NAME, "summary")
    summary.send_keys(Keys.ENTER)  # the keyboard opens the same numbers as a table
    cells = section.find_elements(By.CSS_SELECTOR, "details[open] td.n")
    assert sum(int(cell.text) for cell in cells) == total > 100


def test_products_are_listed_with_their_stock(console, sandbox):
    section = console.find_element(By.CSS_SELECTOR, "section.shop")
    details = section.find_elements(By.TAG_NAME, "details")[1]
    products = sandbox.control("GET", "/counts")[shop_ids(sandbox)[0]]["products"]
    assert details.find_element(By.TAG_NAME, "summary").text == f"{products} products with their stock"
    details.find_element(By.TAG_NAME, "summary").click()
    rows = details.find_elements(By.CSS_SELECTOR, "tbody tr")
    stock = [int(row.find_elements(By.TAG_NAME, "td")[2].text) for row in rows]
    assert len(rows) == products
    assert stock == sorted(stock)


def test_the_buttons_make_things_happen_in_the_shop(console, sandbox):
    shop = shop_ids(sandbox)[0]

    def held(what):
        return sandbox.control("GET", "/counts")[shop][what]

    Select(console.find_element(By.ID, "hours")).select_by_value("6")
    before = sandbox.control("GET", "/clock")["now"]
    assert "6 hours have passed" in press(console, "advance")
    assert sandbox.control("GET", "/clock")["now"] == before + 6 * 3600

    orders = held("orders")
    assert re.match(r"Order \d+ came in", press(console, f"order-{shop}"))
    assert held("orders") == orders + 1

    cancellations = held("cancellations")
    assert re.match(r"Order \d+ was cancelled", press(console, f"cancel-{shop}"))
    assert held("cancellations") == cancellations + 1

    returns = held("returns")
    assert re.match(r"The buyer of order \d+ asks to return it", press(console, f"return-{shop}"))
    assert held("returns") == returns + 1

    settled = held("statement_transactions")
    words = press(console, f"settle-{shop}")
    assert held("statement_transactions") >= settled + int(words.split()[0])
    assert "It is now 2026-06-02 00:00 UTC" in words
    # What the buttons began goes on living.
    Select(console.find_element(By.ID, "hours")).select_by_value("168")
    assert "events" in press(console, "advance")
    assert sound(console) == []


def test_faults_are_switched_on_and_off(console, sandbox):
    Select(console.find_element(By.ID, "kind")).select_by_value("http_503")
    percent = console.find_element(By.ID, "percent")
    percent.clear()
    follow(console, lambda: percent.send_keys("25" + Keys.ENTER))
    assert note(console) == "The fault http_503 is on, for 25 % of the requests."
    (fault,) = sandbox.control("GET", "/faults")["on"]
    assert (fault["kind"], fault["probability"]) == ("http_503", 0.25)
    assert press(console, f"fault-off-{fault['id']}") == "The fault is off."
    assert sandbox.control("GET", "/faults")["on"] == []


def call(sandbox, sign=None, token=None, **query):
    """A signed call for the shops, signed wrongly on demand."""
    path = "/authorization/202309/shops"
    query = {"app_key": sandbox.app_key, "timestamp": str(int(time.time())), **query}
    text = sandbox.app_secret + path + "".join(k + v for k, v in sorted(query.items())) + sandbox.app_secret
    query["sign"] = sign(text, query) if sign else digest(sandbox, text)
    wire = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    token = token or sandbox.control("GET", "")["tokens"]["access_token"]
    url = f"{sandbox.api_base_url}{path}?{wire}"
    return requests.get(url, headers={"x-tts-access-token": token}, timeout=10).json()["code"]


def digest(sandbox, text):
    return hmac.new(sandbox.app_secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_tokens_run_out_and_grants_are_revoked_by_a_button(console, sandbox):
    def renewed():
        tokens = sandbox.control("GET", "")["tokens"]
        app = {"app_key": sandbox.app_key, "app_secret": sandbox.app_secret, "grant_type": "refresh_token"}
        query = {**app, "refresh_token": tokens["refresh_token"]}
        return requests.get(f"{sandbox.auth_base_url}/api/v2/token/refresh", params=query, timeout=10).json()["code"]

    assert call(sandbox) == 0
    assert "105002" in press(console, "expire")
    assert call(sandbox) == 105002
    assert renewed() == 0
    assert call(sandbox) == 0
    assert "only a new consent helps" in press(console, "revoke")
    assert "revoked" in console.find_element(By.ID, "grant").text
    assert (call(sandbox), renewed()) == (36009004, 36004005)


def test_a_refused_signature_is_explained_beside_the_request(console, sandbox, tmp_path):
    sandbox.control("DELETE", "/stats")

    def unsorted(_, query):
        pairs = "".join(name + value for name, value in query.items())
        return digest(sandbox, f"{sandbox.app_secret}/authorization/202309/shops{pairs}{sandbox.app_secret}")

    assert call(sandbox, sign=unsorted, a_first="é+/=") == 106001
    follow(console, console.find_element(By.LINK_TEXT, "Requests").click)
    follow(console, console.find_element(By.LINK_TEXT, "Why the signature was refused").click)
    text = console.find_element(By.TAG_NAME, "main").text
    assert "It was made with the parameters as they were sent: sort them by name." in text
    assert f"***/authorization/202309/shopsa_firsté+/=app_key{sandbox.app_key}timestamp" in text
    assert "GET /authorization/202309/shops?app_key=" in text
    assert sandbox.app_secret not in console.page_source
    assert sandbox.control("GET", "")["tokens"]["access_token"] not in console.page_source
    assert sound(console) == []
    picture(console, "signature", tmp_path)


def test_the_log_is_narrowed_by_its_filters(console, sandbox):
    sandbox.control("DELETE", "/stats")
    for sign in (None, None, lambda *_: "0" * 64):
        call(sandbox, sign=sign)
    requests.get(f"{sandbox.api_base_url}/no/such/path", timeout=10)
    follow(console, console.find_element(By.LINK_TEXT, "Requests").click)

    def rows():
        return len(console.find_elements(By.CSS_SELECTOR, "#requests tbody tr"))

    assert rows() == 4
    Select(console.find_element(By.ID, "only-code")).select_by_value("106001")
    follow(console, console.find_element(By.ID, "show").click)
    assert rows() == 1
    Select(console.find_element(By.ID, "only-code")).select_by_value("")
    Select(console.find_element(By.ID, "only-outcome")).select_by_value("refused")
    follow(console, console.find_element(By.ID, "show").click)
    assert rows() == 2
    assert sound(console) == []


def test_pages_of_other_sites_cannot_press_buttons(console, sandbox):
    url = sandbox.api_base_url
    token = console.find_element(By.NAME, "token").get_attribute("value")
    for target in (f"{url}/console/revoke", f"{url}/_sandbox/grants/revoke"):
        form = f"<form method=post action={target}><input name=token value={token}><button id=go>x</button></form>"
        console.get("data:text/html," + quote(form))
        follow(console, console.find_element(By.ID, "go").click)
        assert "may not change anything here" in console.find_element(By.TAG_NAME, "body").text
    posts = {
        "without the token": requests.post(f"{url}/console/revoke", data={"token": "x"}, timeout=10),
        "from elsewhere": requests.post(
            f"{url}/console/revoke", data={"token": token}, headers={"Origin": "https://evil.example"}, timeout=10
        ),
        "under another name": requests.get(f"{url}/console", headers={"Host": "evil.example"}, timeout=10),
    }
    assert {why: answer.status_code for why, answer in posts.items()} == dict.fromkeys(posts, 403)
    page = requests.get(f"{url}/console", timeout=10)
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


class Lab:
    """What `User` wants of the tap's lab."""

    def __init__(self, sandbox):
        self.sandbox = sandbox


@pytest.fixture
def user(sandbox, tmp_path):
    one = User(Lab(sandbox), tmp_path)
    # The command opens "the browser"; it is told to write the link where the test's own browser finds it.
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\nprintf '%s' \"$1\" > {tmp_path}/link\n")
    browser.chmod(0o755)
    one.environment["BROWSER"] = f"{browser} %s"
    yield one
    one.close()
    said = "".join(one.seen)
    assert not [secret for secret in one.secrets() if secret in said]


def consent(user, window):
    """A login under way, with the consent page it opened in the window."""
    port = free_port()
    user.lab.sandbox.control("PUT", "/app", {"redirect_uri": f"http://127.0.0.1:{port}/callback"})
    login = user.start("auth", "login", "--port", port)
    shown = user.link(login)
    link = user.folder / "link"
    patience = time.monotonic() + 20
    while not (link.exists() and link.read_text()):
        assert login.poll() is None
        assert time.monotonic() < patience, "login opened no browser"
    assert link.read_text() == shown
    desk(window, 1000)
    window.get_log("browser")  # what the tests before have left there
    window.get(shown)
    return login


def test_a_seller_consents_in_the_browser_that_login_opened(user, window, tmp_path):
    login = consent(user, window)
    assert window.find_element(By.TAG_NAME, "h1").text == "Sandbox app asks for access"
    assert sound(window) == []
    picture(window, "consent", tmp_path)
    window.find_element(By.CSS_SELECTOR, "input[value='seller.finance.info']").click()
    approve = window.find_element(By.ID, "approve")
    follow(window, lambda: approve.send_keys(Keys.ENTER))
    assert "You can close this window" in window.find_element(By.TAG_NAME, "body").text
    code, output, _ = user.end(login)
    assert code == 0
    assert "Maple & Moss Home (US)" in output
    assert "seller.order.info" in output
    assert "seller.finance.info" not in output, "what the seller withheld is not granted"
    query = dict(pair.split("=") for pair in window.current_url.partition("?")[2].split("&"))
    assert query.keys() == {"code", "state", "app_key", "locale", "shop_region"}


def test_a_seller_declines_in_the_browser(user, window):
    login = consent(user, window)
    follow(window, window.find_element(By.ID, "deny").click)
    assert "The seller declined" in window.find_element(By.TAG_NAME, "body").text
    code, _, log = user.end(login)
    assert (code, "the seller declined" in log) == (2, True)


def test_a_consent_that_somebody_else_began_is_refused_and_the_login_goes_on(user, window):
    login = consent(user, window)
    own = window.current_url
    window.get(re.sub("state=[^&]+", "state=somebody-elses", own))
    follow(window, window.find_element(By.ID, "approve").click)
    assert "belongs to another login" in window.find_element(By.TAG_NAME, "body").text
    assert login.poll() is None
    window.get_log("browser")  # which tells of the refusal
    window.get(own)
    follow(window, window.find_element(By.ID, "approve").click)
    code, _, log = user.end(login)
    assert code == 0, log
