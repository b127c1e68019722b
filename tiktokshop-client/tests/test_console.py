"""What a command line shows when it fails."""

import json
import logging
from pathlib import Path

import click
import pytest
from tiktokshop_client.console import quiet, run, sentence
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
        (KeyError("id"), "Unexpected KeyError. This is a bug; --log-level debug shows more."),
    ],
)
def test_every_failure_is_one_sentence(error, said):
    assert sentence(error) == said


def failing():
    raise ConfigurationError("the setting app_key is missing")


@pytest.mark.parametrize(("level", "traced"), [(logging.INFO, False), (logging.DEBUG, True)])
def test_a_failure_exits_with_its_code_and_shows_its_traceback_only_when_debugging(caplog, level, traced):
    with caplog.at_level(level), pytest.raises(SystemExit) as left:
        run(failing, "some-plugin")
    assert left.value.code == 2
    assert [record.levelname for record in caplog.records] == ["ERROR"] + ["DEBUG"] * traced
    assert caplog.records[0].getMessage() == "the setting app_key is missing"


def test_what_goes_well_exits_with_0():
    with pytest.raises(SystemExit) as left:
        run(lambda: None, "some-plugin")
    assert left.value.code == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (click.BadParameter("File 'x' does not exist."), "File 'x' does not exist."),
        (click.UsageError("No such option: --x"), "No such option: --x."),
        (BrokenPipeError(32, "Broken pipe"), "The program that read the output has stopped; its own log says why."),
        (OSError(28, "No space left on device", "rows.jsonl"), "Cannot use rows.jsonl: No space left on device."),
        (OSError(28, "No space left on device"), "Standard output cannot be written: No space left on device."),
    ],
)
def test_what_a_user_or_the_machine_does_wrong_is_no_bug(error, words):
    assert words in sentence(error)
    assert "bug" not in sentence(error)


def test_a_quiet_package_is_heard_from_a_warning_on_and_when_debugging(monkeypatch):
    root, handler, before = logging.getLogger(), logging.NullHandler(), logging.getLogger().level
    monkeypatch.setattr(root, "handlers", [handler])
    quiet("singer_sdk")

    def heard(level, package="singer_sdk"):
        place = str(Path("lib") / package / "base.py")
        return bool(handler.filter(logging.LogRecord("x", level, place, 1, "words", None, None)))

    try:
        root.setLevel(logging.INFO)
        assert [heard(logging.INFO), heard(logging.WARNING), heard(logging.INFO, "ours")] == [False, True, True]
        root.setLevel(logging.DEBUG)
        assert heard(logging.INFO)
    finally:
        root.setLevel(before)


def test_the_text_of_an_error_that_is_not_ours_is_not_shown_as_it_may_quote_a_row():
    told = sentence(ValueError("invalid literal for int() with base 10: 'buyer@example.com'"))
    assert told == "Unexpected ValueError. This is a bug; --log-level debug shows more."
