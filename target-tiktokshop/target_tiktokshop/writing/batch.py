"""What happens to a batch: find the shops, look, guard, send, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client import is_made_up
from tiktokshop_client.errors import TikTokShopError

from target_tiktokshop.writing import foresight, guards, surprises
from target_tiktokshop.writing.guards import RunStoppedError
from target_tiktokshop.writing.outcomes import APPLIED, PLANNED, UNCONFIRMED
from target_tiktokshop.writing.rows import still_open
from target_tiktokshop.writing.run import only_these_rows, refuse_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun
    from target_tiktokshop.writing.writer import Writer


def give_up(rows: list[Row], error: BaseException) -> None:
    """The run ends in the middle of a batch: what was not settled was not finished, and says so."""
    if not isinstance(error, (TikTokShopError, RunStoppedError)):
        return
    for row in still_open(rows):
        if row.request_id:
            row.settle(UNCONFIRMED, "run_stopped", "it was sent, but the run was stopped before it was read back")
        else:
            row.reject("run_stopped", f"the run was stopped before this was sent: {error}")


def carry_out(run: WriteRun, writer: Writer, rows: list[Row]) -> None:
    """Brings the rows of a batch to their outcome; results are not written yet.

    Raises:
        RunStoppedError: A guard stopped the run before anything was sent.
        TikTokShopError: The run cannot go on.
    """
    find_shops(run, rows)
    try:
        surprises.look(writer, still_open(rows))
    except TikTokShopError as error:
        error.add("; nothing of the batch was sent")
        raise
    guards.check(rows, run)
    planned = still_open(rows)
    if run.settings.dry_run:
        foresight.unless_unknown(writer.foresee, planned)
        left = still_open(planned)
        writer.planned(left)
        for row in left:
            row.settle(PLANNED)
        return
    send(run, writer, planned)


def find_shops(run: WriteRun, rows: list[Row]) -> None:
    """The shop each row is for: the only one, or the one it names."""
    shops = run.shops()
    known = "; ".join(f"{shop.id} ({shop.name}, {shop.region})" for shop in shops.values())
    only = next(iter(shops.values())) if len(shops) == 1 else None
    for row in still_open(rows):
        shop_id = row.values.get("shop_id")
        row.shop = only if shop_id is None else shops.get(shop_id)
        if row.shop is None and shop_id is None:
            row.reject("shop_needed", f"shop_id is missing, and there are several shops: {known}")
        elif row.shop is None and is_made_up(str(shop_id)) and not any(map(is_made_up, shops)):
            row.reject(
                "made_up_shop",
                f"shop {shop_id} is made up by a sandbox, and this run writes to others: {known}; feed rows that were "
                "read from those, or set sandbox to write to made-up shops",
            )
        elif row.shop is None:
            row.reject("unknown_shop", f"there is no shop {shop_id} among those that may be written to: {known}")


def send(run: WriteRun, writer: Writer, planned: list[Row]) -> None:
    """Makes the calls in parallel, then reads back."""
    unclear: dict[int, Exception] = {}

    def one_call(rows: list[Row]) -> None:
        try:
            writer.send(rows)
        except TikTokShopError as error:
            if error.unclear and error.reach == "stream":
                unclear.update(dict.fromkeys(map(id, rows), error))  # the read-back tells
            else:
                refuse_all(still_open(rows), error)
        except Exception as error:  # noqa: BLE001 - a surprise of one call is none of the others'
            unclear.update(dict.fromkeys(map(id, rows), error))

    run.each(one_call, writer.calls(planned))
    read_back(writer, still_open(planned), unclear, verify=run.settings.verify)


def read_back(writer: Writer, sent: list[Row], unclear: Mapping[int, Exception], *, verify: bool) -> None:
    """Settles rows that were sent by what the shop shows now; without `verify` only those whose outcome is unclear."""
    look_again = sent if verify else [row for row in sent if id(row) in unclear]
    try:
        kept = surprises.kept(writer, look_again)
    except TikTokShopError as error:
        for row in sent:
            row.settle(UNCONFIRMED, "not_read_back", f"it was sent, but could not be read back: {error}")
        if not only_these_rows(error):
            raise
        return
    for row in still_open(sent):
        problem = unclear.get(id(row))
        if kept.get(id(row), True):
            row.settle(APPLIED, row.code, row.message)
        elif isinstance(problem, TikTokShopError):
            row.refuse(problem)
        elif problem is not None or kept[id(row)] is None:
            surprises.leave_unconfirmed(row, problem)
        else:
            words = row.message or "the platform accepted it, but the shop does not show it"
            row.settle(UNCONFIRMED, "not_kept", words)
