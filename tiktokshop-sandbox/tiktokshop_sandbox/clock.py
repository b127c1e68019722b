"""The shops' clock: real time with an offset, or standing still until it is told to move."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

KEY: Final = "clock"


class Memory(Protocol):
    """Where the clock keeps its value: small texts that survive a restart (`World` is one)."""

    def set_meta(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""


class Clock:
    """What time it is in the shops, in unix seconds.

    With `now` the clock stands still at that second and only `advance` moves it; without, it runs with
    real time plus what it has been advanced by. `keep` and `resume` carry its state over a restart: a shop
    that is opened again goes on where it was, and never back.

    `real` is the time of the machine, by which tokens live and clients sign whatever day it is in the
    shop. `told` is what the platform says the time is (the `Date` of its answers): a client that follows
    it may sign by it too. `skew` moves both away from the client's clock, to play one that is wrong.
    """

    def __init__(self, now: int | None = None, *, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._frozen = now
        self._offset = 0
        self._held: int | None = None
        self._memory: Memory | None = None
        self.skew = 0

    @property
    def frozen(self) -> bool:
        """Whether the shops' time stands still."""
        return self._frozen is not None

    def now(self) -> int:
        """The shops' time, unix seconds."""
        if self._held is not None:
            return self._held
        return self._frozen if self._frozen is not None else int(self._source()) + self._offset

    def hold(self) -> None:
        """Let the shops' time stand still while this process has them; the next one finds it running again."""
        self._held = self.now()

    def real(self) -> int:
        """The time tokens live by, unix seconds."""
        return int(self.precise())

    def precise(self) -> float:
        """The same with its fraction."""
        return self._source() + self.skew

    def told(self) -> int:
        """The time the platform tells in its answers: the shops', unix seconds."""
        return self.now() + self.skew

    def advance(self, seconds: int) -> int:
        """Move the shops' time forward; returns the new time.

        Raises:
            ValueError: `seconds` is negative. What happened in a shop cannot be taken back.
        """
        if seconds < 0:
            raise ValueError("the shops' clock only moves forward")
        if self._frozen is not None:
            self._frozen += seconds
        else:
            self._offset += seconds
        if self._held is not None:
            self._held += seconds
        self._save()
        return self.now()

    def resume(self, kept: str | None) -> None:
        """Go on from a state that was kept. A clock told to stand still does so there, or later if told so."""
        if kept is None:
            return
        kind, value = kept.split(":")
        then = int(value) if kind == "frozen" else int(self._source()) + int(value)
        if self._frozen is not None or kind == "frozen":
            self._frozen = max(then, self._frozen or 0)
        else:
            self._offset = int(value)

    def keep(self, memory: Memory) -> None:
        """Keep the state in `memory` from now on."""
        self._memory = memory
        self._save()

    def _save(self) -> None:
        if self._memory is not None:
            state = f"frozen:{self._frozen}" if self._frozen is not None else f"offset:{self._offset}"
            self._memory.set_meta(KEY, state)
