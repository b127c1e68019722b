"""The pages of `docs/reference` that repeat what the code declares: streams, sinks, command lines, the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tap_tiktokshop.streams as declared
from tap_tiktokshop.streams.declaration import Declaration, load_schema
from tap_tiktokshop.streams.needs import needs_of
from tap_tiktokshop.streams.personal import PERSONAL
from target_tiktokshop.streams import WRITINGS
from tiktokshop_sandbox.control import Control
from tiktokshop_sandbox.difficulties import DIFFICULTIES
from tiktokshop_sandbox.faults import KINDS
from tiktokshop_sandbox.testers import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARK = "<!-- Written by scripts/generate.py: change the code it describes, not this page. -->"

# Module of `tap_tiktokshop.streams` -> title of its page and what it is for.
FAMILIES = {
    "shops": ("Shops and sellers", "Look up the fields of shops, permissions and webhook subscriptions."),
    "orders": ("Orders", "Look up the fields of orders and of what is known about each of them."),
    "fulfillment": ("Parcels and carriers", "Look up the fields of packages, warehouses and carriers."),
    "returns": ("Returns and cancellations", "Look up the fields of returns, refunds and cancellations."),
    "products": ("Products and stock", "Look up the fields of products, prices and stock."),
    "catalogue": ("Catalogue", "Look up the fields of categories, brands, global products and legal contacts."),
    "finance": ("Finance", "Look up the fields of statements, transactions, payments and withdrawals."),
    "promotion": ("Promotions and coupons", "Look up the fields of promotions and coupons."),
    "customer_service": ("Customer service", "Look up the fields of conversations, messages and sessions."),
    "analytics": ("Reports", "Look up the fields of the reports by day and hour, and of the shop score."),
    "affiliate": ("Affiliates", "Look up the fields of affiliate orders, collaborations and samples."),
    "fbt": ("Fulfilled by TikTok", "Look up the fields of stock and deliveries in the platform's warehouses."),
    "runs": ("The run itself", "Look up the fields of what a run says of itself."),
}

# Stream of the target -> a record that shows its fields.
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "inventory": {"seller_sku": "MUG-BLUE", "warehouse_id": "7000000000000000001", "quantity": 12},
    "listings": {
        "title": "Mug of stoneware, blue",
        "description": "<p>Holds tea.</p>",
        "category": "Home Supplies > Drinkware > Mugs",
        "brand": "Maple Atelier",
        "main_images": ["pictures/mug-blue.jpg"],
        "attributes": {"Material": "Stoneware"},
        "package_weight": "0.9",
        "package_weight_unit": "POUND",
        "package_length": 5,
        "package_width": 5,
        "package_height": 5,
        "package_dimension_unit": "INCH",
        "skus": [
            {
                "seller_sku": "MUG-BLUE",
                "variations": {"Color": "Blue"},
                "price": "12.50",
                "quantity": 12,
                "ean": "4006381333931",
            }
        ],
    },
    "prices": {"seller_sku": "MUG-BLUE", "amount": "12.50", "currency": "USD"},
    "tracking": {
        "order_id": "576461413038785752",
        "tracking_number": "9400111899223817428490",
        "shipping_provider": "USPS",
    },
    "product_status": {"product_id": "1729592969712207008", "status": "inactive"},
    "order_cancellations": {
        "order_id": "576461413038785752",
        "cancel_reason": "seller_cancel_reason_out_of_stock",
    },
    "cancellation_decisions": {"cancel_id": "4035318504086604", "decision": "approve"},
    "return_decisions": {
        "return_id": "4035318504086605",
        "decision": "reject",
        "reject_reason": "reverse_reject_request_reason_1",
    },
    "external_order_references": {
        "order_id": "576461413038785752",
        "platform": "SHOPIFY",
        "external_order_id": "#1001",
        "line_items": [{"id": "#1001-1", "origin_id": "576461413038785753"}],
    },
    "messages": {"message_key": "ticket-1001-1", "conversation_id": "7494560109732334", "text": "It leaves today."},
    "refunds": {
        "order_id": "576461413038785752",
        "reason": "ecom_order_delivered_refund_reason_damaged_seller",
        "amount": "5.00",
        "currency": "USD",
    },
    "promotions": {
        "activity_key": "autumn-2026",
        "title": "Autumn sale",
        "activity_type": "FIXED_PRICE",
        "begin_time": "2026-10-05T09:00:00+01:00",
        "end_time": "2026-10-12T09:00:00+01:00",
        "seller_sku": "MUG-BLUE",
        "activity_price": "9.99",
        "currency": "GBP",
        "cost": "4.10",
    },
    "package_splits": {
        "order_id": "576461413038785752",
        "groups": [["577081234567890123"], ["577081234567890124", "577081234567890125"]],
    },
    "package_combinations": {"order_ids": ["576461413038785752", "576461413038785753"]},
    "replications": {
        "seller_sku": "MUG-BLUE",
        "region": "GB",
        "price": "9.99",
        "quantity": 40,
        "warehouse_id": "7068118578848992771",
    },
    "shipments": {"order_id": "576461413038785752", "handover_method": "PICKUP", "label_size": "A6"},
}

# Control endpoint -> what it does. Those of the code and those of this table must be the same.
CONTROLS = {
    "GET ": "addresses, app, newest tokens, shops, clocks",
    "GET /settings": "addresses and credentials, as a `config.json` for the plugins and commands of this project",
    "GET /counts": "rows for each shop and list",
    "GET /ledger": "each shop's true books, kept apart from what it serves: accounts and balances, debits positive",
    "GET /stats": "requests by operation, code and HTTP status; refreshes, exchanges, 429s, faults that struck",
    "DELETE /stats": "start counting again",
    "GET /requests": "the last requests, with `?limit=100`: operation, query and body without secrets, outcome, slips",
    "GET /faults": "which faults are on, and all kinds",
    "POST /faults": 'switch one on: `{"kind": "http_503", "probability": 0.05}`',
    "DELETE /faults": "switch all off",
    "DELETE /faults/{id}": "switch one off",
    "GET /clock": "the shops' time and the platform's",
    "POST /clock": "move the shops' time, at most 90 days a call, or set the platform's clock off: "
    '`{"advance": 3600}`, `{"skew": 600}`; both in seconds',
    "POST /tokens/expire": 'all tokens of a kind expire now: `{"which": "access"}` or `"refresh"`',
    "POST /orders": 'so many buyers come now, to each shop or to one: `{"count": 500, "shop_id": "…"}`; with '
    '`"one_buyer": true` it is one person. They pay within minutes, and most orders wait an hour later to be shipped',
    "POST /grants/revoke": "the seller takes back every grant",
    "PUT /app": 'where the consent page sends the browser: `{"redirect_uri": "http://127.0.0.1:8765/callback"}`',
    "PUT /limit": 'the budget from now on, and what it counts: `{"requests_per_second": 25, "scope": "shop"}`; '
    "either may be left out",
    "GET /webhooks": "how many deliveries there are of each state (`lost` among them), what goes where, and what a "
    "401 means",
    "PUT /webhooks": "switch events on for all shops, as in Partner Center: "
    '`{"event_types": ["all"], "address": "http://127.0.0.1:8787/webhooks"}` (without an address: off); '
    'say what a 401 means: `{"unauthorized": "retry"}` or `"end"`',
    "GET /webhooks/deliveries": "the last deliveries, with `?state=lost&limit=100`: event, address, tries, answer",
    "POST /webhooks/deliveries/{id}": "deliver that one once more",
}

# What follows the name of the command `tiktokshop-webhooks`.
HOOKS = (
    *("", "serve", "subscribe", "unsubscribe", "list", "stats", "dead", "dead list", "dead show", "dead retry"),
    *("quarantine", "quarantine list", "quarantine retry", "quarantine clear"),
)
# Every command with what to show of it.
COMMANDS = (
    ("tap-tiktokshop",),
    ("target-tiktokshop",),
    ("target-tiktokshop-export",),
    ("target-tiktokshop-refeed",),
    ("target-tiktokshop-settle",),
    ("target-tiktokshop-table",),
    ("tiktokshop",),
    ("tiktokshop", "auth"),
    ("tiktokshop", "auth", "login"),
    ("tiktokshop", "auth", "url"),
    ("tiktokshop", "auth", "exchange"),
    ("tiktokshop", "auth", "status"),
    ("tiktokshop", "auth", "refresh"),
    ("tiktokshop", "auth", "logout"),
    ("tiktokshop", "auth", "serve"),
    ("tiktokshop", "doctor"),
    ("tiktokshop-books",),
    ("tiktokshop-books", "report"),
    ("tiktokshop-books", "export"),
    ("tiktokshop-books", "close"),
    *(("tiktokshop-webhooks", *words.split()) for words in HOOKS),
    ("tiktokshop-sandbox",),
    ("tiktokshop-sandbox", "serve"),
    ("tiktokshop-sandbox", "counts"),
    ("tiktokshop-sandbox", "advance"),
)


def stream_pages() -> dict[str, list[str]]:
    """A page for each family of streams, with every field."""
    pages = {}
    for module, (title, purpose) in FAMILIES.items():
        lines = [f"# {title}", "", MARK, "", f"{purpose} Types and conventions are explained under"]
        lines += ["[what every record has in common](../streams.md#what-every-record-has-in-common)."]
        for stream in getattr(declared, module).STREAMS:
            lines += ["", *_stream(stream)]
        pages[f"docs/reference/streams/{module}.md"] = lines
    shown = {stream.name for module in FAMILIES for stream in getattr(declared, module).STREAMS}
    if left := {stream.name for stream in declared.OFFERED} - shown:
        raise SystemExit(f"no page has the streams {', '.join(sorted(left))}")
    return pages


def page_of(stream: str) -> str:
    """The page and anchor of a stream, as a path from `docs/reference`."""
    found = next(name for name in FAMILIES if stream in {one.name for one in getattr(declared, name).STREAMS})
    return f"streams/{found}.md#{stream}"


def _stream(stream: Declaration) -> Iterator[str]:
    """Everything about one stream."""
    yield from (f"## {stream.name}", "", stream.summary, "")
    yield f"- **Key:** {_codes(stream.keys)}"
    yield f"- **Read:** {stream.reads}" + ("; off unless selected" if stream.off else "")
    calls = {one.path: one.scope for need in needs_of([stream.name]) for one in need.operations}
    yield f"- **Asks:** {', '.join(f'`{path}`' for path in calls) or 'nothing'}"
    if scopes := [scope for scope in dict.fromkeys(calls.values()) if scope]:
        yield f"- **Scopes:** {_codes(scopes)}"
    if stream.empty:
        yield f"- **If it is empty:** {stream.empty}"
    personal = PERSONAL.get(stream.name, {})
    if personal:
        yield f"- **Personal data:** {_codes(personal)}"
    schema = load_schema(stream.name)
    columns = list(dict.fromkeys([*stream.keys, *(name for name in [stream.replication_key] if name)]))
    yield from ("", "```sql", f"select {', '.join(columns)} from tiktokshop.{stream.name} limit 5", "```", "")
    yield from ("| Field | Type | Meaning |", "| --- | --- | --- |")
    for path, spec in _fields(schema):
        yield f"| `{path}` | {_type(spec)} | {_meaning(spec)} |"


def _fields(schema: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Path -> its schema, depth first."""
    for name, spec in (schema.get("properties") or {}).items():
        path = before + name
        yield path, spec
        items = spec.get("items")
        if isinstance(items, dict):
            yield from _fields(items, f"{path}[].")
        yield from _fields(spec, f"{path}.")


def _type(spec: Mapping[str, Any]) -> str:
    """A field's type in words."""
    if spec.get("format") == "x-singer.decimal":
        return "decimal"
    if spec.get("format") in {"date-time", "date"}:
        return str(spec["format"])
    types = spec.get("type", "any")
    word = next((one for one in types if one != "null"), "any") if isinstance(types, list) else str(types)
    if word == "array" and isinstance(spec.get("items"), dict):
        return f"list of {_type(spec['items'])}"
    return word


def _meaning(spec: Mapping[str, Any]) -> str:
    """A field's description; empty where the platform's name is all there is to say."""
    items = spec.get("items")
    text = spec.get("description") or (isinstance(items, dict) and items.get("description")) or ""
    return str(text).replace("|", "\\|").replace("\n", " ")


def _codes(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def sink_fields() -> list[str]:
    """Every stream of the target with its fields and an example."""
    lines: list[str] = []
    for name, writing in WRITINGS.items():
        example = EXAMPLES[name]
        writing.contract.read(example)  # an example that the target would reject is an error here
        lines += [f"### {name}", "", writing.summary, "", "| Field | Type | Needed |", "| --- | --- | --- |"]
        for field in writing.contract.fields:
            either = next((names for names in writing.contract.either if field.name in names), ())
            others = " or ".join(f"`{one}`" for one in either if one != field.name)
            needed = "yes" if field.needed else f"this or {others}" if others else ""
            also = f" (or `{field.other_name}`)" if field.other_name else ""
            lines.append(f"| `{field.name}`{also} | {field.type} | {needed} |")
        message = json.dumps({"type": "RECORD", "stream": name, "record": example})
        lines += ["", "```json", message, "```", ""]
    return lines[:-1]


def command_lines() -> list[str]:
    """What every command prints for `--help`."""
    lines: list[str] = []
    for command in COMMANDS:
        lines += [f"## {' '.join(command)}", "", "```text", *_help(command), "```", ""]
    return lines[:-1]


def _help(command: tuple[str, ...]) -> list[str]:
    name, *rest = command
    path = Path(sys.executable).with_name(name)
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run([path, *rest, "--help"], capture_output=True, check=True, text=True, env=environment)
    return [line.rstrip() for line in done.stdout.strip().splitlines()]


def controls_table() -> list[str]:
    """The sandbox's control endpoints as a Markdown table."""
    routes = Control(*[None] * 6).routes()  # type: ignore[arg-type]
    real = {(method, route.path) for route in routes for method in (route.methods or ()) if method != "HEAD"}
    told = {(method, PREFIX + path) for method, path in (name.split(" ") for name in CONTROLS)}
    if real != told:
        raise SystemExit(f"CONTROLS of scripts/reference_pages.py and the code differ: {sorted(real ^ told)}")
    rows = ["| Call | What it does |", "| --- | --- |"]
    for name, words in CONTROLS.items():
        method, path = name.split(" ")
        rows.append(f"| `{method} {PREFIX}{path}` | {words} |")
    return rows


def faults_table() -> list[str]:
    """The sandbox's faults as a Markdown table."""
    return [
        "| Kind | What a client meets |",
        "| --- | --- |",
        *(f"| `{kind}` | {what} |" for kind, what in KINDS.items() if kind not in DIFFICULTIES),
    ]


def difficulties_table() -> list[str]:
    """What makes a shop's books hard as a Markdown table."""
    return [
        "| Kind | What happens | Anyway | Rarely | Switched on |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| `{kind}` | {each.what} | {each.usually / 10:g} % | {each.rarely / 10:g} % | {each.often / 10:g} % |"
            for kind, each in DIFFICULTIES.items()
        ),
    ]
