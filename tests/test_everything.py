"""Every stream, from a two-shop sandbox: complete, in one piece, and read no more often than it must be."""

import datetime as dt
import json
import runpy
from collections import Counter
from pathlib import Path

import pytest
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.personal import PERSONAL, stream_maps
from tiktokshop_client import Client, MemoryStore, Operation, Settings

pytestmark = pytest.mark.slow

DAY = 86_400
ROOT = Path(__file__).parent.parent
ALL = tuple(stream.name for stream in STREAMS)
DEFAULT = tuple(stream.name for stream in STREAMS if not stream.off)
# Streams that are read whole each run, with as many calls as that takes, or once more for what is still open.
MORE_THAN_ONE = {
    "products": "a second pass shows what was deleted",
    "brands": "100 a call",
    "promotions": "100 a call",
    "conversations": "20 a call",
    "delivery_options": "one a warehouse",
    "shipping_providers": "one an option",
    "inventory": "100 products a call, after the list of those that have not changed",
    "category_rules": "one a category in use",
    "category_attributes": "one a category in use",
    "open_collaborations": "20 a call",
    "target_collaborations": "20 a call, and once for each status",
    "sample_applications": "20 a call",
    "fbt_inventory": "whether the shop takes part is asked first",
    "live_performance": "one a kind of account",
}
REPORTS = {stream.name for stream in STREAMS if stream.how.endswith("7 days again")}
# Rows of what a shop no longer has stay where they were loaded.
KEPT = {"product_diagnoses", "shop_score", "unsettled_transactions"}
# The tap asks about each order once for each platform that an order can come from: two are enough to see it.
FEW = {"external_order_platforms": ["SHOPIFY", "WOOCOMMERCE"]}
checks = runpy.run_path(str(ROOT / "scripts" / "references.py"))


def tables(table):
    """Stream -> records, of what a loader holds."""
    found = {stream: [] for stream in ALL}
    for (stream, *_), record in table.items():
        found[stream].append(record)
    return found


@pytest.fixture(scope="module")
def first(shared_lab):
    """A first run of everything. Its tests only look."""
    return shared_lab.run(streams=ALL, summary_path=str(shared_lab.folder / "first.json"), **FEW)


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory, make_lab):
    with make_lab(tmp_path_factory.mktemp("everything")) as made:
        yield made


def test_every_stream_has_as_many_rows_as_the_sandbox_holds_each_once(first, shared_lab):
    assert first.counts(ALL) == shared_lab.held(ALL)
    assert len(first.records()) == len(first.table())
    assert sum(rows > 0 for rows in first.counts(ALL).values()) >= 54


def test_every_identifier_leads_to_a_row_of_its_table(first):
    assert list(checks["dangling"](tables(first.table()))) == []


def test_statements_are_the_sum_of_their_transactions_and_payments_of_their_statements(first):
    assert list(checks["unequal"](tables(first.table()))) == []


def test_hours_products_and_skus_add_up_to_the_day(first):
    days, by_hour, by_sku = (Counter() for _ in range(3))
    for record in first.records("shop_performance"):
        days[record["shop_id"], record["date"]] = record["sales"]["items_sold"]
    for record in first.records("shop_performance_hourly"):
        by_hour[record["shop_id"], record["date"]] += record["items_sold"]
    for record in first.records("sku_performance"):
        by_sku[record["shop_id"], record["date"]] += record["units_sold"]
    assert +days == +by_hour == +by_sku


def test_no_request_is_sent_twice_within_a_run(first, shared_lab):
    shared_lab.sandbox.control("DELETE", "/stats")
    shared_lab.run(first.state, streams=ALL, **FEW)
    sent = shared_lab.sandbox.control("GET", "/requests?limit=1000")["requests"]
    assert 100 < len(sent) < 1000
    asked = Counter(json.dumps([entry[name] for name in ("operation", "path", "query", "body")]) for entry in sent)
    assert [request for request, times in asked.items() if times > 1] == []


def test_a_run_with_nothing_new_costs_at_most_a_call_a_stream_and_shop(first, shared_lab):
    path = shared_lab.folder / "again.json"
    shared_lab.run(first.state, streams=DEFAULT, lookback_seconds=0, summary_path=str(path))
    parts = json.loads(path.read_text())["parts"]
    two = shared_lab.sandbox.control("GET", "")["shops"][1]["id"]  # in the other there are no figures of yesterday yet
    several = {part["stream"] for part in parts if part["calls"] > 1 and part["shop_id"] == two}
    assert several <= MORE_THAN_ONE.keys()
    assert {part["stream"] for part in parts if part["calls"] > 1} <= MORE_THAN_ONE.keys() | REPORTS
    children = {stream.name for stream in STREAMS if stream.how.startswith("of ")} - MORE_THAN_ONE.keys()
    assert {part["calls"] for part in parts if part["stream"] in children} == {0}


def test_the_summary_says_what_each_part_did(first, shared_lab):
    report = json.loads((shared_lab.folder / "first.json").read_text())
    parts = {(part["stream"], part["shop_id"]): part for part in report["parts"]}
    rows = Counter(message["stream"] for message in first.messages if message["type"] == "RECORD")
    assert Counter({stream: sum(parts[key]["rows"] for key in parts if key[0] == stream) for stream in ALL}) == rows
    one, two = (shop["id"] for shop in shared_lab.sandbox.control("GET", "")["shops"])
    orders = parts["orders", one]
    assert orders["status"] == "read"
    assert orders["counts_agree"] is True
    assert orders["rows_counted_by_platform"] == orders["rows"]
    (kept,) = [part for part in first.state["bookmarks"]["orders"]["partitions"] if part["context"]["shop_id"] == one]
    assert orders["bookmark"] == kept["replication_key_value"]
    assert orders["calls"] >= 2
    assert parts["statements", one]["counts_agree"] is None, "the platform does not count them"
    assert parts["shop_score", two]["status"] == "skipped"
    assert "market" in parts["shop_score", two]["reason"]
    assert report["totals"]["rows"] == len(first.records())
    assert report["totals"]["failed"] == report["totals"]["short"] == 0
    assert report["undocumented_types"] == {}


def delete_product(lab):
    """The seller deletes a product that is off sale; its id."""
    client = Client(Settings.from_config({**lab.config, "token_store": None}), token_store=MemoryStore())
    with client:
        shop = client.shops()[0]
        search = Operation(
            "s", "POST", "/product/202502/products/search", "", rows="products", paging="query", page_size=100
        )
        (page,) = client.pages(search, shop=shop, body={"status": "SELLER_DEACTIVATED"})
        product = page.rows[0]["id"]
        delete = Operation("d", "DELETE", "/product/202309/products", "")
        assert client.call(delete, shop=shop, body={"product_ids": [product]}).data == {}
    return product


def test_two_days_later_only_changes_are_read_deletions_are_tombstones_and_settled_transactions_close(
    make_lab, tmp_path
):
    with make_lab(tmp_path) as lab:
        lab.sandbox.control("DELETE", "/stats")
        run = lab.run(streams=ALL, external_order_platforms=["SHOPIFY"])
        whole, calls = run.table(), [lab.calls()["requests"]]
        open_before = {key[2] for key in whole if key[0] == "unsettled_transactions"}
        product = delete_product(lab)
        for _ in range(2):
            lab.sandbox.control("POST", "/clock", {"advance": DAY})
            lab.sandbox.control("DELETE", "/stats")
            run = lab.run(run.state, streams=ALL, external_order_platforms=["SHOPIFY"])
            calls.append(lab.calls()["requests"])
            whole |= run.table()
        held = lab.held(ALL)

        assert max(calls[1:]) < calls[0] / 4
        found = tables(whole)
        assert {stream: len(rows) for stream, rows in found.items() if stream not in KEPT | GONE_WITH_PRODUCTS} == {
            stream: rows for stream, rows in held.items() if stream not in KEPT | GONE_WITH_PRODUCTS
        }
        deleted = next(row for row in found["products"] if row["id"] == product)
        assert (deleted["status"], deleted["_sdc_deleted_at"]) == ("DELETED", deleted["update_time"])
        assert all((row["status"] == "DELETED") == (row["_sdc_deleted_at"] is not None) for row in found["products"])

        unsettled = {row["id"]: row for row in found["unsettled_transactions"]}
        still = {number for number, row in unsettled.items() if row["_sdc_deleted_at"] is None}
        assert len(still) == held["unsettled_transactions"]
        settled = unsettled.keys() - still
        assert settled & open_before
        assert {unsettled[number]["status"] for number in settled} == {"SETTLED"}
        assert settled <= {row["id"] for row in found["statement_transactions"]}
        assert list(checks["dangling"](found)) == []
        assert list(checks["unequal"](found)) == []


# What was loaded of a product stays when it is deleted.
GONE_WITH_PRODUCTS = {"product_details", "inventory", "category_rules", "category_attributes"}


def test_what_a_shop_has_not_granted_or_cannot_have_is_skipped_and_all_else_is_complete(make_lab, tmp_path):
    with make_lab(tmp_path, shops=5, orders=60) as lab:
        shops = lab.sandbox.control("GET", "")["shops"]
        poor = next(shop for shop in shops if shop["region"] == "ID")
        finance = {"path": "/finance/*", "shop_id": poor["id"]}
        lab.fault("refused", code=105005, **finance)
        path = tmp_path / "summary.json"
        run = lab.run(streams=DEFAULT, summary_path=str(path), shop_ids=[shops[0]["id"], poor["id"]])

        counts = lab.sandbox.control("GET", "/counts")
        rows = Counter((key[0], record.get("shop_id")) for key, record in run.table().items())
        missing = {"statements", "statement_transactions", "payments", "withdrawals", "unsettled_transactions"}
        of_seller = {stream.name for stream in STREAMS if stream.of_seller}
        for shop, without in ((shops[0], set()), (poor, missing)):
            expected = counts[shop["id"]]
            expected["products"] += expected["deleted_products"]
            for stream in set(DEFAULT) - of_seller:
                assert rows[stream, shop["id"]] == (0 if stream in without else expected[stream]), (
                    stream,
                    shop["region"],
                )
        parts = {(part["stream"], part["shop_id"]): part for part in json.loads(path.read_text())["parts"]}
        for stream in missing:
            part = parts[stream, poor["id"]]
            assert (part["status"], part["bookmark"]) == ("skipped", None)
            word = "market (ID)" if stream == "payments" else "seller.finance.info is missing: grant it to the app"
            assert word in part["reason"]
            assert parts[stream, shops[0]["id"]]["status"] == "read"
        assert "Fulfilled by TikTok" in parts["fbt_goods", poor["id"]]["reason"]
        assert parts["fbt_goods", poor["id"]]["calls"] <= 1


def test_a_market_without_payments_is_skipped_with_one_line(make_lab, tmp_path, caplog):
    with make_lab(tmp_path, shops=6, orders=12) as lab:
        caplog.set_level("INFO")
        run = lab.run(streams=["payments"])
        shops = {shop["id"]: shop["region"] for shop in lab.sandbox.control("GET", "")["shops"]}
    assert {shops[record["shop_id"]] for record in run.records()} <= {"US", "GB", "DE", "ES"}
    lines = [record for record in caplog.records if "is skipped" in record.getMessage()]
    assert [line.levelname for line in lines] == ["INFO", "INFO"]
    assert all("does not offer this in the shop's market" in line.getMessage() for line in lines)
    assert [sum(line.getMessage().count(shop) for shop in shops) for line in lines] == [1, 1]


def test_each_line_of_something_skipped_counts_as_skipped_in_the_summary(lab, caplog, tmp_path):
    caplog.set_level("INFO")
    path = tmp_path / "summary.json"
    streams = ["global_products", "payments", "shops"]
    lab.fault("refused", code=105005, path="/finance/*")
    lab.run(streams=streams, summary_path=str(path))
    report = json.loads(path.read_text())
    lines = [record for record in caplog.records if "is skipped" in record.getMessage()]
    skipped = [(part["stream"], part["shop_id"]) for part in report["parts"] if part["status"] == "skipped"]
    assert ("global_products", None) in skipped
    assert report["totals"]["skipped"] == len(skipped) == len(lines) == 3
    assert report["totals"]["streams"] == len(streams)


def test_a_cross_border_seller_has_global_products(make_lab, tmp_path):
    with make_lab(tmp_path, shops=5, orders=60) as lab:
        streams = ("global_products", "global_product_details", "seller_permissions", "manufacturers", "size_charts")
        run = lab.run(streams=streams)
        assert run.counts(streams) == lab.held(streams)
        assert min(run.counts(streams).values()) > 0


def test_a_stream_that_starts_later_asks_about_everything_since_its_own_start(make_lab, tmp_path):
    with make_lab(tmp_path, orders=60) as lab:
        run = lab.run(streams=["orders"])
        lab.sandbox.control("POST", "/clock", {"advance": DAY})
        late = lab.run(run.state, streams=["orders", "order_price_details"])
        details = {record["order_id"] for record in late.records("order_price_details")}
        assert len(details) == lab.held()["orders"]
        assert len(late.records("orders")) < len(details) / 2


@pytest.mark.parametrize("alone", ["order_transactions", "category_attributes", "inventory", "shipping_providers"])
def test_a_stream_that_asks_about_others_rows_does_so_alone_too(first, shared_lab, alone):
    assert shared_lab.run(streams=[alone]).table() == {
        key: record for key, record in first.table().items() if key[0] == alone
    }


def texts(value):
    """All texts anywhere in a value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str) and len(value) > 8 and not value[:4].isdigit():
        yield value


def test_without_personal_data_nothing_is_left_that_stands_only_in_personal_fields(first, shared_lab):
    streams = tuple(PERSONAL)
    personal, public = set(), set()
    for stream, records in tables(first.table()).items():
        fields = {field.split("[]")[0] for field in PERSONAL.get(stream, ())}
        for record in records:
            for field, value in record.items():
                (personal if field in fields - {"skus", "status_logs"} else public).update(texts(value))
    creators = {sku["creator_username"] for record in first.records("affiliate_orders") for sku in record["skus"]}
    private = (personal | creators) - (public - creators)
    assert len(private) > 500

    run = shared_lab.run(streams=streams, stream_maps=stream_maps(), stream_map_config={"salt": "pepper"})
    assert run.counts(streams) == first.counts(streams)
    for stream, fields in PERSONAL.items():
        for record in run.records(stream):
            assert not {field for field, what in fields.items() if what == "drop"} & record.keys()
    left = {text for record in run.records() for text in texts(record)}
    assert left & private == set()
    users = {record["user_id"] for record in run.records("orders")}
    assert {len(user) for user in users} == {64}
    assert len(users) == len({record["user_id"] for record in first.records("orders")})


def test_days_are_those_of_the_zone_that_the_settings_name(make_lab, tmp_path):
    with make_lab(tmp_path, orders=12) as lab:
        shop = lab.sandbox.control("GET", "")["shops"][0]["id"]
        now = dt.datetime.fromtimestamp(lab.sandbox.control("GET", "/clock")["now"], dt.timezone.utc)
        run = lab.run(streams=["shop_performance"], shop_ids=[shop], time_zones={"US": "Pacific/Kiritimati"},
                      start_date=(now - dt.timedelta(days=3)).isoformat())  # fmt: skip
        first = min(record["date"] for record in run.records())
        assert first == (now - dt.timedelta(days=3) + dt.timedelta(hours=14)).date().isoformat()
