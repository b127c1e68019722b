"""Asks what became of listings that were in review, and writes the last word of their rows to the results file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click
from tiktokshop_client.configuration import plugin_config
from tiktokshop_client.console import log_level_option, run

from target_tiktokshop.listings.memory import ListingMemory
from target_tiktokshop.listings.reviews import settle as settle_reviews
from target_tiktokshop.target import TargetTikTokShop

if TYPE_CHECKING:
    from typing import NoReturn

NAME = "target-tiktokshop-settle"
log = logging.getLogger(NAME)


@click.command()
@click.option("--config", "sources", multiple=True, metavar="FILE",
              help="The target's configuration; ENV takes the environment. May be given several times.")  # fmt: skip
def settle(sources: tuple[str, ...]) -> None:
    """Write what became of listings that the platform reviewed to the results file; nothing is sent.

    target-tiktokshop-settle --config config.json
    """
    names = TargetTikTokShop.config_jsonschema["properties"]
    target = TargetTikTokShop(config=plugin_config(TargetTikTokShop.name, sources, names))
    memory = ListingMemory(target.settings.listings_store)
    try:
        done, waiting = settle_reviews(target.run, memory)
        told = f"Done: {target.results.tally}. Each record's outcome is in {target.results.path}." if done else "Done."
        click.echo(f"{told} {waiting} records wait for a review.", err=True)
    finally:
        memory.close()
        target.close()


settle.params.append(log_level_option())


def main() -> NoReturn:
    """The command `target-tiktokshop-settle`."""
    run(lambda: settle(standalone_mode=False), NAME)
