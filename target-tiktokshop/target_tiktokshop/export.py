"""Writes what shops have listed as a table whose rows are records of the stream `listings`."""

from __future__ import annotations

import csv
import io
import logging
from typing import TYPE_CHECKING, Any

import click
from tiktokshop_client.configuration import plugin_config
from tiktokshop_client.console import log_level_option, run, write_all
from tiktokshop_client.errors import ConfigurationError

from target_tiktokshop.listings.exported import COLUMNS, rows_of
from target_tiktokshop.listings.looking import live_product
from target_tiktokshop.target import TargetTikTokShop
from target_tiktokshop.writing.live import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

NAME = "target-tiktokshop-export"
AT_ONCE = 500
"""So many products are read in parallel, and then written in the order of the shop's list."""
NOT_TAKEN = frozenset({"FREEZE", "DELETED"})
"""Products that a row of `listings` cannot change."""
log = logging.getLogger(NAME)


@click.command()
@click.option("--config", "sources", multiple=True, metavar="FILE",
              help="The target's configuration; ENV takes the environment. May be given several times.")  # fmt: skip
@click.option("--shop", "shop_ids", multiple=True, metavar="ID", help="Only this shop; may be given several times.")
def export(sources: tuple[str, ...], shop_ids: tuple[str, ...]) -> None:
    """Write the products of the shops as a CSV table that target-tiktokshop-table takes.

    target-tiktokshop-export --config config.json > products.csv
    """
    for part in table(sources, frozenset(shop_ids)):
        write_all(part.encode())


export.params.append(log_level_option())


def table(sources: tuple[str, ...], shop_ids: frozenset[str]) -> Iterator[str]:
    """The table in parts, the names of its columns first; nothing is written to a shop.

    Raises:
        ConfigurationError: The configuration cannot be used, or names no such shop.
        TikTokShopError: A shop cannot be read.
    """
    names = TargetTikTokShop.config_jsonschema["properties"]
    target = TargetTikTokShop(config=plugin_config(TargetTikTokShop.name, sources, names))
    try:
        shops = target.run.shops()
        strangers = ", ".join(sorted(shop_ids - shops.keys()))
        if strangers:
            raise ConfigurationError(f"there is no shop {strangers}; there are: {', '.join(shops)}")
        yield _text(dict(zip(COLUMNS, COLUMNS, strict=True)))
        for shop in shops.values():
            if not shop_ids or shop.id in shop_ids:
                yield from _of_shop(target.run, shop)
    finally:
        target.close()


def _of_shop(run: WriteRun, shop: Shop) -> Iterator[str]:
    listed = [product for product in Catalogue(run, shop).all() if product.id]
    ids = [product.id for product in listed if product.status not in NOT_TAKEN]
    if len(ids) < len(listed):
        left_out = len(listed) - len(ids)
        log.warning("Shop %s: %s products that the platform has frozen are left out.", shop.id, left_out)
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        found = run.each(lambda product_id: live_product(run.client, shop, product_id), part)
        for product_id, live in zip(part, found, strict=True):
            if live is not None and str(live.get("status")) not in NOT_TAKEN:
                yield from map(_text, rows_of(shop.id, product_id, live))


def _text(row: dict[str, Any]) -> str:
    """A row as CSV."""
    line = io.StringIO()
    csv.DictWriter(line, COLUMNS, restval="", lineterminator="\n").writerow(row)
    return line.getvalue()


def main() -> NoReturn:
    """The command `target-tiktokshop-export`."""
    run(lambda: export(standalone_mode=False), NAME)
