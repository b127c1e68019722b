"""A batch of sellers: each read, loaded, transformed and checked by itself, whatever becomes of its neighbours."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import psycopg

from tiktokshop_airflow.pipelines import Errand, environment_name
from tiktokshop_airflow.sellers import FleetError
from tiktokshop_airflow.store import Fate, HeldError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tiktokshop_airflow.pipelines import Pipeline
    from tiktokshop_airflow.store import FleetStore, Hold

PERSON: Final = frozenset((2, 3))
"""The exit codes after which a person must act; all others but 0 mean: run it again."""
_LONGEST: Final = 500
_STOPPED: Final = 143
_SIGNAL: Final = 128
_LOG: Final = logging.getLogger("tiktokshop_airflow")


class Programs:
    """The programs that a task has started, so that they end when the task does."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def start(self, command: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:
        """Starts one.

        Raises:
            FleetError: there is no such program, or it cannot be run.
        """
        with self._lock:
            if self.stopped.is_set():
                raise InterruptedError
            try:
                process = subprocess.Popen(command, **how)  # noqa: S603 - the owner's own
            except OSError as error:
                raise FleetError(f"The program {command[0]} cannot be started ({error.strerror}).") from None
            self._alive.add(process)
        if self.stopped.is_set():  # by a signal, meanwhile
            process.terminate()
        return process

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        """Waits for one; the exit code as a shell has it."""
        code = process.wait()
        with self._lock:
            self._alive.discard(process)
        return code if code >= 0 else _SIGNAL - code

    def stop(self, *_: object) -> None:
        """Asks all of them to end, as a handler of signals may do, and lets none begin."""
        self.stopped.set()
        for process in tuple(self._alive):
            process.terminate()


@dataclass
class Voice:
    """What a program says on standard error: all of it goes into the log, and what explains its end is kept."""

    who: str
    last: str = ""
    lines: list[str] = field(default_factory=list)
    _level: str = ""

    def listen(self, stream: IO[bytes]) -> threading.Thread:
        """Listens until the program ends."""
        thread = threading.Thread(target=self._hear, args=(stream,), daemon=True)
        thread.start()
        return thread

    def _hear(self, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                if line := raw.decode("utf8", "replace").rstrip():
                    self.hear(line)

    def hear(self, line: str) -> None:
        """Takes a line in: JSON of the tap and the target gets the seller's name, other lines get it ahead."""
        try:
            message = json.loads(line)
            text, level = str(message["message"]), str(message["level"]).lower()
        except (ValueError, KeyError, TypeError):
            _LOG.info("%s: %s", self.who, line)
            text, level = line.strip(), ""
            self.lines.append(line)
        else:
            _LOG.info("%s", json.dumps({"seller": self.who, **message}))
        if level == "error" or self._level != "error":
            self.last, self._level = text[:_LONGEST], level

    def fate(self, code: int) -> Fate:
        """What became of the program: its own sentence, unless a signal ended it."""
        if code > _SIGNAL:
            return Fate(code, f"It was stopped by {_signal(code - _SIGNAL)}.")
        return Fate(code, self.last if code else "")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"the signal {number}"


def run_batch(
    pipeline: Pipeline,
    store: FleetStore,
    errands: Mapping[str, Errand | FleetError],
    run: str,
    lot: int,
    programs: Programs,
) -> dict[str, Fate]:
    """Reads the sellers, some at a time, and says what became of each.

    A seller that is done already in this lot of tries of the run, or for which a person must act, is not read again.

    Args:
        pipeline: What is done for each.
        store: Where states, locks and outcomes are.
        errands: The sellers by name, or why one cannot be read.
        run: The id of the run.
        lot: A number that stays while Airflow tries again, and is another one when somebody clears the task.
        programs: What to stop when the task must end.
    """
    known = store.noted(run, lot)  # of all batches of the run
    noted = {name: known[name] for name in errands if name in known and known[name].code in {0, *PERSON}}

    def one(name: str) -> Fate:
        errand = errands[name]
        fate = run_seller(pipeline, store, errand, programs) if isinstance(errand, Errand) else Fate(2, str(errand))
        store.note(run, lot, name, fate)
        return fate

    wanted = [name for name in errands if name not in noted]
    with ThreadPoolExecutor(pipeline.at_once) as threads:
        try:
            return noted | dict(zip(wanted, threads.map(one, wanted), strict=True))
        finally:
            programs.stop()


def run_seller(pipeline: Pipeline, store: FleetStore, errand: Errand, programs: Programs) -> Fate:
    """Reads a seller from its state on, loads it, and does what follows."""

    def work(hold: Hold, how: dict[str, Any]) -> Fate:
        how |= {"env": errand.environment(pipeline, **{environment_name(pipeline.loader): pipeline.loader_settings})}
        reading, loading = errand.command(pipeline.tap), errand.command(pipeline.loader)
        with tempfile.NamedTemporaryFile("w", suffix=".state.json", encoding="utf8") as file:
            if state := hold.state():
                file.write(state)
                file.flush()
                reading += ["--state", file.name]
            fate = _pipe(reading, loading, how, hold, programs)
        for command in pipeline.then:
            if not fate.code:
                fate = one_program(errand.command(command), how, programs)[0]
        return fate

    return under_lock(pipeline, store, errand, work)


def under_lock(
    pipeline: Pipeline, store: FleetStore, errand: Errand, work: Callable[[Hold, dict[str, Any]], Fate]
) -> Fate:
    """Does something for a seller under the lock of its state; whatever goes wrong becomes the fate of this seller.

    `work` gets the lock, and how programs are started: where, and with a copy of the lock's socket.
    """
    folder = Path(errand.filled(pipeline.folder))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with store.hold(errand.state_id, pipeline.wait_seconds) as hold:
            return work(hold, {"cwd": folder, "pass_fds": (hold.fileno(),), "stderr": subprocess.PIPE})
    except HeldError:
        return Fate(1, f"Another run still has {errand.state_id}.")
    except FleetError as error:
        return Fate(2, str(error))
    except InterruptedError:
        return Fate(_STOPPED, "The task was stopped.")
    except psycopg.Error as error:
        return Fate(1, f"The store of states failed ({type(error).__name__}).")
    except OSError as error:
        return Fate(1, f"This machine failed ({error.strerror or type(error).__name__}).")


def _pipe(
    reading: Sequence[str], loading: Sequence[str], how: Mapping[str, Any], hold: Hold, programs: Programs
) -> Fate:
    """The tap into the loader; each state that the loader lets out is stored at once."""
    with contextlib.ExitStack() as pipes:
        tap = programs.start(reading, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **how)
        pipes.callback(programs.ended, tap)
        pipes.enter_context(_pipe_of(tap.stderr))
        try:
            loader = programs.start(loading, stdin=tap.stdout, stdout=subprocess.PIPE, **how)
        except BaseException:
            tap.terminate()
            raise
        finally:
            _pipe_of(tap.stdout).close()  # the loader has it: a tap without a loader must notice
        voices = [(process, Voice(how["env"]["TIKTOKSHOP_LOG_SELLER"])) for process in (loader, tap)]
        threads = [voice.listen(_pipe_of(process.stderr)) for process, voice in voices]
        try:
            with _pipe_of(loader.stdout) as states:
                for line in states:
                    hold.keep(line.decode("utf8"))
        except BaseException:  # without the store no state is kept: what is loaded now is loaded again
            tap.terminate()
            loader.terminate()
            raise
        finally:
            codes = [programs.ended(process) for process, _ in voices]
            for thread in threads:
                thread.join()
    # A tap whose loader stops says only that; the loader says why.
    return next((voice.fate(code) for code, (_, voice) in zip(codes, voices, strict=True) if code), Fate(0))


def _pipe_of(stream: IO[bytes] | None) -> IO[bytes]:
    """A pipe that was asked for, so that it is there."""
    assert stream is not None  # noqa: S101
    return stream


def one_program(
    command: Sequence[str], how: Mapping[str, Any], programs: Programs, feed: bytes = b""
) -> tuple[Fate, bytes, list[str]]:
    """Runs a program to its end: what became of it, its output, and its lines on standard error that are no JSON."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as written:
        given.write(feed)
        given.seek(0)
        process = programs.start(command, stdin=given, stdout=written, **how)
        said = Voice(how["env"]["TIKTOKSHOP_LOG_SELLER"])
        said.listen(_pipe_of(process.stderr)).join()
        code = programs.ended(process)
        written.seek(0)
        return said.fate(code), written.read(), said.lines


def summary(fates: Mapping[str, Fate]) -> str:
    """A sentence for each seller that failed, behind their number; empty if all is done."""
    broken = {name: fate for name, fate in sorted(fates.items()) if fate.code}
    if not broken:
        return ""
    lines = [f"{name} (exit code {fate.code}): {fate.sentence}" for name, fate in broken.items()]
    return "\n".join((f"{len(broken)} of {len(fates)} sellers failed.", *lines))


def again(fates: Mapping[str, Fate]) -> bool:
    """Whether it helps to run the batch again."""
    return any(fate.code not in {0, *PERSON} for fate in fates.values())
