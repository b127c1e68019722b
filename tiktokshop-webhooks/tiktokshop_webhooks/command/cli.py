"""The command `tiktokshop-webhooks`: to receive events, to subscribe to them, and to look at what came."""

from __future__ import annotations

import gc
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click
from tiktokshop_client import Client, TikTokShopError, health
from tiktokshop_client.console import common_options, log_at, run_commands, show
from tiktokshop_client.endings import Ending

from tiktokshop_webhooks.command.common import connection, event_facts, inbox_at
from tiktokshop_webhooks.event_types import name_of
from tiktokshop_webhooks.examination import never_seen
from tiktokshop_webhooks.inbox import Arrival
from tiktokshop_webhooks.settings import HookSettings, gather
from tiktokshop_webhooks.subscriptions import ALL, WHERE, Subscriptions, by_hand, check_address, events_of
from tiktokshop_webhooks.verification import Apps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import NoReturn

    from tiktokshop_client import Shop

    from tiktokshop_webhooks.subscriptions import Reported

NAME = "tiktokshop-webhooks"
HOST, PORT = "127.0.0.1", 8787


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=NAME)
def hooks() -> None:
    """Receive the platform's webhooks, and keep each event once.

    Settings (app_key, app_secret, webhook_inbox, ...) come from --config, from the environment (TIKTOKSHOP_APP_KEY, or
    TAP_TIKTOKSHOP_APP_KEY as the tap has it) or from .env. Secrets are never arguments.
    """


@hooks.command()
@click.option("--host", default=HOST, show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="The port to listen on; 0 takes a free one.")  # fmt: skip
@common_options
def serve(*, host: str, port: int, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Receive webhooks until it is stopped.

    They come by POST to /webhooks, or to /webhooks/APP_KEY where several apps are to be told apart. /healthz, /readyz
    and /metrics say how it is. The platform sends to https only: put a proxy in front that has the certificate.
    """
    from tiktokshop_client.server import BoundedServer, bound, raise_limits  # noqa: PLC0415

    from tiktokshop_webhooks.app import PATH, create_app  # noqa: PLC0415 - the server's libraries are for this command

    log_at(log_level, timed=True)
    app = create_app(gather(config_file))
    raise_limits()
    app.state.reception.need_inbox()
    sock = bound(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{sock.getsockname()[1]}{PATH}"

    def ready() -> None:
        show({"url": url}, [f"Receiving webhooks at {url} (Ctrl-C stops it)"], as_json=as_json)
        sys.stdout.flush()

    server = BoundedServer(app, ready)
    gc.freeze()  # what is there already is not garbage, and need not be looked through
    server.run([sock])
    if server.interrupted:
        sys.exit(130)


@hooks.command()
@click.argument("events", nargs=-1, required=True)
@click.option("--address", required=True, help="Where the platform is to send them: https, a domain name, no port.")
@click.option("--shop", "shop_ids", multiple=True, help="Only for this shop; may be given several times.")
@common_options
def subscribe(
    *,
    events: tuple[str, ...],
    address: str,
    shop_ids: tuple[str, ...],
    config_file: Path | None,
    as_json: bool,
    log_level: str,
) -> None:
    """Have EVENTS sent to an address, then look whether the platform says so.

    EVENTS are names like ORDER_STATUS_CHANGE, or `all` for those about what the tap reads. An address that an event had
    before is replaced, and shown.
    """
    names = events_of(events)
    check_address(address)

    def work(subscriptions: Subscriptions, shop: Shop) -> list[Reported]:
        return subscriptions.subscribe(shop, names, address)

    by_hand_too = ALL in events
    _each_shop(work, shop_ids, config_file, log_level, as_json=as_json, by_hand_too=by_hand_too)


@hooks.command()
@click.argument("events", nargs=-1, required=True)
@click.option("--shop", "shop_ids", multiple=True, help="Only for this shop; may be given several times.")
@common_options
def unsubscribe(
    *, events: tuple[str, ...], shop_ids: tuple[str, ...], config_file: Path | None, as_json: bool, log_level: str
) -> None:
    """Have EVENTS not sent any more, wherever they went, then look whether the platform says so."""
    names = events_of(events)

    def work(subscriptions: Subscriptions, shop: Shop) -> list[Reported]:
        return subscriptions.unsubscribe(shop, names)

    _each_shop(work, shop_ids, config_file, log_level, as_json=as_json)


@hooks.command(name="list")
@click.option("--shop", "shop_ids", multiple=True, help="Only for this shop; may be given several times.")
@common_options
def list_command(*, shop_ids: tuple[str, ...], config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Show which events the platform sends, and where to."""
    from tiktokshop_webhooks.subscriptions import Reported  # noqa: PLC0415 - above it is for types

    def work(subscriptions: Subscriptions, shop: Shop) -> list[Reported]:
        return [Reported(shop.id, event, address) for event, address in sorted(subscriptions.present(shop).items())]

    _each_shop(work, shop_ids, config_file, log_level, as_json=as_json)


@hooks.command()
@common_options
def stats(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Show what came: events, deliveries, types, and what waits for somebody."""
    inbox = inbox_at(config_file, log_level)
    figures = inbox.figures()
    unseen = never_seen(figures)
    facts = {"inbox": inbox.name, "last_position": inbox.last(), **figures, "never_seen": unseen}
    lines = [
        f"inbox       {inbox.name}",
        f"events      {figures['events']} kept, {figures['deliveries'] - figures['events']} more deliveries of them",
        f"position    {facts['last_position']}",
        f"dead        {figures['dead']}",
        f"quarantine  {figures['quarantine']['deliveries']} deliveries, {figures['quarantine']['bytes']} bytes",
    ]
    for each in figures["types"]:
        latest = health.moment(each["latest_ms"] // 1_000)
        lines.append(f"  {each['events']:>8}  {name_of(each['type'])} (last {latest})")
    lines += [f"never seen  {', '.join(unseen)}"] if unseen else []
    show(facts, lines, as_json=as_json)


@hooks.group()
def dead() -> None:
    """Events that nobody can act on: they cannot be understood, or the platform refuses what they are about."""


@dead.command(name="list")
@common_options
def dead_list(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Show them, each with the reason."""
    found = [event_facts(event) for event in inbox_at(config_file, log_level).dead()]
    lines = [f"{each['position']:>8}  {each['received_at']}  {each['name']}: {each['reason']}" for each in found]
    show({"dead": found}, lines, as_json=as_json)


@dead.command(name="show")
@click.argument("position", type=int)
@common_options
def dead_show(*, position: int, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Show one whole, with its body. That may hold personal data."""
    event = inbox_at(config_file, log_level).event(position)
    if event is None:
        raise click.UsageError(f"there is no event {position} in the inbox")
    facts = {**event_facts(event), "body": event.body.decode("utf-8", "replace")}
    show(facts, [f"{name:<16} {value}" for name, value in facts.items()], as_json=as_json)


@dead.command(name="retry")
@click.argument("positions", type=int, nargs=-1)
@common_options
def dead_retry(*, positions: tuple[int, ...], config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Put all of them, or those at POSITIONS, at the end once more, so that every reader reads them again."""
    inbox = inbox_at(config_file, log_level)
    events = [event for event in inbox.dead(1_000_000) if not positions or event.position in positions]
    if missing := sorted(set(positions) - {event.position for event in events}):
        raise click.UsageError(f"among the dead events there is none at {', '.join(map(str, missing))}")
    done = inbox.revive(events)
    lines = [f"{done} events are at the end of the inbox once more."]
    if done < len(events):
        lines.append(f"{len(events) - done} stay as they are: they cannot be understood, or their body was removed.")
    show({"retried": done, "left": len(events) - done}, lines, as_json=as_json)


@hooks.group()
def quarantine() -> None:
    """Deliveries whose signature is not right: forged, or signed with a secret that is not configured."""


@quarantine.command(name="list")
@common_options
def quarantine_list(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Show them, each with the reason; not their bodies, as anybody may have sent them."""
    found = [
        {
            "number": stray.number,
            "received_at": health.moment(stray.received_ms // 1_000),
            "bytes": len(stray.body),
            "app_key": stray.app_key,
            "reason": stray.reason,
        }
        for stray in inbox_at(config_file, log_level).quarantine.strays()
    ]
    lines = [
        f"{each['number']:>8}  {each['received_at']}  {each['bytes']:>7} bytes  {each['reason']}" for each in found
    ]
    show({"quarantine": found}, lines, as_json=as_json)


@quarantine.command(name="retry")
@common_options
def quarantine_retry(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Verify them again, with the secrets as they are configured now; what is right goes into the inbox."""
    inbox = inbox_at(config_file, log_level)
    apps = Apps(HookSettings.from_config(gather(config_file)).secrets)
    new = before = left = 0
    for stray in list(inbox.quarantine.strays()):
        owner, _ = apps.owner(stray.body, stray.signature, stray.app_key)
        if not owner:
            left += 1
            continue
        kept = inbox.quarantine.release(stray, Arrival(stray.body, owner, round(time.time() * 1_000)))
        new, before = new + kept.new, before + (not kept.new)
    lines = [f"{new} events went into the inbox, {before} were there already; {left} deliveries stay."]
    show({"accepted": new, "duplicates": before, "left": left}, lines, as_json=as_json)


@quarantine.command(name="clear")
@common_options
def quarantine_clear(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Throw all of them away."""
    done = inbox_at(config_file, log_level).quarantine.clear()
    show({"removed": done}, [f"{done} deliveries were removed."], as_json=as_json)


def _each_shop(
    work: Callable[[Subscriptions, Shop], list[Reported]],
    shop_ids: Sequence[str],
    file: Path | None,
    level: str,
    *,
    as_json: bool,
    by_hand_too: bool = False,
) -> None:
    """Does something about the subscriptions of each shop, and shows what came of it; 1 if not all is well."""
    found: list[Reported] = []
    problems: list[str] = []
    with Client(connection(file, level)) as client:
        subscriptions = Subscriptions(client)
        for shop in subscriptions.shops(shop_ids):
            made, problem = _one_shop(work, subscriptions, shop)
            found += made
            problems += [problem] if problem else []
    facts: dict[str, Any] = {"subscriptions": [each.facts() for each in found], "problems": problems}
    lines = [*(each.line() for each in found), *problems]
    if by_hand_too:
        facts["by_hand"] = by_hand()
        lines += ["", f"These can only be switched on {WHERE}:", *(f"  {name}" for name in by_hand())]
    show(facts, lines, as_json=as_json)
    if problems or not all(each.ok for each in found):
        sys.exit(Ending.AGAIN)


def _one_shop(
    work: Callable[[Subscriptions, Shop], list[Reported]], subscriptions: Subscriptions, shop: Shop
) -> tuple[list[Reported], str]:
    """What came of it in one shop, or what went wrong there only."""
    try:
        return work(subscriptions, shop), ""
    except TikTokShopError as error:
        if error.reach == "run":
            raise
        return [], str(error)


def main() -> NoReturn:
    """The command: one sentence for anything that goes wrong, and an exit code to match."""
    os.umask(0o077)  # what the inbox leaves on the disk is its owner's
    run_commands(hooks, NAME)
