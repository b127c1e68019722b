"""What a seller sees of `tiktokshop auth serve`, in a real browser as wide as a phone."""

import os
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import tiktokshop_sandbox
from browser import axe, chromium, phone
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from test_consent_of_many import OPERATOR, free_port, link_of, serving, write_configuration

pytestmark = pytest.mark.slow
TO_THE_PLATFORM = "Go on to TikTok Shop"


class Seller:
    """Somebody with a browser, whose pages are looked at one after the other."""

    def __init__(self, window, port):
        self.window, self.port, self.seen = window, port, []

    def look(self):
        """The title of the page, after all that must hold for each page of ours."""
        window = self.window
        assert urlsplit(window.current_url).port == self.port
        assert window.execute_script("return document.documentElement.scrollWidth") <= 375
        assert window.execute_script("return performance.getEntriesByType('resource').map(each => each.name)") == []
        assert window.execute_script("return getComputedStyle(document.querySelector('main')).borderTopStyle") == (
            "solid"
        ), "the policy lets the page's own style in"
        said = [line["message"] for line in window.get_log("browser")]
        assert [line for line in said if "the server responded with a status of" not in line] == []
        assert window.find_element(By.TAG_NAME, "h1").text == window.title
        if window.page_source not in self.seen:
            assert axe(window) == []
            self.seen.append(window.page_source)
        return window.title

    def opens(self, link):
        self.window.get(link)
        return self.look()

    def goes_on(self):
        """Presses the button; the state that the platform was given."""
        (button,) = self.window.find_elements(By.TAG_NAME, "button")
        assert (button.text, button.size["height"] >= 44) == (TO_THE_PLATFORM, True)
        button.click()
        self.waits(lambda url: "state=" in url)
        return parse_qs(urlsplit(self.window.current_url).query)["state"][0]

    def waits(self, reached):
        WebDriverWait(self.window, 60).until(lambda window: reached(window.current_url))

    def decides(self, decision):
        self.window.find_element(By.ID, decision).click()
        self.waits(lambda url: urlsplit(url).port == self.port)
        return self.look()


def expire(folder, kind):
    """Ends the time of what is under way: an entry's file expires when it was changed."""
    for path in folder.iterdir():
        if len(path.name) == 64 and (b'"seller"' in path.read_bytes()) == (kind == "states"):
            os.utime(path, (1, 1))


def test_each_page_says_in_english_what_has_happened_and_loads_nothing_from_elsewhere(tmp_path):
    port, long = free_port(), "a-seller-with-a-long-name".ljust(64, "x")
    with tiktokshop_sandbox.start(orders=20) as sandbox, chromium(tmp_path / "chromium") as window:
        phone(window)
        sandbox.control("PUT", "/app", {"redirect_uri": f"http://127.0.0.1:{port}/callback"})
        (tmp_path / "sellers.csv").write_text(f"seller,shop_ids\nanna,\nbert,1234\n{long},\n")
        connection = ("app_key", "app_secret", "api_base_url", "auth_base_url")
        write_configuration(tmp_path, port, **{name: getattr(sandbox, name) for name in connection})
        with serving(tmp_path, port, "log"):
            seller = Seller(window, port)
            anna, bert, last = (link_of(port, name) for name in ("anna", "bert", long))
            titles = {"a link": seller.opens(last)}
            assert long in window.find_element(By.TAG_NAME, "main").text
            seller.goes_on()
            titles["declined"] = seller.decides("deny")
            seller.opens(last)
            seller.goes_on()
            expire(tmp_path / "tokens" / ".consents", "states")
            titles["an expired state"] = seller.decides("approve")
            expire(tmp_path / "tokens" / ".consents", "links")
            titles["an expired link"] = seller.opens(last)
            anna, bert = link_of(port, "anna"), link_of(port, "bert")
            seller.opens(bert)
            seller.goes_on()
            titles["another seller's shop"] = seller.decides("approve")
            seller.opens(anna)
            state = seller.goes_on()
            titles["authorised"] = seller.decides("approve")
            ended = window.current_url
            titles["a state once more"] = seller.opens(f"http://127.0.0.1:{port}/callback?code=x&state={state}")
            titles["a used link"] = seller.opens(anna)
            revoked = link_of(port, "anna")
            headers = {"Authorization": f"Bearer {OPERATOR}"}
            requests.delete(f"http://127.0.0.1:{port}/api/sellers/anna/grant", headers=headers, timeout=10)
            titles["a revoked link"] = seller.opens(revoked)
            titles["nowhere"] = seller.opens(f"http://127.0.0.1:{port}/")
            window.get(f"http://127.0.0.1:{port}/api/sellers")
            assert "operator's secret is missing" in window.page_source
            assert "anna" not in window.page_source
    dead = "This link does not work"
    assert titles == {
        "a link": "Connect your shop",
        "declined": "Not authorised",
        "an expired state": dead,
        "an expired link": dead,
        "another seller's shop": "Another shop's account",
        "authorised": "Thank you",
        "a state once more": dead,
        "a used link": dead,
        "a revoked link": dead,
        "nowhere": "There is nothing here",
    }
    assert ended == f"http://127.0.0.1:{port}/outcome/authorised", "an address without code and state"
    secrets = (sandbox.app_secret, OPERATOR, state, anna.rsplit("/", 1)[-1])
    assert [secret for secret in secrets if secret in "".join(seller.seen)] == []
