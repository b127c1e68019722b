"""What all tests of the workspace share."""

import os

import pytest
from hypothesis import HealthCheck, settings
from tiktokshop_client.redaction import known

# Machines that run these tests are busy: how long an example takes says nothing about the code.
settings.register_profile("workspace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For hours when nobody waits; `--hypothesis-seed`, which pytest prints, brings a run back.
settings.register_profile("nightly", settings.get_profile("workspace"), max_examples=10_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "workspace"))


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests share a process, and so would share what it knows of secrets: some of theirs are ordinary words."""
    monkeypatch.setattr(known, "_known", set())
    monkeypatch.setattr(known, "_forms", ())
