"""dbt-tiktokshop day by day: what grows comes to the same as all of it made at once, whatever the loader keeps."""

import json
import shutil
import sys
from decimal import Decimal

import duckdb
import pytest
from books import MODELS, ROOT, STREAMS, configured, dbt, lines_of, run, sorted_rows
from tap_tiktokshop.streams.declaration import load_schema

pytestmark = pytest.mark.slow
DAY = 86_400
MARTS = {path.stem for path in (ROOT / "dbt-tiktokshop" / "models" / "marts").glob("*.sql")}
BUILD = ("build", "--select", "+path:models/marts", "--exclude", "resource_type:test")
COLUMN = {"boolean": "BOOLEAN", "integer": "BIGINT", "number": "DECIMAL(38, 9)", "string": "VARCHAR"}


def marts(file):
    with duckdb.connect(str(file), read_only=True) as database:
        names = {name for (name,) in database.execute(MODELS.format(schema="tiktokshop_books")).fetchall()} & MARTS
        return {name: sorted_rows(database.execute(f"select * from tiktokshop_books.{name}")) for name in names}


def load(folder, file, messages):
    config = configured(folder, "loader", path=str(file), default_target_schema="tiktokshop")
    run([sys.executable, "-m", "target_duckdb_exact", "--config", config], text=lines_of(messages, STREAMS))


def built(folder, file, *arguments):
    dbt(folder, "duckdb", {"TIKTOKSHOP_DUCKDB": str(file)}, *BUILD, *arguments)
    return marts(file)


def column(schema):
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return COLUMN.get(next(one for one in types if one != "null"), "JSON")


def load_jsonl(folder, file, runs):
    """As who has files of JSON lines, one for each stream, to which each run adds, and reads these with DuckDB."""
    with duckdb.connect(str(file)) as database:
        database.execute("create schema tiktokshop")
        for stream in STREAMS:
            lines = [json.dumps(record) for each in runs for record in each.records(stream)]
            if not lines:
                continue
            path = folder / f"{stream}.jsonl"
            path.write_text("\n".join(lines) + "\n")
            columns = {name: column(spec) for name, spec in load_schema(stream)["properties"].items()}
            database.execute(
                f"create table tiktokshop.{stream} as select * from read_json('{path}', columns = {columns})"
            )


FIRST = "select min(statement_time || id) from tiktokshop.statement_transactions where type = 'ORDER'"
CHANGED = (
    "update tiktokshop.statement_transactions set fee_tax_breakdown ="
    """ json_merge_patch(fee_tax_breakdown, '{"fee": {"found_later_amount": "-0.07"}}')"""
    f" where statement_time || id = ({FIRST})"
)


def change_the_first(file):
    """What the platform corrects, however old it is."""
    with duckdb.connect(str(file)) as database:
        database.execute(CHANGED)


@pytest.fixture(scope="module")
def days(make_lab, tmp_path_factory):
    """Three days of two shops, one of which comes with its history on the second day: the runs, and what they made."""
    folder = tmp_path_factory.mktemp("days")
    run([ROOT / ".ci" / "dbt"], cwd=ROOT)
    runs, state = [], None
    with make_lab(folder, orders=60, shops=2) as lab:
        both = [shop["id"] for shop in lab.sandbox.control("GET", "")["shops"]]
        for shops in (both[:1], both, both):
            runs.append(lab.run(state, streams=STREAMS, shop_ids=shops))
            state = runs[-1].state
            lab.sandbox.control("POST", "/clock", {"advance": DAY})
    file = folder / "shop.duckdb"
    for each in runs:
        load(folder, file, each.messages)
        if each is runs[-1]:
            change_the_first(file)
        made = built(folder, file)
    # Others are made at the same place, so that dbt need not read its own files again.
    shutil.copy(file, folder / "kept.duckdb")
    return folder, file, runs, made


def differing(one, other):
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def test_days_change_what_the_marts_say(days):
    _, _, runs, made = days
    assert len({row["snapshot_day"] for row in made["tiktokshop__inventory_daily"]}) == 3
    assert len({row["shop_id"] for row in made["tiktokshop__order_lines"]}) == 2
    assert runs[1].records("orders") != []
    assert runs[2].records("statement_transactions") != []
    found = [row["amount"] for row in made["tiktokshop__settlement_lines"] if row["component"] == "found_later_amount"]
    assert found == [Decimal("-0.07")]


def test_three_days_come_to_the_same_as_all_of_it_at_once(days):
    folder, file, _, made = days
    shutil.copy(folder / "kept.duckdb", file)
    assert differing(built(folder, file, "--full-refresh"), made) == []


def test_json_lines_to_which_each_run_adds_have_the_same_marts(days):
    folder, file, runs, made = days
    file.unlink()
    load_jsonl(folder, file, runs)
    change_the_first(file)
    assert differing(built(folder, file), made) == []
