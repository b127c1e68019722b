"""The streams as `--about` describes them."""

from __future__ import annotations

from dataclasses import dataclass

from tap_tiktokshop.streams import OFFERED
from tap_tiktokshop.streams.personal import PERSONAL


@dataclass(frozen=True)
class AboutStream:
    """A stream as `--about` describes it; `replication_key` is None where there is no time to go on from.

    `personal` names the fields that hold personal data: field -> what `no-pii` does with it.
    """

    name: str
    summary: str
    keys: list[str]
    replication_key: str | None
    reads: str
    selected_by_default: bool
    personal: dict[str, str]


def about_streams() -> list[AboutStream]:
    """What `--about` says of each stream."""
    return [
        AboutStream(
            stream.name,
            stream.summary,
            list(stream.keys),
            stream.replication_key,
            stream.reads,
            not stream.off,
            dict(PERSONAL.get(stream.name, {})),
        )
        for stream in OFFERED
    ]
