"""How to get a new token pair without losing the old one: all that can fail is tried first, and what comes is kept.

No refresh token and no authorisation code is spent before everything that can fail afterwards has been tried:

1. The pair's encoding, with the environment's key (``token_pair.rehearse``).
2. The store, with the very write that it will do and as many bytes (``check_writable`` under the lock).
3. A place on this machine for the pair, should the store go away just then (``Rescue``).

Afterwards the store gets ``KEEP_TRYING`` seconds to take the pair. If it does not, the rescue file holds the pair until
a later run finds the store well again.
"""

from __future__ import annotations

import contextlib
import logging
import signal
from contextvars import copy_context
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from tiktokshop_client import token as token_pair
from tiktokshop_client.errors import ConfigurationError, TikTokShopError
from tiktokshop_client.stores import LostRaceError, MemoryStore, ReadOnlyStoreError
from tiktokshop_client.tokens.rescue import OR_OLDER, Rescue, counts, fingerprint, is_older

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from tiktokshop_client.clock import Clock
    from tiktokshop_client.stores import TokenStore
    from tiktokshop_client.token import Token

T = TypeVar("T")

log = logging.getLogger(__name__)

KEEP_TRYING = 30.0
"""Seconds for which a store is asked again to take a pair that has been bought."""

_ENDING = [number for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)) if number is not None]

_ON_THEIR_WAY = "new tokens are on their way into the store; this process ends as soon as they are there"

_gate = Lock()
_under_way: set[Event] = set()
"""The ends of all work that is not to be disturbed, in whichever thread. It begins and ends with the gate."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


class UnkeptError(ConfigurationError):
    """A new pair came, and no place can keep it: only this process has it."""


class Vault:
    """A store, and what stands in for it when it fails at the wrong moment.

    Args:
        store: Where the pair is kept.
        app_key: Whose pair it is.
        clock: Time.
        closing: Set when nobody wants to wait any longer.
    """

    def __init__(self, store: TokenStore, app_key: str, clock: Clock, closing: Event) -> None:
        self._store = store
        self._clock = clock
        self._closing = closing
        self._rescue = Rescue(app_key, store.name, str(getattr(store, "entry", "")))
        self._held: tuple[str, Token] | None = None  # the mark of what the store holds, and what it should hold
        self._replacing: Token | None = None

    @property
    def name(self) -> str:
        """The store's."""
        return self._store.name

    def read(self) -> Token | None:
        """The newest pair: the store's, unless one was bought in its place that it has not taken yet.

        Raises:
            ConfigurationError, TransientError: As the store.
        """
        stored = self._store.read()
        if self._held and counts(*self._held, stored):
            return self._held[1]
        return self._rescue.read(stored) or stored

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other thread and process out; what was rescued goes into the store first.

        Raises:
            ConfigurationError, TransientError: As the store.
        """
        with self._store.locked():
            self._bring_home()
            try:
                yield
            finally:
                self._rescue.release()

    def bring_home(self) -> None:
        """Puts a rescued pair into the store, if there is one and the store takes it now."""
        if self._held or self._rescue.exists():
            with self.locked():
                pass

    def prepare(self) -> None:
        """Tries all that keeping a pair takes, and holds it ready; asked under the lock, before a pair is bought.

        Raises:
            ConfigurationError, TransientError: The pair could not be kept.
        """
        token_pair.rehearse()
        self._replacing = self._store.read()
        self._store.check_writable()
        if not isinstance(self._store, MemoryStore):
            self._rescue.reserve()

    def check(self) -> None:
        """The same for somebody who only wants to know, without the lock.

        Raises:
            ReadOnlyStoreError: The store never takes a pair.
            ConfigurationError, TransientError: The pair could not be kept.
        """
        self._store.check_writable()
        token_pair.rehearse()

    def complaint(self) -> str:
        """Why a refresh would fail, "" if nothing speaks against it or the store is one that is only read."""
        try:
            self.check()
        except ReadOnlyStoreError:
            return ""
        except TikTokShopError as error:
            return str(error)
        return ""

    def keep(self, token: Token, *, consent: bool = False) -> None:
        """Stores a pair that was bought, after ``prepare``, so that it survives a crash.

        Args:
            token: The pair.
            consent: Whether the seller has just authorised: then no pair that another process stored is newer.

        Raises:
            LostRaceError: Another process has stored a pair meanwhile that is no older, which stays.
            UnkeptError: Neither the store nor this machine takes it. ``read`` still gives it, in this process.
        """
        failure: TikTokShopError | None
        mark = fingerprint(self._replacing)
        try:
            failure = self._tried(token)
        except LostRaceError as error:
            failure, mark = error, self._outcome(error, token, mark, consent=consent)
        if failure is None:
            self._dismiss()
            return
        self._held = (mark, token)
        place = self._rescue.write(token, mark)
        if not place:
            raise UnkeptError(
                f"{failure}; that was after the platform had given the new tokens, and they could not be kept "
                "anywhere else either: when this process ends, the seller must authorise the app again "
                "(tiktokshop auth login)",
            )
        log.error(
            "%s; the new tokens are safe in %s: leave that file where it is, the next run on this machine puts them "
            "into the store by itself",
            failure,
            place,
        )

    def clear(self) -> None:
        """Forgets the pair, wherever it is.

        Raises:
            ConfigurationError, TransientError: As the store.
        """
        self._store.clear()
        self._dismiss()

    def _dismiss(self) -> None:
        """Forgets what was rescued: the store is as it should be."""
        self._held = None
        self._rescue.clear()

    def _outcome(self, lost: LostRaceError, token: Token, mark: str, *, consent: bool) -> str:
        """The mark to rescue a pair behind that lost a race all wrongly: to nothing, to an older pair or to an unknown.

        Raises:
            LostRaceError: It lost rightly.
        """
        try:
            theirs = self._store.read()
        except TikTokShopError:  # which one is right shows when it can be read again
            return mark + OR_OLDER
        if consent or is_older(theirs, token):
            return fingerprint(theirs)
        self._held = None
        raise lost

    def _tried(self, token: Token) -> TikTokShopError | None:
        """Asks the store to take a pair until it does, or for as long as is worth it; the last failure."""
        until = self._clock.monotonic() + KEEP_TRYING
        pause = FIRST_PAUSE
        while True:
            try:
                self._store.write(token)
            except LostRaceError:
                raise
            except TikTokShopError as error:
                failure = error
            else:
                return None
            if self._clock.monotonic() + pause > until or self._clock.wait(pause, self._closing):
                return failure
            pause = min(2 * pause, LONGEST_PAUSE)

    def _bring_home(self) -> None:
        if not (self._held or self._rescue.exists()):
            return
        stored = self._store.read()
        token = self.read()
        if token is not None and token != stored:
            try:
                self._store.write(token)
            except TikTokShopError as error:
                log.warning("%s; the tokens that wait for it stay where they are", error)
                return
            log.warning("the token store %s has the new tokens now that it could not take before", self.name)
        self._dismiss()


def undisturbed(work: Callable[[], T]) -> T:
    """Does a piece of work that Ctrl-C, SIGTERM and the end of the calling thread do not cut short.

    It runs in a thread of its own. What a signal raises in the caller is raised when the work is done; those that
    follow change nothing, and one sentence says so. One that nothing handles ends the process all the same.
    """
    done: list[T] = []
    failed: list[BaseException] = []
    ended = Event()

    def run() -> None:
        with _gate:
            _under_way.add(ended)
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            failed.append(error)
        finally:
            with _gate:
                _under_way.discard(ended)
            ended.set()

    Thread(target=copy_context().run, args=(run,), name="tokens", daemon=False).start()
    stopped = _outlast(ended)
    if stopped is not None:
        raise stopped
    if failed:
        raise failed[0]
    return done[0]


def _outlast(ended: Event) -> BaseException | None:
    """Waits for an event, whatever a signal raises meanwhile; the first of that."""
    stopped: BaseException | None = None
    held: dict[int, Any] = {}
    # Not a thread's join: one that a signal cuts short would make the interpreter take the thread for ended.
    while not ended.is_set():
        try:
            ended.wait()
        except BaseException as error:  # noqa: BLE001, PERF203 - it is raised again when the work is done
            stopped = stopped or error
            log.warning(_ON_THEIR_WAY)
            for number in _ENDING:  # a handler may have restored the system's own, which would end the process
                held.setdefault(number, signal.signal(number, signal.SIG_IGN))
    for number, handler in held.items():
        signal.signal(number, handler)
    return stopped


def end_at_next_signal() -> None:
    """Has the next signal end the process at once, unless tokens are on their way: then it only warns.

    For the handler of a first signal, before it raises what ends the process: by the second one the main thread waits
    for the others, and the system's own handler, or an exception, would kill the one that refreshes.
    """
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    # Who ends keeps the gate, so that nothing begins meanwhile; the code that it interrupts may have it as well.
    if not _gate.acquire(blocking=False):
        log.warning(_ON_THEIR_WAY)
    elif _under_way:
        _gate.release()
        log.warning(_ON_THEIR_WAY)
    else:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
