"""The folder of facts is made from a full collection, without anybody's sentences."""

import json

import platform_facts
import pytest


def operation(path, **more):
    return {"name": "op", "method": "GET", "path": path, "query": {}, "data": {"type": "object"}, **more}


@pytest.fixture
def collection(tmp_path):
    files = {
        "operations/orders.json": [
            operation("/order/2/orders", version="2"),
            operation("/order/1/both", version="new"),
        ],
        "operations/webhooks.json": {"OrderChange": {"properties": {"type": {"values": [1]}}}},
        "operations-2026-04/order.json": [
            operation("/order/1/both", version="old"),
            operation("/order/1/orders", version="1"),
        ],
        "errors.json": [{"code": 1, "http": 429, "retryable": "backoff", "meaning": "words of others", "action": "x"}],
        "signing-vectors.json": [{"name": "a", "sign": "s"}],
        "webhook-vectors.json": [{"name": "b", "signature": "t"}],
        "samples/orders-search-1.json": {
            "code": 0,
            "data": {
                "orders": [{"id": "1", "note": "two words", "title": "T-Shirt", "at": [1.5, None, "2026-01-01 10:00"]}]
            },
        },
        "samples/webhook-1.json": {"type": 6, "data": {"message": "words of others"}},
        "samples/unwanted-1.json": {"data": {}},
    }
    for name, content in files.items():
        (tmp_path / "api" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "api" / name).write_text(json.dumps(content))
    return tmp_path / "api"


def test_an_operation_is_a_line_and_older_versions_stand_apart(collection):
    made = platform_facts.build(collection)
    assert [json.loads(line)["version"] for line in made["operations.jsonl"].splitlines()] == ["2", "new"]
    assert [json.loads(line)["version"] for line in made["operations-older.jsonl"].splitlines()] == ["1"]


def test_events_are_known_by_their_numbers_and_by_examples_without_words(collection):
    made = platform_facts.build(collection)
    assert json.loads(made["webhook-types.json"]) == {"1": "OrderChange"}
    assert json.loads(made["webhook-samples.json"]) == [{"type": 6, "data": {"message": "text"}}]


def test_sentences_of_others_are_left_out(collection):
    made = platform_facts.build(collection)
    assert json.loads(made["errors.json"]) == [{"code": 1, "http": 429, "retryable": "backoff"}]
    assert json.loads(made["samples/orders-search-1.json"]) == {
        "orders": [{"id": "1", "note": "text", "title": "T-Shirt", "at": [1.5, None, "2026-01-01 10:00"]}]
    }
    assert "samples/unwanted-1.json" not in made


def test_what_is_no_more_is_removed(collection, tmp_path, monkeypatch):
    facts = tmp_path / "facts"
    (facts / "samples").mkdir(parents=True)
    for gone in ("gone.json", "samples/gone-1.json"):
        (facts / gone).write_text("{}")
    monkeypatch.setattr(platform_facts, "FACTS", facts)
    monkeypatch.setattr("sys.argv", ["platform_facts.py", str(collection)])
    platform_facts.main()
    assert {str(file.relative_to(facts)) for file in facts.rglob("*.json*")} == set(platform_facts.build(collection))


def test_the_facts_are_those_of_the_whole_platform():
    assert len(platform_facts.current()) > 250
    assert len(platform_facts.operations()) > len(platform_facts.current())
    assert {name for name in platform_facts.SAMPLES if not platform_facts.samples(name)} == set()
