"""The one table of outcomes and codes: nothing is said that it does not explain, and it explains nothing in vain."""

import ast
from pathlib import Path

import pytest
import target_tiktokshop
from target_tiktokshop.settings import SETTINGS
from target_tiktokshop.writing.outcomes import CODES, OUTCOMES, REASONS, documented

SOURCES = sorted(Path(target_tiktokshop.__file__).parent.rglob("*.py"))
CODE_AT = {"reject": 0, "settle": 1, "unchanged": 1}
"""Method of a row -> which of its arguments is the code."""


def words(node):
    """The texts that an expression may be."""
    if isinstance(node, ast.IfExp):
        return words(node.body) + words(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def said():
    """Every code that the code writes down."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CODE_AT:
                for argument in node.args[CODE_AT[node.func.attr] :][:1]:
                    yield from words(argument)


def test_every_code_that_is_written_down_stands_in_the_table():
    found = set(said()) - {""}
    assert len(found) > 10
    assert found <= CODES.keys() | SETTINGS.keys()


def test_the_table_has_no_code_that_is_never_used():
    text = "".join(path.read_text(encoding="utf8") for path in SOURCES if path.name != "outcomes.py")
    assert [code for code in CODES if f'"{code}"' not in text] == []
    assert REASONS.keys() <= CODES.keys()


def test_each_code_stands_beside_outcomes_that_exist_and_says_something():
    for code in CODES.values():
        assert set(code.outcomes) <= OUTCOMES.keys()
        assert code.meaning[0].isupper()
        assert code.meaning.endswith(".")


@pytest.mark.parametrize(
    ("outcome", "code", "told"),
    [
        ("applied", None, True),
        ("rejected", "12052393", True),
        ("rejected", "transient", True),
        ("rejected", "unknown_sku", True),
        ("guarded", "max_quantity", True),
        ("superseded", None, True),
        ("unchanged", "superseded", False),
        ("applied", "unknown_sku", False),
        ("guarded", "unknown_sku", False),
        ("guarded", None, False),
        ("rejected", None, False),
        ("rejected", "because", False),
        ("vanished", None, False),
    ],
)
def test_an_outcome_is_documented_only_beside_its_own_codes(outcome, code, told):
    assert documented(outcome, code, frozenset(SETTINGS)) == told
