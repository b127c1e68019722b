"""`tiktokshop-books close`: a month goes into the file as it is booked, once, and only if it can be closed."""

import csv
import os

import duckdb
import pytest
import yaml
from tiktokshop_books.cli import main

MADE = """
create schema tiktokshop_books;
create table tiktokshop_books.tiktokshop__month_ends (shop_id text, month date, last_day date);
insert into tiktokshop_books.tiktokshop__month_ends values
    ('77', '2026-09-01', '2026-09-30'), ('77', '2026-10-01', '2026-10-31'), ('88', '2026-09-01', '2026-09-30');
create table tiktokshop_books.tiktokshop__books_closed
    (shop_id text, month date, open_differences bigint, is_closed boolean);
insert into tiktokshop_books.tiktokshop__books_closed values
    ('77', '2026-09-01', 0, true), ('77', '2026-11-01', 2, false);
create table tiktokshop_books.tiktokshop__journal_lines (
    shop_id text, entry_id text, line bigint, entry_kind text, document_id text, corrects text, entry_date date,
    currency text, category text, account text, account_name text, account_type text, tax_code text,
    debit decimal(38, 9), credit decimal(38, 9)
);
"""
LINE = (
    "('{shop}', 'statement {id}', {line}, 'statement', '{id}', null, '{day}', 'USD', '{category}', '{account}', {rest})"
)


def entry(shop, number, day):
    one = {"shop": shop, "id": number, "day": day}
    debit = LINE.format(**one, line=1, category="clearing", account="1200", rest="'Clearing', 'asset', null, 20.5, 0")
    credit = LINE.format(**one, line=2, category="sales", account="0400", rest="'Sales', 'income', 'S', 0, 20.5")
    return f"insert into tiktokshop_books.tiktokshop__journal_lines values {debit}, {credit}"


@pytest.fixture
def close(tmp_path, capsys):
    """Changes the marts, closes, and gives the code, what was said, and the lines of the file."""
    place = tmp_path / "shop.duckdb"
    with duckdb.connect(str(place)) as database:
        database.execute(MADE)
        database.execute(entry("77", "1", "2026-09-30"))
        database.execute(entry("77", "2", "2026-10-01"))
        database.execute(entry("88", "3", "2026-09-30"))

    def closed(month, *changes, shops=("77",), file="seeds/closed.csv"):
        with duckdb.connect(str(place)) as database:
            for change in changes:
                database.execute(change)
        named = [word for shop in shops for word in ("--shop", shop)]
        path = tmp_path / file
        code = main(["close", "--warehouse", str(place), "--month", month, "--file", str(path), *named])
        said = capsys.readouterr()
        rows = list(csv.DictReader(path.read_text().splitlines())) if path.is_file() else []
        return code, (said.err or said.out).replace(str(tmp_path), "HERE"), rows

    return closed


def test_a_month_is_written_with_all_that_the_journal_says_of_it(close, tmp_path):
    code, said, rows = close("2026-09")
    assert (code, said) == (0, "HERE/seeds/closed.csv: 2 lines of 2026-09 and before. Run dbt build again.\n")
    key = ("77", "statement 1", "2", "statement", "1", "", "2026-09-30", "USD", "sales")
    assert tuple(rows[1].values()) == (*key, "0400", "Sales", "income", "S", "0.00", "20.50")
    assert ",".join(rows[0]) == (
        "shop_id,entry_id,line,entry_kind,document_id,corrects,entry_date,currency,category,account,account_name,"
        "account_type,tax_code,debit,credit"
    )
    assert rows[0]["tax_code"] == ""
    (seed,) = yaml.safe_load((tmp_path / "seeds" / "closed.yml").read_text())["seeds"]
    assert seed["name"] == "closed"
    assert seed["config"]["column_types"] == dict.fromkeys(rows[0], "text")


def test_the_next_month_is_added_and_what_was_written_stays(close):
    _, _, before = close("2026-09")
    code, _, rows = close("2026-10")
    assert code == 0
    assert rows[:2] == before
    assert [row["entry_id"] for row in rows] == ["statement 1"] * 2 + ["statement 2"] * 2


def test_a_month_is_closed_once(close):
    close("2026-10")
    code, said, rows = close("2026-09")
    assert (code, len(rows)) == (2, 4)
    assert said.startswith("tiktokshop-books: 2026-10 of the shop 77 is closed in HERE/seeds/closed.csv: ")


def test_a_month_that_is_not_over_is_not_closed_for_any_shop(close):
    code, said, rows = close("2026-10", shops=())
    assert (code, rows) == (1, [])
    assert said == (
        "tiktokshop-books: 2026-10 of the shop 88 is not over, as far as was read: run the tap and dbt build when it "
        "is.\n"
    )
    assert close("2026-09", shops=())[0] == 0


def test_a_month_with_an_open_difference_or_one_before_it_is_not_closed(close):
    open_one = (
        "update tiktokshop_books.tiktokshop__books_closed set is_closed = false, open_differences = 3"
        " where month = '2026-09-01'"
    )
    code, said, rows = close("2026-10", open_one)
    assert (code, rows) == (3, [])
    assert said.startswith("tiktokshop-books: 2026-09 of the shop 77 has 3 differences that nothing explains: see ")


def test_marts_that_do_not_know_what_is_closed_are_told(close):
    close("2026-09")
    code, said, rows = close("2026-10", entry("77", "9", "2026-09-15"))
    assert (code, len(rows)) == (2, 2)
    assert said == (
        "tiktokshop-books: The marts do not know HERE/seeds/closed.csv: set the variable tiktokshop_closed_journal to "
        "closed, and run dbt build again.\n"
    )


def test_a_shop_without_lines_is_told(close):
    gone = "delete from tiktokshop_books.tiktokshop__journal_lines where shop_id = '88'"
    code, said, _ = close("2026-09", gone, shops=("88",))
    assert code == 2
    assert "The journal of the shop 88 has no lines up to 2026-09-30: there is nothing to close." in said


def test_a_shop_that_is_not_there_and_a_month_before_the_books_are_told(close):
    code, said, _ = close("2026-09", shops=("nope",))
    assert (code, said) == (
        2,
        "tiktokshop-books: The journal has no entries of the shop nope: check the id after --shop.\n",
    )
    code, said, _ = close("2020-01")
    assert (code, said) == (
        2,
        "tiktokshop-books: The books of the shop 77 begin with 2026-09: there is nothing to close in 2020-01.\n",
    )


def test_a_line_without_a_day_is_told(close):
    code, said, rows = close("2026-09", "update tiktokshop_books.tiktokshop__journal_lines set entry_date = null")
    assert (code, rows) == (2, [])
    assert " of the shop " in said
    assert " has no entry_date in tiktokshop__journal_lines: run dbt test, which names " in said


def test_a_file_that_is_something_else_is_left_alone(close, tmp_path):
    (tmp_path / "other.csv").write_text("name,price\nshoe,1\n")
    code, said, _ = close("2026-09", file="other.csv")
    assert code == 2
    assert "HERE/other.csv is not a closed journal: name a new file" in said
    assert (tmp_path / "other.csv").read_text() == "name,price\nshoe,1\n"


def test_a_pipe_is_told_and_not_waited_for(close, tmp_path):
    os.mkfifo(tmp_path / "closed.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("closed.csv", "folder.csv"):
        told = f"HERE/{name} is no file: name a new one, or the one that this command has written."
        assert close("2026-09", file=name) == (2, f"tiktokshop-books: {told}\n", [])


def test_a_link_to_the_file_stays_a_link(close, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "seeds").mkdir()
    (link := tmp_path / "seeds" / "closed.csv").symlink_to("../kept/journal.csv")
    close("2026-09")
    _, _, rows = close("2026-10")
    assert link.is_symlink()
    assert [one.name for one in (tmp_path / "kept").iterdir()] == ["journal.csv"]
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:0], "HERE/seeds/closed.csv is not a closed journal: name a new file, or "),
        (lambda text: f"{text}77,statement 5\n", "Line 4 of HERE/seeds/closed.csv does not have 15 cells: put back "),
        (lambda text: f"{text[:-1]},more\n", "Line 3 of HERE/seeds/closed.csv does not have 15 cells: put back the "),
        (
            lambda text: text.replace("2026-09-30", "15/09/2026", 1),
            "Line 2 of HERE/seeds/closed.csv has '15/09/2026' as its entry_date, which is no day such as 2026-10-31: ",
        ),
        (lambda text: text.replace("2026-09-30", "20260930", 1), "Line 2 of HERE/seeds/closed.csv has '20260930' as "),
        (
            lambda text: text.replace("20.50", '"20,50"', 1),
            "Line 2 of HERE/seeds/closed.csv has '20,50' as its debit, which is no amount such as 20.50: put back ",
        ),
    ],
    ids=["empty", "short line", "a cell too many", "day", "day without dashes", "amount"],
)
def test_a_file_that_was_edited_by_hand_is_told_by_its_line_and_left_alone(change, words, close, tmp_path):
    close("2026-09")
    path = tmp_path / "seeds" / "closed.csv"
    path.write_text(changed := change(path.read_text()))
    code, said, _ = close("2026-10")
    assert code == 2
    assert said.startswith(f"tiktokshop-books: {words}")
    assert path.read_text() == changed


def test_a_file_that_is_no_csv_is_told(close, tmp_path, capsys):
    _, _, (row, _) = close("2026-09")
    path = tmp_path / "seeds" / "closed.csv"
    path.write_text(",".join(row) + "\n" + "7" * 200_000)
    place = ["--warehouse", str(tmp_path / "shop.duckdb")]
    assert main(["close", *place, "--month", "2026-10", "--file", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"tiktokshop-books: {path} cannot be read: field larger than field limit (131072).\n"
    )


def test_what_is_no_month_is_told(close):
    with pytest.raises(SystemExit) as caught:
        close("October")
    assert caught.value.code == 2
