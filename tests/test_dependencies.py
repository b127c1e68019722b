"""A package installs what it imports: what another one happens to bring in is missing where it is installed alone."""

import ast
import sys
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/pyproject.toml"))
DISTRIBUTIONS = packages_distributions()
BROUGHT = {"tiktokshop-client": {"singer_sdk", "fsspec"}, "tiktokshop-airflow": {"airflow"}}
"""What is loaded only where it is there: by plugins of the Singer SDK, with s3fs, gcsfs or adlfs, and by Airflow."""


def imported(tree):
    """What code imports as it is loaded: neither for its types alone, nor in a function."""
    names, pending = set(), [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            pending += node.orelse
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
        pending += ast.iter_child_nodes(node)
    return names


def declared(package):
    """The distributions that a package asks for, with any extra."""
    project = tomllib.loads((ROOT / package / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project.get("optional-dependencies", {}).values())]
    return {canonicalize_name(Requirement(one).name) for one in (project["name"], *wanted)}


def undeclared(package):
    """The modules that a package imports without asking for any distribution that has them."""
    files = (ROOT / package / package.replace("-", "_")).rglob("*.py")
    found = set().union(*(imported(ast.parse(file.read_text())) for file in files)) - sys.stdlib_module_names
    known = declared(package)
    return {name for name in found if not known & {canonicalize_name(one) for one in DISTRIBUTIONS.get(name, [name])}}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_asks_for_what_it_imports(package):
    assert undeclared(package) == BROUGHT.get(package, set())


def test_neither_imports_for_types_nor_those_within_functions_are_needed_to_load_a_module():
    code = "if TYPE_CHECKING:\n    import one\nelse:\n    import two.three\ndef f():\n    from four.five import six\n"
    assert imported(ast.parse(code)) == {"two"}
