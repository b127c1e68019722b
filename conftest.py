"""What all tests of the workspace share."""

import os
import socketserver
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import tiktokshop_sandbox
from hypothesis import HealthCheck, settings
from tiktokshop_client.redaction import known

# Machines that run these tests are busy: how long an example takes says nothing about the code.
settings.register_profile("workspace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For hours when nobody waits; `--hypothesis-seed`, which pytest prints, brings a run back.
settings.register_profile("nightly", settings.get_profile("workspace"), max_examples=10_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "workspace"))

# A server of the standard library lets five wait: of those that connect at once, whoever comes sixth waits a second.
socketserver.TCPServer.request_queue_size = 128


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[..., Path]:
    """Makes the file of shops of a size once for all processes that test: a copy of it is quicker than new shops."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shops"
    folder.mkdir(exist_ok=True)

    def made(**size: int) -> Path:
        file = folder / f"{'-'.join(f'{name}-{number}' for name, number in sorted(size.items()))}.sqlite"
        if not file.exists():
            new = tmp_path_factory.mktemp("shop") / "new.sqlite"
            with tiktokshop_sandbox.start(new, **size):
                pass
            new.replace(file)
        return file

    return made


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests share a process, and so would share what it knows of secrets: some of theirs are ordinary words."""
    monkeypatch.setattr(known, "_known", set())
    monkeypatch.setattr(known, "_forms", {})
    monkeypatch.setattr(known, "_uses", Counter())
    monkeypatch.setattr(known, "_passing", Counter())
