"""Orders with the Airbyte CDK's declarative source: a manifest, windows of time side by side, messages on stdout."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import shop
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import (
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
)
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import NoAuth
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource


class Signed(NoAuth):
    """Signs a request when it is complete."""

    def __call__(self, request):
        """The request, signed."""
        query = dict(parse_qsl(urlsplit(request.url).query))
        request.url = shop.address(query, request.body or b"")
        request.headers.update(shop.HEADERS)
        return request


def stamp(seconds: int) -> str:
    """Unix seconds as the manifest wants them."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


PARALLEL = shop.FACTS["parallel"]
STEP = timedelta(seconds=(shop.FACTS["end"] - shop.FACTS["start"]) // (2 * PARALLEL) + 1)
MANIFEST = {
    "version": "7.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["orders"]},
    "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": PARALLEL, "max_concurrency": PARALLEL},
    "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    "streams": [
        {
            "type": "DeclarativeStream",
            "name": "orders",
            "primary_key": ["id"],
            "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}}},
            "incremental_sync": {
                "type": "DatetimeBasedCursor",
                "cursor_field": "update_time",
                "datetime_format": "%s",
                "cursor_datetime_formats": ["%s"],
                "start_datetime": {
                    "type": "MinMaxDatetime",
                    "datetime": stamp(shop.FACTS["start"]),
                    "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
                },
                "end_datetime": {
                    "type": "MinMaxDatetime",
                    "datetime": stamp(shop.FACTS["end"]),
                    "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
                },
                "step": f"PT{int(STEP.total_seconds())}S",
                "cursor_granularity": "PT1S",
            },
            "retriever": {
                "type": "SimpleRetriever",
                "record_selector": {
                    "type": "RecordSelector",
                    "extractor": {"type": "DpathExtractor", "field_path": ["data", "orders"]},
                },
                "requester": {
                    "type": "HttpRequester",
                    "url_base": shop.FACTS["url"],
                    "path": shop.PATH,
                    "http_method": "POST",
                    "request_parameters": {"sort_field": "update_time", "sort_order": "ASC"},
                    "request_body_json": {
                        "update_time_ge": "{{ stream_interval['start_time'] | int }}",
                        "update_time_lt": "{{ stream_interval['end_time'] | int + 1 }}",
                    },
                    "authenticator": {"type": "CustomAuthenticator", "class_name": "airbyte_orders.Signed"},
                },
                "paginator": {
                    "type": "DefaultPaginator",
                    "page_size_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "page_size",
                    },
                    "page_token_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "page_token",
                    },
                    "pagination_strategy": {
                        "type": "CursorPagination",
                        "page_size": 100,
                        "cursor_value": "{{ response.data.next_page_token }}",
                        "stop_condition": "{{ not response.data.next_page_token }}",
                    },
                },
            },
        }
    ],
}
CATALOG = ConfiguredAirbyteCatalog(
    streams=[
        ConfiguredAirbyteStream(
            stream=AirbyteStream(
                name="orders",
                json_schema={},
                supported_sync_modes=[SyncMode.full_refresh, SyncMode.incremental],
            ),
            sync_mode=SyncMode.incremental,
            destination_sync_mode=DestinationSyncMode.append,
        )
    ]
)


def main() -> None:
    """Reads and prints."""
    config = {}
    source = ConcurrentDeclarativeSource(catalog=CATALOG, config=config, state=None, source_config=MANIFEST)
    for message in source.read(_logger(), config, CATALOG, None):
        sys.stdout.write(AirbyteEntrypoint.airbyte_message_to_string(message) + "\n")


def _logger():
    from airbyte_cdk.logger import init_logger  # noqa: PLC0415 - only here

    return init_logger("airbyte")


if __name__ == "__main__":
    sys.modules["airbyte_orders"] = sys.modules["__main__"]
    main()
