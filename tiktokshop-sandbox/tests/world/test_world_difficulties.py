"""What makes books hard: each difficulty shows in what is served where it is on, and in the true books."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from tiktokshop_sandbox.difficulties import DIFFICULTIES
from tiktokshop_sandbox.life.ledger import balances
from tiktokshop_sandbox.shops import World

NOW, DAY = 1_790_000_000, 86_400
REGIONS = ("US", "GB", "DE", "ID", "VN", "JP")


class Finance:
    """All that a shop's finance endpoints show."""

    def __init__(self, asker, shop):
        world = asker.world
        self.market = world.shops[shop].market
        by_time = {"sort_field": "statement_time", "page_size": 100}
        self.statements = asker.pages("GET", "/finance/202309/statements", "statements", by_time, shop=shop)
        path = "/finance/202501/statements/{}/statement_transactions"
        by_order = {"sort_field": "order_create_time", "page_size": 100}
        self.transactions = {
            statement["id"]: asker.pages("GET", path.format(statement["id"]), "transactions", by_order, shop=shop)
            for statement in self.statements
        }
        self.all = [row for rows in self.transactions.values() for row in rows]
        by_creation = {"sort_field": "create_time", "page_size": 100}
        path = "/finance/202605/payments"
        self.payments = [] if self.market.sea else asker.pages("GET", path, "payments", by_creation, shop=shop)
        types = {"types": ["SETTLE", "WITHDRAW", "REVERSE"], "page_size": 100}
        self.movements = asker.pages("GET", "/finance/202309/withdrawals", "withdrawals", types, shop=shop)
        self.paid_by = defaultdict(list)
        for statement in self.statements:
            if statement["payment_id"]:
                self.paid_by[statement["payment_id"]].append(statement)

    def sums(self, statement):
        """What the transactions of a statement settle."""
        return sum(Decimal(row["settlement_amount"]) for row in self.transactions[statement["id"]])

    def reserves(self, statement):
        return sum(Decimal(row.get("reserve_amount", 0)) for row in self.transactions[statement["id"]])


def amount(money):
    return Decimal(money["value"])


def fees(row):
    return {name: Decimal(value) for name, value in row["fee_tax_breakdown"]["fee"].items()}


def taxes(row):
    return {name for name, value in row["fee_tax_breakdown"]["tax"].items() if Decimal(value)}


def differs(statement):
    parts = sum(Decimal(statement[f"{name}_amount"]) for name in ("revenue", "fee", "adjustment"))
    return Decimal(statement["settlement_amount"]) != parts


def transaction_differs(row):
    sections = [*row["fee_tax_breakdown"]["fee"].values(), *row["fee_tax_breakdown"]["tax"].values()]
    return Decimal(row["fee_tax_amount"]) != sum(map(Decimal, sections))


def made_up_for(shop, payment):
    """Whether a payment is another sum than that of its statements, as a correction of older ones is in it."""
    owed = sum(shop.sums(statement) + shop.reserves(statement) for statement in shop.paid_by[payment["id"]])
    return amount(payment["payment_amount_before_exchange"]) != owed


def orders_in(shop):
    """Order -> the statements that settle it, refunds left out."""
    found = defaultdict(set)
    for statement, rows in shop.transactions.items():
        for row in rows:
            if row["type"] == "ORDER" and Decimal(row["revenue_amount"]) > 0:
                found[row["order_id"]].add(statement)
    return found


def overcharged(row):
    commission = -fees(row).get("platform_commission_amount", Decimal(0))
    return Decimal(row["revenue_amount"]) > 0 and commission > Decimal(row["revenue_amount"]) * Decimal("0.12")


def late(row):
    return bool(row.get("adjustment_order_id"))


# Difficulty -> how often it shows in a shop.
SEEN = {
    "reserves": lambda shop: sum(row.get("reserve_status") == "RELEASED" for row in shop.all),
    "late_adjustments": lambda shop: sum(map(late, shop.all)) // 4,
    "late_refunds": lambda shop: sum(Decimal(row["revenue_amount"]) < 0 for row in shop.all),
    "negative_statements": lambda shop: sum(row["type"] == "PLATFORM_PENALTY" for row in shop.all),
    "merged_payments": lambda shop: sum(len(paid) > 2 for paid in shop.paid_by.values()) // 3,
    "foreign_payments": lambda shop: sum(row["amount"]["currency"] != shop.market.currency for row in shop.payments),
    "failed_payments": lambda shop: sum(
        row.get("paid_time", 0) - row["create_time"] > 3 * DAY for row in shop.payments
    ),
    "returned_payments": lambda shop: sum(row["status"] == "REVERSED" for row in shop.movements),
    "changed_statements": lambda shop: sum(made_up_for(shop, payment) for payment in shop.payments),
    "unnamed_fees": lambda shop: sum("creator_pool_fee_amount" in fees(row) for row in shop.all),
    "wrong_fees": lambda shop: sum(map(overcharged, shop.all)),
    "split_orders": lambda shop: sum(len(statements) > 1 for statements in orders_in(shop).values()),
    "empty_statements": lambda shop: sum(not rows for rows in shop.transactions.values()),
    "market_taxes": lambda shop: sum("local_vat_amount" in taxes(row) for row in shop.all),
    "sums_differ": lambda shop: sum(map(differs, shop.statements)) * sum(map(transaction_differs, shop.all)),
}
# What happens anywhere now and then, by chance or because it is rare only.
ANYWHERE = {"late_adjustments", "late_refunds", "merged_payments", "failed_payments"}


@pytest.fixture(scope="module")
def shops(asker_of):
    """Difficulty -> a German shop that has lived with it alone from its first day; "" -> one without any."""
    made = {}
    for name in (*DIFFICULTIES, ""):
        on = [name] if name else []
        world = World.open(":memory:", shops=1, orders=150, now=NOW, regions=("DE",), difficulties=on)
        made[name] = Finance(asker_of(world), 0)
        world.close()
    return made


@pytest.mark.parametrize("name", DIFFICULTIES)
def test_a_difficulty_shows_where_it_is_on_and_only_there(shops, name):
    assert SEEN[name](shops[name]) > 0
    assert name in ANYWHERE or SEEN[name](shops[""]) == 0


def test_the_shops_of_the_demo_have_most_of_it_now_and_then_and_their_file_keeps_that(asker_of, tmp_path):
    path = tmp_path / "shops.sqlite"
    world = World.open(path, shops=1, orders=600, now=NOW, regions=("DE",), difficulties=("rarely",))
    shop = Finance(asker_of(world), 0)
    world.close()
    most = {"reserves", "unnamed_fees", "wrong_fees", "split_orders", "negative_statements", "empty_statements"}
    assert {name for name, count in SEEN.items() if count(shop) > 0} - ANYWHERE == {*most, "sums_differ"}
    assert 0 < SEEN["reserves"](shop) < len(shop.all) / 20
    again = World.open(path, now=NOW + 30 * DAY)
    later = Finance(asker_of(again), 0)
    again.close()
    assert sum(SEEN[name](later) for name in most) > sum(SEEN[name](shop) for name in most)


@pytest.fixture(scope="module")
def hard(asker_of):
    """Six markets with everything switched on."""
    world = World.open(":memory:", shops=6, orders=150, now=NOW, regions=REGIONS, difficulties=tuple(DIFFICULTIES))
    yield asker_of(world)
    world.close()


def components(row):
    """Account of the ledger -> the amount that a transaction shows for it."""
    sections = {
        "revenue": row["revenue_breakdown"],
        "shipping": row["shipping_cost_breakdown"],
        "fee": row["fee_tax_breakdown"]["fee"],
        "tax": row["fee_tax_breakdown"]["tax"],
        "adjustment": {row["type"]: row["adjustment_amount"]},
    }
    return {
        f"{section}/{name}": Decimal(value)
        for section, amounts in sections.items()
        for name, value in amounts.items()
        if isinstance(value, str)
    }


@pytest.mark.parametrize("number", range(len(REGIONS)), ids=REGIONS)
def test_the_ledger_has_what_is_served_without_having_been_made_of_it(hard, number):
    shop, own = Finance(hard, number), hard.world.shops[number].currency
    served = Counter()
    for row in shop.all:
        for account, value in components(row).items():
            served[account, own] -= value
            served["clearing", own] += value
        reserve = Decimal(row.get("reserve_amount", 0))
        served["reserves", own] -= reserve
        served["clearing", own] += reserve
    if hard.world.shops[number].market.sea:  # there are no payments: what has moved onto the balance is what was paid
        arrived = [row for row in shop.movements if (row["type"], row["status"]) == ("SETTLE", "SUCCESS")]
        for row in arrived:
            served["bank", row["currency"]] += Decimal(row["amount"])
    for row in shop.payments:
        if row["status"] == "PAID":
            served["clearing", own] -= amount(row["payment_amount_before_exchange"])
            served["exchange", own] += amount(row["payment_amount_before_exchange"])
            served["bank", row["amount"]["currency"]] += amount(row["amount"])
            served["exchange", row["amount"]["currency"]] -= amount(row["amount"])
    ledger = {
        (row["account"], row["currency"]): Decimal(row["balance"])
        for row in balances(hard.world.store, hard.world.shops[number])
    }
    unknowable = {"clearing", "exchange"} if hard.world.shops[number].market.sea else set()
    assert {key: value for key, value in ledger.items() if key[0] not in unknowable} == {
        key: value for key, value in served.items() if value and key[0] not in unknowable
    }


def test_the_ledger_balances_in_each_currency(hard):
    for shop in hard.world.shops:
        totals = Counter()
        for row in balances(hard.world.store, shop):
            totals[row["currency"]] += Decimal(row["balance"])
        assert set(totals.values()) == {0}


def test_the_same_difficulties_are_at_the_same_places_in_every_world(hard):
    again = World.open(":memory:", shops=6, orders=150, now=NOW, regions=REGIONS, difficulties=tuple(DIFFICULTIES))
    assert [balances(again.store, shop) for shop in again.shops] == [
        balances(hard.world.store, shop) for shop in hard.world.shops
    ]
    again.close()


def test_a_file_that_is_older_than_the_ledger_has_none(new_world):
    world = new_world().world
    with world.writing(world.now) as life:
        for shop in world.shops:
            desk = life.store.desks[shop.number]
            desk.ledger = None
            life.store.desks.put(shop.number, desk)
    world.advance(world.now + 5 * DAY)
    assert [balances(world.store, shop) for shop in world.shops] == [None, None]


def test_a_shop_in_japan_answers_in_yen(hard):
    assert {row["currency"] for row in Finance(hard, 5).statements} == {"JPY"}
    assert not any("." in row["settlement_amount"] for row in Finance(hard, 5).all)


def test_every_other_wrong_fee_is_given_back_to_the_cent(shops):
    shop = shops["wrong_fees"]
    wrong = {row["order_id"]: row for row in shop.all if overcharged(row)}
    back = [row for row in shop.all if row["type"] == "PLATFORM_COMMISSION_ADJUSTMENT"]
    assert 0 < len(back) < len(wrong)
    for row in back:
        charged = wrong[row["adjustment_order_id"]]
        commission = -fees(charged)["platform_commission_amount"]
        assert abs(Decimal(row["adjustment_amount"]) - commission / 3) < Decimal("0.05")
