"""The command `tiktokshop`: a seller's consent, the tokens that it brings, and what is wrong when something fails."""

from __future__ import annotations

import json
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiktokshop_client.authorise import check, exchange, forget, standing
from tiktokshop_client.command.cli_settings import asked, gather, settings_of
from tiktokshop_client.command.receiver import Receiver
from tiktokshop_client.command.serve import serve
from tiktokshop_client.consent.addresses import REGIONS, code_of, consent_url, new_state, query_of
from tiktokshop_client.console import common_options, log_at, run_commands, show
from tiktokshop_client.doctor import Doctor, installed_checks, line_of
from tiktokshop_client.endings import Ending
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.health import installed_needs
from tiktokshop_client.secret import Secret
from tiktokshop_client.tokens.refresh import store_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from tiktokshop_client.settings import Settings
    from tiktokshop_client.stores import TokenStore

NAME = "tiktokshop"
PORT = 8765


def _consent_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What makes a consent link."""
    options = (
        click.option("--region", type=click.Choice(REGIONS), help="The seller's market: us, row (anywhere else), or "
                     "legacy for the older link that needs no service id."),
        click.option("--service-id", help="The app's service id, from Partner Center."),
    )  # fmt: skip
    for option in options:
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tiktokshop-client")
def tiktokshop() -> None:
    """A seller's authorisation of your app, and a check of all that a run depends on.

    Settings (app_key, app_secret, token_store, ...) come from --config, from the environment (TIKTOKSHOP_APP_KEY, or
    TAP_TIKTOKSHOP_APP_KEY as the plugins have it), from .env, or from a prompt. Secrets are never arguments.
    """


@tiktokshop.group()
def auth() -> None:
    """Let a seller authorise the app, and keep the tokens."""


@auth.command()
@_consent_options
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="The port on this machine in the app's redirect address.")  # fmt: skip
@click.option(
    "--paste", is_flag=True, help="Do not wait for the redirect: ask for the address where the browser ended up."
)
@click.option("--no-browser", is_flag=True, help="Show the consent link, but do not open it.")
@common_options
def login(  # noqa: PLR0913 - one argument for each option
    *,
    region: str | None,
    service_id: str | None,
    port: int,
    paste: bool,
    no_browser: bool,
    config_file: Path | None,
    as_json: bool,
    log_level: str,
) -> None:
    """Open the consent page, wait for the seller, and store the tokens."""
    settings, store, config = _connection(config_file, log_level, seed_needed=False)
    state = new_state()
    link = _link(settings, config, region, service_id, state)
    check(settings, store)  # before anybody clicks
    if paste:
        click.echo(f"Open this link as the seller:\n\n  {link}\n", err=True)
        address = asked("Then paste the address where the browser ends up (not shown)", hidden=True)
        code = code_of(query_of(address), state)
    else:
        with Receiver(port, state) as receiver:
            click.echo(f"Waiting for the seller's consent on 127.0.0.1:{receiver.port} (Ctrl-C stops it):", err=True)
            click.echo(f"\n  {link}\n", err=True)
            if not no_browser and not webbrowser.open(link):
                click.echo("No browser could be opened: open the link yourself, or use --paste.", err=True)
            code = receiver.wait()
    _exchange(settings, store, code, as_json=as_json)


@auth.command()
@_consent_options
@common_options
def url(*, region: str | None, service_id: str | None, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Print a consent link, for a seller elsewhere; `auth exchange` takes what comes back."""
    settings, _, config = _connection(config_file, log_level, seed_needed=False)
    state = new_state()
    link = _link(settings, config, region, service_id, state)
    show({"url": link, "state": state}, [link], as_json=as_json)


@auth.command(name="exchange")
@click.argument("code", required=False)
@click.option("--state", help="The state in the consent link, if you know it; the redirect must have the same.")
@common_options
def exchange_command(
    *, code: str | None, state: str | None, config_file: Path | None, as_json: bool, log_level: str
) -> None:
    """Turn the CODE of a redirect, or the whole address, into tokens and store them.

    A code is good once, within 30 minutes, and only with the app's secret. Without CODE it is asked for, unseen.
    """
    settings, store, _ = _connection(config_file, log_level, seed_needed=False)
    text = code or asked("Code, or the address where the browser ended up (not shown)", hidden=True)
    found = code_of(query_of(text), state) if "code=" in text or "error=" in text else Secret(text.strip())
    _exchange(settings, store, found, as_json=as_json)


@auth.command()
@common_options
def status(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Show what was granted: when token and grant end, scopes, shops."""
    settings, store, _ = _connection(config_file, log_level)
    _show(settings, store, as_json=as_json)


@auth.command()
@common_options
def refresh(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Replace the token pair now, and store the new one."""
    settings, store, _ = _connection(config_file, log_level)
    _show(settings, store, as_json=as_json, refresh=True)


@auth.command()
@common_options
def logout(*, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Forget the stored tokens. The seller's grant stays: only the seller can take it back, in Seller Center."""
    settings, store, _ = _connection(config_file, log_level)
    forget(settings, store)
    show({"token_store": store.name}, [f"Deleted the tokens in {store.name}."], as_json=as_json)


auth.add_command(serve)


@tiktokshop.command()
@click.option("--catalog", "catalog_file", type=click.Path(path_type=Path), help="A Singer catalog: check only what it "
              "selects, not every stream.")  # fmt: skip
@common_options
def doctor(*, catalog_file: Path | None, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Check all that a run depends on; exit with 2 if anything would fail.

    One line a check: clock, signature, token and grant, scopes, markets, ciphers, IP allow list, token store, rates,
    and webhooks where they are received.
    """
    log_at(log_level if log_level != "warning" else "error")
    catalog = json.loads(catalog_file.read_text(encoding="utf-8")) if catalog_file else None
    try:
        settings = settings_of(gather(config_file))
        findings = [*Doctor(settings, installed_needs(catalog)).examine(), *installed_checks(config_file)]
    except ConfigurationError as error:
        click.echo(json.dumps({"ok": False, "error": str(error), "checks": []}, indent=2) if as_json else
                   f"fail  {'settings':<14}{error}")  # fmt: skip
        sys.exit(Ending.PERSON)
    failed = any(finding.status == "fail" for finding in findings)
    facts = {"ok": not failed, "checks": [vars(finding) for finding in findings]}
    show(facts, [line_of(finding) for finding in findings], as_json=as_json)
    sys.exit(Ending.PERSON if failed else Ending.DONE)


def _connection(
    file: Path | None, log_level: str, *, seed_needed: bool = True
) -> tuple[Settings, TokenStore, dict[str, Any]]:
    log_at(log_level)
    config = gather(file)
    settings = settings_of(config, seed_needed=seed_needed)
    return settings, store_for(settings), config


def _link(settings: Settings, config: dict[str, Any], region: str | None, service_id: str | None, state: str) -> str:
    region = region or str(config.get("region") or "")
    if region and region not in REGIONS:
        raise ConfigurationError(f"the setting region must be one of {', '.join(REGIONS)}")
    service_id = service_id or str(config.get("service_id") or "")
    return consent_url(settings, region=region, service_id=service_id, state=state)


def _exchange(settings: Settings, store: TokenStore, code: Secret, *, as_json: bool) -> None:
    exchange(settings, store, code)
    if not as_json:
        click.echo("Authorised; the tokens are stored.", err=True)
    _show(settings, store, as_json=as_json)


def _show(settings: Settings, store: TokenStore, *, as_json: bool, refresh: bool = False) -> None:
    found = standing(settings, store, refresh=refresh)
    show(found.facts(), found.lines(), as_json=as_json)


def main() -> NoReturn:
    """The command `tiktokshop`: one sentence for anything that goes wrong, and an exit code to match."""
    run_commands(tiktokshop, NAME)
