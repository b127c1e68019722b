"""Whole commands, run in this process: quick, and with what a test has changed of it."""

import contextlib
import io
import logging
import os
import signal
import sys
from dataclasses import dataclass
from unittest import mock

import target_tiktokshop.export
import target_tiktokshop.refeed
import target_tiktokshop.settle
import target_tiktokshop.table
import target_tiktokshop.target
import tiktokshop_client.command.cli
import tiktokshop_webhooks.command.cli
from tap_tiktokshop import tap

COMMANDS = {
    "tap-tiktokshop": tap.main,
    "target-tiktokshop": target_tiktokshop.target.main,
    "target-tiktokshop-export": target_tiktokshop.export.main,
    "target-tiktokshop-refeed": target_tiktokshop.refeed.main,
    "target-tiktokshop-settle": target_tiktokshop.settle.main,
    "target-tiktokshop-table": target_tiktokshop.table.main,
    "tiktokshop": tiktokshop_client.command.cli.main,
    "tiktokshop-webhooks": tiktokshop_webhooks.command.cli.main,
}


@dataclass
class Ended:
    """What a command left behind."""

    code: int
    output: str
    log: str


@contextlib.contextmanager
def _as_before():
    """Puts back what a command changes of its process."""
    root = logging.getLogger()
    loggers = [root, *(each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger))]
    levels = {each: (each.level, list(each.handlers), list(each.filters), each.propagate) for each in loggers}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    interval = sys.getswitchinterval()
    mask = os.umask(0o022)
    os.umask(mask)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        os.umask(mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for each, (level, kept, filters, propagate) in levels.items():
            each.setLevel(level)
            each.handlers[:], each.filters[:], each.propagate = kept, filters, propagate


def call(name, *arguments, typed="", **streams):
    """Runs a command by its name to its end; `streams` are stdin or stdout as the system would give others."""
    output, log = io.TextIOWrapper(io.BytesIO(), encoding="utf8", write_through=True), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(typed.encode("utf8", "surrogateescape")), encoding="utf8")
    process = {"argv": [name, *map(str, arguments)], "stdin": given, "stdout": output, "stderr": log, **streams}
    with _as_before(), mock.patch.multiple(sys, **process):
        try:
            COMMANDS[name]()
        except SystemExit as ended:
            code = ended.code or 0
    return Ended(code, output.buffer.getvalue().decode(), log.getvalue())
