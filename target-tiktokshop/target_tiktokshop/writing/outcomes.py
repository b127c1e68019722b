"""Every outcome and every code that a results file may hold, with its meaning, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_client.errors import Category

if TYPE_CHECKING:
    from collections.abc import Mapping

APPLIED = "applied"
OVERWROTE = "overwrote"
UNCHANGED = "unchanged"
SUPERSEDED = "superseded"
REJECTED = "rejected"
GUARDED = "guarded"
UNCONFIRMED = "unconfirmed"
IN_REVIEW = "in_review"
FAILED = "failed"
PLANNED = "planned"

OUTCOMES: Mapping[str, str] = {
    APPLIED: "The shop has what the record asks for, because the run wrote it.",
    OVERWROTE: "The same, but something else that the call must carry had changed meanwhile: look at it.",
    UNCHANGED: "The shop had it already, so nothing was sent.",
    SUPERSEDED: "A later record of the run has the same key and counts in its place; the message has its number.",
    REJECTED: "The record cannot be carried out, or the platform refused it.",
    GUARDED: "A guard held it back; the code is the setting of the guard.",
    UNCONFIRMED: "It was sent, but the shop does not show it, or could not be asked.",
    IN_REVIEW: "The platform has it and reviews it; what is live stays. Feed it again to see what came of it.",
    FAILED: "The platform has reviewed it and refused it; the message has its reasons.",
    PLANNED: "A dry run would send it.",
}


@dataclass(frozen=True)
class Code:
    """What a word in `code` means.

    Attributes:
        meaning: What happened and what to do, as a sentence.
        outcomes: The outcomes it stands beside.
    """

    meaning: str
    outcomes: tuple[str, ...] = (REJECTED,)


# What stops an order from being shipped by its seller: code -> what to do instead.
REASONS: Mapping[str, str] = {
    "unknown_order": "the shop has no such order: check order_id and shop_id",
    "on_hold": "the order is on hold, because the buyer may still change their mind: feed it again in an hour",
    "unpaid": "the order is not paid: do not ship it; feed it again once it is",
    "cancelled": "the order is cancelled: do not ship it, or stop the parcel",
    "delivered": "the order is already delivered under another tracking number, which stays",
    "fulfilled_by_platform": "the platform's own warehouse ships this order: there is nothing to send for it",
    "shipped_by_platform": "the platform's carrier ships this order: print its label and hand the parcel over",
    "unknown_lines": "the order has no such line items (any more): check order_line_item_ids",
    "unknown_package": "the order has no such package: check package_id",
    "partly_shipped": "some of the line items have this number, others have none: name only those that are not shipped",
    "number_in_use": "another package of the order has this tracking number: use one number for each package",
    "several_packages": "the order has several packages: name package_id or order_line_item_ids",
    "too_late": "tracking numbers may be corrected within 72 hours of shipping, and that time is over: tell the buyer",
    "market": "the platform makes the packages itself in this market, and has not made one: feed it again later",
    "no_lines": "nothing of the order is left to ship: its line items are cancelled, or the shop shows none of them",
    "shipped_by_seller": "the seller ships this order: feed its tracking number to the stream tracking",
    "partly_packed": "some of the line items have a package already: name order_line_item_ids or package_id",
    "unseen_package": "a label was bought, and the shop does not show for which line items: look in Seller Center",
    "unseen_order": "the shop does not show the order's status, or who ships it, so no label was bought: look at it in "
    "Seller Center",
    "invoice_first": "the order's invoice must be uploaded first: do that in Seller Center, or with your tax software, "
    "and feed it again once the platform has accepted it",
    "packages_made": "something of the order is shipped already, so it stays in the packages that it has",
    "one_group": "all line items would be in one package, so there is nothing to split: name at least two groups",
    "whole_skus": "in this market all items of a SKU travel in one package: put them into one group",
    "combined_before": "the order is combined with others: feed it to package_combinations as separate first",
    "split_before": "the order has several packages already, so it cannot be combined: ship each of them",
    "not_together": "the orders have packages or labels of their own already: ship each of them by itself, or, where "
    "the platform combines packages, feed them to package_combinations first",
    "dangerous_together": "an order with dangerous goods gets a label of its own: leave it out of order_ids",
    "one_label": "in the United States packages are made by buying labels: name the orders in order_ids of shipments",
    "not_combinable": "the platform does not let these orders be combined: it takes those of one buyer to one address "
    "that leave one warehouse the same way, in some markets only",
    "label_format": "the platform has labels as ZPL in Brazil and Mexico only: set label_format to PDF",
    "after_sale": "the buyer has asked to cancel the order: decide about that first",
}

CODES: Mapping[str, Code] = {
    "bad_record": Code("A field is missing, or has a value that cannot be used; the message names it."),
    "unreadable_line": Code("The line is not a Singer message, or is far too long."),
    "shop_needed": Code("Several shops may be written to, and the record does not say which: add `shop_id`."),
    "unknown_shop": Code("The credentials do not cover the record's shop: check `shop_id`."),
    "made_up_shop": Code(
        "The row comes from a sandbox's made-up shop, and the run writes to shops that are not made up: read the "
        "real shop, or set `sandbox` to write to made-up ones."
    ),
    "unknown_sku": Code("The shop has no such SKU, or it belongs to another product."),
    "ambiguous_sku": Code("Several SKUs have the seller SKU: name `sku_id` or `product_id`."),
    "warehouse_needed": Code("The SKU is in several warehouses: name `warehouse_id`."),
    "unknown_warehouse": Code("The SKU is not in the warehouse of the record: check `warehouse_id`."),
    "wrong_currency": Code("The SKU is sold in another currency."),
    "bad_listing": Code("The listing breaks rules of the platform; the message names every fault of the product."),
    "stale_product": Code(
        "The product has changed since it was compared, or the shop does not show what an edit of its SKUs must send "
        "along, so nothing was sent: feed it again, or look at the product in Seller Center."
    ),
    "under_review": Code("The platform reviews another version of the product: feed it again when that is done."),
    "frozen": Code("The platform has frozen the product: see it in Seller Center."),
    "deleted_product": Code("The product is deleted: recover it first, with `product_status`."),
    "audit_failed": Code("The platform's review refused it, for the reasons in the message.", (FAILED,)),
    "not_replicable": Code(
        "The product cannot be replicated to that market as the records have it; the message says why, and what to do."
    ),
    "unseen_product": Code(
        "A run has listed it, and the shop does not show the product (any more), so it was not listed again: look for "
        "it in Seller Center."
    ),
    "unknown_product": Code("The shop has no such product: check `product_id`."),
    "shipped": Code("The order is shipped and cannot be cancelled: wait for a return."),
    "cancel_pending": Code(
        "The platform has taken the cancellation and not decided it yet: feed it again to see what came of it.",
        (UNCONFIRMED,),
    ),
    "lines_needed": Code("The platform wants the lines of the external order: add `line_items`."),
    "unknown_request": Code("The shop has no such cancellation or return: check its id."),
    "not_pending": Code("The request does not wait for this decision (any more)."),
    "unknown_carrier": Code("The name is not that of a shipping provider of the order; the message lists them."),
    "ambiguous_carrier": Code("Several shipping providers have the name: give `shipping_provider_id`."),
    **{name: Code(f"{words[0].upper()}{words[1:]}.") for name, words in REASONS.items()},
    "claimed": Code("Another run is making packages of the order: feed it again when that has ended."),
    "overlapping_parcels": Code(
        "Another record of the run buys a label for line items of it, too: name each line item in one record."
    ),
    "cannot_split": Code("The platform does not let the order be split; the message has its reason."),
    "overlapping_orders": Code(
        "Another record of the run combines or separates one of the orders, too: name each order in one record."
    ),
    "no_pickup": Code("The carrier does not come for this package: set `handover_method` to `DROP_OFF`."),
    "no_slot": Code("No pick-up slot with room is the one asked for, or fits `pickup_rule`; the message lists them."),
    "unknown_service": Code("The name is not that of a shipping service of the package; the message lists them."),
    "unknown_conversation": Code("The shop has no such conversation: check `conversation_id`."),
    "window_closed": Code("The time for an answer is over: wait until the buyer writes again."),
    "bad_picture": Code("The picture cannot be read, or messages do not take it; the message says why."),
    "key_used": Code("The key was used for another message: give each message a `message_key` of its own."),
    "key_taken": Code("Another run has sent a message under the same `message_key` meanwhile, or is about to."),
    "maybe_said": Code(
        "The message was tried, and the conversation has one of the seller's since then that may be it, so it was not "
        "sent again: look at it in Seller Center.",
        (UNCONFIRMED,),
    ),
    "bad_promotion": Code("The promotion breaks rules of the platform; the message names every fault of the record."),
    "unknown_activity": Code("No promotion is known under the key, the title or the id: check them."),
    "ambiguous_title": Code("Several promotions of the shop have the title: name `activity_id`."),
    "activity_over": Code("The promotion is over: make a new one, with a key and a title of its own."),
    "activity_frozen": Code("The platform does not let the promotion be changed, or not while it runs."),
    "named_twice": Code("Another record of the run names the same promotion, by another key or by its id."),
    "activity_begun": Code("Another run is making the promotion: feed the record again."),
    "return_open": Code("A return of the order waits for a decision: decide it with `return_decisions`."),
    "refunded_before": Code(
        "The seller has refunded line items of it before, or another record of the run does, otherwise than it asks "
        "for: see what else the buyer is to get, and refund that in Seller Center."
    ),
    "above_refundable": Code(
        "More is asked for than the platform lets be refunded; the message says how much that is."
    ),
    "label_missing": Code(
        "The package is shipped, but its label could not be fetched or written: feed the record again, which fetches "
        "it and ships nothing.",
        (UNCONFIRMED,),
    ),
    "deleted_row": Code(
        "The tap marks the row as deleted, so what it says is no longer true: take such rows out of the feed, or send "
        "what is to hold instead, like a quantity of 0."
    ),
    "odd_answer": Code(
        "What the platform shows or answers about it cannot be read; `unconfirmed` if it may have been sent: look at "
        "it in Seller Center.",
        (REJECTED, UNCONFIRMED),
    ),
    "sold_meanwhile": Code(
        "Orders took units of a warehouse that no record names, between reading and writing, and the call gave them "
        "back: correct its stock (the message has both values), or set `restore_overwritten`.",
        (OVERWROTE,),
    ),
    "put_right": Code("The same, and the warehouse was corrected afterwards.", (APPLIED,)),
    "changed_meanwhile": Code(
        "Somebody else changed a warehouse that no record names while the SKU was written; the newer value stays.",
        (APPLIED,),
    ),
    "stock_not_shown": Code(
        "The shop does not show the units of a warehouse that no record names: add a record for it."
    ),
    "not_kept": Code("The platform accepted it, but the shop does not show it.", (UNCONFIRMED,)),
    "not_read_back": Code("It was sent, but the shop could not be read afterwards.", (UNCONFIRMED,)),
    "run_stopped": Code("The run ended before it was sent, or before it was read back.", (REJECTED, UNCONFIRMED)),
}
PLATFORM = "A number is the platform's own code of a refusal; the message has its meaning."
CATEGORIES = frozenset(category.value for category in Category)
"""Words for a call that failed without a code of the platform's."""


def documented(outcome: str, code: str | None, guards: frozenset[str]) -> bool:
    """Whether the table tells what an outcome and its code mean; `guards` are the settings that guard."""
    if outcome not in OUTCOMES:
        return False
    if not code:
        return outcome in {APPLIED, UNCHANGED, SUPERSEDED, PLANNED, IN_REVIEW}
    if outcome == GUARDED:
        return code in guards
    if code in CODES:
        return outcome in CODES[code].outcomes
    return outcome == REJECTED and (code.isdecimal() or code in CATEGORIES)
