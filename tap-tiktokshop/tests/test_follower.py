"""A tap that follows its inbox: how often it looks, reads windows and writes states, and how it ends."""

import logging
from types import SimpleNamespace

import pytest
from tap_tiktokshop.run.following import EVERY, Follower, StoppedError
from tap_tiktokshop.run.output import OutputError
from tap_tiktokshop.settings import FollowSettings
from test_listener import Hand
from tiktokshop_client.errors import AuthorisationError, TransientError


class Process:
    """What a follower drives, with notes of when it did so."""

    def __init__(self, **settings):
        self.clock, self.heard, self.windows_at, self.states = Hand(), [], [], []
        self.stop = SimpleNamespace(is_set=self.stopped)
        self.inbox = SimpleNamespace(name="inbox.sqlite")
        self.stop_at, self.raises_at, self.trouble = float("inf"), float("inf"), None
        self.settings = FollowSettings("inbox.sqlite", follow=True, **settings)

    def stopped(self):
        return self.clock.moment >= self.stop_at

    def write_state(self, *, at_once=False):
        self.states.append((self.clock.moment, at_once))

    def hear(self):
        self.heard.append(self.clock.moment)
        if self.clock.moment >= self.raises_at:
            raise StoppedError(0)

    def windows(self):
        self.windows_at.append(round(self.clock.moment))
        self.clock.moment += 10
        if self.trouble is not None:
            raise self.trouble

    def go(self):
        Follower(self.settings, self, self.clock, self.hear, self.windows, logging.getLogger("following")).go()


def test_it_looks_several_times_a_second_and_ends_after_its_time():
    process = Process(seconds=10.0)
    process.go()
    assert process.heard[:3] == [0.0, EVERY, 2 * EVERY]
    assert len(process.heard) == pytest.approx(10 / EVERY, abs=1)
    assert process.states[-1] == (process.clock.moment, True)
    assert process.windows_at == []


def test_it_reads_windows_every_fifteen_minutes_from_when_it_last_began_to():
    process = Process(seconds=3_000.0)
    process.go()
    assert process.windows_at == [900, 1800, 2700]


def test_windows_that_do_not_pass_are_said_and_read_again_the_next_time(caplog):
    process = Process(seconds=2_000.0)
    process.trouble = TransientError("the platform does not answer")
    process.go()
    assert process.windows_at == [900, 1800]
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert said == ["The windows were not read to their end: the platform does not answer"] * 2


def test_what_does_not_pass_ends_it_with_a_last_state():
    process = Process()
    process.trouble = AuthorisationError("the grant has ended")
    with pytest.raises(AuthorisationError, match="the grant has ended"):
        process.go()
    assert process.states[-1][1] is True


@pytest.mark.parametrize("how", ["stop_at", "raises_at"])
def test_asked_to_end_it_writes_a_last_state_and_returns(how):
    process = Process()
    setattr(process, how, 60.0)
    process.go()
    assert process.clock.moment == pytest.approx(60.0, abs=EVERY)
    assert process.states[-1][1] is True


def test_a_loader_that_has_gone_is_told_of_once():
    process = Process()

    def gone(*, at_once=False):
        del at_once
        raise OutputError("the program that read the output has stopped")

    process.write_state = gone
    with pytest.raises(OutputError, match="has stopped"):
        process.go()
