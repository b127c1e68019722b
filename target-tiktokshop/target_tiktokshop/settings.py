"""What the target may send, and how: the settings beyond the connection, as JSON schema and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from tiktokshop_client import Secret, notify
from tiktokshop_client.configuration import PLAIN_NUMBER
from tiktokshop_client.errors import ConfigurationError

from target_tiktokshop.day_settings import DAY_SETTINGS, DaySettings

PERCENT = {"type": "number", "minimum": 0}
PRICES = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
Carriers: TypeAlias = Mapping[str, str | Mapping[str, str]]
"""Names of carriers and what they stand for; by the id of a shop, the same for this shop."""
SKUS = {"type": "array", "items": {"type": "string"}}

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "dry_run": {
        "type": "boolean",
        "title": "Dry run",
        "description": (
            "Read, compare and guard, write the plan to `results_path`, show it, and send nothing. "
            "No STATE is passed on."
        ),
        "default": False,
    },
    "batch_size_rows": {
        "type": "integer",
        "minimum": 1,
        "title": "Batch size",
        "description": (
            "The most records of a stream that are compared and sent together; above 600 it is rounded "
            "down to a multiple of 600, so that every call of the stock search is full."
        ),
        "default": 5_000,
    },
    "skip_unchanged": {
        "type": "boolean",
        "title": "Skip unchanged",
        "description": "Send only what differs from the shop's live values.",
        "default": True,
    },
    "verify": {
        "type": "boolean",
        "title": "Verify",
        "description": "Read back what was sent; what the platform accepted and did not keep is `unconfirmed`.",
        "default": True,
    },
    "restore_overwritten": {
        "type": "boolean",
        "title": "Restore overwritten stock",
        "description": (
            "Where orders took units of a warehouse that no record names while its SKU was written, and the call gave "
            "them back (`overwrote`), set it once to what it had. Needs `verify`."
        ),
        "default": False,
    },
    "results_path": {
        "type": "string",
        "title": "Results file",
        "description": (
            "The file that gets one JSON line for each record; added to if it exists. Without it, a new file for each "
            "run in `.tiktokshop/results/` of the working directory."
        ),
        "examples": ["output/results.jsonl"],
    },
    "metrics_gateway": {
        "type": "string",
        "title": "Metrics gateway",
        "description": (
            "A Prometheus Pushgateway that gets the run's figures at its end: records by outcome, calls, refusals and "
            "waits of each shop, and how many days the grant has left. Needs the extra `metrics`."
        ),
        "examples": ["http://127.0.0.1:9091"],
    },
    "on_reject": {
        "type": "string",
        "enum": ["report", "fail"],
        "title": "On reject",
        "description": (
            "`report`: a run goes on, and exits with 0, while no more than `max_rejected_percent` of the records are "
            "rejected or guarded. `fail`: not one may be."
        ),
        "default": "report",
    },
    "max_rejected_percent": PERCENT
    | {
        "title": "Most rejected",
        "description": (
            "Stop before a batch if more than this share of its records is rejected or guarded. Records left out on "
            "purpose (`allow_skus`, `deny_skus`, `protect_status`) do not count."
        ),
        "default": 20,
    },
    "max_price_change_percent": PERCENT
    | {
        "title": "Largest price change",
        "description": (
            "Hold back a price that differs from the live one by more than this, up or down, and any price where the "
            "shop shows none to compare with."
        ),
        "default": 50,
    },
    "max_repriced_percent": PERCENT
    | {
        "title": "Most repriced",
        "description": (
            "Stop before a batch if the run would then have changed a price by more than a tenth, up or down, in more "
            "than this share of the products on sale. Five products may always be repriced."
        ),
        "default": 30,
    },
    "min_price": PRICES
    | {
        "title": "Lowest price",
        "description": "Hold back prices below this amount, for each currency.",
        "default": {},
        "examples": [{"USD": "1.00"}],
    },
    "max_price": PRICES
    | {
        "title": "Highest price",
        "description": "Hold back prices above this amount, for each currency.",
        "default": {},
        "examples": [{"USD": "500"}],
    },
    "max_discount_percent": PERCENT
    | {
        "title": "Largest discount",
        "description": (
            "Hold back promotions that take more than this off a price, and any where the shop shows no price to "
            "compare with."
        ),
        "default": 50,
    },
    "min_margin_percent": PERCENT
    | {
        "title": "Smallest margin",
        "description": (
            "Hold back promotions that leave less than this of the price above the record's `cost`. Above 0, those "
            "without a `cost` are held back, too."
        ),
        "default": 0,
    },
    "max_quantity": {
        "type": "integer",
        "minimum": 0,
        "title": "Largest quantity",
        "description": "Hold back quantities above this one.",
        "default": 99_999,
    },
    "buffer_quantity": {
        "type": "integer",
        "minimum": 0,
        "title": "Buffer",
        "description": "Units kept back: subtracted from each quantity, never below 0.",
        "default": 0,
    },
    "max_zeroed_percent": PERCENT
    | {
        "title": "Most sold out",
        "description": (
            "Stop before a batch if the run would then have set the stock of more than this share of the SKUs it has "
            "seen to 0. One SKU may always sell out."
        ),
        "default": 30,
    },
    "max_fallen_percent": PERCENT
    | {
        "title": "Most nearly sold out",
        "description": (
            "The same for SKUs that lose more than four fifths of their units, including those that go to 0."
        ),
        "default": 50,
    },
    "max_deactivated_percent": PERCENT
    | {
        "title": "Most deactivated",
        "description": (
            "Stop before a batch if the run would then have deactivated, or deleted, more than this share of the "
            "products on sale. One product may always be deactivated."
        ),
        "default": 20,
    },
    "max_activated_percent": PERCENT
    | {
        "title": "Most activated",
        "description": (
            "The same for products that the run puts on sale, as a share of drafts and of products that the seller has "
            "deactivated. Five may always be put on sale."
        ),
        "default": 50,
    },
    "max_cancelled_percent": PERCENT
    | {
        "title": "Most cancelled",
        "description": "The same for orders that the run cancels, as a share of those that wait to be shipped.",
        "default": 20,
    },
    "max_decided_percent": PERCENT
    | {
        "title": "Most decided",
        "description": (
            "The same for buyers' cancellations, and for their returns, that the run decides, as a share of those that "
            "wait for a decision. Five may always be decided."
        ),
        "default": 50,
    },
    "max_refund_amount": PRICES
    | {
        "title": "Largest refund",
        "description": (
            "Hold back refunds above this amount, for each currency. What the seller has refunded of the same order "
            "before counts, too. Where it names any currency, refunds in all others are held back."
        ),
        "default": {},
        "examples": [{"USD": "100"}],
    },
    "max_refunds_percent": PERCENT
    | {
        "title": "Most refunded",
        "description": (
            "Stop before a batch if the run would then have refunded more than this share of the orders of the last 30 "
            "days. Five may always be refunded."
        ),
        "default": 5,
    },
    "max_orders_per_number": {
        "type": "integer",
        "minimum": 1,
        "title": "Most orders of one number",
        "description": (
            "Stop before a batch that gives one tracking number, or one external order id, to more orders than this: "
            "the feed's column may hold the same value for all. The platform allows 20 orders for a tracking number."
        ),
        "default": 20,
    },
    "max_new_listings": {
        "type": "integer",
        "minimum": 0,
        "title": "Most new listings",
        "description": (
            "Stop before a batch if the run would then have listed more new products than this in a shop, replicas in "
            "other markets among them."
        ),
        "default": 200,
    },
    "max_changed_listings_percent": PERCENT
    | {
        "title": "Most edited",
        "description": (
            "Stop before a batch if the run would then have edited more than this share of the shop's products. Five "
            "may always be edited."
        ),
        "default": 50,
    },
    "allow_delete": {
        "type": "boolean",
        "title": "Allow deletion",
        "description": (
            "Let `listings` delete SKUs, and `product_status` delete products, where a record says so. A SKU that a "
            "record merely leaves out is never deleted."
        ),
        "default": False,
    },
    "listings_store": {
        "type": "string",
        "title": "Memory of listings",
        "description": (
            "The SQLite file that remembers which pictures are uploaded and which products were begun, so that neither "
            "is sent twice; `.tiktokshop/listings.sqlite` of the working directory when left out."
        ),
        "examples": ["/var/lib/tiktokshop/listings.sqlite"],
    },
    "convert_images": {
        "type": "boolean",
        "title": "Convert images",
        "description": (
            "Turn pictures of `listings` as their cameras say, and scale those that the platform would refuse for "
            "their pixels or bytes. Needs the extra `pictures`. Otherwise such pictures are faults of their records."
        ),
        "default": False,
    },
    "allow_private_images": {
        "type": "boolean",
        "title": "Allow private images",
        "description": (
            "Fetch pictures of `listings` from this machine and from private networks, if their addresses lead there."
        ),
        "default": False,
    },
    "send_unseen": {
        "type": "boolean",
        "title": "Send unseen",
        "description": (
            "Send a record even if a guard cannot see the live value that it compares with (a price, a status, a "
            "seller SKU, units, how many there are). Otherwise such a record is held back."
        ),
        "default": False,
    },
    "allow_skus": SKUS
    | {
        "title": "Allowed SKUs",
        "description": "Send only these SKUs (SKU ids or seller SKUs); all of them when left out.",
        "default": [],
    },
    "deny_skus": SKUS
    | {
        "title": "Denied SKUs",
        "description": "Never send these SKUs (SKU ids or seller SKUs).",
        "default": [],
    },
    "protect_status": {
        "type": "boolean",
        "title": "Protect status",
        "description": (
            "Leave alone products that the seller or the platform has deactivated. `product_status` may still "
            "activate what the seller has deactivated."
        ),
        "default": True,
    },
    "carriers": {
        "type": "object",
        "additionalProperties": {"type": ["string", "object"], "additionalProperties": {"type": "string"}},
        "title": "Carriers",
        "description": (
            "What your names of carriers stand for: the platform's names of shipping providers, or their ids, like "
            '`{"USPS Ground": "USPS"}`; under the id of a shop, the same for that shop only.'
        ),
        "default": {},
        "examples": [{"USPS Ground": "USPS", "7495540735365777507": {"Ground": "UPS"}}],
    },
    "on_zero": {
        "type": "string",
        "enum": ["send", "deactivate"],
        "title": "On zero",
        "description": (
            "`send`: a quantity of 0 is sent as 0. `deactivate`: a product that would have no stock left in any SKU is "
            "deactivated instead."
        ),
        "default": "send",
    },
    **DAY_SETTINGS,
    "notify": {**notify.SETTING, "description": f"Whom to tell that a guard has stopped the run: {notify.WAYS}."},
}


@dataclass(frozen=True)
class WritingSettings:
    """The settings of `SETTINGS`, checked; percentages and prices as exact decimals."""

    dry_run: bool = False
    batch_size_rows: int = 5_000
    skip_unchanged: bool = True
    verify: bool = True
    restore_overwritten: bool = False
    results_path: Path | None = None
    percent: Mapping[str, Decimal] = field(default_factory=dict)
    """Every setting that is a share of something, by its name."""
    min_price: Mapping[str, Decimal] = field(default_factory=dict)
    max_price: Mapping[str, Decimal] = field(default_factory=dict)
    max_refund_amount: Mapping[str, Decimal] = field(default_factory=dict)
    max_quantity: int = 99_999
    buffer_quantity: int = 0
    max_orders_per_number: int = 20
    max_new_listings: int = 200
    allow_delete: bool = False
    listings_store: Path | None = None
    convert_images: bool = False
    allow_private_images: bool = False
    send_unseen: bool = False
    allow_skus: frozenset[str] = frozenset()
    deny_skus: frozenset[str] = frozenset()
    protect_status: bool = True
    carriers: Carriers = field(default_factory=dict)
    deactivate_on_zero: bool = False
    day: DaySettings = field(default_factory=DaySettings)
    notify: tuple[Secret, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> WritingSettings:
        """The settings of a configuration that the JSON schema has accepted.

        Raises:
            ConfigurationError: A price is not a decimal.
        """
        found = {name: config.get(name, spec.get("default")) for name, spec in SETTINGS.items()}
        percent = {name: _number(value, name) for name, value in found.items() if name.endswith("_percent")}
        if found["on_reject"] == "fail":
            percent["max_rejected_percent"] = Decimal(0)
        return cls(
            dry_run=found["dry_run"],
            batch_size_rows=found["batch_size_rows"],
            skip_unchanged=found["skip_unchanged"],
            verify=found["verify"],
            restore_overwritten=found["restore_overwritten"],
            results_path=Path(found["results_path"]).expanduser() if found["results_path"] else None,
            percent=percent,
            min_price=_prices(found, "min_price"),
            max_price=_prices(found, "max_price"),
            max_refund_amount=_prices(found, "max_refund_amount"),
            max_quantity=found["max_quantity"],
            buffer_quantity=found["buffer_quantity"],
            max_orders_per_number=found["max_orders_per_number"],
            max_new_listings=found["max_new_listings"],
            allow_delete=found["allow_delete"],
            listings_store=Path(found["listings_store"]).expanduser() if found["listings_store"] else None,
            convert_images=found["convert_images"],
            allow_private_images=found["allow_private_images"],
            send_unseen=found["send_unseen"],
            allow_skus=frozenset(found["allow_skus"]),
            deny_skus=frozenset(found["deny_skus"]),
            protect_status=found["protect_status"],
            carriers=found["carriers"],
            deactivate_on_zero=found["on_zero"] == "deactivate",
            day=DaySettings.from_found(found),
            notify=notify.checked(found["notify"]),
        )


def _prices(found: Mapping[str, Any], name: str) -> dict[str, Decimal]:
    return {currency.upper(): _number(amount, f"{name}.{currency}") for currency, amount in found[name].items()}


def _number(value: Any, name: str) -> Decimal:
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
        raise ConfigurationError(f"the setting {name} must be a decimal number")
    number = Decimal(str(value))
    if not number.is_finite() or number < 0:
        raise ConfigurationError(f"the setting {name} must be a decimal number, 0 or more")
    return number
