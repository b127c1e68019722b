"""The command `tiktokshop auth serve`."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from tiktokshop_client.command.cli_settings import gather
from tiktokshop_client.console import common_options, log_at, show
from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

HOST, PORT = "127.0.0.1", 8788


@click.command()
@click.option("--host", default=HOST, show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="The port to listen on; 0 takes a free one.")  # fmt: skip
@common_options
def serve(*, host: str, port: int, config_file: Path | None, as_json: bool, log_level: str) -> None:
    """Let many sellers authorise, each by a link of its own, until it is stopped.

    The settings public_url, operator_secret and sellers say where it is reached, who may make links, and who the
    sellers are; token_store has {seller} where a seller's name is to stand. Browsers come by https only: put a proxy in
    front that has the certificate.
    """
    if find_spec("uvicorn") is None or find_spec("starlette") is None:
        raise ConfigurationError(
            "auth serve needs a server's libraries: install tiktokshop-client with the extra serve, in a clone with "
            "pip install './tiktokshop-client[serve]'"
        )
    # The server's libraries are for this command alone.
    from tiktokshop_client.consent.app import CALLBACK, create_app  # noqa: PLC0415
    from tiktokshop_client.consent.books import open_book  # noqa: PLC0415
    from tiktokshop_client.consent.desk import ConsentDesk  # noqa: PLC0415
    from tiktokshop_client.consent.serving import ServiceSettings  # noqa: PLC0415
    from tiktokshop_client.server import BoundedServer, PatientProtocol, bound, raise_limits  # noqa: PLC0415

    log_at(log_level, timed=True)
    os.umask(0o077)  # what it leaves on the disk is its owner's
    settings = ServiceSettings.from_config(gather(config_file))
    desk = ConsentDesk(settings, open_book(settings.consent_store))
    desk.ready()
    raise_limits()
    sock = bound(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{sock.getsockname()[1]}"
    redirect = f"{settings.public_url}{CALLBACK}"

    def ready() -> None:
        facts = {"url": url, "redirect_url": redirect, "sellers": len(settings.table.sellers())}
        lines = [
            f"Serving consent for {facts['sellers']} sellers at {url} (Ctrl-C stops it)",
            f"The app's redirect address in Partner Center must be {redirect}",
        ]
        show(facts, lines, as_json=as_json)
        sys.stdout.flush()

    server = BoundedServer(create_app(settings, desk), ready, PatientProtocol)
    server.run([sock])
    if server.interrupted:
        sys.exit(130)
