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
# What no payment has made up for yet: how many, how many of other identities, how many before one that is explained.
WAITING = (
    f"select count(*), count(*) filter (where open.identity not in ('payout_statements', 'clearing')),"
    f" count(*) filter (where exists (select 1 from {MARTS}reconciliation_differences as late"
    f" join {MARTS}payouts as paid on late.document_id = paid.payment_id where late.cause = 'late_adjustment'"
    f" and late.shop_id = open.shop_id and paid.create_time > payouts.create_time))"
    f" from {MARTS}reconciliation_differences as open left join {MARTS}payouts as payouts"
    " on open.document_id = payouts.payment_id where open.cause = 'unexplained'"
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
def test_the_journal_is_the_true_ledger_and_only_what_no_payment_has_made_up_for_yet_is_unexplained(make_lab, tmp_path):
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
        ((waiting, of_others, overtaken),) = database.execute(WAITING).fetchall()
        checked = set(database.execute(f"select distinct identity from {MARTS}reconciliation").fetchall())
    # Payments of South-East Asia are not served to anybody, so nothing there is known to be paid.
    paying = {row["shop_id"] for row in read.records("payments")}
    assert len(paying) == len(MARKETS) - 2

    def known(amounts):
        return {key: one for key, one in amounts.items() if one and (key[0] in paying or key[1] not in PAID)}

    assert known(booked) == known(ledger_by_category(ledger))
    assert len(known(booked)) > 60
    assert causes - {("unexplained",)} == {("late_adjustment",), ("platform_sums_differ",), ("rounding",)}
    # The latest payments of a shop may wait for the one that makes up for a statement that has changed since.
    assert (waiting, of_others, overtaken) == (4, 0, 0)
    assert checked >= {("reserves",), ("receivable",), ("date_bases",), ("payout_exchange",), ("clearing",)}
