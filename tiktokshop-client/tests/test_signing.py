"""Signatures against known answers, and against an implementation that shares nothing with ours."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import platform_facts
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiktokshop_client import sign, verify_webhook

DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "signing_vectors.json").read_text("utf-8"))
HOOKS = json.loads((DATA / "webhook_vectors.json").read_text("utf-8"))

texts = st.text(max_size=40)
queries = st.dictionaries(st.text(min_size=1, max_size=12), texts, max_size=8)


def by_hand(secret: str, path: str, query: dict[str, str], body: bytes) -> str:
    """The rule read once more: walk the pairs in order, append, hash."""
    pieces = bytearray()
    pieces += secret.encode() + path.encode()
    for key, value in sorted((k.encode(), v.encode()) for k, v in query.items()):
        if key not in (b"sign", b"access_token"):
            pieces += key + value
    pieces += body + secret.encode()
    block = secret.encode() if len(secret.encode()) <= 64 else hashlib.sha256(secret.encode()).digest()
    block = block.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + bytes(pieces)).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).hexdigest()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["case"])
def test_a_known_answer_is_met(vector):
    made = sign(vector["secret"], vector["path"], vector["query"], vector["body"].encode(), vector["content_type"])
    assert made == vector["sign"]


def test_every_fact_we_were_given_about_signing_is_met():
    for vector in platform_facts.of("signing-vectors"):
        made = sign(vector["secret"], vector["path"], vector["query"], vector["body"].encode(), vector["content_type"])
        assert made == vector["sign"], vector["name"]


@given(secret=st.text(min_size=1, max_size=100), path=texts, query=queries, body=st.binary(max_size=200))
def test_signing_agrees_with_the_rule_written_by_hand(secret, path, query, body):
    assert sign(secret, path, query, body) == by_hand(secret, path, query, body)


@given(query=queries, extra=texts)
def test_sign_and_access_token_never_count(query, extra):
    bare = {key: value for key, value in query.items() if key not in {"sign", "access_token"}}
    assert sign("s", "/p", {**bare, "sign": extra, "access_token": extra}) == sign("s", "/p", bare)


@given(query=queries, body=st.binary(max_size=50))
def test_the_order_of_the_query_never_counts(query, body):
    assert sign("s", "/p", dict(reversed(query.items())), body) == sign("s", "/p", query, body)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/plain", ""])
def test_every_body_but_a_form_is_signed(content_type):
    assert sign("s", "/p", {}, b"x", content_type) == sign("s", "/p", {}, b"x")
    assert sign("s", "/p", {}, b"x", content_type) != sign("s", "/p", {})


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["case"])
def test_a_webhook_of_the_platform_is_recognised(hook):
    body = hook["body"].encode()
    assert verify_webhook(hook["app_key"], hook["app_secret"], body, hook["signature"])
    assert not verify_webhook(hook["app_key"], hook["app_secret"], body + b" ", hook["signature"])
    assert not verify_webhook(hook["app_key"] + "x", hook["app_secret"], body, hook["signature"])
    assert not verify_webhook(hook["app_key"], hook["app_secret"] + "x", body, hook["signature"])


def test_every_fact_we_were_given_about_webhooks_is_met():
    for hook in platform_facts.of("webhook-vectors"):
        assert verify_webhook(hook["app_key"], hook["app_secret"], hook["raw_body"].encode(), hook["signature"])


@pytest.mark.parametrize("signature", ["", "é", "\ud800", "0" * 64, "Bearer x"])
def test_a_signature_of_any_shape_is_only_wrong(signature):
    assert not verify_webhook("key", "secret", b"{}", signature)


def test_a_webhook_signature_in_capitals_is_wrong():
    signature = hmac.new(b"secret", b"key{}", hashlib.sha256).hexdigest()
    assert verify_webhook("key", "secret", b"{}", signature)
    assert not verify_webhook("key", "secret", b"{}", signature.upper())


def test_webhooks_are_compared_in_constant_time(monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))
    verify_webhook("key", "secret", b"{}", "0" * 64)
    assert len(compared) == 1
