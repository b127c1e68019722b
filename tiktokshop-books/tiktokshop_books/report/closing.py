"""Whether the books are closed, every difference, and how fresh and complete the data is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_books.report.blocks import Block, CurrencyAmount, Grid, Note
from tiktokshop_books.report.money import count, month, things

if TYPE_CHECKING:
    import datetime as dt

    from tiktokshop_books.report.asking import MartReader, Needs, Row
    from tiktokshop_books.report.shops import Shopfront

CLOSED_NEEDS: Final[Needs] = {"books_closed": "shop_id month checked differences open_differences is_closed"}
RECONCILIATION_NEEDS: Final[Needs] = {
    "reconciliation": "shop_id identity document_id difference",
    "reconciliation_differences": "shop_id identity document document_id month currency expected actual difference"
    " cause",
}
QUALITY_NEEDS: Final[Needs] = {"data_quality": "shop_id day stream kind count detail is_latest is_unread"}
OPEN: Final = ("not_read", "unexplained")
IDENTITIES: Final = {
    "section_revenue": "Revenue of a transaction is the sum of its parts",
    "section_shipping": "Shipping of a transaction is the sum of its parts",
    "section_fees": "Fees and taxes of a transaction are the sum of their parts",
    "transaction_settlement": "A transaction settles revenue, shipping, fees, taxes and adjustment",
    "statement_sections": "A statement settles revenue, shipping, fees, taxes and adjustments",
    "statement_transactions": "A statement is the sum of its transactions",
    "payout_statements": "A payment is the sum of its statements and reserves",
    "payout_exchange": "A payment is exchanged at the platform's rate",
    "payout_movements": "The payments of a day are the movements on the balance",
    "clearing": "What a payment clears is what its statements have put there",
    "entry_balance": "Debits equal credits",
    "receivable": "What is not settled rolls forward from month to month",
    "date_bases": "A month by its orders and by its statements differs by what lies between",
    "reserves": "The account of the reserves is what is open of each",
    "refunds": "What was refunded of an order is at most what its returns say",
    "bank": "What was paid is on the bank's lines",
}
CAUSES: Final = {
    "late_adjustment": "adjusted later",
    "reserve_held": "reserve held",
    "reserve_released": "reserve released",
    "not_read": "not read yet",
    "platform_sums_differ": "the platform's own numbers disagree",
    "rounding": "rounding",
    "exchange": "exchange rate",
    "unexplained": "not explained",
}
KINDS: Final = {
    "windows_read_twice": "parts that were read twice, because rows moved",
    "gone": "rows that were gone when their details were asked for",
    "mended": "values that could be read in part only",
    "without_identity": "rows without an id, left out",
}
# What would not be words of its own.
WORDS: Final = {"fbt": "FBT", "rmas": "RMAs", "sku": "SKU"}
# Newest moments or days by mart, and what they are called.
FRESH: Final = (
    ("orders", "update_time", "Orders, last changed"),
    ("statements", "statement_time", "Statements, last cut"),
    ("payouts", "create_time", "Payments, last created"),
    ("return_lines", "updated_date", "Returns, last changed"),
    ("inventory_daily", "day", "Stock, last seen"),
)
_MONTHS = "select * from {books_closed} where shop_id = :shop order by month"
_CHECKED = """
select identity, count(*) as checked, sum(case when difference <> 0 then 1 else 0 end) as differences
from {reconciliation}
where shop_id = :shop
group by identity
"""
_GAPS = """
select stream, kind, "count" as number, detail, day, is_unread from {data_quality}
where shop_id = :shop and is_latest
order by is_unread desc, stream, kind
"""
_DIFFERENCES = """
select * from {reconciliation_differences}
where shop_id = :shop
order by month desc, identity, document_id
"""


def closed(shop: Shopfront) -> tuple[bool, str]:
    """Whether every month that is over is closed, and why or since when; the running month is told apart."""
    rows = shop.ask(_MONTHS)
    running = shop.today.replace(day=1)
    over = [row for row in rows if row["month"] < running]
    so_far = next((row for row in rows if row["month"] == running), None)
    tail = ""
    if so_far:
        tail = f" {month(running)} so far: {_open(so_far) or 'nothing open'}."
    left = [row for row in over if not row["is_closed"]]
    if left:
        return False, "; ".join(f"{month(row['month'])}: {_open(row)}" for row in left) + f".{tail}"
    if not over:
        return False, f"No month is over yet.{tail}"
    checked = count(sum(int(row["checked"]) for row in over))
    months = month(over[0]["month"]) if len(over) == 1 else f"{month(over[0]['month'])} to {month(over[-1]['month'])}"
    return True, f"{months}: {checked} comparisons hold or are explained.{tail}"


def _open(row: Row) -> str:
    """How many differences of a month nobody can explain; nothing if there is none."""
    number = int(row["open_differences"])
    return f"{things(number, 'difference')} open" if number else ""


def reconciliation(shop: Shopfront) -> list[Block]:
    """What was compared, and every difference."""
    found = {row["identity"]: row for row in shop.ask(_CHECKED)}
    if not found:
        return [Note("There is nothing to compare yet.")]
    differences = shop.ask(_DIFFERENCES)
    order = sorted(found, key=lambda name: ([*IDENTITIES].index(name) if name in IDENTITIES else 99, name))
    rows = [
        (IDENTITIES.get(name, name), int(found[name]["checked"]), int(found[name]["differences"])) for name in order
    ]
    checked = count(sum(int(row["checked"]) for row in found.values()))
    blocks: list[Block] = [_verdict(checked, differences)]
    if differences:
        blocks.append(Grid("Every difference", HEADS, [_difference(row) for row in differences]))
    blocks.append(Grid("What was compared", ("What must hold", "Compared", "Differences"), rows, folded=True))
    return blocks


HEADS: Final = ("Document", "Difference", "Why", "What must hold", "Expected", "Found", "Month")


def _verdict(checked: str, differences: list[Row]) -> Note:
    if not differences:
        return Note(f"All {checked} comparisons hold to the cent.", "good")
    left = sum(1 for row in differences if row["cause"] in OPEN)
    words = f"{checked} comparisons, {things(len(differences), 'difference')}"
    if left:
        return Note(f"{words}; {count(left)} of them open: not read yet or not explained.", "bad")
    return Note(f"{words}, each explained.", "good")


def _difference(row: Row) -> tuple[str, CurrencyAmount, str, str, CurrencyAmount, CurrencyAmount, dt.date | str]:
    expected, actual, difference = (
        CurrencyAmount(row[name], row["currency"]) for name in ("expected", "actual", "difference")
    )
    return (
        f"{row['document']} {row['document_id']}".capitalize(),
        difference,  # what it is about stands first: a phone shows the first columns
        CAUSES.get(row["cause"]) or str(row["cause"]),
        IDENTITIES.get(row["identity"]) or str(row["identity"]),
        expected,
        actual,
        month(row["month"]) if row["month"] else "",
    )


def freshness(shop: Shopfront) -> list[Block]:
    """The newest of everything, and what the runs say of what they could not read."""
    rows = []
    for mart, column, name in FRESH:
        if not shop.source.lacking({mart: f"shop_id {column}"}):
            (row,) = shop.ask(f"select max({column}) as newest from {{{mart}}} where shop_id = :shop")
            rows.append((name, row["newest"] or "nothing yet"))
    blocks: list[Block] = [Grid("How new the data is", ("What", "Newest"), rows)] if rows else []
    lacking = shop.source.lacking(QUALITY_NEEDS)
    if lacking:
        words = f"What the runs could not read is not known: the warehouse lacks {lacking[0]}."
        return [*blocks, Note(words, "missing")]
    return [*blocks, *_quality(shop)]


def _quality(shop: Shopfront) -> list[Block]:
    """What the runs say of their gaps."""
    if not _told(shop):
        words = "What the runs could not read is not known: they were made without the stream run_summary. Select it."
        return [Note(words, "missing")]
    found = shop.ask(_GAPS)
    if not found:
        return [Note("The last runs report no gaps: every list was as long as the platform said.", "good")]
    # Skipped is what the shop's market or the grant does not have.
    unread = {row["stream"] for row in found if row["is_unread"] and row["kind"] != "skipped"}
    words = f"{things(len(unread), 'stream')} could not be read in full. A later run reads what is missing."
    rows = [
        (
            stream_in_words(row["stream"]),
            KINDS.get(row["kind"], row["kind"].replace("_", " ")),
            int(row["number"]),
            row["detail"] or "",
            row["day"],
        )
        for row in found
    ]
    heads = ("Data", "What", "How many", "Why", "Run on")
    return [
        Note(words, "bad")
        if unread
        else Note("The last runs have read in full every stream that the shop has.", "good"),
        Grid("What the last runs report", heads, rows),
    ]


def stream_in_words(name: str) -> str:
    """What a stream of the tap has: statement_transactions are Statement transactions."""
    words = " ".join(WORDS.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]


def newest_moment(source: MartReader) -> dt.datetime | None:
    """The last moment at which an order has changed or a payment was made; a statement is cut at the end of its day."""
    found = []
    for mart, column in (("orders", "update_time"), ("payouts", "create_time")):
        if not source.lacking({mart: column}):
            (row,) = source.ask(f"select max({column}) as newest from {{{mart}}}")
            found.append(row["newest"])
    return max((moment for moment in found if moment is not None), default=None)


def _told(shop: Shopfront) -> bool:
    """Whether any run has said of the shop what it has read."""
    if "shop_id" not in shop.source.known.get("stg_tiktokshop__run_summary", ()):
        return False
    return bool(shop.ask("select 1 as one from stg_tiktokshop__run_summary where shop_id = :shop limit 1"))
