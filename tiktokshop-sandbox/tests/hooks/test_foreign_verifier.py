"""What the sandbox signs is right for others who verify it: vectors of other hands, and a library that is not ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import platform_facts
import pytest
from tiktokshop_sandbox.faults import Spec
from tiktokshop_sandbox.signature import webhook_signature
from tiktokshop_sandbox.webhooks.mistakes import mistakes

ROOT = Path(__file__).parents[3]
# Signed with OpenSSL, which shares nothing with this code; the last secret that is configured has signed.
OURS = json.loads((ROOT / "tiktokshop-webhooks/tests/data/webhook_vectors.json").read_text("utf-8"))
DAY = 86_400
BODY = b'{"type":1,"tts_notification_id":"7380","data":{"name":"Cr\xc3\xa8me","id":1152921504606846977,"at":1}}'


@pytest.mark.parametrize("vector", platform_facts.of("webhook-vectors"), ids=lambda vector: vector["name"])
def test_the_sandbox_signs_as_the_platform_does(vector):
    key, secret, body = vector["app_key"], vector["app_secret"], vector["raw_body"].encode()
    assert webhook_signature(key, secret, body) == vector["signature"]


@pytest.mark.parametrize("vector", [one for one in OURS if one["right"]], ids=lambda vector: vector["name"])
def test_the_sandbox_signs_any_body_as_a_foreign_hand_does(vector):
    key, body = vector["app_key"], vector["raw_body"].encode()
    assert vector["signature"] in {webhook_signature(key, secret, body) for secret in vector["configured"]}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tiktok-shop-api needs Python 3.11")
def test_a_library_that_is_not_ours_verifies_and_reads_every_delivery(office):
    from tiktok_shop_api.webhooks import UnknownWebhookEvent, Webhooks

    office.listen()
    office.faults.add(Spec("webhook_bad_signature", next=2))
    office.deliver(10 * DAY)
    app = {"app_key": office.accounts.app.key, "app_secret": office.accounts.app.secret}
    signed = [
        (body, {**app, "raw_body": body, "signature": headers["authorization"]}) for _, headers, body in office.ear.came
    ]
    refused = sum(not Webhooks.verify(**given) for _, given in signed)
    read = {
        json.loads(body)["type"]: type(Webhooks.verify_and_parse(**given))
        for body, given in signed
        if Webhooks.verify(**given)
    }
    assert refused == 2
    assert {1, 2, 4, 11, 12, 14, 24, 39, 56, 64, 68, 71} <= read.keys()
    assert {number for number, kind in read.items() if kind is UnknownWebhookEvent} <= {2, 68}


def test_each_usual_mistake_begins_differently_and_gives_no_signature_away():
    found = mistakes("key", "secret", BODY)
    right = webhook_signature("key", "secret", BODY)
    begins = [begin for begin, _ in found]
    assert len(set(begins)) == len(begins) == 11
    assert all(len(begin) == 12 and begin != right[:12] for begin in begins)
    told = " ".join(words for _, words in found)
    for words in ("without the app's key", "with spaces", "names sorted", "doubles", "base64", "capitals", "SHA-256"):
        assert words in told
    assert mistakes("key", "secret", b"\xff not JSON"), "a body that is none is looked at all the same"
