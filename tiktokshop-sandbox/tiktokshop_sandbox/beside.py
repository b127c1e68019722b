"""A sandbox beside another process: it serves in a process of its own, and ends when the other one does.

The two would share one interpreter otherwise, so that each waits for the other; beside each other they use two cores.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import IO, Any, Final

from tiktokshop_sandbox.budget import RateLimit
from tiktokshop_sandbox.connection import Connection, connection
from tiktokshop_sandbox.difficulties import RARELY
from tiktokshop_sandbox.promptness import keep_prompt
from tiktokshop_sandbox.sandbox import SandboxError, WorldSize
from tiktokshop_sandbox.server import Server, prepared

_RPS: Final = 50
_END_SECONDS: Final = 10.0
"""How long it may take to end: it answers what it is asked at that moment, and closes its file."""
_PROGRAM: Final = "import sys; from tiktokshop_sandbox.beside import serve; serve(sys.argv[1], sys.stdin, sys.stdout)"
_NEW_GROUP: Final = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows' word for a session of its own


@dataclass(kw_only=True)
class Beside(Connection):
    """A sandbox in a process of its own, with what a client needs to use it."""

    _process: subprocess.Popen[bytes] = field(repr=False)

    def close(self) -> None:
        """Stops it and waits until it has let go of its file. A second call does nothing."""
        _ended(self._process)


def start_beside(path: str | None) -> Beside:
    """Starts a sandbox with the default shops in a process of its own; their clock stands still while it runs.

    `path` is its SQLite file (None: in memory). Signals that a terminal sends to all of its processes, such as
    Ctrl-C, do not reach it: whoever started it may still have to ask it something.

    Raises:
        SandboxError: another sandbox has the file, or it is not one of a sandbox.
    """
    process = subprocess.Popen(  # noqa: S603 - our own line
        [sys.executable, "-c", _PROGRAM, path or ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        creationflags=_NEW_GROUP,
    )
    assert process.stdout is not None  # noqa: S101 - a pipe, as asked for
    try:
        said: dict[str, Any] = json.loads(process.stdout.readline() or "{}")
    except BaseException:  # Ctrl-C while it makes its shops
        process.kill()
        raise
    if "connection" not in said:
        _ended(process)
        raise SandboxError(said.get("problem", "its process ended at once; the lines above say why"))
    return Beside(**said["connection"], _process=process)


def serve(path: str, starter: IO[str], told: IO[str]) -> None:
    """Serves until `starter` ends, which the process that started this one holds; tells it the connection, or why not.

    What is told is one line of JSON: `{"connection": {...}}` or `{"problem": "..."}`.
    """
    serving: list[Server] = []
    threading.Thread(target=_end_with, args=(starter.fileno(), serving), daemon=True).start()
    try:
        size = WorldSize(difficulties=(RARELY,))
        with prepared(path or None, size=size, budget=RateLimit(_RPS), latency_ms=0, now=None, port=0, hold=True) as (
            app,
            server,
            sock,
        ):
            serving.append(server)
            _tell(told, {"connection": connection(app.gateway).settings()})
            keep_prompt()
            server.run([sock])
    except SandboxError as error:
        _tell(told, {"problem": str(error)})


def _tell(told: IO[str], what: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # it has gone meanwhile
        told.write(json.dumps(what) + "\n")
        told.flush()


def _end_with(starter: int, serving: list[Server]) -> None:
    while os.read(starter, 1):  # nothing is ever sent; the end comes however the other process ends
        pass
    if not serving:
        os._exit(1)  # it is still making its shops, for nobody; a file that is half made is begun again
    serving[0].should_exit = True


def _ended(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
        return
    process.kill()
    process.wait()
