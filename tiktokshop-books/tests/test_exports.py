"""`tiktokshop-books export`: what is written is what the journal says, and each program's own rules are kept."""

import csv
import datetime as dt
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from beancount.loader import load_file
from tiktokshop_books.cli import main

ACCOUNTS = {
    "bank": ("1000", "Bank", "asset", None),
    "clearing": ("1200", "TikTok Shop (settled)", "asset", None),
    "exchange": ("7900", "Exchange", "expense", None),
    "sales": ("4000", "Sales", "income", "20% (VAT on Income)"),
}
TABLE = """
create schema tiktokshop_books;
create table tiktokshop_books.tiktokshop__journal_lines (
    shop_id text, entry_id text, line bigint, entry_kind text, document_id text, entry_date date, currency text,
    category text, account text, account_name text, account_type text, tax_code text,
    debit decimal(38, 9), credit decimal(38, 9)
)
"""
STATEMENT = ("77", "statement", "7301", dt.date(2026, 9, 30), [("clearing", "USD", "20"), ("sales", "USD", "-20")])
PAYOUT = (
    *("77", "payout", "8402", dt.date(2026, 10, 2)),
    [
        *(("clearing", "USD", "-20"), ("exchange", "USD", "20")),
        *(("bank", "GBP", "15.125"), ("exchange", "GBP", "-15.125")),
    ],
)


def rows_of(shop, kind, document, day, lines):
    for number, (category, currency, amount) in enumerate(lines, 1):
        key = (shop, f"{kind} {document}", number, kind, document, day, currency, category)
        exact = Decimal(amount)
        yield (*key, *ACCOUNTS.get(category, (None,) * 4), max(exact, 0), max(exact.copy_negate(), 0))


@pytest.fixture
def export(tmp_path, capsys):
    """Writes the journal that is given, and says how it went."""

    def exported(program, *entries, arguments=()):
        file = tmp_path / "shop.duckdb"
        if entries:
            with duckdb.connect(str(file)) as database:
                database.execute(TABLE)
                rows = [row for entry in entries for row in rows_of(*entry)]
                values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
                table = "tiktokshop_books.tiktokshop__journal_lines"
                database.execute(f"insert into {table} values {values}", [cell for row in rows for cell in row])
        command = ["export", "--to", program, "--warehouse", str(file), "--out", str(tmp_path / "out"), *arguments]
        code = main(command)
        said = capsys.readouterr()
        files = {path.name: path.read_text() for path in sorted((tmp_path / "out").glob("*"))}
        return code, said.err or said.out, files

    return exported


def read(text):
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tTab"])
@pytest.mark.parametrize("program", ["xero", "quickbooks"])
def test_a_name_that_a_spreadsheet_would_run_is_told_and_nothing_is_written(program, name, export):
    code, said, files = export(program, STATEMENT, arguments=[f"--tax-rate={name}"])
    assert (code, files) == (2, {})
    assert said.startswith(f"tiktokshop-books: {name!r} begins as a formula does")


def test_an_account_may_be_a_number_below_zero(export, monkeypatch):
    monkeypatch.setitem(ACCOUNTS, "clearing", ("-1200", "Clearing", "asset", None))
    code, _, files = export("xero", STATEMENT, arguments=["--tax-rate", "No VAT"])
    assert code == 0
    assert read(files["xero-77-USD-001.csv"])[0]["*AccountCode"] == "-1200"


def test_xero_gets_its_columns_a_signed_amount_and_one_currency_a_file(export):
    code, said, files = export("xero", STATEMENT, PAYOUT, arguments=["--tax-rate", "No VAT"])
    assert code == 0
    assert [Path(line).name for line in said.splitlines()] == list(files)
    assert list(files) == ["xero-77-GBP-001.csv", "xero-77-USD-001.csv"]
    header = files["xero-77-USD-001.csv"].splitlines()[0]
    assert header == (
        "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1,TrackingName2,"
        "TrackingOption2"
    )
    rows = [tuple(row.values())[:6] for row in read(files["xero-77-USD-001.csv"])]
    assert rows == [
        ("TikTok Shop 77 statement 7301", "30/09/2026", "clearing", "1200", "No VAT", "20.00"),
        ("TikTok Shop 77 statement 7301", "30/09/2026", "sales", "4000", "20% (VAT on Income)", "-20.00"),
        ("TikTok Shop 77 payout 8402", "02/10/2026", "clearing", "1200", "No VAT", "-20.00"),
        ("TikTok Shop 77 payout 8402", "02/10/2026", "exchange", "7900", "No VAT", "20.00"),
    ]
    assert [row["*Amount"] for row in read(files["xero-77-GBP-001.csv"])] == ["15.125", "-15.125"]


def test_xero_takes_300_lines_and_no_entry_is_torn_apart(export):
    many = [
        (
            "77",
            "statement",
            f"{7000 + number}",
            dt.date(2026, 9, 1),
            [("clearing", "USD", "1")] * 7 + [("sales", "USD", "-7")],
        )
        for number in range(100)
    ]
    code, _, files = export("xero", *many, arguments=["--tax-rate", "No VAT"])
    assert code == 0
    assert [len(text.splitlines()) for text in files.values()] == [297, 297, 209]
    for text in files.values():
        balance = defaultdict(Decimal)
        for row in read(text):
            balance[row["*Narration"], row["*Date"]] += Decimal(row["*Amount"])
        assert set(balance.values()) == {0}


def test_xero_needs_a_tax_rate_for_every_line(export):
    code, said, files = export("xero", STATEMENT)
    assert (code, files) == (2, {})
    assert said == (
        "tiktokshop-books: Xero takes no line without a tax rate: name one with --tax-rate as your Xero has it, such "
        "as 'Tax Exempt' or 'No VAT', or give every account a tax_code in tiktokshop_accounts_override. Nothing was "
        "written.\n"
    )


def test_quickbooks_gets_debits_and_credits_under_a_number_that_it_takes(export):
    longer = ("77", "statement", "7" * 40, dt.date(2026, 10, 1), STATEMENT[4])
    code, _, files = export("quickbooks", STATEMENT, longer, PAYOUT)
    assert code == 0
    assert list(files) == ["quickbooks-77-GBP-001.csv", "quickbooks-77-USD-001.csv"]
    rows = read(files["quickbooks-77-USD-001.csv"])
    assert list(rows[0].values()) == [
        *("S7301", "09/30/2026", "TikTok Shop (settled)", "TikTok Shop 77 statement 7301: clearing", "20.00", ""),
        *("USD", ""),
    ]
    assert list(rows[0]) == [
        *("Journal No.", "Journal Date", "Account Name", "Description", "Debits", "Credits", "Currency", "Tax Code"),
    ]
    numbers = {row["Journal No."] for text in files.values() for row in read(text)}
    assert {number[:5] for number in numbers} >= {"S7301", "P8402"}
    assert numbers >= {"P8402A", "P8402B"}
    assert len(numbers) == 4
    assert max(map(len, numbers)) <= 21
    balance = defaultdict(Decimal)
    for row in rows:
        balance[row["Journal No."]] += Decimal(row["Debits"] or 0) - Decimal(row["Credits"] or 0)
    assert set(balance.values()) == {0}


def test_every_journal_entry_of_all_shops_and_months_has_its_own_number_in_quickbooks(export):
    lines = STATEMENT[4]
    entries = [
        (shop, kind, document, day, lines)
        for shop in ("77", "88")
        for month, day in (("2026-09", dt.date(2026, 9, 30)), ("2026-10", dt.date(2026, 10, 31)))
        for kind, document in (
            *(("accrual", month), ("reversal", month)),
            *(("correction", f"7301 {month}"), ("correction", f"8402 {month}")),
            *(("statement", f"{shop}{month[-2:]}1"), ("payout", f"{shop}{month[-2:]}2")),
        )
    ]
    _, _, files = export("quickbooks", *entries)
    rows = [row for text in files.values() for row in read(text)]
    named = {(row["Journal No."], row["Description"].partition(":")[0]) for row in rows}
    assert len(named) == len({number for number, _ in named}) == len(entries) == 24
    assert {number for number, words in named if "statement" in words} == {"S77091", "S77101", "S88091", "S88101"}
    assert max(len(number) for number, _ in named) <= 21


def test_beancount_itself_accepts_the_file_and_has_the_same_balances(export, tmp_path):
    code, _, files = export("beancount", STATEMENT, PAYOUT)
    assert code == 0
    assert files["tiktokshop.beancount"] == (
        "2026-10-02 open Assets:1000-Bank\n"
        "2026-09-30 open Assets:1200-TikTok-Shop-settled\n"
        "2026-10-02 open Expenses:7900-Exchange\n"
        "2026-09-30 open Income:4000-Sales\n"
        "\n"
        '2026-09-30 * "TikTok Shop" "statement 7301"\n'
        '  shop: "77"\n'
        '  document: "7301"\n'
        "  Assets:1200-TikTok-Shop-settled  20.00 USD\n"
        "  Income:4000-Sales  -20.00 USD\n"
        "\n"
        '2026-10-02 * "TikTok Shop" "payout 8402"\n'
        '  shop: "77"\n'
        '  document: "8402"\n'
        "  Assets:1200-TikTok-Shop-settled  -20.00 USD\n"
        "  Expenses:7900-Exchange  20.00 USD\n"
        "  Assets:1000-Bank  15.125 GBP\n"
        "  Expenses:7900-Exchange  -15.125 GBP\n"
    )
    path = tmp_path / "out" / "tiktokshop.beancount"
    check = [Path(sys.executable).with_name("bean-check"), path]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    path.write_text(path.read_text().replace("-20.00 USD", "-20.01 USD", 1))
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 1  # the program does look


def test_beancount_reads_names_and_ids_of_any_letters(export, monkeypatch, tmp_path):
    monkeypatch.setitem(ACCOUNTS, "clearing", ("現金", None, "asset", None))
    monkeypatch.setitem(ACCOUNTS, "sales", ("4000", "Erlöse (²)", "income", None))
    document = 'one "two"\n\\three\\n'
    code, _, files = export("beancount", ("77", "statement", document, *STATEMENT[3:]))
    assert code == 0
    assert "  Assets:Assets-現金  20.00 USD\n  Income:4000-Erlöse  -20.00 USD\n" in files["tiktokshop.beancount"]
    entries, errors, _ = load_file(str(tmp_path / "out" / "tiktokshop.beancount"))
    assert errors == []
    assert entries[-1].meta["document"] == document
    assert entries[-1].narration == f"statement {document}"


def test_an_account_that_beancount_cannot_name_is_told(export, monkeypatch):
    monkeypatch.setitem(ACCOUNTS, "sales", ("--", None, "income", None))
    code, said, files = export("beancount", STATEMENT)
    assert (code, files) == (2, {})
    assert said.startswith("tiktokshop-books: The account '--' has no letter and no digit, and beancount wants one: ")


def test_an_amount_of_any_length_is_written_as_it_is(export):
    long = "12345678901234567890123456789.123456789"
    entry = ("77", "statement", "9", dt.date(2026, 9, 30), [("clearing", "USD", long), ("sales", "USD", f"-{long}")])
    _, _, files = export("quickbooks", entry)
    rows = read(files["quickbooks-77-USD-001.csv"])
    assert [(row["Debits"], row["Credits"]) for row in rows] == [(long, ""), ("", long)]
    _, _, files = export("beancount")
    assert f"  {long} USD\n" in files["tiktokshop.beancount"]


def test_a_line_without_a_day_is_told(export):
    code, said, files = export("beancount", STATEMENT, ("77", "payout", "9", None, STATEMENT[4]))
    assert (code, files) == (2, {})
    assert said.startswith("tiktokshop-books: A line of the entry payout 9 of the shop 77 has no entry_date in ")


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        (BrokenPipeError(32, "Broken pipe"), 0, ""),
        (
            OSError(28, "No space left on device"),
            1,
            "standard output cannot take their names: No space left on device.\n",
        ),
        (None, 0, ""),
    ],
    ids=["nobody reads", "full", "closed"],
)
def test_an_output_that_takes_nothing_is_no_traceback(trouble, code, words, export, monkeypatch, tmp_path, capsys):
    export("beancount", STATEMENT)
    with (tmp_path / "spare").open("w") as spare:

        class Output:
            fileno = spare.fileno

            def write(self, _text):
                raise trouble

        monkeypatch.setattr(sys, "stdout", Output() if trouble else None)
        place = ["--warehouse", str(tmp_path / "shop.duckdb"), "--out", str(tmp_path / "out")]
        assert main(["export", "--to", "beancount", *place]) == code
    monkeypatch.undo()
    assert capsys.readouterr().err == (words and f"tiktokshop-books: The files are written, but {words}")


def test_an_account_that_has_a_name_of_beancount_keeps_it(export, monkeypatch):
    monkeypatch.setitem(ACCOUNTS, "clearing", ("1", "Assets:US:Marketplaces:TikTok", "asset", None))
    _, _, files = export("beancount", STATEMENT)
    assert "  Assets:US:Marketplaces:TikTok  20.00 USD\n" in files["tiktokshop.beancount"]


def test_days_and_shops_can_be_chosen(export):
    other = ("88", *STATEMENT[1:])
    _, _, files = export("quickbooks", STATEMENT, PAYOUT, other, arguments=["--until", "2026-09-30", "--shop", "77"])
    assert {row["Journal No."] for text in files.values() for row in read(text)} == {"S7301"}
    assert list(files) == ["quickbooks-77-USD-001.csv"]
    code, said, _ = export("beancount", arguments=["--from", "2027-01-01"])
    assert (code, said) == (2, "tiktokshop-books: The journal has no entry of these days: nothing was written.\n")
    code, said, _ = export("beancount", arguments=["--shop", "99"])
    assert said == "tiktokshop-books: The journal has no entries of the shop 99: check the id after --shop.\n"


def test_what_an_earlier_export_has_left_is_not_imported_twice(export):
    export("quickbooks", STATEMENT)
    code, said, _ = export("quickbooks")
    assert code == 2
    assert "has quickbooks-77-USD-001.csv of an earlier export: give an empty folder" in said
    assert export("beancount")[0] == export("beancount")[0] == 0  # one file, which is replaced


def test_an_entry_that_no_program_would_take_is_told_before_anything_is_written(export):
    uneven = ("77", "payout", "9", dt.date(2026, 10, 1), [("bank", "USD", "20"), ("clearing", "USD", "-20.07")])
    code, said, files = export("beancount", STATEMENT, uneven)
    assert (code, files) == (3, {})
    assert said == (
        "tiktokshop-books: The entry payout 9 of the shop 77 is out of balance by -0.07 USD: "
        "tiktokshop__reconciliation_differences says why. Nothing was written.\n"
    )


def test_a_category_without_an_account_is_told(export):
    code, said, _ = export("xero", ("77", "statement", "9", dt.date(2026, 10, 1), [("mystery", "USD", "0")]))
    assert code == 2
    assert said.startswith("tiktokshop-books: The category mystery has no account: give it one in")


def test_an_account_of_an_unknown_type_is_told(export, monkeypatch):
    monkeypatch.setitem(ACCOUNTS, "sales", ("4000", "Sales", "profit", None))
    code, said, files = export("beancount", STATEMENT)
    assert (code, files) == (2, {})
    assert "The account 4000 has the type 'profit': give it one of asset, liability, equity, income, expense" in said


def test_an_entry_that_no_file_can_hold_is_told(export):
    lines = [("clearing", "USD", "1")] * 300 + [("sales", "USD", "-300")]
    arguments = ["--tax-rate", "No VAT"]
    code, said, _ = export("xero", ("77", "statement", "9", dt.date(2026, 9, 1), lines), arguments=arguments)
    assert code == 2
    assert "The entry TikTok Shop 77 statement 9 has 301 lines, and xero takes 299 at once" in said


def test_a_folder_that_cannot_be_written_is_told(export, tmp_path):
    (tmp_path / "out").write_text("a file")
    code, said, _ = export("beancount", STATEMENT)
    assert code == 2
    assert "cannot be written to: " in said


@pytest.mark.parametrize("arguments", [["--from", "yesterday"], ["--to", "sage"]])
def test_a_wrong_option_is_told(export, arguments):
    with pytest.raises(SystemExit) as caught:
        export("beancount", STATEMENT, arguments=arguments)
    assert caught.value.code == 2
