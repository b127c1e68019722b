"""The page that shows the shops: its figures are those of the marts, and what is missing is said."""

import datetime as dt
import html
import os
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from queue import Queue
from threading import Thread

import duckdb
import psycopg
import pytest
import yaml
from made_marts import DIFFERENCE, FIRST, LAST, MARTS, NASTY, NOON, TODAY, fill, warehouse
from store_places import PASSWORD, postgresql_port  # noqa: F401 - one server for all files
from tiktokshop_books.cli import main
from tiktokshop_books.report import money
from tiktokshop_books.report.asking import PREFIX, MartReader
from tiktokshop_books.report.closing import CAUSES, CLOSED_NEEDS, IDENTITIES, QUALITY_NEEDS, stream_in_words
from tiktokshop_books.report.headlines import FIGURES
from tiktokshop_books.report.page import PARTS, page
from tiktokshop_books.warehouse import open_marts

ZERO = Decimal(0)
ROOT = Path(__file__).parent.parent.parent


class Tables(HTMLParser):
    """Tables by caption, each cell as its words and its machine's value; and the top lines."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.lines, self.notes = {}, [], []
        self.rows, self.cell, self.caption, self.inside = [], None, "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "table":
            self.rows, self.caption = [], ""
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th", "dd", "dt"} or (tag == "p" and "note" in named.get("class", "")):
            self.cell = ["", None]
        elif tag in {"data", "time"} and self.cell:
            self.cell[1] = named.get("value", named.get("datetime"))
        if tag not in {"meta", "link", "br"}:
            self.inside.append(tag)

    def handle_data(self, words):
        if "caption" in self.inside:
            self.caption += words
        elif self.cell:
            self.cell[0] += words

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass
        cell = tuple(self.cell) if self.cell else None
        if tag in {"td", "th"}:
            self.rows[-1].append(cell)
        elif tag in {"dd", "dt"}:
            self.lines.append(cell)
        elif tag == "p" and cell:
            self.notes.append(cell[0])
        elif tag == "table":
            self.tables.setdefault(self.caption, []).append(self.rows)
        if tag in {"td", "th", "dd", "dt", "p"}:
            self.cell = None

    def table(self, caption):
        """The rows of the first table whose caption begins so, without its head."""
        return next(tables[0][1:] for words, tables in self.tables.items() if words.startswith(caption))

    def column(self, caption, number):
        """The machine's values of a column."""
        return [row[number][1] for row in self.table(caption)]

    def line(self, name):
        """Value and words of a top line of the first shop, and what is said of it."""
        place = [words for words, _ in self.lines].index(name)
        return self.lines[place + 1], self.lines[place + 2][0]


def made(path):
    with open_marts(str(path)) as marts:
        return page(MartReader(marts), NOON)


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    return made(warehouse(tmp_path_factory.mktemp("report") / "shop.duckdb"))


@pytest.fixture(scope="session")
def shown(text):
    return Tables(text)


def total(mart, column, **wanted):
    rows = MARTS[PREFIX + mart]
    return sum((row[column] for row in rows if all(row[name] == value for name, value in wanted.items())), ZERO)


def within(mart, name, column, **wanted):
    rows = [row for row in MARTS[PREFIX + mart] if FIRST <= row[name] <= LAST]
    return sum((row[column] for row in rows if all(row[key] == value for key, value in wanted.items())), ZERO)


def numbers(values):
    return [Decimal(value) for value in values]


def test_the_top_line_is_that_of_the_marts(shown):
    revenue = within("sales_daily", "day", "revenue", shop_id="1", currency="GBP")
    (words, _), remark = shown.line("Revenue")
    assert words == f"€7.77£{revenue:,.2f}"
    assert "against the four weeks before" in remark
    units = within("order_lines", "order_date", "sold_quantity", shop_id="1")
    assert shown.line("Units sold")[0] == (f"{units}", f"{units}")
    assert shown.line("Kept by the platform") == (
        ("£13.84", "13.84"),
        f"16.4{money.SPACE}% of the settled revenue",
    )
    assert shown.line("Paid to the bank") == (("£44.66", "44.66"), "in 1 payment")
    assert shown.line("Owed by the platform") == (("£50.31", "50.31"), "£30.30 not settled, £20.01 not paid")


def test_books_are_closed_or_the_page_says_why_not(shown):
    (words, _), remark = shown.line("Books closed")
    assert (words, remark) == ("No", "September 2026: 1 difference open. October 2026 so far: nothing open.")


def test_books_are_closed_when_every_month_that_is_over_is(tmp_path):
    months = [{**row, "is_closed": True, "open_differences": 0} for row in MARTS["tiktokshop__books_closed"]]
    shown = Tables(made(warehouse(tmp_path / "shop.duckdb", {**MARTS, "tiktokshop__books_closed": months})))
    (words, _), remark = shown.line("Books closed")
    assert words == "Yes"
    assert remark.startswith("August 2026 to September 2026: 80 comparisons hold or are explained.")


def test_sales_of_each_day_stand_beside_the_same_day_four_weeks_before(shown):
    days = shown.column("Sales by day in GBP", 0)
    assert (days[0], days[-1], len(days)) == (str(FIRST), str(LAST), 28)
    by_day = {row["day"]: row["revenue"] for row in MARTS["tiktokshop__sales_daily"] if row["currency"] == "GBP"}
    dates = [dt.date.fromisoformat(one) for one in days]
    assert numbers(shown.column("Sales by day in GBP", 3)) == [by_day[one] for one in dates]
    assert numbers(shown.column("Sales by day in GBP", 5)) == [by_day[one - dt.timedelta(days=28)] for one in dates]


def test_the_last_day_is_in_no_sum_and_is_shown_apart(shown):
    assert "On 15 Oct 2026 so far: 0 orders, 0 units, £0.00. It is in none of the sums." in shown.notes
    assert "On 15 Oct 2026 so far: 1 order, 1 unit, $3.00. It is in none of the sums." in shown.notes


def test_from_gross_to_bank_every_step_adds_up(shown):
    steps = {row[0][0]: Decimal(row[1][1]) for row in shown.table("From gross to bank in GBP")}
    assert list(steps) == [
        "Sales before discounts",
        "Your discounts",
        "Refunds",
        "Platform commission",
        "Advertising",
        "Taxes",
        "Not sorted yet",
        "Shipping",
        "Settled",
        "Differences",
        "Reserves",
        "Settled, not paid yet",
        "Paid of these statements",
    ]
    kept = [value for name, value in steps.items() if name not in {"Settled", "Paid of these statements"}]
    assert sum(kept) == steps["Paid of these statements"] == Decimal("44.66")
    assert steps["Settled"] == total("settlement_lines", "amount", covered_date=TODAY - dt.timedelta(days=4)) + 6


def test_fees_are_shown_by_kind_and_month_the_newest_first(shown):
    rows = {row[0][0]: [cell[1] for cell in row[1:]] for row in shown.table("Kept by kind and month in GBP")}
    assert numbers(rows["Platform commission"]) == [Decimal("9.01"), Decimal("18.02")]
    assert numbers(rows["Shipping"]) == [Decimal(-1), Decimal(-2)]
    assert numbers(rows["Kept altogether"]) == [Decimal("10.01"), Decimal("20.02")]
    assert [round(Decimal(share), 6) for share in rows["Of the settled revenue"]] == [Decimal("0.118462")] * 2


# The colours of a legend, and what each stands for.
SWATCH = re.compile(r'style="background:var\(--(c\d)\)"></span>([^<]+)</li>')

KINDS = {"Shipping", "Taxes", "Penalties", "All other kinds"}


def fees_of(shop, **kinds):
    one = {"shop_id": shop, "month": TODAY.replace(day=1), "currency": "USD", "section": "fee", "revenue": Decimal(100)}
    return [{**one, "category": kind, "amount": Decimal(-kept)} for kind, kept in kinds.items()]


def test_a_kind_of_fee_has_the_same_colour_in_every_shop(tmp_path):
    fees = [*fees_of("1", tax=1, shipping=9, insurance=2, penalties=3), *fees_of("2", penalties=5, shipping=1)]
    sales = [{**MARTS[f"{PREFIX}sales_daily"][0], "shop_id": shop, "currency": "USD"} for shop in "12"]
    file = warehouse(tmp_path / "shop.duckdb", {f"{PREFIX}fees_monthly": fees, f"{PREFIX}sales_daily": sales})
    assert [pair for pair in SWATCH.findall(made(file)) if pair[1] in KINDS] == [
        ("c3", "Shipping"),
        ("c5", "Taxes"),
        ("c8", "All other kinds"),
        ("c3", "Shipping"),
        ("c8", "Penalties"),
    ]


def test_a_day_that_is_not_over_is_said_so_in_what_is_owed(shown):
    day = shown.table("Owed at the end of each day in GBP")[0][0][0]
    said = [words for words in shown.notes if words.startswith("Owed at the end of each day since")]
    assert (day, said[0].split(". ")[1].split(" £")[0]) == ("15 Oct 2026 so far", "On 15 Oct 2026, which is not over,")


def test_a_page_of_a_clock_that_is_ahead_says_so(tmp_path):
    file = warehouse(tmp_path / "shop.duckdb")
    with open_marts(str(file)) as marts:
        early = page(MartReader(marts), NOON - dt.timedelta(days=2))
    assert "in a sandbox whose clock was advanced" in early
    assert "in a sandbox whose clock was advanced" not in made(file)


def test_what_is_owed_is_shown_day_by_day(shown):
    owed = [row["receivable"] for row in MARTS["tiktokshop__receivables_daily"]]
    assert numbers(shown.column("Owed at the end of each day in GBP", 3)) == owed


def test_statements_that_wait_and_payments_that_failed_are_shown(shown):
    (row,) = shown.table("Statements that are not paid yet")
    assert [cell[0] for cell in row] == ["12 Oct 2026", "£20.01", "£0.00", "processing", "pay2, failed, €23.42"]
    failed = "13 Oct 2026: the payment pay2 of €23.42 has failed. Look at the bank account in Seller Center."
    assert failed in shown.notes
    assert [row[3][0] for row in shown.table("The last 1 payment")] == ["pay1"]


def test_every_difference_is_shown_with_its_cause(shown):
    (row,) = shown.table("Every difference")
    assert [cell[0] for cell in row] == [
        "Statement st1",
        "£0.01",
        "not explained",
        "A statement is the sum of its transactions",
        "£50.66",
        "£50.65",
        "September 2026",
    ]
    assert "2 comparisons, 1 difference; 1 of them open: not read yet or not explained." in shown.notes


def test_returns_are_added_up_by_product_and_by_reason(shown):
    (row,) = shown.table("Returns by product")
    assert [cell[0] for cell in row] == [f"Tea {NASTY}", "3", "28", "£8.10"]
    reasons = {row[0][0]: (row[1][0], row[2][0]) for row in shown.table("Returns by reason")}
    assert reasons == {NASTY: ("2", "£4.05"), "CODE": ("1", "£4.05")}


def test_stock_that_runs_out_this_week_comes_first(shown):
    rows = [[cell[0] for cell in row] for row in shown.table("Runs out this week")]
    title = f"Tea 1 {NASTY}"
    assert rows == [[title, "GONE", "0", "1", "0.3", "0.0"], [title, NASTY, "3", "1", "1.5", "2.0"]]
    assert [row[1][0] for row in shown.table("The 4 SKUs that last shortest")] == ["GONE", NASTY, "SLOW", "STILL"]
    assert any("2 run out within a week; 1 of these are gone already." in words for words in shown.notes)


def test_products_are_ranked_by_what_the_seller_keeps(shown):
    best = [row[0][0][:5] for row in shown.table("Products that bring most")]
    worst = [row[0][0][:5] for row in shown.table("Products that bring least")]
    assert (best, worst) == (["Tea 1", "Tea 2", "Tea 3", "Tea 4", "Tea 5"], ["Tea 8", "Tea 7", "Tea 6"])


def test_listings_with_problems_say_which(shown):
    (row,) = shown.table("Listings with problems")
    assert [cell[0] for cell in row] == [
        f"Bad {NASTY}",
        "frozen by the platform, quality rated poor, 2 things to improve",
        "0",
        "–",  # noqa: RUF001 - as the page has it
    ]


def test_texts_of_buyers_and_sellers_stay_texts(text):
    assert NASTY in html.unescape(text)
    assert not re.search(r"<script|<iframe|\son\w+\s*=|javascript:", text)


def test_nothing_is_fetched_from_elsewhere(text):
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    addresses = set(re.findall(r"""(?:https?:)?//[^\s"'<>)]+""", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"""(?:src|xlink:href)=|href="(?!#|data:,")|url\((?!#)|@import""", text)


def test_ids_are_there_once(text):
    ids = re.findall(r'\sid="([^"]*)"', text)
    assert len(ids) == len(set(ids)) > 20


@pytest.mark.slow
@pytest.mark.parametrize("mart", [name for name in MARTS if name.startswith(PREFIX)])
def test_without_a_mart_the_page_says_what_is_missing(mart, tmp_path):
    rest = {name: rows for name, rows in MARTS.items() if name != mart}
    text = made(warehouse(tmp_path / "shop.duckdb", rest))
    asked = mart.removeprefix(PREFIX) in {name for _, _, needs, _ in PARTS for name in needs} | set(CLOSED_NEEDS) | set(
        QUALITY_NEEDS
    )
    assert (f"the table {mart}" in text) == asked
    assert "Tea &amp; " in text


def test_without_a_column_the_page_says_which(tmp_path):
    lines = [{name: value for name, value in row.items() if name != "amount"} for row in MARTS["tiktokshop__payouts"]]
    text = made(warehouse(tmp_path / "shop.duckdb", {**MARTS, "tiktokshop__payouts": lines}))
    assert "Not known: the warehouse lacks amount of the table tiktokshop__payouts." in text


def test_a_warehouse_whose_marts_are_empty_gives_a_page(tmp_path):
    shown = Tables(text := made(warehouse(tmp_path / "shop.duckdb", {name: [] for name in MARTS})))
    assert "There is no shop in the warehouse yet." in shown.notes[0]
    assert "<li>tiktokshop__payouts</li>" in text


def test_a_warehouse_without_marts_gives_a_page_that_names_them(tmp_path):
    text = made(warehouse(tmp_path / "shop.duckdb", {}))
    needed = {name for _, _, needs, _ in PARTS for name in needs} | {name for _, needs, _ in FIGURES for name in needs}
    for mart in needed | set(QUALITY_NEEDS):
        assert f"the table {PREFIX}{mart}" in text


def test_without_names_a_shop_is_called_by_its_id(tmp_path):
    rest = {name: rows for name, rows in MARTS.items() if name.startswith(PREFIX)}
    assert ">Shop 2</h2>" in made(warehouse(tmp_path / "shop.duckdb", rest))


def test_what_the_last_runs_report_of_their_gaps_is_shown(shown):
    rows = [[cell[0] for cell in row] for row in shown.table("What the last runs report")]
    assert rows == [
        ["Orders", "short", "3", NASTY, "15 Oct 2026"],
        ["Shop score", "skipped", "3", NASTY, "15 Oct 2026"],
    ]
    assert "1 stream could not be read in full. A later run reads what is missing." in shown.notes


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        ("statement_transactions", "Statement transactions"),
        ("fbt_inventory", "FBT inventory"),
        ("sku_performance", "SKU performance"),
        ("rmas", "RMAs"),
    ],
)
def test_a_stream_is_named_in_words(stream, words):
    assert stream_in_words(stream) == words


def test_runs_that_say_nothing_of_themselves_are_not_called_complete(shown):
    said = "What the runs could not read is not known: they were made without the stream run_summary. Select it."
    assert shown.notes.count(said) == 1  # of the second shop


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        ("1234.5", "USD", "$1,234.50"),
        ("-0.015", "GBP", "−£0.015"),  # noqa: RUF001 - as the page has it
        ("1234567", "IDR", f"IDR{money.SPACE}1,234,567"),
        ("0", "JPY", "¥0"),
        ("1E+3", "EUR", "€1,000.00"),
        ("-12", "CAD", f"−CAD{money.SPACE}12.00"),  # noqa: RUF001 - as the page has it
    ],
)
def test_an_amount_is_never_rounded_and_has_its_currency(value, currency, words):
    assert money.amount(Decimal(value), currency) == words


def test_the_columns_that_are_asked_for_are_those_of_the_package():
    described = {}
    for file in (ROOT / "dbt-tiktokshop" / "models").rglob("*.yml"):
        for one in yaml.safe_load(file.read_text()).get("models", ()):
            described[one["name"]] = {column["name"] for column in one.get("columns", ())}
    for _, _, needs, _ in PARTS:
        for mart, columns in needs.items():
            if PREFIX + mart in described:
                assert set(columns.split()) <= described[PREFIX + mart], mart


def test_every_identity_and_cause_has_words():
    text = (ROOT / "dbt-tiktokshop" / "models" / "marts" / "_marts.yml").read_text()
    assert set(re.findall(r"identity: (\w+)", text)) == set(IDENTITIES)
    causes = re.search(r"Why they differ: ([\w, ]+)\.", text)[1]
    assert set(re.split(", | or ", causes)) == set(CAUSES)


ONE_MART = {"tiktokshop__payouts": MARTS["tiktokshop__payouts"]}


def test_the_command_writes_the_page_of_what_is_there_and_names_it(tmp_path, capsys):
    file = warehouse(tmp_path / "shop.duckdb", ONE_MART)
    assert main(["report", "--warehouse", str(file), "--out", str(tmp_path / "page.html")]) == 0
    assert f"The page is {tmp_path}/page.html\n" in capsys.readouterr().out
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_a_warehouse_without_a_shop_has_a_page_and_the_command_says_so(tmp_path, capsys):
    file = warehouse(tmp_path / "shop.duckdb", {name: [] for name in MARTS})
    assert main(["report", "--warehouse", str(file), "--out", str(tmp_path / "page.html")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[2:] == ["It shows no shop, because none is in the warehouse yet, and says what is missing."]


@pytest.mark.parametrize("schema", ["tiktokshop_boks", "raw"])
def test_a_page_stays_if_the_schema_has_no_marts(schema, tmp_path, capsys):
    file = warehouse(tmp_path / "shop.duckdb", ONE_MART)
    with duckdb.connect(str(file)) as database:
        database.execute("create schema raw; create table raw.orders (id text)")
    (tmp_path / "page.html").write_text("of yesterday")
    command = ["report", "--warehouse", str(file), "--out", str(tmp_path / "page.html"), "--schema", schema]
    assert main(command) == 2
    assert capsys.readouterr().err == (
        f"tiktokshop-books: {file} has no tables tiktokshop__* in the schema {schema}: run dbt build there first, or "
        "say with --schema where it has put them.\n"
    )
    assert (tmp_path / "page.html").read_text() == "of yesterday"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("{here}/no/page.html", "No such file or directory"),
        ("{here}/" + "x" * 300, "File name too long"),
        ("/", "Is a directory"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_one_sentence(place, why, tmp_path, capsys):
    file = warehouse(tmp_path / "shop.duckdb", ONE_MART)
    place = place.format(here=tmp_path)
    assert main(["report", "--warehouse", str(file), "--out", place]) == 2
    assert capsys.readouterr().err == (
        f"tiktokshop-books: The page cannot be written to {place}: {why}. Say another place with --out.\n"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["shop.duckdb"]


def test_a_link_to_the_page_stays_a_link(tmp_path):
    file = warehouse(tmp_path / "shop.duckdb", ONE_MART)
    (tmp_path / "www").mkdir()
    (link := tmp_path / "page.html").symlink_to("www/index.html")
    for _ in range(2):
        assert main(["report", "--warehouse", str(file), "--out", str(link)]) == 0
        assert link.is_symlink()
        assert [one.name for one in (tmp_path / "www").iterdir()] == ["index.html"]
        assert (tmp_path / "www" / "index.html").read_text().startswith("<!doctype html>")


def test_a_pipe_gets_the_page_and_stays_a_pipe(tmp_path, capsys):
    file = warehouse(tmp_path / "shop.duckdb", ONE_MART)
    os.mkfifo(pipe := tmp_path / "pipe")
    texts = Queue()
    Thread(target=lambda: texts.put(pipe.read_text()), daemon=True).start()
    assert main(["report", "--warehouse", str(file), "--out", str(pipe)]) == 0
    assert pipe.is_fifo()
    assert texts.get(timeout=10).rstrip().endswith("</html>")
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_postgresql_gives_the_same_page(text, postgresql_port):  # noqa: F811
    address = f"postgresql://owner:{PASSWORD}@127.0.0.1:{postgresql_port}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("drop database if exists report")
        connection.execute("create database report")
    other = address.replace("/postgres", "/report")
    with psycopg.connect(other) as connection:
        fill(connection.execute, mark="%s")
    with open_marts(other) as marts:
        assert page(MartReader(marts), NOON) == text
    assert DIFFERENCE["document_id"] in text
