"""What the platform reviews when a run ends, and what became of it: the last word of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from target_tiktokshop.listings.item import reasons, refused, reviewed
from target_tiktokshop.listings.looking import live_product
from target_tiktokshop.listings.memory import OpenReview
from target_tiktokshop.writing.live import object_of
from target_tiktokshop.writing.outcomes import APPLIED, FAILED, IN_REVIEW, REJECTED, UNCHANGED
from target_tiktokshop.writing.rows import Row, by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tiktokshop_client import Shop

    from target_tiktokshop.listings.memory import ListingMemory
    from target_tiktokshop.writing.run import WriteRun

SETTLED = frozenset({APPLIED, UNCHANGED, FAILED})
PASSED = "the platform's review has let it through"
GONE = "the product is deleted: recover it first (stream product_status, status recovered)"
_encode = msgspec.json.Encoder(decimal_format="string", enc_hook=str).encode


def note(
    rows: Iterable[Row],
    product: Callable[[Row], tuple[str, str]],
    memory: ListingMemory,
    run: WriteRun,
) -> None:
    """Notes which rows wait for a review, and forgets those of products that are settled.

    Args:
        rows: A batch, whose rows have their outcomes.
        product: (shop, product) of a row; a product of "" is not known.
        memory: Where to note it.
        run: The run, which has the lines of the results file.
    """
    settled, waiting = set(), []
    for row in rows:
        shop, product_id = product(row) if row.outcome in {IN_REVIEW, *SETTLED} else ("", "")
        if product_id and row.outcome == IN_REVIEW:
            entry = _encode(run.results.entry(row)).decode()
            waiting.append(OpenReview(shop, product_id, run.results.run, row.number, entry))
        elif product_id:
            settled.add((shop, product_id))
    memory.reviewed(settled, waiting)


def settle(run: WriteRun, memory: ListingMemory) -> tuple[int, int]:
    """Asks what became of all that waits, writes the last word of each row, and forgets it then.

    Returns:
        How many rows were settled, and how many still wait.

    Raises:
        TikTokShopError: A shop cannot be asked.
    """
    shops = run.shops()
    open_reviews = memory.reviews()
    of_products = by(open_reviews, lambda review: (review.shop, review.product_id))
    asked = [(key, shops[key[0]]) for key in of_products if key[0] in shops]
    found = run.each(lambda pair: live_product(run.client, pair[1], pair[0][1]), asked)
    words: dict[tuple[str, str], tuple[Shop, tuple[str, str, str]]] = {}
    for (key, shop), live in zip(asked, found, strict=True):
        word = _last_word(live)
        if word is not None:
            words[key] = shop, word
    ended = sorted((review.run, review.number, key) for key in words for review in of_products[key])
    entries = {(review.run, review.number): review for review in open_reviews}
    rows = [_row(entries[of_run, number], shops, *words[key]) for of_run, number, key in ended]
    if rows:
        run.results.write(rows)  # on disk before it is forgotten: a run that is killed here says it twice, never not
        memory.reviewed(words, [])
    return len(rows), len(open_reviews) - len(rows)


def _last_word(live: Mapping[str, Any] | None) -> tuple[str, str, str] | None:
    """(outcome, code, message) of a product whose review has ended; None while it has not, or is not shown."""
    if live is None or not live.get("status") or reviewed(live):
        return None
    if live.get("status") == "DELETED":
        return REJECTED, "deleted_product", GONE
    return (FAILED, "audit_failed", reasons(live)) if refused(live) else (APPLIED, "", PASSED)


def _row(review: OpenReview, shops: Mapping[str, Shop], shop: Shop, word: tuple[str, str, str]) -> Row:
    entry = object_of(msgspec.json.decode(review.entry))
    row = Row(str(entry.get("stream")), review.number, entry.get("record"))
    row.shop = shops.get(str(entry.get("shop_id")), shop)
    row.operation, row.before, row.after = str(entry.get("operation") or ""), entry.get("before"), entry.get("after")
    row.settle(*word, str(entry.get("request_id") or ""))
    return row
