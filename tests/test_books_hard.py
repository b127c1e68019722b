"""Six markets whose books are as hard as the sandbox can make them, against the sandbox's own ledger."""

import csv
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest
from books import PACKAGE, ROOT, configured, dbt, lines_of, run
from tiktokshop_sandbox.difficulties import DIFFICULTIES

MARKETS = ("US", "GB", "DE", "ID", "VN", "JP")
STREAMS = (
    *("shops", "orders", "returns", "statements", "statement_transactions", "unsettled_transactions", "payments"),
    *("withdrawals", "run_summary"),
)
MARTS = "tiktokshop_books.tiktokshop__"
BOOKED = (
    f"select shop_id, category, currency, sum(debit - credit) from {MARTS}journal_lines"
    " where entry_kind in ('statement', 'payout') group by all"
)
PAID = ("bank", "clearing", "exchange")


def ledger_by_category(ledger):
    """(shop, category, currency) -> balance of the sandbox's accounts; what the seed does not know is other."""
    with (PACKAGE / "seeds" / "tiktokshop_components.csv").open() as file:
        categories = {f"{row['section']}/{row['component']}": row["category"] for row in csv.DictReader(file)}
    found = defaultdict(Decimal)
    for shop, accounts in ledger.items():
        for row in accounts:
            account = row["account"]
            category = categories.get(account, "other") if "/" in account else account
            found[shop, category, row["currency"]] += Decimal(row["balance"])
    return found


@pytest.mark.slow
def test_the_journal_is_the_true_ledger_to_the_cent_and_every_difference_has_its_cause(make_lab, tmp_path):
    subprocess.run([ROOT / ".ci" / "dbt"], check=True, cwd=ROOT)
    hard = {"regions": MARKETS, "difficulties": tuple(DIFFICULTIES)}
    with make_lab(tmp_path, path=None, shops=len(MARKETS), orders=100, **hard) as lab:
        read = lab.run(streams=STREAMS)
        ledger = lab.sandbox.control("GET", "/ledger")
    file = tmp_path / "hard.duckdb"
    config = configured(tmp_path, "loading", path=str(file), default_target_schema="tiktokshop")
    run([sys.executable, "-m", "target_duckdb_exact", "--config", config], text=lines_of(read.messages, STREAMS))
    dbt(tmp_path, "duckdb", {"TIKTOKSHOP_DUCKDB": str(file)}, "build", "--select", "+tiktokshop__books_closed")
    with duckdb.connect(str(file), read_only=True) as database:
        booked = {tuple(key): amount for *key, amount in database.execute(BOOKED).fetchall() if amount}
        causes = set(database.execute(f"select distinct cause from {MARTS}reconciliation_differences").fetchall())
        closed = database.execute(f"select distinct is_closed from {MARTS}books_closed").fetchall()
        checked = set(database.execute(f"select distinct identity from {MARTS}reconciliation").fetchall())
    # Payments of South-East Asia are not served to anybody, so nothing there is known to be paid.
    paying = {row["shop_id"] for row in read.records("payments")}
    assert len(paying) == len(MARKETS) - 2

    def known(amounts):
        return {key: one for key, one in amounts.items() if one and (key[0] in paying or key[1] not in PAID)}

    assert known(booked) == known(ledger_by_category(ledger))
    assert len(known(booked)) > 60
    assert causes == {("late_adjustment",), ("platform_sums_differ",), ("rounding",)}
    assert closed == [(True,)]
    assert checked >= {("reserves",), ("receivable",), ("date_bases",), ("payout_exchange",), ("clearing",)}
