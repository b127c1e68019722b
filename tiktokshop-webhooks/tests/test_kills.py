"""Receivers that are killed under load lose nothing: the short form of `scripts/soak/hooks.py`."""

import hooks
import pytest
from deliveries import emptied

pytestmark = pytest.mark.slow


def test_of_a_receiver_that_is_killed_every_event_is_in_the_inbox_once(tmp_path):
    assert hooks.run(str(tmp_path / "inbox.sqlite"), tmp_path, events=400, kills=3) == []


def test_of_two_receivers_over_one_postgresql_one_is_killed_and_nothing_is_lost(postgresql_port, tmp_path):
    assert hooks.run(emptied(postgresql_port), tmp_path, events=400, kills=2, receivers=2) == []
