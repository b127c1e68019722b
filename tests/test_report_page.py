"""The report in a real browser: it asks nobody for anything, anybody can read it, it fits a desk, a phone and paper.

With SCREENSHOTS in the environment the picture in the documents is taken again, of the page that it names.
"""

import base64
import json
import os
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from books import books  # noqa: F401 - the fixture
from browser import axe, chromium, sized
from made_marts import warehouse
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from store_places import postgresql_port  # noqa: F401 - one server for all files
from tiktokshop_books.cli import main

pytestmark = pytest.mark.slow
DOCS = Path(__file__).parent.parent / "docs"
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of marts that have one of everything."""
    folder = tmp_path_factory.mktemp("report")
    file = warehouse(folder / "shop.duckdb")
    assert main(["report", "--warehouse", str(file), "--out", str(folder / "report.html")]) == 0
    return folder / "report.html"


@pytest.fixture(scope="module")
def real(books, tmp_path_factory):  # noqa: F811
    """The page of a sandbox's shops, as dbt has made their marts."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    assert main(["report", "--warehouse", str(books.file), "--out", str(file)]) == 0
    return file


def opened(window, file, width=1280, scheme="light"):
    window.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    sized(window, width, 900)
    window.get(file.as_uri())
    return window


def fits(window):
    """Whether nothing is wider than the window, but for what scrolls by itself."""
    return window.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("which", ["page", "real"])
def test_the_page_is_right_at_every_width_in_light_and_dark(window, request, which, width, scheme):
    opened(window, request.getfixturevalue(which), width, scheme)
    assert fits(window)
    assert window.execute_script("return performance.getEntriesByType('resource').map(one => one.name)") == []
    window.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert fits(window)
    assert axe(window) == []
    assert window.get_log("browser") == []


def test_the_colours_are_those_of_the_scheme(window, page):
    seen = {}
    for scheme in SCHEMES:
        opened(window, page, scheme=scheme)
        asked = "return [document.body, document.querySelector('.wide svg rect, .wide svg path[fill]')].map("
        seen[scheme] = window.execute_script(f"{asked}one => getComputedStyle(one).backgroundColor)")
    assert seen["light"][0] == "rgb(255, 255, 255)"
    assert seen["dark"][0] == "rgb(20, 24, 27)"


@pytest.mark.parametrize(("width", "shown", "hidden"), [(360, "narrow", "wide"), (1280, "wide", "narrow")])
def test_a_window_gets_the_pictures_of_its_width(window, page, width, shown, hidden):
    opened(window, page, width)
    pictures = window.find_elements(By.CSS_SELECTOR, ".picture")
    assert len(pictures) > 5
    for picture in pictures:
        assert picture.get_attribute("aria-label")
        assert picture.find_element(By.CLASS_NAME, shown).is_displayed()
        assert not picture.find_element(By.CLASS_NAME, hidden).is_displayed()


def test_no_words_of_a_picture_are_cut_off(window, page):
    for width in WIDTHS:
        opened(window, page, width)
        cut = window.execute_script("""
            return [...document.querySelectorAll('.picture svg')].flatMap(svg => {
              const frame = svg.getBoundingClientRect();
              return [...svg.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1);
              }).map(text => text.textContent);
            })""")
        assert cut == []


def test_a_keyboard_opens_a_table(window, page):
    opened(window, page)
    summary = window.find_element(By.TAG_NAME, "summary")
    summary.send_keys(Keys.ENTER)
    assert window.find_element(By.CSS_SELECTOR, "details[open] table").is_displayed()


def test_texts_of_buyers_and_sellers_run_nowhere(window, page):
    opened(window, page)
    assert window.execute_script("return document.scripts.length") == 0
    assert "<script>alert(1)</script>" in window.find_element(By.CSS_SELECTOR, ".shop h2").text


def test_the_page_prints_light_and_in_full_width(window, page):
    opened(window, page, scheme="dark")
    printed = window.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    assert base64.b64decode(printed).startswith(b"%PDF-")
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    colour = window.execute_script("return getComputedStyle(document.body).backgroundColor")
    wide = window.execute_script("return getComputedStyle(document.querySelector('.picture .wide')).display")
    assert (colour, wide) == ("rgb(255, 255, 255)", "block")
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


FIGURES = {
    "Revenue": "select sum(revenue) from tiktokshop__sales_daily where {shop} and day between {days}",
    "Units sold": "select sum(sold_quantity) from tiktokshop__order_lines where {shop} and order_date between {days}",
    "Kept by the platform": "select -sum(amount) from tiktokshop__settlement_lines where {shop} and covered_date"
    " between {days} and section in ('fee', 'tax', 'shipping', 'adjustment')",
    "Paid to the bank": "select sum(amount) from tiktokshop__payouts where {shop} and paid_date between {days}",
    "Owed by the platform": "select receivable from tiktokshop__receivables_daily where {shop} order by day desc"
    " limit 1",
}


def test_the_figures_are_those_that_sql_gives_on_the_marts(window, real, books):  # noqa: F811
    opened(window, real)
    shops = window.find_elements(By.CSS_SELECTOR, "section.shop")
    with duckdb.connect(str(books.file), read_only=True) as database:
        database.execute("set search_path = 'tiktokshop_books'")
        names = dict(database.execute("select name, shop_id from stg_tiktokshop__shops").fetchall())
        assert len(shops) == len(names) == 2
        for section in shops:
            title = section.find_element(By.TAG_NAME, "h2").text
            shop = next(shop_id for name, shop_id in names.items() if title.startswith(name))
            first, last = (section.find_elements(By.CSS_SELECTOR, "details time")[place] for place in (0, 27))
            days = " and ".join(f"date '{one.get_attribute('datetime')}'" for one in (first, last))
            for name, sql in FIGURES.items():
                value = section.find_element(By.XPATH, f".//dt[.='{name}']/following-sibling::dd[1]/data")
                (expected,) = database.execute(sql.format(shop=f"shop_id = '{shop}'", days=days)).fetchone()
                assert Decimal(value.get_attribute("value")) == expected > 0, name


def test_a_picture_of_the_page_is_in_the_documents(window, page, tmp_path):
    wanted = os.environ.get("SCREENSHOTS")
    file = Path(wanted).absolute() if wanted else page
    for width, height, name in ((1280, 1000, "report"), (360, 1000, "report-phone")):
        opened(window, file, width)
        sized(window, width, height)
        picture = (DOCS if wanted else tmp_path) / f"{name}.png"
        assert window.save_screenshot(str(picture))
        assert 5_000 < picture.stat().st_size < 300_000
    assert json.dumps(window.get_log("browser")) == "[]"
