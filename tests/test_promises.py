"""Every promise that `docs/promises.md` makes names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf8")
NAMED = re.compile(r"`([\w/-]+\.py)::(\w+)`")


def names_in(path):
    """The tests of a file: functions, and classes that a state machine makes."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    assigned = {target.id for target in targets if isinstance(target, ast.Name)}
    return functions | assigned


def promises():
    """Heading -> its text, for those that number a promise."""
    parts = re.split(r"^### (\d+\. .+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_promise_names_at_least_one_test():
    assert len(promises()) >= 10
    assert [heading for heading, text in promises().items() if not NAMED.search(text)] == []


def test_every_test_that_a_promise_names_exists():
    missing = [
        f"{file}::{name}"
        for file, name in NAMED.findall(PAGE)
        if not (ROOT / file).exists() or name not in names_in(ROOT / file)
    ]
    assert missing == []
