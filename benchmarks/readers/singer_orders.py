"""Orders with singer-sdk's RESTStream, as its template writes a tap: one page after the other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import requests
import shop
from singer_sdk import RESTStream, Tap

SCHEMA = json.loads(Path(os.environ["ORDERS_SCHEMA"]).read_text())


class Orders(RESTStream):
    """The order search."""

    name = "orders"
    url_base = shop.FACTS["url"]
    path = shop.PATH
    http_method = "POST"
    primary_keys = ("id",)
    replication_key = None
    schema = SCHEMA
    records_jsonpath = "$.data.orders[*]"
    next_page_token_jsonpath = "$.data.next_page_token"

    def prepare_request(self, context, next_page_token):  # noqa: ARG002 - the SDK's signature
        """A signed request."""
        body = shop.body_of(shop.FACTS["start"], shop.FACTS["end"])
        query = {**shop.QUERY, **({"page_token": next_page_token} if next_page_token else {})}
        return requests.Request("POST", shop.address(query, body), data=body, headers=shop.HEADERS).prepare()


class TapOrders(Tap):
    """One stream."""

    name = "tap-orders"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012 - the SDK's way

    def discover_streams(self):
        """Orders."""
        return [Orders(self)]


TapOrders.cli([])
