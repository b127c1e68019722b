"""A dbt project that uses the package dbt-tiktokshop, with seeds of its own: accounts, a closed month, a bank."""

import csv
import datetime as dt
import shutil
from pathlib import Path

import duckdb
import yaml
from tiktokshop_books.cli import main

ROOT = Path(__file__).parent.parent
SCHEMA = "tiktokshop_own"
ACCOUNTS = """category,account,account_name,tax_code
sales,0200,Sales of the shop,20% (VAT on Income)
clearing,,Marketplaces,
vouchers,4095,Vouchers,
"""
COMPONENTS = """section,component,category
revenue,seller_discount_amount,vouchers
revenue,seller_discount_refund_amount,vouchers
"""
REGIONS = """region,time_zone
US,America/New_York
"""
PROJECT = {
    "name": "own",
    "version": "1.0",
    "config-version": 2,
    "profile": "tiktokshop",
    "vars": {
        "tiktokshop_accounts_override": "my_accounts",
        "tiktokshop_components_override": "my_components",
        "tiktokshop_regions_override": "my_regions",
        "tiktokshop_closed_journal": "closed",
        "tiktokshop_bank_statement": "my_bank",
    },
    "seeds": {"own": {"my_accounts": {"+column_types": {"account": "text"}}}},
}
WANTED = ("+tiktokshop__journal_lines", "+tiktokshop__bank_matches", "+tiktokshop__books_closed")
SHIFTED = 2  # days that the bank takes


def closed_month(place):
    """The last month that is over in every shop."""
    with duckdb.connect(place, read_only=True) as database:
        ask = "select max(month) from tiktokshop_books.tiktokshop__month_ends group by shop_id"
        return min(month for (month,) in database.execute(ask).fetchall())


def bank_lines(place):
    """Every payout, two days later; but the third is missing, and somebody else has paid something."""
    with duckdb.connect(place, read_only=True) as database:
        ask = (
            "select paid_date, amount, currency from tiktokshop_books.tiktokshop__payouts where status = 'PAID'"
            " order by paid_date, payment_id"
        )
        paid = database.execute(ask).fetchall()
    lines = [(day + dt.timedelta(SHIFTED), f"{amount:.2f}", currency) for day, amount, currency in paid]
    return [*lines[:2], *lines[3:], (lines[2][0], "0.99", lines[2][2])]


def write(folder, place):
    """The project, made for the marts in a DuckDB file; the month is closed by the command itself."""
    seeds = folder / "seeds"
    seeds.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
    (folder / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(ROOT / "dbt-tiktokshop")}]}))
    for name, text in (("my_accounts", ACCOUNTS), ("my_components", COMPONENTS), ("my_regions", REGIONS)):
        (seeds / f"{name}.csv").write_text(text)
    with (seeds / "my_bank.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("booked_date", "amount", "currency"))
        writer.writerows(bank_lines(place))
    month = f"{closed_month(place):%Y-%m}"
    assert main(["close", "--warehouse", place, "--month", month, "--file", str(seeds / "closed.csv")]) == 0


def build(dbt, folder, engine, environment):
    """What dbt says; each engine gets a copy of the project, because dbt writes into it."""
    project = shutil.copytree(folder / "own", folder / f"own-{engine}", symlinks=True)
    more = {**environment, "TIKTOKSHOP_DBT_SCHEMA": SCHEMA}
    wanted = ("--select", *WANTED, "--exclude", "resource_type:test")
    return dbt(folder / "own-work", engine, more, "build", *wanted, project=project)
