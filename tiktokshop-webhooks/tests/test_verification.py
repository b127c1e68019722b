"""Whose webhook it is: exact bytes, several apps, secrets old and new."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import platform_facts
import pytest
from deliveries import KEY, SECRET, event, signature
from tiktokshop_client import Secret
from tiktokshop_webhooks.verification import NO_APP, NO_SIGNATURE, WRONG, Apps

# Signed with OpenSSL (tests/data/README.md), which shares nothing with this code.
OURS = json.loads((Path(__file__).parent / "data" / "webhook_vectors.json").read_text("utf-8"))


def apps(**secrets):
    return Apps({key: [Secret(secret) for secret in texts] for key, texts in secrets.items()})


@pytest.mark.parametrize("vector", platform_facts.of("webhook-vectors"), ids=lambda vector: vector["name"])
def test_what_the_platform_signed_is_taken(vector):
    one = apps(**{vector["app_key"]: [vector["app_secret"]]})
    assert one.owner(vector["raw_body"].encode(), vector["signature"]) == (vector["app_key"], "")


@pytest.mark.parametrize("vector", OURS, ids=lambda vector: vector["name"])
def test_a_delivery_is_taken_or_not_as_a_foreign_hand_has_signed_it(vector):
    one = apps(**{vector["app_key"]: vector["configured"]})
    owner, reason = one.owner(vector["raw_body"].encode(), vector["signature"])
    assert (owner, reason) == ((vector["app_key"], "") if vector["right"] else ("", WRONG))


def test_the_body_counts_byte_by_byte():
    body = event(data={"name": "Crème brûlée ☕", "id": 2**60})
    one, right = apps(**{KEY: [SECRET]}), signature(body)
    assert one.owner(body, right) == (KEY, "")
    for other in (body + b" ", body[:-1], body.replace(b'": "', b'":"'), body.replace(b"\\u", b"\\U"), b""):
        assert one.owner(other, right) == ("", WRONG)


def test_any_app_and_any_secret_of_it_will_do_and_the_right_one_is_named():
    body = event()
    several = apps(first=["a"], second=["new", "old"], third=["c"])
    for key, secret in (("first", "a"), ("second", "new"), ("second", "old"), ("third", "c")):
        assert several.owner(body, signature(body, key, secret)) == (key, "")
    assert several.owner(body, signature(body, "first", "new")) == ("", WRONG)


def test_an_address_that_names_an_app_takes_only_what_was_sent_to_that_app():
    body = event()
    several = apps(first=["a"], second=["b"])
    assert several.owner(body, signature(body, "first", "a"), "first") == ("first", "")
    assert several.owner(body, signature(body, "second", "b"), "first") == ("", WRONG)
    assert several.owner(body, signature(body, "first", "a"), "third") == ("", NO_APP)


@pytest.mark.parametrize("given", ["Bearer {}", " {}", "{} ", "{}\n", "{}{}", "é" * 64, "\ud800", "0" * 63])
def test_what_stands_around_a_signature_makes_it_wrong(given):
    body = event()
    assert apps(**{KEY: [SECRET]}).owner(body, given.replace("{}", signature(body))) == ("", WRONG)


def test_no_signature_has_a_reason_of_its_own():
    assert apps(**{KEY: [SECRET]}).owner(event(), "") == ("", NO_SIGNATURE)


def test_every_secret_is_compared_in_constant_time_whichever_fits(monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda *both: compared.append(both) or real(*both))
    several = apps(first=["a"], second=["new", "old"], third=["c"])
    body = event()
    for given in (signature(body, "first", "a"), signature(body, "third", "c"), "0" * 64):
        compared.clear()
        several.owner(body, given)
        assert len(compared) == 4
