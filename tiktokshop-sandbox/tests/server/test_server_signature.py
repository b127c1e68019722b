"""The signature the server expects, against vectors from the platform's documentation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiktokshop_sandbox.signature import expected_sign

VECTORS = json.loads((Path(__file__).parent / "data" / "signing_vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_request_signed_as_documented_has_the_expected_sign(vector):
    sign = expected_sign(
        vector["secret"], vector["path"], vector["query"], vector["content_type"], vector["body"].encode()
    )
    assert sign == vector["sign"]
