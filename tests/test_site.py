"""The documentation: it builds, its links lead somewhere, its examples work, and it asks nobody else for anything."""

import contextlib
import fcntl
import functools
import http.server
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import threading
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import duckdb
import pytest
from browser import chromium, desk, phone
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from tap_tiktokshop.streams import OFFERED
from tap_tiktokshop.streams.declaration import load_schema
from target_duckdb_exact.kinds import column_of
from target_tiktokshop.streams import WRITINGS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PROJECT = [ROOT / "README.md", ROOT / "SECURITY.md", *ROOT.glob("*/README.md"), *PAGES]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def prose(page):
    """A page without its code."""
    return re.sub(r"`[^`\n]+`", "``", FENCE.sub("", page.read_text(encoding="utf8")))


def anchors(page):
    """The anchors of a Markdown file's headings."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PROJECT, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_anchor_leads_somewhere(page):
    broken = []
    for link in LINK.findall(prose(page)):
        file, _, anchor = link.partition("#")
        if "://" in link:
            continue
        there = (page.parent / file).resolve() if file else page
        outside = page in PAGES and DOCS not in there.parents  # the site has its own pages only
        if outside or not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(link)
    assert broken == []


SCRIPTS = {
    script: file.parent.name
    for file in ROOT.glob("*/pyproject.toml")
    for script in tomllib.loads(file.read_text())["project"].get("scripts", {})
}
INSTALLED = re.compile(r"(?:\./|\$clone/)([a-z-]+)")
STARTED = re.compile(r"(?:^|[|&;] *|\$\()((?:tap|target|tiktokshop)(?:-[a-z-]+)?)(?= )", re.MULTILINE)


@pytest.mark.parametrize("page", ["guides/without-meltano.md", "guides/sandbox.md"])
def test_what_a_page_starts_it_has_installed_before(page):
    commands = "".join(code for kind, code in FENCE.findall((DOCS / page).read_text()) if kind == "sh")
    lines = [line for line in commands.splitlines() if "pip install" in line]
    installed = {package for line in lines for package in INSTALLED.findall(line)}
    started = set(STARTED.findall(commands))
    assert started
    assert {SCRIPTS.get(program, program) for program in started} <= installed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_page_begins_with_its_purpose_and_has_an_example(page):
    text = page.read_text(encoding="utf8")
    title, first, *_ = [part for part in text.split("\n\n") if not part.startswith("<!--")]
    assert title.startswith("# ")
    assert re.match(r"[A-Z]\w+", first), first
    assert FENCE.search(text) or "For example" in text


def test_every_page_is_in_the_navigation():
    named = set(re.findall(r'"([\w/-]+\.md)"', (ROOT / "zensical.toml").read_text()))
    assert named == {str(page.relative_to(DOCS)) for page in PAGES}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


def test_every_query_of_the_pages_names_tables_and_columns_that_there_are():
    database = duckdb.connect()
    database.execute("create schema tiktokshop")
    for stream in OFFERED:
        fields = load_schema(stream.name)["properties"] | {"_sdc_deleted_at": {"type": "string", "format": "date-time"}}
        columns = ", ".join(f'"{name}" {column_of(name, spec).sql}' for name, spec in fields.items())
        database.execute(f"create table tiktokshop.{stream.name} ({columns})")
    queries = [code for page in PAGES for kind, code in FENCE.findall(page.read_text()) if kind == "sql"]
    shell = [code for page in PROJECT for kind, code in FENCE.findall(page.read_text()) if kind == "sh"]
    for code in shell:
        queries += re.findall(r"\.sql\('''(.+?)'''\)", code, flags=re.DOTALL) + re.findall(r"\.sql\('([^']+)'\)", code)
    assert len(queries) >= len(OFFERED) + 3
    for query in queries:
        database.execute(query)


def test_the_file_that_the_guide_shows_is_one_that_the_target_takes():
    kind, rows = FENCE.findall((DOCS / "guides" / "write-back.md").read_text())[0]
    assert kind == "json"
    messages = [json.loads(line) for line in rows.splitlines()]
    assert [message["type"] for message in messages] == ["SCHEMA", "RECORD"] * 2
    for message in messages[1::2]:
        assert WRITINGS[message["stream"]].contract.read(message["record"])


@pytest.fixture
def review(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return runpy.run_path(str(ROOT / "scripts" / "app_review.py"))


def test_the_app_review_has_124_cases_and_each_is_either_shown_or_says_what_is_missing(review):
    cases = [case for group in review["groups"]() for case in group["cases"]]
    assert len({case["id"] for case in cases}) == len(cases) == 124
    assert all(case.get("must") or case.get("may") for case in cases)
    assert {review["state"](case) for case in cases} == {"shown", "partly", "not covered"}
    assert {review["state"](case) for case in cases if not case.get("tests")} == {"not covered"}


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        ({"tests": ["tests/test_site.py::test_of_nothing"]}, "does not exist"),
        ({"tests": ["tests/test_nothing.py::test_of_nothing"]}, "does not exist"),
        ({}, "names neither"),
    ],
)
def test_the_app_review_cannot_name_a_test_that_does_not_exist(case, complaint, tmp_path, review):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "tests").mkdir()
    shutil.copy(__file__, tmp_path / "tests")
    table = [{"group": "A", "cases": [{"id": "X-1", "what": "x", "must": ["erp"], **case}]}]
    (tmp_path / "scripts" / "app_review.json").write_text(json.dumps(table))
    review["groups"].__globals__["ROOT"] = tmp_path
    with pytest.raises(SystemExit, match=complaint):
        review["groups"]()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    with (ROOT / "zensical.toml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers make the same environment
        command = ["bash", str(ROOT / ".ci" / "docs"), "--config-file", str(folder / "zensical.toml")]
        environment = {**os.environ, "PYTHON": sys.executable}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.mark.slow
def test_the_site_has_every_page_and_asks_nobody_else(site):
    built = {str(page.relative_to(site).with_suffix(".md")) for page in site.rglob("*.html")}
    assert {str(page.relative_to(DOCS)) for page in PAGES} <= built
    foreign = []
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf8")
        loads = re.findall(r"<(?:link|script|img|iframe|source)\b[^>]*?(?:href|src)=\"?([^\s\">]+)", text)
        foreign += [(page.name, where) for where in loads if re.match(r"(https?:)?//", where)]
    for style in site.rglob("*.css"):
        foreign += [(style.name, where) for where in re.findall(r"url\(\"?((?:https?:)?//[^)]+)", style.read_text())]
    assert foreign == []


@contextlib.contextmanager
def served(folder):
    """The address at which a folder is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_in_a_browser_each_page_fits_a_phone_each_kind_a_desk_and_the_search_finds(site, tmp_path):
    kinds = {"index", "start/demo", "guides/write-back", "reference/streams/orders", "errors", "app-review"}
    pages = {str(page.relative_to(DOCS).with_suffix("")) for page in PAGES}
    assert kinds < pages
    with served(site) as address, chromium(tmp_path) as window:
        for size, shown in ((desk, kinds), (phone, pages)):
            size(window)
            for page in sorted(shown):
                window.get(f"{address}/{page}.html")
                wide = window.execute_script("return document.documentElement.scrollWidth > window.innerWidth + 1")
                assert not wide, (page, size.__name__)
                loaded = window.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
                assert [one for one in loaded if not one.startswith((address, "data:", "blob:"))] == []
        assert [entry["message"] for entry in window.get_log("browser") if entry["level"] == "SEVERE"] == []
        desk(window)
        window.get(f"{address}/index.html")
        window.find_element(By.TAG_NAME, "body").send_keys("/")
        found = WebDriverWait(window, 20)
        field = found.until(lambda one: one.switch_to.active_element)
        field.send_keys("unsettled_transactions")
        found.until(lambda one: "finance" in one.page_source.lower())
