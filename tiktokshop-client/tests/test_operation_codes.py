"""The codes that the platform documents for the operations that are called: each is known and told in our words."""

import json

import pytest
from tiktokshop_client.codes import operations as operation_codes
from tiktokshop_client.codes.table import CODED, RULES, Action, Category
from tiktokshop_client.errors import Context, classify
from tiktokshop_client.operations import OPERATIONS


def test_every_code_that_is_documented_for_an_operation_is_known(data):
    documented = json.loads((data / "operation_codes.json").read_text())
    assert documented.keys() <= OPERATIONS.keys()
    known = {rule.code for rule in RULES}
    assert {code for codes in documented.values() for code in codes} - known == set()
    assert sum(map(len, documented.values())) > 400


def test_no_code_has_two_meanings():
    codes = [rule.code for rule in CODED]
    assert [code for code in set(codes) if codes.count(code) > 1] == []


@pytest.mark.parametrize(
    ("code", "category", "action", "words"),
    [
        (11021010, Category.BUSINESS, Action.STOP, "ask the buyer to correct the address"),
        (21004019, Category.BUSINESS, Action.STOP, "upload one for every order"),
        (21042076, Category.TRANSIENT, Action.RETRY, "try again later"),
        (45111012, Category.RATE, Action.SLOW_DOWN, "refuses more requests for now"),
        (45101004, Category.RATE, Action.STOP, "try again tomorrow"),
        (38023047, Category.BUG, Action.STOP, "refused a parameter"),
        (99999999, Category.BUSINESS, Action.STOP, "the platform refused it"),
    ],
)
def test_a_code_is_told_with_what_a_person_can_do(code, category, action, words):
    error = classify(Context("ship_package"), status=200, code=code, message="odd")
    assert (error.category, error.action) == (category, action)
    assert words in str(error)


def test_only_what_passes_by_itself_is_tried_again():
    tried = operation_codes.FAILURES.keys() | operation_codes.TOO_FAST.keys()
    rows = {rule.code: rule for rule in CODED}
    assert {rows[code].action for code in tried} == {Action.RETRY, Action.SLOW_DOWN}
    assert {rows[code].action for code in operation_codes.DONE} == {Action.DONE}
    for table in (operation_codes.REFUSALS, operation_codes.QUOTAS, operation_codes.FAULTS):
        assert {rows[code].action for code in table} == {Action.STOP}
