"""The settings of a seller's day: shipping with the platform's labels, answers to buyers, promotions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTS = (
    "SHIPPING_LABEL",
    "PACKING_SLIP",
    "SHIPPING_LABEL_AND_PACKING_SLIP",
    "SHIPPING_LABEL_PICTURE",
    "HAZMAT_LABEL",
    "INVOICE_LABEL",
)
FORMATS = ("PDF", "ZPL")
METHODS = ("PICKUP", "DROP_OFF")
LABEL_KEYS = ("shop_id", "order_id", "package_id", "document", "format")
WEEKDAYS = {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 7}
LAST_MOMENT = time(23, 59, 59)
HOLE = re.compile(r"\{(\w*)\}")
_BOUNDS = (("from", time.min), ("to", LAST_MOMENT))

DAY_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "labels_path": {
        "type": "string",
        "title": "Labels folder",
        "description": (
            "Where labels and slips are put: a folder, or a place in an object store like `s3://bucket/labels` (the "
            "extras of tiktokshop-client have the stores). Files belong to their owner only."
        ),
        "default": ".tiktokshop/labels",
        "examples": ["labels", "s3://warehouse/labels"],
    },
    "label_name": {
        "type": "string",
        "title": "Label names",
        "description": (
            "The name of each file in `labels_path`; slashes make folders. It holds `{package_id}` and `{document}`, "
            "and may hold `{order_id}`, `{shop_id}` and `{format}` (`pdf`, `zpl` or `png`)."
        ),
        "default": "{order_id}-{package_id}-{document}.{format}",
    },
    "label_documents": {
        "type": "array",
        "items": {"type": "string", "enum": list(DOCUMENTS)},
        "title": "Documents",
        "description": (
            "What is fetched for each package. A `SHIPPING_LABEL_PICTURE` is a PNG; there is a `HAZMAT_LABEL` only of "
            "dangerous goods, and an `INVOICE_LABEL` only in Brazil."
        ),
        "default": ["SHIPPING_LABEL"],
    },
    "label_size": {
        "type": "string",
        "enum": ["A6", "A5"],
        "title": "Label size",
        "description": "The size of the pages.",
        "default": "A6",
    },
    "label_format": {
        "type": "string",
        "enum": list(FORMATS),
        "title": "Label format",
        "description": "PDF, or ZPL for label printers, which the platform has in Brazil and Mexico only.",
        "default": "PDF",
    },
    "handover_method": {
        "type": "string",
        "enum": list(METHODS),
        "title": "Handing over",
        "description": (
            "How the platform's carrier gets packages whose record does not say it; left out, as Seller Center has it."
        ),
    },
    "pickup_rule": {
        "type": "object",
        "properties": {
            "after_minutes": {"type": "integer", "minimum": 0},
            "from": {"type": "string"},
            "to": {"type": "string"},
            "days": {"type": "array", "items": {"type": "string"}},
            "time_zone": {"type": "string"},
        },
        "additionalProperties": False,
        "title": "Pick-up rule",
        "description": (
            "Which pick-up slots are good, where a record asks for none: of those that fit, the earliest is taken. "
            "Times and days need `time_zone`."
        ),
        "default": {},
        "examples": [
            {"after_minutes": 90, "from": "09:00", "to": "17:00", "days": ["mon", "fri"], "time_zone": "Europe/London"}
        ],
    },
    "shipping_service": {
        "type": "string",
        "enum": ["default", "cheapest"],
        "title": "Shipping service",
        "description": (
            "Which service a label is bought from in the United States, where a record names none: the platform's "
            "default for the package, or the cheapest one."
        ),
        "default": "default",
    },
    "combine_labels": {
        "type": "boolean",
        "title": "One label for a group",
        "description": (
            "Buy one label in the United States for records whose orders the platform would send together (their "
            "`auto_combine_group_id` is the same). A group is looked for within a batch; records with line items, "
            "weight or size stay alone."
        ),
        "default": False,
    },
    "max_shipments": {
        "type": "integer",
        "minimum": 0,
        "title": "Most shipments",
        "description": "Stop before a batch if the run would then have shipped more packages than this.",
        "default": 1_000,
    },
    "max_repacked": {
        "type": "integer",
        "minimum": 0,
        "title": "Most changes of packages",
        "description": (
            "Stop before a batch if the run would then have split orders, combined or separated them more often than "
            "this."
        ),
        "default": 200,
    },
    "message_keys_path": {
        "type": "string",
        "title": "Message keys",
        "description": (
            "The file that remembers which `message_key` was sent. Keep it from run to run: the platform knows no keys."
        ),
        "default": ".tiktokshop/message-keys.sqlite",
    },
    "mark_read": {
        "type": "boolean",
        "title": "Mark as read",
        "description": "Mark a conversation as read before it is answered.",
        "default": True,
    },
    "max_messages": {
        "type": "integer",
        "minimum": 0,
        "title": "Most messages",
        "description": "Stop before a batch if the run would then have sent more messages to buyers than this.",
        "default": 200,
    },
    "promotion_keys_path": {
        "type": "string",
        "title": "Promotion keys",
        "description": (
            "The file that remembers which promotion was made for each `activity_key`. Keep it from run to run; "
            "without it, a promotion is found again by its title."
        ),
        "default": ".tiktokshop/promotion-keys.sqlite",
    },
    "max_promotions": {
        "type": "integer",
        "minimum": 0,
        "title": "Most promotions",
        "description": (
            "Stop before a batch if the run would then have made, changed or ended more promotions than this."
        ),
        "default": 20,
    },
}


@dataclass(frozen=True)
class PickupRule:
    """Which pick-up slots are good.

    Attributes:
        after_minutes: They begin so many minutes from now, or later.
        first: Nor before this time of the day.
        last: They end by this time of the day.
        days: On one of these days, 1 for Monday; any if empty.
        zone: Of these times and days; None where none are named.
    """

    after_minutes: int = 0
    first: time = time.min
    last: time = LAST_MOMENT
    days: frozenset[int] = frozenset()
    zone: ZoneInfo | None = None

    def fits(self, start: int, end: int, now: int) -> bool:
        """Whether a slot is good; all in unix seconds."""
        if start < now + 60 * self.after_minutes:
            return False
        if self.zone is None:
            return True
        first, last = (datetime.fromtimestamp(moment, self.zone) for moment in (start, end))
        in_hours = first.date() == last.date() and self.first <= first.time() and last.time() <= self.last
        return in_hours and (not self.days or first.isoweekday() in self.days)


@dataclass(frozen=True)
class DaySettings:
    """The settings of `DAY_SETTINGS`, checked."""

    labels_path: str = ".tiktokshop/labels"
    label_name: str = "{order_id}-{package_id}-{document}.{format}"
    label_documents: tuple[str, ...] = ("SHIPPING_LABEL",)
    label_size: str = "A6"
    label_format: str = "PDF"
    handover_method: str = ""
    pickup_rule: PickupRule = PickupRule()
    cheapest_service: bool = False
    combine_labels: bool = False
    max_shipments: int = 1_000
    max_repacked: int = 200
    message_keys_path: str = ".tiktokshop/message-keys.sqlite"
    mark_read: bool = True
    max_messages: int = 200
    promotion_keys_path: str = ".tiktokshop/promotion-keys.sqlite"
    max_promotions: int = 20

    @classmethod
    def from_found(cls, found: Mapping[str, Any]) -> DaySettings:
        """The settings of a configuration that the JSON schema has accepted, defaults filled in.

        Raises:
            ConfigurationError: One of them makes no sense.
        """
        return cls(
            labels_path=found["labels_path"],
            label_name=checked_pattern(found["label_name"]),
            label_documents=tuple(dict.fromkeys(found["label_documents"])),
            label_size=found["label_size"],
            label_format=found["label_format"],
            handover_method=found["handover_method"] or "",
            pickup_rule=rule_of(found["pickup_rule"]),
            cheapest_service=found["shipping_service"] == "cheapest",
            combine_labels=found["combine_labels"],
            max_shipments=found["max_shipments"],
            max_repacked=found["max_repacked"],
            message_keys_path=found["message_keys_path"],
            mark_read=found["mark_read"],
            max_messages=found["max_messages"],
            promotion_keys_path=found["promotion_keys_path"],
            max_promotions=found["max_promotions"],
        )


def rule_of(found: Mapping[str, Any]) -> PickupRule:
    """The rule of the setting `pickup_rule`.

    Raises:
        ConfigurationError: It makes no sense.
    """
    days = [str(day).strip().lower()[:3] for day in found.get("days", ())]
    try:
        zone = ZoneInfo(found["time_zone"]) if "time_zone" in found else None
        first, last = (time.fromisoformat(found[name]) if name in found else other for name, other in _BOUNDS)
    except (ValueError, KeyError, OSError):
        raise ConfigurationError(
            'the setting pickup_rule has a time or a time_zone that is none: write "09:00" and "Europe/London"'
        ) from None
    if {"from", "to", "days"} & found.keys() and zone is None:
        raise ConfigurationError("the setting pickup_rule names times or days without time_zone")
    if not set(days) <= WEEKDAYS.keys():
        raise ConfigurationError(f"the setting pickup_rule may name the days {', '.join(WEEKDAYS)}")
    return PickupRule(found.get("after_minutes", 0), first, last, frozenset(WEEKDAYS[day] for day in days), zone)


def checked_pattern(pattern: str) -> str:
    """A pattern of file names.

    Raises:
        ConfigurationError: Two documents could get the same name, or one outside the folder.
    """
    holes = HOLE.findall(pattern)
    plain = HOLE.sub("", pattern)
    if not {"package_id", "document"} <= set(holes) <= set(LABEL_KEYS) or "{" in plain or "}" in plain:
        known = ", ".join(f"{{{key}}}" for key in LABEL_KEYS)
        raise ConfigurationError(
            f"the setting label_name must hold {{package_id}} and {{document}}, and may hold no others than {known}"
        )
    parts = pattern.split("/")
    if set("\\:") & set(plain) or {"", ".", ".."} & set(parts) or not plain.isprintable():
        raise ConfigurationError("the setting label_name must be a name, or a path within labels_path with slashes")
    return pattern
