"""What `tiktokshop-books` writes of a real shop's journal: every program gets all of it, and it balances."""

import csv
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from books import books  # noqa: F401 - the fixture
from store_places import postgresql_port  # noqa: F401 - one server for all files
from tiktokshop_books.cli import main

pytestmark = pytest.mark.slow


def exported(books, program, folder, *more):  # noqa: F811
    command = ["export", "--to", program, "--warehouse", str(books.file), "--out", str(folder), *more]
    assert main(command) == 0
    return sorted(folder.iterdir())


def rows_of(files):
    for path in files:
        with path.open(newline="") as file:
            yield from csv.DictReader(file)


def balances(books, key):  # noqa: F811
    """Account and currency -> debits less credits of the journal."""
    found = defaultdict(Decimal)
    for row in books.of("tiktokshop__journal_lines"):
        found[row[key], row["currency"]] += row["debit"] - row["credit"]
    return {key: amount for key, amount in found.items() if amount}


def test_what_xero_reads_is_the_whole_journal_in_files_that_it_takes(books, tmp_path):  # noqa: F811
    files = exported(books, "xero", tmp_path, "--tax-rate", "No VAT")
    assert max(path.read_text().count("\n") for path in files) <= 300
    found, entries = defaultdict(Decimal), defaultdict(set)
    for path in files:
        balance = defaultdict(Decimal)
        for row in rows_of([path]):
            found[row["*AccountCode"], path.name.split("-")[2]] += Decimal(row["*Amount"])
            balance[row["*Narration"], row["*Date"]] += Decimal(row["*Amount"])
        assert set(balance.values()) == {0}
        entries[path.name[:-8]] |= set(balance)
    assert {key: amount for key, amount in found.items() if amount} == balances(books, "account")
    booked = {(row["shop_id"], row["entry_id"]) for row in books.of("tiktokshop__journal_lines")}
    assert sum(map(len, entries.values())) == len(booked)


def test_what_quickbooks_reads_is_the_whole_journal_and_each_number_is_one_entry(books, tmp_path):  # noqa: F811
    files = exported(books, "quickbooks", tmp_path)
    found, balance, days = defaultdict(Decimal), defaultdict(Decimal), defaultdict(set)
    for row in rows_of(files):
        amount = Decimal(row["Debits"] or 0) - Decimal(row["Credits"] or 0)
        found[row["Account Name"], row["Currency"]] += amount
        balance[row["Journal No."]] += amount
        days[row["Journal No."]].add(row["Journal Date"])
    assert {key: amount for key, amount in found.items() if amount} == balances(books, "account_name")
    assert set(balance.values()) == {0}
    assert {len(one) for one in days.values()} == {1}
    assert max(map(len, balance)) <= 21


def test_beancount_accepts_the_journal_and_has_its_balances(books, tmp_path):  # noqa: F811
    (path,) = exported(books, "beancount", tmp_path)
    check = Path(sys.executable).with_name("bean-check")
    done = subprocess.run([check, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    from beancount import loader
    from beancount.core.data import Transaction

    entries, errors, _ = loader.load_file(str(path))
    assert errors == []
    found = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            number = posting.account.split(":")[1].partition("-")[0]
            found[number, posting.units.currency] += posting.units.number
    assert {key: amount for key, amount in found.items() if amount} == balances(books, "account")
