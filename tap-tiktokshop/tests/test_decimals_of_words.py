"""A field whose values are words is not declared as an amount."""

from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema

WORDS = {"currency", "channel", "content_type"}


def decimals(schema, path):
    if schema.get("format") == "x-singer.decimal":
        yield path
    for name, child in schema.get("properties", {}).items():
        yield from decimals(child, (*path, name))
    if "items" in schema:
        yield from decimals(schema["items"], path)


def test_no_currency_kind_of_content_or_cell_of_a_size_chart_is_an_amount():
    found = [path for stream in STREAMS for path in decimals(load_schema(stream.name), (stream.name,))]
    assert ("orders", "payment", "total_amount") in found
    assert [path for path in found if path[-1] in WORDS or path[-2] == "cells"] == []
