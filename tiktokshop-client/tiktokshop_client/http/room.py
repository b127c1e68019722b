"""How much memory all pages in use may take up together, however many threads read them."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Final

from tiktokshop_client.http.bounds import MEGABYTE, AnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_AT_ONCE: Final = 64 * MEGABYTE
"""The most bytes that all large pages may take up together. One that would exceed this by itself is refused."""
VALUE: Final = 64
"""Bytes that are counted for each value of a page, besides its text: what the smallest list or object takes up."""
MOMENT: Final = 0.01
"""Seconds after which it is looked again whether there is room."""

_OTHERS: Final = bytes(set(range(256)) - set(b",[{"))


def taken_by(body: bytes) -> int:
    """Bytes that a page may come to: its text, and as many values as its commas and brackets may tell apart."""
    return len(body) + VALUE * len(body.translate(None, _OTHERS))


class Reservation:
    """Room that a page has taken. It is given back with the last reference to it."""

    def __init__(self, given_back: deque[tuple[int, int]], weight: int) -> None:
        self._given_back = given_back
        self._thread = get_ident()
        self.weight = weight

    def shrink(self, weight: int) -> None:
        """Gives back what is beyond so many bytes."""
        if weight < self.weight:
            self._give_back(self.weight - weight)
            self.weight = weight

    def __del__(self) -> None:
        self._give_back(self.weight)

    def _give_back(self, weight: int) -> None:
        self._given_back.append((self._thread, weight))  # without a lock: it may happen anywhere


class Room:
    """Room for large pages. Any thread may take some of it; small pages need none."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._taken: dict[int, int] = {}
        self._given_back: deque[tuple[int, int]] = deque()
        self._lock = Lock()

    def reserve(self, weight: int, left: Callable[[], float]) -> Reservation:
        """Takes so many bytes as soon as the pages of other threads leave room for them.

        What a thread has taken already does not count against it: it may be waited for with the page in its hands.

        Args:
            weight: What the page comes to, see ``taken_by``.
            left: The seconds that it may wait.

        Raises:
            AnswerError: It is more than there is, or there was no room in time.
        """
        if weight > self._most:
            raise AnswerError(f"sent a page that would take up more than {self._most // MEGABYTE} MB when it is read")
        while not self._take(weight):
            if left() < 2 * MOMENT:
                raise AnswerError(f"sent pages that take up more than {self._most // MEGABYTE} MB together")
            time.sleep(MOMENT)
        return Reservation(self._given_back, weight)

    def _take(self, weight: int) -> bool:
        thread = get_ident()
        with self._lock:
            while self._given_back:
                whose, back = self._given_back.popleft()
                rest = self._taken.get(whose, 0) - back
                if rest:
                    self._taken[whose] = rest
                else:
                    self._taken.pop(whose, None)
            others = sum(self._taken.values()) - self._taken.get(thread, 0)
            if others + weight > self._most:
                return False
            self._taken[thread] = self._taken.get(thread, 0) + weight
            return True


ROOM: Final = Room()
"""That of this process."""
