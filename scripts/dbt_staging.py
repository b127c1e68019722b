"""The staging models of dbt-tiktokshop: one for each stream of the tap, from its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tap_tiktokshop.streams import OFFERED
from tap_tiktokshop.streams.declaration import Declaration, load_schema
from tap_tiktokshop.streams.personal import PERSONAL
from tap_tiktokshop.zones import OF_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "dbt-tiktokshop/models/staging"
MARK = "Written by scripts/generate.py from the streams' schemas: change these, not this file."
GONE = "_sdc_deleted_at"
LONGEST_NAME = 63  # of a column in PostgreSQL, which cuts off what is longer
FORMATS = {"x-singer.decimal": "exact", "date-time": "moment", "date": "date"}
TYPES = {"string": "text", "number": "exact", "integer": "integer", "boolean": "boolean"}
WORDS = {
    "exact": "An exact decimal.",
    "moment": "A moment, with its zone.",
    "date": "A day.",
    "integer": "A whole number.",
    "boolean": "True or false.",
    "text": "A text.",
    "json": "An object or list, as JSON.",
}
# Streams that every market has: their tables say when something last came. Hours until a warning, and until an error; a
# small shop may have no order for a day, and no statement for a week.
FRESH = {"shops": (26, 72), "orders": (50, 168), "statements": (192, 384), "statement_transactions": (192, 384)}


def pages() -> dict[str, list[str]]:
    """Path -> lines of every file that is generated whole."""
    made = {f"{FOLDER}/_sources.yml": list(_sources()), f"{FOLDER}/_staging.yml": list(_described())}
    for stream in OFFERED:
        for gone in (False, True) if _departs(stream) else (False,):
            made[f"{FOLDER}/{_model(stream, gone=gone)}.sql"] = list(_sql(stream, gone=gone))
    zones = {**OF_REGION, "UK": OF_REGION["GB"]}
    rows = [f"{region},{zone}" for region, zone in sorted(zones.items())]
    made["dbt-tiktokshop/seeds/tiktokshop_regions.csv"] = ["region,time_zone", *rows]
    return made


def kinds(stream: str) -> dict[str, str]:
    """Path -> kind of every column of a stream's model; a path leads into objects with dots.

    A field inside an object stays there if a column of its name is there already.
    """
    found: dict[str, tuple[str, str]] = {}
    for path, kind in sorted(_kinds(load_schema(stream)), key=lambda pair: "." in pair[0]):
        found.setdefault(column_name(path), (path, kind))
    return dict(found.values())


def column_name(path: str) -> str:
    """The column that a path becomes."""
    return path.replace(".", "_")


def _kinds(schema: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, spec in (schema.get("properties") or {}).items():
        path = before + name
        if path == GONE or len(column_name(path)) > LONGEST_NAME:
            continue
        yield path, _kind(spec)
        yield from _kinds(spec, f"{path}.")


def _kind(spec: Mapping[str, Any]) -> str:
    types = spec["type"] if isinstance(spec["type"], list) else [spec["type"]]
    return FORMATS.get(spec.get("format", "")) or TYPES.get(next(one for one in types if one != "null"), "json")


def _departs(stream: Declaration) -> bool:
    return GONE in load_schema(stream.name)["properties"]


def _model(stream: Declaration, *, gone: bool = False) -> str:
    return f"stg_tiktokshop__{stream.name}" + ("_deleted" if gone else "")


def _sql(stream: Declaration, *, gone: bool) -> Iterator[str]:
    yield f"-- {MARK}"
    yield "{{ tiktokshop.stage("
    yield f"    stream='{stream.name}',"
    yield f"    keys={list(stream.keys)},"
    if stream.replication_key or "update_time" in load_schema(stream.name)["properties"]:
        yield f"    latest_by='{stream.replication_key or 'update_time'}',"
    if gone:
        yield "    gone=true,"
    yield "    columns={"
    yield from (f"        '{path}': '{kind}'," for path, kind in kinds(stream.name).items())
    yield from ("    },", ") }}")


def _sources() -> Iterator[str]:
    yield from (
        f"# {MARK}",
        "version: 2",
        "sources:",
        "  - name: tiktokshop",
        "    description: The tables that a loader has made of the streams of tap-tiktokshop.",
        "    schema: \"{{ var('tiktokshop_schema') }}\"",
        "    database: \"{{ var('tiktokshop_database') or target.database }}\"",
        "    tables:",
    )
    for stream in OFFERED:
        yield f"      - name: {stream.name}"
        yield f"        identifier: \"{{{{ var('tiktokshop_table_prefix') }}}}{stream.name}\""
        yield f"        description: {json.dumps(stream.summary)}"
        if stream.name in FRESH:
            warn, error = FRESH[stream.name]
            yield "        config:"
            yield "          loaded_at_field: _sdc_batched_at"
            yield "          freshness:"
            yield f"            warn_after: {{count: {warn}, period: hour}}"
            yield f"            error_after: {{count: {error}, period: hour}}"


def _described() -> Iterator[str]:
    yield from (f"# {MARK}", "version: 2", "models:")
    for stream in OFFERED:
        yield f"  - name: {_model(stream)}"
        yield f"    description: {json.dumps(f'{stream.summary} The latest row of each key; typed.')}"
        yield "    columns:"
        yield from _columns(stream)
        if _departs(stream):
            yield f"  - name: {_model(stream, gone=True)}"
            yield f"    description: {json.dumps(f'{stream.summary} Those that are gone, as they last were.')}"
            yield "    columns:"
            yield from _columns(stream)
            yield "      - name: deleted_at"
            yield "        description: When the tap saw that the row is gone."


def _columns(stream: Declaration) -> Iterator[str]:
    schema, columns = load_schema(stream.name), kinds(stream.name)
    personal = {field.partition("[]")[0]: what for field, what in PERSONAL.get(stream.name, {}).items()}
    for path, kind in columns.items():
        yield f"      - name: {column_name(path)}"
        yield f"        description: {json.dumps(_meaning(schema, path, kind))}"
        if what := personal.get(path.partition(".")[0]):
            yield "        config:"
            yield f"          meta: {{pii: {what}}}"
    for path, kind in columns.items():
        if kind == "moment":
            yield f"      - name: {day_name(path)}"
            yield f"        description: The day of {column_name(path)} in the shop's time zone."


def day_name(path: str) -> str:
    """The column that has the local day of a moment, as the macro of that name has it."""
    name = column_name(path)
    return f"{name.removesuffix('_time')}_date" if name.endswith("_time") else f"{name}_local_date"


def _meaning(schema: Mapping[str, Any], path: str, kind: str) -> str:
    spec: Mapping[str, Any] = schema
    for name in path.split("."):
        spec = spec["properties"][name]
    told = str(spec.get("description") or "").replace("\n", " ")
    return " ".join(
        part for part in (told, WORDS[kind], f"The field {path} of the platform." if not told else "") if part
    )
