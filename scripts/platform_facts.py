"""What is known of the platform, as data of this repository: operations, error codes, signatures, a few real answers.

Writes the folder `facts/` from a full collection (`operations/*.json`, with the shapes of events in `webhooks.json`,
`operations-2026-04/*.json` for older versions, `errors.json`, `signing-vectors.json`, `webhook-vectors.json`,
`samples/*.json`). Tests, the schemas and the pages read `facts/` through this module only, so that a clone is enough
for all of them.
"""

from __future__ import annotations

import argparse
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

FACTS = Path(__file__).parent.parent / "facts"
Node: TypeAlias = "dict[str, Any]"

SAMPLES = {
    "shops": ("shops", "shops"),
    "orders-search": ("orders", "orders"),
    "orders-detail": ("orders", "orders"),
    "products-search": ("products", "products"),
    "returns-search": ("return_orders", "returns"),
    "cancellations-search": ("cancellations", "cancellations"),
    "statements": ("statements", "statements"),
    "statement-transactions": ("statement_transactions", "statement_transactions"),
    "payments": ("payments", "payments"),
}
"""Real answers: their name without its number -> the list in it, and the stream that its rows belong to."""
WORDS = re.compile(r"[^\W\d_]\s+[^\W\d_]")
"""In a text for people, two words in a row: such texts are not facts, and are left out."""


@cache
def operations() -> dict[tuple[str, str], Node]:
    """(method, path) -> an operation: its `query`, `body` and `data` as shapes, `markets`, `shop_cipher` and so on."""
    found = {}
    for name in ("operations-older.jsonl", "operations.jsonl"):
        for line in (FACTS / name).read_text(encoding="utf8").splitlines():
            operation = json.loads(line)
            found[operation["method"], operation["path"]] = operation
    return found


@cache
def current() -> list[Node]:
    """The operations of today, without those of older versions."""
    return list(map(json.loads, (FACTS / "operations.jsonl").read_text(encoding="utf8").splitlines()))


@cache
def of(name: str) -> Any:
    """What a file of facts holds: `errors`, `signing-vectors`, `webhook-samples` and so on."""
    return json.loads((FACTS / f"{name}.json").read_text(encoding="utf8"))


def samples(name: str) -> list[Node]:
    """The `data` of real answers to an operation, by the names of `SAMPLES`."""
    return [json.loads(file.read_text(encoding="utf8")) for file in sorted((FACTS / "samples").glob(f"{name}-?.json"))]


# -- making the folder ---------------------------------------------------------------------------------------------


def line(value: Any) -> str:
    """A value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def without_words(value: Any) -> Any:
    """A real answer whose texts for people are neutral ones."""
    if isinstance(value, dict):
        return {name: without_words(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_words(each) for each in value]
    return "text" if isinstance(value, str) and WORDS.search(value) else value


def described(folder: Path) -> list[Node]:
    """The operations that a folder describes; other files in it hold objects."""
    files = [json.loads(file.read_text(encoding="utf8")) for file in sorted(folder.glob("*.json"))]
    return [operation for operations in files if isinstance(operations, list) for operation in operations]


def build(api: Path) -> dict[str, str]:
    """File of `facts/` -> its text, from a full collection."""
    now, older = described(api / "operations"), described(api / "operations-2026-04")
    known = {(each["method"], each["path"]) for each in now}
    files = {
        "operations.jsonl": now,
        "operations-older.jsonl": [each for each in older if (each["method"], each["path"]) not in known],
    }
    made = {name: "".join(f"{line(each)}\n" for each in rows) for name, rows in files.items()}
    errors = json.loads((api / "errors.json").read_text(encoding="utf8"))
    codes = [{"code": each["code"], "http": each["http"], "retryable": each["retryable"]} for each in errors]
    made["errors.json"] = "[\n" + ",\n".join(map(line, codes)) + "\n]\n"
    for name in ("signing-vectors", "webhook-vectors"):
        vectors = json.loads((api / f"{name}.json").read_text(encoding="utf8"))
        made[f"{name}.json"] = "[\n" + ",\n".join(map(line, vectors)) + "\n]\n"
    types = json.loads((api / "operations" / "webhooks.json").read_text(encoding="utf8"))
    numbered = {number: name for name, shape in types.items() for number in shape["properties"]["type"]["values"]}
    lines = [f"{line(str(number))}:{line(name)}" for number, name in sorted(numbered.items())]
    made["webhook-types.json"] = "{\n" + ",\n".join(lines) + "\n}\n"
    deliveries = [json.loads(file.read_text(encoding="utf8")) for file in sorted(api.glob("samples/webhook-*.json"))]
    made["webhook-samples.json"] = "[\n" + ",\n".join(map(line, map(without_words, deliveries))) + "\n]\n"
    for name in SAMPLES:
        for file in sorted((api / "samples").glob(f"{name}-[0-9].json")):
            data = json.loads(file.read_text(encoding="utf8"))["data"]
            made[f"samples/{file.name}"] = json.dumps(without_words(data), ensure_ascii=False, indent=1) + "\n"
    return made


def main() -> None:
    """Write the folder, and remove files that are no longer needed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path, help="the folder of the full collection")
    made = build(parser.parse_args().collection)
    for file in [*FACTS.glob("*.json*"), *FACTS.glob("samples/*.json")]:
        if str(file.relative_to(FACTS)) not in made:
            file.unlink()
    for name, text in made.items():
        (FACTS / name).write_text(text, encoding="utf8")
        print(f"{name}: {len(text) // 1024 + 1} kB")


if __name__ == "__main__":
    main()
