"""The command `tiktokshop-sandbox`: serve shops, count what they hold, move their clock forward."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.budget import SCOPES, RateLimit
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.difficulties import DIFFICULTIES, RARELY
from tiktokshop_sandbox.promptness import keep_prompt
from tiktokshop_sandbox.sandbox import SandboxError, WorldSize, held, opened
from tiktokshop_sandbox.server import prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.app import SandboxApp

_READY: Final = """TikTok Shop sandbox ready at {url} (Ctrl-C stops it)
  app_key        {app_key}
  app_secret     {app_secret}
  access_token   {access_token}
  refresh_token  {refresh_token}
  authorise at   {url}/open/authorize?service_id={service_id}
  console        {url}/console
  control        {url}/_sandbox
"""

_LONGEST: Final = 366 * 24


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. Errors are one sentence on standard error.

    The codes are those of all commands: 1 for what may pass, 2 for what a person must put right.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except SandboxError as error:
        sys.stderr.write(f"tiktokshop-sandbox: {error}\n")
        return 1 if error.may_pass else 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tiktokshop-sandbox", description="A TikTok Shop on your own machine.")
    commands = parser.add_subparsers(required=True, metavar="command")

    serve = commands.add_parser("serve", help="play the platform on a port of this machine")
    serve.add_argument("--port", type=_port, default=8080, help="port on 127.0.0.1 (default 8080; 0: a free one)")
    serve.add_argument(
        "--db",
        help="SQLite file of the shops; made and filled if it is missing, and so is its folder (default: in memory)",
    )
    serve.add_argument("--seed", type=int, default=7, help="the same seed makes the same shops (default 7)")
    serve.add_argument("--shops", type=_positive, default=2, help="number of shops (default 2)")
    serve.add_argument("--orders", type=_positive, default=5000, help="orders of each shop (default 5000)")
    serve.add_argument("--regions", type=_names, default=(), help="markets of new shops in turn, such as US,GB,JP")
    serve.add_argument(
        "--difficulties",
        type=_difficulties,
        default=(RARELY,),
        help="what makes new shops' books hard, by name; or all, none, or rarely (default): most of it, now and then",
    )
    serve.add_argument("--rps", type=_positive, default=50, help="requests per second (default 50)")
    serve.add_argument("--rps-scope", choices=SCOPES, default="family", help="counted by shop, family (default) or api")
    serve.add_argument("--latency-ms", type=_latency, default=0, help="added to every answer")
    serve.add_argument("--now", type=_instant, help="ISO time at which the shops' clock stands (default: real time)")
    serve.set_defaults(run=_serve)

    counts = commands.add_parser("counts", help="print how many rows each shop holds, as JSON")
    counts.add_argument("--db", required=True, help="SQLite file of the shops")
    counts.set_defaults(run=_counts)

    advance = commands.add_parser("advance", help="move the shops' clock forward and simulate what happens")
    advance.add_argument("--db", required=True, help="SQLite file of the shops")
    advance.add_argument("--hours", type=float, required=True, help="how far")
    advance.set_defaults(run=_advance)
    return parser


def _serve(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, _stop)
    with (
        contextlib.suppress(KeyboardInterrupt),
        prepared(
            options.db,
            size=WorldSize(options.seed, options.shops, options.orders, options.regions, options.difficulties),
            budget=RateLimit(options.rps, options.rps_scope),
            latency_ms=options.latency_ms,
            now=options.now,
            port=options.port,
        ) as (app, server, sock),
    ):
        sys.stdout.write(_ready(app))
        sys.stdout.flush()
        keep_prompt()
        server.run([sock])


def _counts(options: argparse.Namespace) -> None:
    with held(_existing(options.db)) as file, opened(file, WorldSize(), asleep=True) as (world, _):
        _print(row_counts(world))


def _advance(options: argparse.Namespace) -> None:
    if options.hours < 0:
        raise SandboxError("--hours must not be negative: the shops' clock only moves forward")
    if not options.hours <= _LONGEST:  # nor is it "nan"
        raise SandboxError(f"--hours must be at most {_LONGEST}, a year: simulating the shops takes time")
    with held(_existing(options.db)) as file, opened(file, WorldSize()) as (world, clock):
        events = world.advance(clock.advance(round(options.hours * 3600)))
        _print({"now": clock.now(), "events": events})


def _ready(app: SandboxApp) -> str:
    accounts = app.gateway.accounts
    tokens = accounts.newest()
    return _READY.format(
        url=app.gateway.host_url,
        app_key=accounts.app.key,
        app_secret=accounts.app.secret,
        service_id=accounts.app.service_id,
        access_token=tokens.access if tokens else "",
        refresh_token=tokens.refresh if tokens else "",
    )


def _existing(path: str) -> str:
    try:
        there = Path(path).is_file()
    except OSError as error:  # a folder that nobody may look into, a name that is too long
        raise SandboxError(f"{path} cannot be used: {error.strerror}") from None
    if not there:
        raise SandboxError(f"there is no sandbox file {path}")
    return path


def _print(data: Any) -> None:
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _port(text: str) -> int:
    return _between(text, 0, 65_535)


def _latency(text: str) -> int:
    return _between(text, 0, 600_000)


def _between(text: str, low: int, high: int) -> int:
    number = int(text)
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"must be from {low} to {high}")
    return number


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _difficulties(text: str) -> tuple[str, ...]:
    together = {"all": tuple(DIFFICULTIES), "none": ()}
    return together[text] if text in together else _names(text)


def _instant(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO time such as 2026-10-01T00:00:00Z") from None
    return int((instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)).timestamp())


def _stop(*_: object) -> None:
    """A polite kill ends the server like Ctrl-C does."""
    raise KeyboardInterrupt
