"""The stream run_summary: the run's summary as rows, in the warehouse."""

import json

STREAMS = ("shops", "orders", "seller_permissions", "statements", "run_summary")


def told(run):
    return {(row["shop_id"], row["stream"]): row for row in run.records("run_summary")}


def test_a_run_says_of_every_stream_of_a_shop_what_its_summary_says(lab):
    path = lab.folder / "summary.json"
    run = lab.run(streams=STREAMS, summary_path=str(path))
    report = json.loads(path.read_text())
    rows = told(run)
    assert rows.keys() == {(part["shop_id"] or "", part["stream"]) for part in report["parts"]}
    for part in report["parts"]:
        row = rows[part["shop_id"] or "", part["stream"]]
        for name in (
            "status",
            "reason",
            "rows",
            "rows_counted_by_platform",
            "counts_agree",
            "calls",
            "retries",
            "gone",
        ):
            assert row[name] == part[name], name
        assert row["started_at"] == report["started_at"]
        assert row["undocumented"] == []
    assert len({row["run_id"] for row in rows.values()}) == 1
    assert sum(row["rows"] for row in rows.values()) == len(run.records()) - len(rows)


def test_it_comes_behind_everything_else_and_is_off_unless_selected(lab, catalog_of):
    run = lab.run(streams=STREAMS)
    last = [message["stream"] for message in run.messages if message["type"] == "RECORD"]
    assert set(last[-len(told(run)) :]) == {"run_summary"}
    marks = next(one for one in catalog_of()["streams"] if one["stream"] == "run_summary")["metadata"]
    assert next(mark["metadata"] for mark in marks if not mark["breadcrumb"])["selected-by-default"] is False


def test_another_run_has_another_id(lab):
    first = lab.run(streams=("shops", "run_summary"))
    second = lab.run(first.state, streams=("shops", "run_summary"))
    ids = {row["run_id"] for run in (first, second) for row in told(run).values()}
    assert len(ids) == 2


def test_a_stream_that_could_not_be_read_is_in_it_with_the_reason(lab):
    lab.fault("refused", path="/finance/*")
    run = lab.process(streams=STREAMS)
    assert run.code == 1
    failed = [row for row in told(run).values() if row["stream"] == "statements"]
    assert {row["status"] for row in failed} == {"failed"}
    assert all("12052055" in row["reason"] for row in failed)
    assert {row["status"] for row in told(run).values() if row["stream"] != "statements"} == {"read"}


def test_a_stream_without_its_scope_is_skipped_and_says_why(lab):
    lab.fault("scope_withheld", scope="seller.finance.info")
    rows = told(lab.run(streams=STREAMS))
    skipped = [row for row in rows.values() if row["stream"] == "statements"]
    assert {row["status"] for row in skipped} == {"skipped"}
    assert all("seller.finance.info" in row["reason"] for row in skipped)
