"""Every process that a script has started, those included whose own parent was killed; Linux only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt() -> None:
    """Makes this process the parent of all below it whose parent ends, instead of the machine's first process."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def below(parent: int, without: frozenset[int] = frozenset()) -> dict[int, str]:
    """The processes below one, with their names; not those of `without`, nor what is below them."""
    children: dict[int, dict[int, str]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = file.read_text(errors="replace").partition("(")[2].rpartition(")")
            state, above = rest.split()[:2]
            if state != "Z":
                children.setdefault(int(above), {})[int(file.parent.name)] = name
    found: dict[int, str] = {}
    left = [parent]
    while left:
        new = {pid: name for pid, name in children.get(left.pop(), {}).items() if pid not in without}
        found |= new
        left += new
    return found


def end_all(without: frozenset[int] = frozenset(), seconds: float = 10) -> dict[int, str]:
    """Ends all processes below this one: asks them first, and kills what is left; returns what had to be killed."""
    for pid in below(os.getpid(), without):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + seconds
    while time.monotonic() < end and below(os.getpid(), without):
        _bury()
        time.sleep(0.1)
    killed: dict[int, str] = {}
    while left := below(os.getpid(), without):
        killed |= left
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    _bury()
    return killed


def _bury() -> None:
    """Takes leave of children that have ended and that nobody else waits for."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
