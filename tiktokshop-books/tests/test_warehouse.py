"""Where the marts are: opened read-only, exact, and a sentence where they cannot be."""

import datetime as dt
from decimal import Decimal

import duckdb
import psycopg
import pytest
from store_places import PASSWORD, postgresql_port  # noqa: F401 - one server for all files
from tiktokshop_books.cli import main
from tiktokshop_books.errors import BooksError
from tiktokshop_books.warehouse import open_marts

MADE = (
    "create schema {schema}",
    "create table {schema}.tiktokshop__payouts (amount numeric(38, 9), paid_date date, paid_time timestamptz)",
    "insert into {schema}.tiktokshop__payouts values (12.340000000, '2026-10-01', '2026-10-01 12:00:00+02')",
)
NOON = dt.datetime(2026, 10, 1, 10, tzinfo=dt.timezone.utc)
ROW = {"amount": Decimal("12.34"), "paid_date": dt.date(2026, 10, 1), "paid_time": NOON}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        for statement in MADE:
            database.execute(statement.format(schema="tiktokshop_books"))
    return path


def said(where, schema="tiktokshop_books", ask=lambda marts: marts.rows("tiktokshop__payouts")):
    with pytest.raises(BooksError) as caught, open_marts(str(where), schema) as marts:
        ask(marts)
    return str(caught.value)


def test_a_duckdb_file_gives_exact_amounts_days_and_moments_in_utc(file):
    with open_marts(str(file)) as marts:
        assert marts.tables() == {"tiktokshop__payouts"}
        assert marts.rows("tiktokshop__payouts") == [ROW]
        assert marts.rows("tiktokshop__payouts", "paid_date") == [{"paid_date": dt.date(2026, 10, 1)}]
        assert marts.query("select sum(amount) as paid from tiktokshop__payouts") == [{"paid": Decimal("12.34")}]


def test_what_is_no_amount_is_told(file):
    with duckdb.connect(str(file)) as database:
        database.execute("create table tiktokshop_books.odd as select cast('NaN' as double) as debit")
    assert said(file, ask=lambda marts: marts.rows("odd")) == (
        f"The column debit in {file} has nan, which is no amount: find the row that it comes from, load it anew, and "
        "run dbt build again."
    )


def test_nothing_can_be_written(file):
    drop = "drop table tiktokshop__payouts"
    assert "read-only" in said(file, ask=lambda marts: marts.query(drop))


def test_a_file_that_is_not_there_or_is_none_of_duckdb_is_told(tmp_path):
    assert said(tmp_path / "no.duckdb") == (
        f"There is no file {tmp_path}/no.duckdb: say with --warehouse where the marts are, a DuckDB file or an address "
        "like postgresql://user@host/database."
    )
    (tmp_path / "text.duckdb").write_text("no database")
    assert "cannot be opened: check that it is a DuckDB file" in said(tmp_path / "text.duckdb")


SECRET = "hunter2secret"
NOWHERE = "127.0.0.1:1"  # a port at which nobody answers
READ = (
    f"postgresql://reader:{SECRET}@{NOWHERE}/db",
    f"postgres://reader:a%3A{SECRET}@{NOWHERE}/db",
    f"postgresql://reader:hunter2:secret@{NOWHERE}/db",
    f"postgresql://{NOWHERE}/db?user=reader&password={SECRET}",
    f"postgresql://reader@{NOWHERE}/db?sslpassword={SECRET}",
)
NOT_READ = (
    f"postgresql://reader:100%{SECRET}@localhost/db",
    f"postgresql://localhost/db?password=100%{SECRET}",
    f"postgresql://localhost/db?{SECRET}",
    f"postgresql://localhost/db?password=a@{SECRET}",
    "postgresql://reader:hunter2/secret@localhost/db",
    "postgresql://reader:hunter2@secret@localhost/db",
    "postgresql://reader:hunter2#secret@localhost/db",
    "postgresql://reader:hunter2?secret@localhost/db",
    f"postgresql://reader:1/{SECRET}@localhost/db",
    f"postgresql://reader:[{SECRET}@localhost/db",
    f"postgresql://reader:{SECRET}%40localhost/db",
)
NO_PLACE = (
    f"postgresql+psycopg2://reader:{SECRET}@localhost/db",
    f"POSTGRESQL://reader:{SECRET}@localhost/db",
    f"postgresql:reader:{SECRET}@localhost/db",
    f"host=localhost password={SECRET}",
    f"md:db?motherduck_token={SECRET}",
    f"{SECRET}://" + "x" * 5000,
)


@pytest.mark.parametrize(
    ("where", "code", "words"),
    [
        *((where, 1, "127.0.0.1:1/db does not let us in: ") for where in READ),
        *(
            (where, 2, "The address in --warehouse cannot be read: write it as postgresql://user@")
            for where in NOT_READ
        ),
        *((where, 2, "What --warehouse says is neither a file nor an address that begins with") for where in NO_PLACE),
    ],
)
def test_no_part_of_a_password_is_printed(where, code, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--warehouse", where]) == code
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.startswith("tiktokshop-books: ")
    # "reader:hunter2/secret" has both halves of it, and each is looked for
    parts = {SECRET[start : start + 6] for start in range(len(SECRET) - 5)}
    assert not [part for part in parts if part in printed.err + printed.out]


def test_a_file_may_have_any_name(file, tmp_path):
    odd = file.rename(tmp_path / "shop=1@home.duckdb")
    with open_marts(str(odd)) as marts:
        assert marts.rows("tiktokshop__payouts") == [ROW]


def test_a_schema_or_a_table_that_is_not_there_is_told(file):
    assert "has no tables in the schema other: run dbt build there first" in said(file, "other")
    assert said(file, ask=lambda marts: marts.rows("tiktokshop__orders")) == (
        f"{file} lacks tiktokshop__orders in the schema tiktokshop_books: make it with dbt build."
    )


def test_a_table_of_another_version_is_told(file):
    ask = said(file, ask=lambda marts: marts.rows("tiktokshop__payouts", "status"))
    assert ask.startswith(f"The tables in {file} are not those of this version: run dbt build again. (")


def test_a_schema_may_have_any_name(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        for statement in MADE:
            database.execute(statement.format(schema='"it\'s books"'))
    with open_marts(str(path), "it's books") as marts:
        assert marts.rows("tiktokshop__payouts") == [ROW]


@pytest.mark.slow
def test_postgresql_gives_the_same_and_hides_its_password(postgresql_port):  # noqa: F811
    address = f"postgresql://owner:{PASSWORD}@127.0.0.1:{postgresql_port}/postgres"
    schema = 'the "books"'
    with psycopg.connect(address) as connection:
        for statement in MADE:
            connection.execute(statement.format(schema='"the ""books"""'))
    with open_marts(address, schema) as marts:
        assert marts.tables() == {"tiktokshop__payouts"}
        assert marts.rows("tiktokshop__payouts") == [ROW]
        assert marts.query("select sum(amount) as paid from tiktokshop__payouts") == [{"paid": Decimal("12.34")}]
    assert "read-only" in said(address, schema, lambda marts: marts.query("drop table tiktokshop__payouts"))
    assert "lacks tiktokshop__orders" in said(address, schema, lambda marts: marts.rows("tiktokshop__orders"))
    wrong = said(address.replace(PASSWORD, f"{PASSWORD}-not"))
    assert wrong.startswith(f"postgresql://127.0.0.1:{postgresql_port}/postgres does not let us in: check the host, ")
    assert PASSWORD not in wrong


@pytest.mark.parametrize(("change", "by"), [((PASSWORD, "wrong"), "owner"), (("/postgres", "/none"), "none")])
def test_a_server_that_lets_nobody_in_until_a_person_acts_ends_with_2(postgresql_port, capsys, change, by):  # noqa: F811
    address = f"postgresql://owner:{PASSWORD}@127.0.0.1:{postgresql_port}/postgres".replace(*change)
    assert main(["report", "--warehouse", address]) == 2
    assert "does not let us in: check the host" in (said := capsys.readouterr().err)
    assert f'"{by}"' in said
