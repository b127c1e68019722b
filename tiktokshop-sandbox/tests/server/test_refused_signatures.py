"""What the console says of a signature that did not match: the slip that explains it, and no secret."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import quote

import pytest
from tiktokshop_sandbox.console.signing import rejection
from tiktokshop_sandbox.exchange import RawRequest

SECRET = "canary-app-secret"
PATH = "/product/202309/products/search"
QUERY = {"timestamp": "1780000000", "app_key": "k3y", "shop_cipher": "c+/=", "empty": ""}
BODY = b'{"b": "\xc3\xa9", "a": 1}'
JSON, FORM = "application/json", "multipart/form-data; boundary=x"


def pairs(query=QUERY):
    return "".join(name + value for name, value in sorted(query.items()))


def text(middle: str, body: bytes = BODY, *, wrap: str = SECRET) -> bytes:
    return wrap.encode() + middle.encode() + body + wrap.encode()


def mac(data: bytes) -> str:
    return hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in QUERY.items() if key != name}


SLIPS = {
    "lowercase hex": mac(text(PATH + pairs())).upper(),
    "plain SHA-256": hashlib.sha256(text(PATH + pairs())).hexdigest(),
    "without the body": mac(text(PATH + pairs(), b"")),
    "sort them by name": mac(text(PATH + "".join(name + value for name, value in QUERY.items()))),
    "percent-encoded": mac(text(PATH + pairs({name: quote(value, safe="") for name, value in QUERY.items()}))),
    "without the empty parameters": mac(text(PATH + pairs(without("empty")))),
    "with = and &": mac(text(PATH + "&".join(f"{name}={value}" for name, value in sorted(QUERY.items())))),
    "slash at the end": mac(text(PATH + "/" + pairs())),
    "without the path": mac(text(pairs())),
    "secret at both ends": mac(text(PATH + pairs(), wrap="")),
    "without the app_key": mac(text(PATH + pairs(without("app_key")))),
    "without shop_cipher": mac(text(PATH + pairs(without("shop_cipher")))),
    "the very bytes": mac(text(PATH + pairs(), json.dumps(json.loads(BODY), separators=(",", ":")).encode())),
}


@pytest.mark.parametrize("words", SLIPS)
def test_a_usual_slip_is_recognised(words):
    found = rejection(SECRET, RawRequest("POST", PATH, {**QUERY, "sign": SLIPS[words]}, {"content-type": JSON}, BODY))
    assert len(found.slips) == 1
    assert words in found.slips[0]


def test_slips_that_need_another_request():
    query = {**QUERY, "access_token": "canary-token"}
    with_token = rejection(
        SECRET, RawRequest("GET", PATH, {**query, "sign": mac(text(PATH + pairs(query), b""))}, {}, b"")
    )
    assert "access_token among the parameters" in with_token.slips[0]
    assert "canary-token" not in repr(with_token)
    braces = rejection(SECRET, RawRequest("POST", PATH, {**QUERY, "sign": mac(text(PATH + pairs(), b"{}"))}, {}, b""))
    assert "over {} although no body" in braces.slips[0]
    form = RawRequest("POST", PATH, {**QUERY, "sign": mac(text(PATH + pairs()))}, {"content-type": FORM}, BODY)
    assert "not signed in multipart" in rejection(SECRET, form).slips[0]


def test_an_unknown_slip_is_not_guessed_and_the_secret_not_shown():
    body = f'{{"echo": "{SECRET}"}}'.encode()
    found = rejection(SECRET, RawRequest("POST", PATH, {**QUERY, "sign": "0" * 64}, {"content-type": JSON}, body))
    assert found.slips == ()
    assert found.signed == f"***{PATH}{pairs()}" + '{"echo": "***"}***'
    assert found.expected == mac(text(PATH + pairs(), body))[:12] + "…"
    assert SECRET not in repr(found)
