"""What a command line shows when it fails."""

import json
import logging

import pytest
from tiktokshop_client.console import run, sentence
from tiktokshop_client.errors import ConfigurationError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConfigurationError("the setting app_key is missing"), "the setting app_key is missing"),
        (FileNotFoundError(2, "No such file or directory", "x.json"), "Cannot use x.json: No such file or directory."),
        (FileNotFoundError("File at 'x.json' was not found."), "File at 'x.json' was not found."),
        (
            json.JSONDecodeError("Expecting value", "", 0),
            "A file given on the command line is not valid JSON: Expecting value: line 1 column 1 (char 0).",
        ),
        (KeyError("id"), "Unexpected KeyError. This is a bug; --log-level debug shows where."),
    ],
)
def test_every_failure_is_one_sentence(error, said):
    assert sentence(error) == said


def failing():
    raise ConfigurationError("the setting app_key is missing")


@pytest.mark.parametrize(("level", "traced"), [(logging.INFO, False), (logging.DEBUG, True)])
def test_a_failure_exits_with_1_and_shows_its_traceback_only_when_debugging(caplog, level, traced):
    with caplog.at_level(level), pytest.raises(SystemExit) as left:
        run(failing, "some-plugin")
    assert left.value.code == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"] + ["DEBUG"] * traced
    assert caplog.records[0].getMessage() == "the setting app_key is missing"


def test_what_goes_well_exits_with_0():
    with pytest.raises(SystemExit) as left:
        run(lambda: None, "some-plugin")
    assert left.value.code == 0


def test_the_text_of_an_error_that_is_not_ours_is_not_shown_as_it_may_quote_a_row():
    told = sentence(ValueError("invalid literal for int() with base 10: 'buyer@example.com'"))
    assert told == "Unexpected ValueError. This is a bug; --log-level debug shows where."
