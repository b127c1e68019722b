"""Writes what the pages of `docs/`, the READMEs and meltano.yml repeat from the code.

A generated part stands between a line that holds `generated: NAME` and one that holds `end: NAME`. The pages of
`docs/reference/streams`, the definitions in `hub` and the staging models of `dbt-tiktokshop` are generated whole.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import app_review
import dbt_staging
import hub_definitions
import reference_pages
from tap_tiktokshop.streams.personal import stream_maps
from target_tiktokshop.writing.outcomes import CATEGORIES, CODES, OUTCOMES, PLATFORM
from tiktokshop_client.codes.table import CODED
from tiktokshop_client.configuration import RENAMED_TO
from tiktokshop_client.consent.serving import SERVING
from tiktokshop_sandbox.endpoints import all_endpoints
from tiktokshop_webhooks.settings import OWN

ROOT = Path(__file__).parent.parent
# Meltano is to hand on texts as they are, for the plugins to read and to name what is wrong: its own kinds take
# `ture` for false, end in a traceback for 0.5 or a single id, and a decimal cannot be handed on to a plugin.
KINDS = {"object": "object"}
# Streams that are off in the tap, and cost no call: Meltano's runs say of themselves what they could not read.
FREE = ("run_summary",)


@cache
def printed(module: str, *arguments: str) -> Any:
    """What a plugin prints, as JSON."""
    command = [sys.executable, "-m", module, *arguments]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def about(module: str) -> dict[str, Any]:
    """How a plugin describes itself."""
    described: dict[str, Any] = printed(module, "--about", "--format=json")
    return described


def settings(module: str) -> dict[str, dict[str, Any]]:
    """A plugin's settings as `--about` describes them, without those the SDK adds to every plugin."""
    properties: dict[str, dict[str, Any]] = about(module)["settings"]["properties"]
    ours = {"title", "description"}
    return {name: spec for name, spec in properties.items() if ours <= spec.keys() and not is_sdk(name)}


def is_sdk(name: str) -> bool:
    """Whether the SDK adds the setting."""
    return name.startswith(("stream_map", "flattening_", "faker_config"))


def kind(spec: dict[str, Any]) -> str:
    """The JSON type of a setting."""
    types = spec["type"] if isinstance(spec["type"], list) else [spec["type"]]
    return next(name for name in types if name != "null")


def webhook_settings_table() -> list[str]:
    """The receiver's own settings as a Markdown table."""
    return _rows(OWN)


def settings_table(module: str, *, without: str = "") -> list[str]:
    """Settings of a plugin as a Markdown table; those that the plugin `without` has too are left out."""
    shared = settings(without) if without else {}
    return _rows({name: spec for name, spec in settings(module).items() if name not in shared})


def _rows(specs: dict[str, dict[str, Any]]) -> list[str]:
    rows = ["| Setting | Type | Default | What it does |", "| --- | --- | --- | --- |"]
    for name, spec in specs.items():
        default = f"`{json.dumps(spec['default'])}`" if "default" in spec else ""
        secret = " Secret." if spec.get("secret") else ""
        rows.append(f"| `{name}` | {kind(spec)} | {default} | {spec['description']}{secret} |")
    return rows


def tap_streams() -> list[dict[str, Any]]:
    """The streams as the tap's `--about` describes them."""
    streams: list[dict[str, Any]] = about("tap_tiktokshop")["streams"]
    return streams


def streams_table() -> list[str]:
    """Streams of the tap as a Markdown table."""
    rows = ["| Stream | Key | Read | What it holds |", "| --- | --- | --- | --- |"]
    for stream in tap_streams():
        keys = ", ".join(f"`{key}`" for key in stream["keys"])
        off = "" if stream["selected_by_default"] else "; **off** unless selected"
        name = f"[`{stream['name']}`]({reference_pages.page_of(stream['name'])})"
        rows.append(f"| {name} | {keys} | {stream['reads']}{off} | {stream['summary']} |")
    return rows


def personal_table() -> list[str]:
    """Fields that hold personal data as a Markdown table."""
    rows = ["| Stream | Dropped | Hashed |", "| --- | --- | --- |"]
    for stream in tap_streams():
        if stream["personal"]:
            cells = [
                ", ".join(f"`{field}`" for field, done in stream["personal"].items() if done == what)
                for what in ("drop", "hash")
            ]
            rows.append(f"| `{stream['name']}` | {' | '.join(cells)} |")
    return rows


def meltano_select() -> list[str]:
    """What Meltano selects by default: all but the streams that are off because each of their rows costs a call."""
    lines = ["    select:", '    - "*.*"']
    off = [stream["name"] for stream in tap_streams() if not stream["selected_by_default"]]
    return lines + [f'    - "!{name}.*"' for name in off if name not in FREE]


def meltano_no_pii() -> list[str]:
    """The stream maps of the environment `no-pii`."""
    lines = ["          stream_maps:"]
    for stream, rules in stream_maps().items():
        lines.append(f"            {stream}:")
        lines += [f"              {field}: {json.dumps(rule)}" for field, rule in rules.items()]
    return lines


def writes_table() -> list[str]:
    """Streams of the target as a Markdown table."""
    rows = ["| Stream | Needed fields | Other fields | What it changes |", "| --- | --- | --- | --- |"]
    for stream in about("target_tiktokshop")["streams"]:
        either = [" or ".join(f"`{name}`" for name in names) for names in stream["either"]]
        needed = [f"`{name}`" for name in stream["needed"]] + either
        named = {*stream["needed"], *(name for names in stream["either"] for name in names)}
        others = [f"`{name}`" for name in stream["fields"] if name not in named]
        rows.append(f"| `{stream['name']}` | {', '.join(needed)} | {', '.join(others)} | {stream['summary']} |")
    return rows


def outcomes_table() -> list[str]:
    """What a line of the target's results file may say became of a record, as two Markdown tables."""
    rows = ["| Outcome | What it means |", "| --- | --- |"]
    rows += [f"| `{name}` | {meaning} |" for name, meaning in OUTCOMES.items()]
    rows += ["", "| Code | Beside | What it means |", "| --- | --- | --- |"]
    for name, code in CODES.items():
        rows.append(f"| `{name}` | {', '.join(f'`{outcome}`' for outcome in code.outcomes)} | {code.meaning} |")
    words = ", ".join(f"`{word}`" for word in sorted(CATEGORIES))
    return [*rows, f"| a number, or one of {words} | `rejected` | {PLATFORM} |"]


def meltano_settings(module: str) -> list[str]:
    """Settings of a plugin as Meltano's plugin definition has them."""
    lines = ["    settings:"]
    for name, spec in settings(module).items():
        if RENAMED_TO in spec:
            continue
        lines += [f"    - name: {name}", f"      label: {json.dumps(spec['title'])}"]
        lines += [f"      description: {json.dumps(spec['description'])}"]
        if spec.get("secret"):
            lines += ["      kind: string", "      sensitive: true"]
        elif name.endswith("_date"):
            lines += ["      kind: date_iso8601"]
        else:
            lines += [f"      kind: {KINDS.get(kind(spec), 'string')}"]
        if "default" in spec:
            lines += [f"      value: {json.dumps(spec['default'])}"]
    return lines


def endpoints_table() -> list[str]:
    """What the sandbox serves as a Markdown table."""
    rows = ["| Endpoint | Scope | Only in |", "| --- | --- | --- |"]
    for endpoint in sorted(all_endpoints(), key=lambda endpoint: (endpoint.path, endpoint.method)):
        scope = f"`{endpoint.scope}`" if endpoint.scope else ""
        markets = ", ".join(sorted(endpoint.markets or ()))
        rows.append(f"| {endpoint.method} `{endpoint.path}` | {scope} | {markets} |")
    return rows


def codes_table() -> list[str]:
    """The platform's codes as a Markdown table."""
    rows = ["| Code | Kind | Action | What it means and what to do |", "| --- | --- | --- | --- |"]
    names = {"scope": "it needs", "region": "its region", "path": "the path that was asked"}
    rules = sorted(CODED, key=lambda rule: rule.code or 0)
    return rows + [f"| {rule.code} | {rule.category} | {rule.action} | {rule.text.format(**names)} |" for rule in rules]


PARTS = {
    "docs/app-review.md": {"counts": app_review.counts, "cases": app_review.cases},
    "docs/errors.md": {"codes": codes_table},
    "docs/reference/command-lines.md": {"commands": reference_pages.command_lines},
    "docs/reference/personal-data.md": {"personal": personal_table},
    "docs/reference/sandbox.md": {
        "controls": reference_pages.controls_table,
        "faults": reference_pages.faults_table,
        "difficulties": reference_pages.difficulties_table,
        "endpoints": endpoints_table,
    },
    "docs/reference/settings.md": {
        "settings": partial(settings_table, "tap_tiktokshop"),
        "target-settings": partial(settings_table, "target_tiktokshop", without="tap_tiktokshop"),
        "webhook-settings": webhook_settings_table,
        "consent-settings": lambda: _rows(dict(SERVING)),
    },
    "docs/reference/sinks.md": {
        "target-streams": writes_table,
        "sink-fields": reference_pages.sink_fields,
        "target-outcomes": outcomes_table,
    },
    "docs/reference/streams.md": {"streams": streams_table},
    "meltano.yml": {
        "no-pii": meltano_no_pii,
        "tap-select": meltano_select,
        "tap-settings": partial(meltano_settings, "tap_tiktokshop"),
        "target-settings": partial(meltano_settings, "target_tiktokshop"),
    },
    "tiktokshop-sandbox/README.md": {"endpoints": endpoints_table},
}


def filled(text: str, name: str, lines: list[str]) -> str:
    """`text` with the part called `name` replaced."""
    pattern = re.compile(rf"(^[^\n]*generated: {name}\b[^\n]*\n).*?(^[^\n]*end: {name}\b)", re.DOTALL | re.MULTILINE)
    result, count = pattern.subn(lambda match: match[1] + "\n".join(lines) + "\n" + match[2], text)
    if count != 1:
        raise SystemExit(f"there is no part called {name}")
    return result


def main() -> None:
    """Write or check every generated part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    check = parser.parse_args().check
    stale = []
    whole = {
        **reference_pages.stream_pages(),
        **hub_definitions.pages(about, meltano_select, meltano_settings),
        **dbt_staging.pages(),
    }
    for file, page in whole.items():
        text = "\n".join(page) + "\n"
        if not (ROOT / file).is_file() or (ROOT / file).read_text(encoding="utf8") != text:
            stale.append(file)
            if not check:
                (ROOT / file).write_text(text, encoding="utf8")
    for file, parts in PARTS.items():
        path = ROOT / file
        before = text = path.read_text(encoding="utf8")
        for name, lines in parts.items():
            text = filled(text, name, lines())
        if text != before:
            stale.append(file)
            if not check:
                path.write_text(text, encoding="utf8")
    print(f"changed: {', '.join(stale) or 'nothing'}")
    sys.exit(bool(stale) and check)


if __name__ == "__main__":
    main()
