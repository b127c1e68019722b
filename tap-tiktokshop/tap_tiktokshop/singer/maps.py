"""Registers a stream with the SDK's mapper, says what is wrong with its maps, and whether they leave any records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib import Catalog
from tiktokshop_client.stream_maps import mistake_in_map

if TYPE_CHECKING:
    from singer_sdk import Tap


def register_map(tap: Tap, name: str) -> None:
    """Registers a stream with the mapper of its tap.

    Raises:
        ConfigurationError: The stream's map makes no sense.
    """
    try:
        tap.mapper.register_raw_streams_from_catalog(Catalog({name: tap.catalog[name]}))
    except Exception as error:  # noqa: BLE001 - the SDK raises much, and quotes what it was given
        raise mistake_in_map(error, name, tap.config.get("stream_maps"), tap.streams[name].primary_keys) from None


def leave_something(tap: Tap, name: str) -> bool:
    """Whether the maps of a stream that the mapper knows leave any of its records."""
    return any(not isinstance(each, RemoveRecordTransform) for each in tap.mapper.stream_maps[name])
