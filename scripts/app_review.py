"""The page that compares the product with what the platform's app review asks: `app_review.json`, with counts.

A case is `shown` if it names tests and no gap, `partly` with both, and `not covered` without a test. A test that does
not exist is an error, so that the page cannot claim more than the tests do.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = "docs/app-review.md"
STATES = ("shown", "partly", "not covered")


@cache
def tests_of(path: Path) -> frozenset[str]:
    """The tests of a file: functions, and classes that a state machine makes."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return frozenset(functions | {target.id for target in targets if isinstance(target, ast.Name)})


def groups() -> list[dict[str, Any]]:
    """The cases by group.

    Raises:
        SystemExit: A case names a test that there is not, or says neither what shows it nor what is missing.
    """
    found: list[dict[str, Any]] = json.loads((ROOT / "scripts" / "app_review.json").read_text(encoding="utf8"))
    for case in (case for group in found for case in group["cases"]):
        if not (case.get("tests") or case.get("gap")):
            raise SystemExit(f"{case['id']} names neither a test nor what is missing")
        for test in case.get("tests", ()):
            file, _, name = test.partition("::")
            if not (ROOT / file).is_file() or name not in tests_of(ROOT / file):
                raise SystemExit(f"{case['id']} names the test {test}, which does not exist")
    return found


def state(case: dict[str, Any]) -> str:
    """How far the tests show a case."""
    if not case.get("tests"):
        return "not covered"
    return "partly" if case.get("gap") else "shown"


def counts() -> list[str]:
    """How many cases are in which state, as a Markdown table."""
    cases = [case for group in groups() for case in group["cases"]]
    kinds = sorted({kind for case in cases for kind in (*case.get("must", ()), *case.get("may", ()))})
    rows = [f"| Kind of app | Asked | {' | '.join(STATES)} |", f"| --- | --- |{' --- |' * len(STATES)}"]
    for kind in kinds:
        for word in ("must", "may"):
            asked = [case for case in cases if kind in case.get(word, ())]
            tally = Counter(map(state, asked))
            rows.append(f"| {kind} | {word} | {' | '.join(str(tally[one]) for one in STATES)} |")
    tally = Counter(map(state, cases))
    return [*rows, f"| **all {len(cases)} cases** | | {' | '.join(str(tally[one]) for one in STATES)} |"]


def cases() -> list[str]:
    """Every case with the tests that show it, as Markdown tables."""
    lines: list[str] = []
    for group in groups():
        lines += [f"### {group['group']}", "", "| Case | What it asks | State | Shown by, or missing |"]
        lines += ["| --- | --- | --- | --- |"]
        for case in group["cases"]:
            tests = [f"`{test}`" for test in case.get("tests", ())]
            words = "<br>".join([*tests, *([case["gap"]] if case.get("gap") else [])])
            lines.append(f"| `{case['id']}` | {case['what']} | {state(case)} | {words} |")
        lines.append("")
    return lines[:-1]
