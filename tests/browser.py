"""A real Chromium, headless, from Debian's packages."""

import contextlib
import importlib.util
import shutil
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--no-proxy-server",
)


@contextlib.contextmanager
def chromium(folder):
    """A browser with a profile of its own in `folder`."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("Chromium is not installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={folder}", "--window-size=1000,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield window
    finally:
        window.quit()


def sized(window, width, height):
    """Gives the window another size; below 500 pixels it is a phone's."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def phone(window, width=375):
    """Makes the window as narrow as a phone's."""
    sized(window, width, 800)


def desk(window, height=900):
    """Makes it a desk's again."""
    sized(window, 1000, height)


def axe(window):
    """What axe-core finds against the rules of WCAG 2.2, level AA, and good practice: rule and place."""
    package = importlib.util.find_spec("axe_playwright_python")  # only for the script that it brings
    if package is None:
        pytest.skip("axe-core is not installed: bash .ci/setup")
    window.set_script_timeout(120)
    window.execute_script(Path(package.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf8"))
    found = window.execute_async_script("axe.run().then(arguments[0])")["violations"]
    return [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]]
