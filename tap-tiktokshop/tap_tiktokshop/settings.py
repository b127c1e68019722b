"""The settings that say what is read; those of the connection are the client's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tiktokshop_client import operations
from tiktokshop_client.errors import ConfigurationError

from tap_tiktokshop.times import seconds
from tap_tiktokshop.zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

READING_SETTINGS: dict[str, Any] = {
    "start_date": {
        "type": "string",
        "title": "Start date",
        "description": "Read what changed from this date or time on (UTC unless it has a zone). "
        "Without it, everything the platform still has.",
        "examples": ["2026-01-01", "2026-01-01T09:00:00+02:00"],
    },
    "end_date": {
        "type": "string",
        "title": "End date",
        "description": "Read only what changed before this date or time; without it, up to the start of the run.",
    },
    "lookback_seconds": {
        "type": "integer",
        "minimum": 0,
        "default": 300,
        "title": "Lookback",
        "description": "How far before the last bookmark a run starts, for rows that the platform shows late.",
    },
    "time_zones": {
        "type": "object",
        "title": "Time zones",
        "description": "The time zone of a shop's days in the reports, by shop id or region, like `America/New_York`; "
        "that of the region when left out.",
        "additionalProperties": {"type": "string"},
    },
    "external_order_platforms": {
        "type": "array",
        "items": {"type": "string"},
        "title": "Platforms of external orders",
        "description": "The systems whose order numbers `external_order_references` asks for, a call for each order "
        "and system; all that the platform knows when left out.",
        "examples": [["SHOPIFY"]],
    },
    "on_missing_scope": {
        "type": "string",
        "enum": ["warn", "fail"],
        "default": "warn",
        "title": "On a missing scope",
        "description": "`warn`: a stream whose scope was not granted is skipped with a warning. "
        "`fail`: the run exits with 2.",
    },
    "snapshot_changes_only": {
        "type": "boolean",
        "default": False,
        "title": "Only changes of snapshots",
        "description": "Of lists that each run reads whole (stock, unsettled transactions, categories and the like), "
        "write only what may have changed since the run before. For loaders that update rows by their keys only.",
    },
    "summary_path": {
        "type": "string",
        "title": "Summary file",
        "description": "A file that gets the run's summary as JSON: for each shop and stream rows, bookmark, calls, "
        "waits (of all calls together, which wait side by side), retries, and why it was skipped or failed.",
    },
    "metrics_gateway": {
        "type": "string",
        "title": "Metrics gateway",
        "description": "A Prometheus Pushgateway that gets the run's figures at its end: calls, refusals, waits, rows "
        "and lag of each shop and stream, and how many days the grant has left.",
        "examples": ["http://127.0.0.1:9091"],
    },
}

FOLLOW_SETTINGS: dict[str, Any] = {
    "webhook_inbox": {
        "type": "string",
        "title": "Inbox of webhooks",
        "description": "Where `tiktokshop-webhooks serve` keeps the events that the platform sends: a file's path, or "
        "`postgresql://…`. Each run reads first what its new events are about, then everything else as always. Needs "
        "the extra `webhooks`.",
        "examples": [".tiktokshop/inbox.sqlite"],
    },
    "follow": {
        "type": "boolean",
        "default": False,
        "title": "Follow the inbox",
        "description": "Do not end when everything is read, but read what events are about as they come to "
        "`webhook_inbox`, until the process is stopped.",
    },
    "follow_state_seconds": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 5,
        "title": "Seconds between states",
        "description": "With `follow`: at most so often a state is written, behind the records that it covers.",
    },
    "follow_poll_seconds": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 900,
        "title": "Seconds between polls",
        "description": "With `follow`: so often everything is read as a run without events does, to find what no event "
        "has told of.",
    },
    "follow_for_seconds": {
        "type": "number",
        "exclusiveMinimum": 0,
        "title": "Seconds to follow",
        "description": "With `follow`: end after so many seconds; without it, when the process is stopped.",
    },
}


MOST_SECONDS: Final = 366 * 86_400
UNSUPPORTED_SETTINGS: Mapping[str, str] = {
    "emit_activate_version_messages": "a loader would delete rows that are read only when they change",
}
"""Settings of the SDK's plugins that this one cannot keep its promises with -> why."""


@dataclass(frozen=True)
class ReadingSettings:
    """What is read, and from when.

    `start` and `end` are Unix seconds (0: from the earliest on; None: up to now), `lookback` is seconds.
    """

    start: int = 0
    end: int | None = None
    lookback: int = 0
    time_zones: Mapping[str, str] = field(default_factory=dict)
    external_order_platforms: Sequence[str] = operations.EXTERNAL_PLATFORMS

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ReadingSettings:
        """Those of a configuration; raises ConfigurationError for what is no date or no time zone."""
        time_zones = config.get("time_zones") or {}
        for key, name in time_zones.items():
            zone_of(name, key)
        return cls(
            _moment(config, "start_date") or 0,
            _moment(config, "end_date"),
            int(config.get("lookback_seconds") or 0),
            time_zones,
            config.get("external_order_platforms") or operations.EXTERNAL_PLATFORMS,
        )


def _moment(config: Mapping[str, Any], setting: str) -> int | None:
    value = config.get(setting)
    if not value:
        return None
    try:
        return seconds(str(value))
    except ValueError:
        raise ConfigurationError(
            f"The setting {setting} is not a date: {value!r}; write it like 2026-01-31 or 2026-01-31T09:00:00Z."
        ) from None


@dataclass(frozen=True)
class FollowSettings:
    """Which events are read, and how long.

    Attributes:
        inbox: The address of the inbox, "" if there is none.
        follow: Whether the run goes on when everything is read.
        state_seconds: How often a state is written while it follows.
        poll_seconds: How often everything is read as well.
        seconds: How long it follows; None: until it is stopped.
    """

    inbox: str = ""
    follow: bool = False
    state_seconds: float = 5.0
    poll_seconds: float = 900.0
    seconds: float | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> FollowSettings:
        """Those of a configuration.

        Raises:
            ConfigurationError: They do not go together.
        """
        inbox, follow = str(config.get("webhook_inbox") or ""), bool(config.get("follow"))
        if follow and not inbox:
            raise ConfigurationError(
                "the setting follow needs webhook_inbox: the inbox in which tiktokshop-webhooks serve keeps the events"
            )
        if follow and config.get("end_date"):
            raise ConfigurationError("the settings follow and end_date exclude each other: leave one of them out")
        return cls(
            inbox,
            follow,
            _span(config, "follow_state_seconds") or cls.state_seconds,
            _span(config, "follow_poll_seconds") or cls.poll_seconds,
            _span(config, "follow_for_seconds"),
        )


def _span(config: Mapping[str, Any], setting: str) -> float | None:
    value = config.get(setting)
    if value is not None and not 0 < value <= MOST_SECONDS:  # nor is it "not a number", which JSON may bring
        raise ConfigurationError(f"the setting {setting} must be a number of seconds above 0, and a year at most")
    return None if value is None else float(value)
