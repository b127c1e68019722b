"""ARCHITECTURE.md is as the code is: its rooms, who knows whom, the files that it names."""

from __future__ import annotations

import ast
import graphlib
import re
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "ARCHITECTURE.md").read_text()
PACKAGES = (
    *("tiktokshop_client", "tap_tiktokshop", "target_tiktokshop", "tiktokshop_sandbox", "tiktokshop_books"),
    *("tiktokshop_webhooks", "tiktokshop_airflow", "target_duckdb_exact"),
)
ONE_VOCABULARY = PACKAGES[:7]
TABLES = {
    "The tap": "tap_tiktokshop",
    "The target": "target_tiktokshop",
    "The receiver": "tiktokshop_webhooks",
    "The tasks of Airflow": "tiktokshop_airflow",
    "The client": "tiktokshop_client",
}
LONGEST_MODULE = 450
LONGEST_FUNCTION = 60
# One thing of the platform, seen from both of its sides: by what sends, and by the sandbox.
ON_BOTH_SIDES = {"Clock", "Page", "Product", "Running", "Shop", "Sku", "TokenHost", "Tokens"}


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> dict[str, set[str]]:
    """The first column of a section's table to the names in its last, in their order."""
    rows = [line.strip("|").split("|") for line in section(title).splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): set(re.findall(r"`(\w+)`", cells[-1])) for cells in rows}


@cache
def graph(package: str) -> grimp.ImportGraph:
    return grimp.build_graph(package, cache_dir=None)


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package.replace("_", "-") / package).rglob("*.py"))


def room(module: str) -> str:
    return [*module.split("."), ""][1]


def arrows(package: str) -> dict[str, set[str]]:
    """Room -> the rooms of its package that it imports from; the package's own `__init__` is none."""
    found: dict[str, set[str]] = {}
    for module in sorted(graph(package).modules - {package}):
        known = found.setdefault(room(module), set())
        known |= {room(other) for other in graph(package).find_modules_directly_imported_by(module)}
        known -= {room(module), ""}
    return found


@pytest.mark.parametrize("title", TABLES)
def test_a_table_of_rooms_says_exactly_who_knows_whom(title):
    assert table(title) == arrows(TABLES[title])


@pytest.mark.parametrize("title", TABLES)
def test_imports_go_from_the_bottom_of_a_table_to_its_top(title):
    above: set[str] = set()
    for name, known in table(title).items():
        assert known <= above, f"{name} knows {known - above}, which stand below it"
        above.add(name)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_modules_import_each_other_on_whatever_way(package):
    found = {module: graph(package).find_modules_directly_imported_by(module) for module in graph(package).modules}
    order = list(graphlib.TopologicalSorter(found).static_order())
    assert len(order) == len(modules(package))


def test_packages_know_whom_the_first_table_names():
    found = {
        package: {
            other
            for path in modules(package)
            for other in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
        }
        & (set(PACKAGES) - {package})
        for package in PACKAGES
    }
    assert found == table("Packages")


@pytest.mark.parametrize("package", ["tap_tiktokshop", "target_tiktokshop", "tiktokshop_webhooks"])
def test_only_what_the_client_exports_is_used_by_others(package):
    inside = {path.parent.name for path in modules("tiktokshop_client")} - {"tiktokshop_client", "operations"}
    assert inside == {"calls", "codes", "command", "consent", "http", "places", "stores", "tokens"}
    for path in modules(package):
        used = set(re.findall(r"tiktokshop_client\.(\w+)", path.read_text()))
        assert not used & inside, path


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"`([\w./-]+\.py)`", PAGE))
    folders = [ROOT, *(ROOT / package.replace("_", "-") / package for package in PACKAGES)]
    assert len(named) > 30
    assert [name for name in sorted(named) if not any((folder / name).is_file() for folder in folders)] == []


def test_the_glossary_is_in_the_order_of_the_alphabet_and_has_each_word_once():
    words = re.findall(r"^\| ([a-z][\w ]*) \|", section("Glossary"), re.MULTILINE)
    assert len(words) > 20
    assert words == sorted(set(words))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_long_and_every_function_fits_on_a_screen(package):
    for path in modules(package):
        text = path.read_text()
        assert text.count("\n") <= LONGEST_MODULE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{path}: {node.name}"


def test_no_name_of_a_class_stands_for_two_things():
    classes = [
        node.name
        for package in ONE_VOCABULARY
        for module in modules(package)
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    assert {name for name in classes if classes.count(name) > 1} == ON_BOTH_SIDES
