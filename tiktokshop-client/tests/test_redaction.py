"""Secrets are taken out of every text, however they are written there; what foreign exceptions say is never shown."""

from __future__ import annotations

import io
import json
import logging
import threading
from urllib.parse import quote

import cryptography.fernet
import filelock
import jsonschema
import msgspec
import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from secret_forms import INSIDE, PACKINGS, WAYS, units
from tiktokshop_client import Secret, Shop, console
from tiktokshop_client.authorise import Standing
from tiktokshop_client.console import run, sentence, trace
from tiktokshop_client.errors import ConfigurationError, partial_errors
from tiktokshop_client.operations import UPDATE_INVENTORY
from tiktokshop_client.redaction import HEAD, Redactor, known
from tiktokshop_client.token import Token

CANARY = "canary+Tök/en=\"7'&\n§1"
PERSON = "jane.o'doe+tea@example.com"

AS_NUMBERS = (
    lambda each: each,
    lambda each: "".join(f"\\u{unit:04x}" for unit in units(each)),
    lambda each: f"&#{ord(each)};",
    lambda each: f"&#x{ord(each):X};",
)
BREAKS = ("\n", "\r\n", "\\n", "\\r\\n", "\n    ")
secrets = st.text(st.characters(codec="utf-8"), min_size=12, max_size=60)


@pytest.mark.parametrize("way", WAYS)
@given(secret=secrets)
def test_a_secret_is_taken_out_in_each_way_it_may_be_written(way, secret):
    redact = Redactor()
    redact.add(Secret(secret))
    written = WAYS[way](secret)
    quoted = way.startswith(("repr", "JSON")) and not way.startswith("JSON with each")
    inner = written.removeprefix("b")[1:-1] if quoted else written
    assert redact(f"<{inner}>") == "<***>"


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("packing", PACKINGS)
@given(secret=secrets, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_secret_is_taken_out_of_base64_whatever_stands_around_it(packing, inside, secret, before, after):
    redact = Redactor()
    redact.add(Secret(secret))
    text = PACKINGS[packing](before + INSIDE[inside](secret).encode() + after).decode()
    shown = redact(text)
    assert "***" in shown
    assert len(shown.replace("***", "")) <= 4 * (len(before) + len(after)) // 3 + 8


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("padded", [True, False])
@given(secret=secrets, before=st.integers(0, 2))
def test_base64_that_ends_with_a_secret_keeps_nothing_of_its_last_character(packing, inside, padded, secret, before):
    redact = Redactor()
    redact.add(Secret(secret))
    text = PACKINGS[packing](b"," * before + INSIDE[inside](secret).encode()).decode()
    shown = redact(f"<{text if padded else text.rstrip('=')}>")
    assert shown.endswith("***>")
    assert len(shown) <= len("<***>") + before + 1


@given(secret=st.text(st.characters(codec="utf-8", exclude_characters="\\&"), min_size=12), data=st.data())
def test_a_secret_is_taken_out_whichever_of_its_characters_are_written_as_numbers(secret, data):
    redact = Redactor()
    redact.add(Secret(secret))
    ways = data.draw(st.lists(st.sampled_from(AS_NUMBERS), min_size=len(secret), max_size=len(secret)))
    shown = redact(f"<{''.join(way(each) for way, each in zip(ways, secret, strict=True))}>")
    assert shown == "<***>"


@pytest.mark.parametrize("way", ["plain", "percent-encoded", "hexadecimal", *PACKINGS])
@given(secret=st.text("abcXYZ019._-~+/=", min_size=20, max_size=90), width=st.integers(4, 76), data=st.data())
def test_a_secret_that_is_broken_into_lines_is_taken_out(way, secret, width, data):
    redact = Redactor()
    redact.add(Secret(secret))
    written = PACKINGS[way](secret.encode()).decode().rstrip("=") if way in PACKINGS else WAYS[way](secret)
    ending = data.draw(st.sampled_from(BREAKS))
    broken = ending.join(written[place : place + width] for place in range(0, len(written), width))
    shown = redact(f"it said: <{broken}> of\nthese")
    assert shown.startswith("it said: <***")
    assert shown.endswith("> of\nthese")
    assert len(shown) <= len(f"it said: <***{ending}> of\nthese") + 3  # the last of base64 is its neighbours' as well


@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith("repr")])
@given(secret=secrets, data=st.data())
def test_what_a_limit_has_left_of_a_secret_is_taken_out(way, secret, data):
    redact = Redactor()
    redact.add(Secret(secret))
    inner = {each: WAYS[way](each) for each in (secret,)}[secret]
    inner = inner[1:-1] if way in {"JSON", "JSON as it is", "JSON with escaped slashes"} else inner
    longest = max(len(WAYS[way](each)) for each in secret)
    left = data.draw(st.integers(min(len(inner), HEAD * longest), len(inner)))
    for behind in ("", "...", "… (code 5)"):
        shown = redact(f"no <{inner[:left]}{behind}")
        assert shown.startswith("no <***")
        assert len(shown) < len("no <***") + longest + len(behind)  # a piece of a character may stay


def test_a_beginning_that_is_shorter_may_be_anything():
    redact = Redactor()
    redact.add(
        Secret(
            "TTP_pwSm2AAAAABmmtFz1xlyKMnwg74T2GJ5s0uQbS8jPjb_GkdFVCxPqzQXSyuyfXdQa0AqyDsea2tYFNVf4XeqgZHFfPyv0Vs659QqyLYfsGzanZ5XZAin3"
        )
    )
    assert redact("a token like TTP_pwSm2AA is not good") == "a token like TTP_pwSm2AA is not good"
    assert redact("a token like TTP_pwSm2AAA is not good") == "a token like *** is not good"


@given(text=st.text("\\\\&#;u0123x\n abc", max_size=200))
def test_numbers_and_line_ends_that_make_no_secret_stay_as_they_are(text):
    redact = Redactor()
    redact.add(Secret("a-secret-of-nobody"))
    assert redact(text) == text


@given(text=st.text(max_size=200))
def test_a_text_without_secrets_stays_as_it_is(text):
    redact = Redactor()
    redact.add(Secret("a-secret-of-nobody"), Secret("short"), None)
    assert redact(text) == text


def failing(make):
    """The exception that a library raises by itself, or that is made of a text."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it raises
        throw(make())
    return caught.value


def throw(error):
    raise error


WORDS = f"{CANARY} {PERSON}"
FOREIGN = {
    "int": lambda: int(WORDS),
    "key": lambda: {}[WORDS],
    "json": lambda: json.loads(WORDS),
    "msgspec": lambda: msgspec.json.decode(json.dumps(WORDS), type=msgspec.defstruct("X", [])),
    "msgspec enum": lambda: msgspec.convert(WORDS, type=__import__("typing").Literal["tea"]),
    "jsonschema": lambda: jsonschema.validate(WORDS, {"type": "integer"}),
    "fernet": lambda: cryptography.fernet.Fernet(WORDS.encode()),
    "requests": lambda: requests.Request("GET", WORDS).prepare(),
    "requests session": lambda: requests.Session().get(f"nowhere://{quote(WORDS)}"),
    "urllib3": lambda: urllib3.exceptions.LocationParseError(WORDS),
    "filelock": lambda: filelock.Timeout(WORDS),
    "unicode": lambda: WORDS.encode("ascii"),
    "os": lambda: OSError(f"no tunnel for {WORDS}"),
    "value": lambda: ValueError(f"Invalid header value {WORDS.encode()!r}"),
    "group": lambda: RuntimeError(WORDS, {WORDS: WORDS}),
}


def chained(error):
    try:
        try:
            throw(error)
        except Exception as inner:
            raise LookupError(WORDS) from inner
    except LookupError as outer:
        return outer


@pytest.mark.parametrize("library", FOREIGN)
@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_no_word_of_a_foreign_exception_is_shown_at_any_level(library, level, caplog, capfd):
    known.add(Secret(CANARY))
    error = chained(failing(FOREIGN[library]))

    def command():
        logging.getLogger("some-library").warning("it said %s of %r", CANARY, CANARY.encode())
        logging.getLogger("some-library").error("not a %d", CANARY)
        logging.getLogger("some-library").warning("it failed", exc_info=error)
        raise error

    with caplog.at_level(level), pytest.raises(SystemExit):
        run(command, "some-plugin")
    seen = "\n".join([caplog.text, *capfd.readouterr(), *(repr(vars(record)) for record in caplog.records)])
    assert "Unexpected LookupError" in seen
    assert not [piece for piece in ("canary", "jane", "example.com", quote(CANARY, safe="")) if piece in seen]


def test_a_log_that_cannot_be_written_shows_no_word_of_it_either(capfd):
    """What the logging library prints of a handler that fails has the whole chain of what is being handled."""
    closed = io.StringIO()
    handler = logging.StreamHandler(closed)
    closed.close()
    logging.root.addHandler(handler)
    try:
        with pytest.raises(SystemExit):
            run(lambda: throw(LookupError(PERSON)), "some-plugin")
    finally:
        logging.root.removeHandler(handler)
    assert [piece for piece in ("jane", "example.com", "Traceback") if piece in "".join(capfd.readouterr())] == []
    assert logging.raiseExceptions


def test_a_thread_that_fails_says_so_in_one_sentence(caplog):
    def command():
        thread = threading.Thread(target=lambda: int(PERSON))
        thread.start()
        thread.join()

    with pytest.raises(SystemExit):
        run(command, "some-plugin")
    assert caplog.messages == ["Unexpected ValueError. This is a bug; --log-level debug shows more."]


@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_platform_calls_seller_shops_and_scopes_is_shown_clean(as_json, capsys):
    secret = "a-token-in-a-name"
    known.add(Secret(secret))
    odd = f"Tea\nGrant         ends never\x1b[2J\u202e {secret}"
    pair = Token(Secret("access"), seller_name=odd, open_id=odd, region=odd, granted_scopes=(odd, "b"))
    found = Standing(pair, (Shop("1", odd, odd, "", "", Secret("")),), "tokens.json")
    console.show(found.facts(), found.lines(), as_json=as_json)
    shown = capsys.readouterr().out
    assert secret not in shown
    assert all(line.isprintable() for line in shown.split("\n"))
    if as_json:
        assert json.loads(shown)["shops"][0]["name"] == odd.replace(secret, "***")
    else:
        assert len(shown.splitlines()) == 7
        assert shown.splitlines()[-1] == f"{'':<14}b"


def test_our_own_words_are_shown_without_the_secrets_in_them():
    known.add(Secret(CANARY))
    error = failing(lambda: ConfigurationError(f"the setting {CANARY} is odd"))
    assert sentence(error) == "the setting *** is odd"
    assert "test_redaction.py" in trace(error)


def test_the_log_is_made_as_before_once_a_command_has_ended():
    before = logging.getLogRecordFactory()
    with pytest.raises(SystemExit):
        run(lambda: None, "some-plugin")
    assert logging.getLogRecordFactory() is before


def test_what_the_platform_says_of_single_rows_has_no_secret(platform, client, shop):
    said = {"code": 12052393, "message": f"no stock for {quote(CANARY, safe='')}", "detail": {"sku_id": "1"}}
    platform.on("/product/202309/products/7/inventory/update", platform.ok({"errors": [said]}))
    known.add(Secret(CANARY))
    answer = client().call(UPDATE_INVENTORY, shop=shop, path={"product_id": "7"}, body={"skus": []})
    [error] = partial_errors(UPDATE_INVENTORY, answer.data)
    assert (error.message, error.code, error.ids) == ("no stock for ***", 12052393, {"sku_id": "1"})


def test_a_secret_that_is_known_for_now_is_forgotten_when_the_last_who_needs_it_has_ended():
    redactor, inside, go_on = Redactor(), threading.Event(), threading.Event()
    stays, passes, shared, kept = (
        Secret(f"canary-{name}-0123456789") for name in ("stays", "passes", "shared", "kept")
    )
    redactor.add(stays)
    empty = dict(redactor._forms)

    def elsewhere():
        with redactor.for_now():
            redactor.add(shared)
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=elsewhere)
    with redactor.for_now():
        redactor.add(stays, passes, shared)
        thread.start()
        inside.wait(10)
        text = " ".join(each.reveal() for each in (stays, passes, shared))
        assert redactor(text) == "*** *** ***"
    assert redactor(text) == f"*** {passes.reveal()} ***"
    go_on.set()
    thread.join()
    assert redactor(text) == f"*** {passes.reveal()} {shared.reveal()}"
    assert redactor._forms == empty, "nothing is left of them in memory"
    other = threading.Thread(target=redactor.add, args=(kept,))
    with redactor.for_now():
        redactor.add(kept)
        other.start()
        other.join()
    assert redactor(kept.reveal()) == "***", "somebody else has told it for good"
