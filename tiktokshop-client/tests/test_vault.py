"""What stands in for a store that fails at the wrong moment: no pair that may be needed is dropped."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from tiktokshop_client import MemoryStore, Secret, Token
from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.stores import LostRaceError
from tiktokshop_client.tokens.vault import Vault

OLD = Token(Secret("old-access"), Secret("refresh"), issued_at=10)
NEW = Token(Secret("new-access"), Secret("refresh-2"), issued_at=20)
OLDER = Token(Secret("older-access"), Secret("refresh-older"), issued_at=19)
EQUAL = Token(Secret("equal-access"), Secret("refresh-equal"), issued_at=20)
NEWER = Token(Secret("newer-access"), Secret("refresh-newer"), issued_at=21)


class Stumbling(MemoryStore):
    """A store that raises what a test lays out: at its writes, and at its reads."""

    name = "the store"

    def __init__(self):
        super().__init__()
        self.refusal = self.blind = None

    def read(self):
        if self.blind:
            raise self.blind
        return super().read()

    def write(self, token):
        if self.refusal:
            raise self.refusal
        super().write(token)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Stumbling()


@pytest.fixture
def vault(store, clock):
    def make():
        return Vault(store, "app", clock, Event())

    return make


def rescued(store, vault, *, replacing=OLD):
    """A vault that has bought NEW, which its store did not take."""
    one = vault()
    if replacing is not None:
        store.write(replacing)
    with one.locked():
        one.prepare()
        store.refusal = TransientError("the store went away")
        one.keep(NEW)
    store.refusal = None
    return one


def blinded(store, vault, theirs, *, consent=False):
    """The same, where somebody else has stored a pair meanwhile, which cannot be read then."""
    one = vault()
    store.write(OLD)
    with one.locked():
        one.prepare()
        store.write(theirs) if theirs else store.clear()
        store.refusal = LostRaceError("somebody else has stored another pair")
        store.blind = ConfigurationError("it cannot be decrypted")
        one.keep(NEW, consent=consent)
    store.refusal = store.blind = None
    return one


@pytest.mark.parametrize("who", ["the same process", "a later one"])
@pytest.mark.parametrize("before", [OLD, None])
def test_a_rescued_pair_goes_into_a_store_that_has_become_empty(store, vault, who, before, tmp_path):
    one = rescued(store, vault, replacing=before)
    store.clear()
    reader = one if who == "the same process" else vault()
    assert reader.read() == NEW
    reader.bring_home()
    assert store.read() == NEW
    assert not list(tmp_path.rglob("rescued-*"))


def test_a_pair_that_only_the_process_has_goes_into_a_store_that_has_become_empty(store, vault, tmp_path):
    one = rescued(store, vault)
    for path in tmp_path.rglob("rescued-*"):
        path.unlink()
    store.clear()
    assert one.read() == NEW
    one.bring_home()
    assert store.read() == NEW


def test_a_pair_that_took_the_place_of_a_rescued_one_leaves_nothing_that_an_empty_store_would_take(store, vault):
    one = rescued(store, vault)
    store.refusal = TransientError("not yet")
    with one.locked():
        one.prepare()
        store.refusal = None
        one.keep(NEWER)
    store.clear()
    assert one.read() is None
    assert vault().read() is None


@pytest.mark.parametrize("consent", [False, True])
@pytest.mark.parametrize(
    ("theirs", "wins"), [(None, NEW), (OLDER, NEW), (OLD, NEW), (EQUAL, EQUAL), (NEWER, NEWER)], ids=repr
)
@pytest.mark.parametrize("who", ["the same process", "a later one"])
def test_a_pair_whose_rival_cannot_be_read_is_rescued_until_it_can(store, vault, theirs, wins, who, consent, caplog):
    one = blinded(store, vault, theirs, consent=consent)
    assert "the new tokens are safe in" in caplog.text
    assert list(Path().rglob("rescued-*"))
    reader = one if who == "the same process" else vault()
    assert reader.read() == wins
    reader.bring_home()
    assert store.read() == wins
    assert not list(Path().rglob("rescued-*"))
