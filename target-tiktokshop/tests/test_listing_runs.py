"""Listings over whole runs: from a table of texts, over batches, killed, with answers lost and lists that lag."""

import contextlib
import csv
import io
import json
import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from stalls import CREATE, UPLOAD
from target_tiktokshop.listings import sources
from target_tiktokshop.listings.memory import ListingMemory
from target_tiktokshop.listings.pictures import PictureRef, PictureRules, look
from target_tiktokshop.listings.sources import PictureError

SEARCH = "/product/202502/products/search"
TABLE = '''\
listing_key,title,description,category_id,brand,main_images,attributes,package_weight,package_weight_unit,\
package_length,package_width,package_height,package_dimension_unit,seller_sku,variations,price,currency,quantity,ean
mug,"Mug of stoneware, ""Lisbon""",<p>Holds tea.</p>,853000,Maple Atelier,{main},Material=Stoneware,0.50,POUND,\
4,4,4.0,INCH,MUG-B,Color=Black,12.50,usd,7,4006381333931
mug,,,,,,,,,,,,,MUG-O,Color=Oak,13,,8,5901234123457
lamp,Lamp of oak for a desk,<p>Shines.</p>,910088,,{main}|{other},"Contains batteries or cells?=No",1.25,POUND,\
9,9,20,INCH,LAMP,,49.90,USD,3,
'''


def test_rows_of_a_csv_file_become_live_products_and_a_second_run_writes_nothing(stall):
    text = TABLE.format(main=stall.picture(), other=stall.picture("other.png"))
    rows = [{**row, "warehouse_id": stall.places[0]} for row in csv.DictReader(io.StringIO(text))]
    assert [len(row) for row in rows] == [20, 20, 20]
    run = stall.feed(*rows)
    assert run.outcomes == [("in_review", None)] * 3, [row["message"] for row in run.rows]
    assert run.writes == {CREATE: 2, UPLOAD: 2}
    stall.review()
    mug, lamp = stall.product(run), stall.product(run, 2)
    assert mug["title"] == 'Mug of stoneware, "Lisbon"'
    assert mug["brand"]["name"] == "Maple Atelier"
    assert [sku["identifier_code"]["code"] for sku in mug["skus"]] == ["4006381333931", "5901234123457"]
    assert [sku["price"]["sale_price"] for sku in mug["skus"]] == ["12.50", "13.00"]
    assert [sku["inventory"][0]["quantity"] for sku in mug["skus"]] == [7, 8]
    assert mug["package_weight"] == {"value": "0.5", "unit": "POUND"}
    assert (lamp["status"], lamp["skus"][0]["seller_sku"], len(lamp["main_images"])) == ("ACTIVATE", "LAMP", 2)
    again = stall.feed(*rows)
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 3, {})


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_rows_of_a_product_are_in_one_batch_however_large_batches_are(stall, size):
    base = stall.record()
    del base["skus"]
    rows = [
        {"listing_key": key, **base, **stall.sku(f"{key}-{color}"), "variations": f"Color={color}"}
        for key, colors in (("mug", ("Black", "Oak", "Red")), ("cup", ("Oak",)), ("jar", ("Black", "Oak")))
        for color in colors
    ]
    lines = [("listings", {"shop_id": stall.lab.us.id, **row}) for row in rows]
    store = str(stall.folder / "listings.sqlite")
    states = [part for number, line in enumerate(lines) for part in (line, {"n": number + 1})]
    run = stall.lab.run(stall.lab.lines(*states), batch_size_rows=size, listings_store=store)
    assert run.outcomes == [("in_review", None)] * 6
    assert run.writes == {CREATE: 3, UPLOAD: 1}
    assert run.states[-1] == {"n": 6}
    assert [row["row"] for row in run.rows] == [1, 2, 3, 4, 5, 6]
    stall.review()
    numbers = [[sku["seller_sku"] for sku in stall.product(run, place)["skus"]] for place in (0, 3, 4)]
    assert numbers == [["mug-Black", "mug-Oak", "mug-Red"], ["cup-Oak"], ["jar-Black", "jar-Oak"]]


def hiding(number):
    """A search that does not know a seller SKU yet, as lists of the platform may lag."""

    def after(path, answer):
        if path != SEARCH:
            return None
        rows = answer["data"].get("products") or []
        answer["data"]["products"] = [row for row in rows if row["skus"][0]["seller_sku"] != number]
        return answer

    return after


def test_a_product_that_the_search_does_not_show_yet_is_not_created_again(stall):
    record = stall.record()
    first = stall.feed(record)
    with stall.lab.between(after=hiding("MUG-1")):
        again = stall.feed(record)
    assert (again.outcomes, again.writes) == ([("in_review", None)], {})
    assert first.writes[CREATE] == 1


def test_a_run_that_died_before_it_knew_what_came_of_a_product_uses_the_same_key_again(stall):
    memory = ListingMemory(stall.folder / "listings.sqlite")
    key = memory.begin(stall.lab.us.id, "MUG-1")
    memory.close()
    stall.feed(stall.record())
    entries = stall.lab.sandbox.control("GET", "/requests?limit=100")["requests"]
    (sent,) = [json.loads(entry["body"]) for entry in entries if entry["operation"] == CREATE]
    assert sent["idempotency_key"] == key


def test_two_runs_at_once_create_a_product_under_one_key(stall):
    one, other = (ListingMemory(stall.folder / "listings.sqlite") for _ in range(2))
    assert one.begin("shop", "MUG-1") == other.begin("shop", "MUG-1") != ""
    one.created("shop", "MUG-1", "17")
    assert other.begin("shop", "MUG-1") == ""
    one.close()
    other.close()


def test_a_product_that_another_run_creates_between_looking_and_sending_is_not_created_again(stall):
    other = ListingMemory(stall.folder / "listings.sqlite")
    with stall.lab.between(
        before=lambda path: path.endswith("/upload") and other.created(stall.lab.us.id, "MUG-1", "17")
    ):
        run = stall.feed(stall.record(), max_rejected_percent=100)
    other.close()
    assert (run.outcomes, run.writes) == ([("rejected", "stale_product")], {UPLOAD: 1})
    assert "another run has created it meanwhile" in run.row["message"]


def told_when_closed(memory, sql, values, own=ListingMemory._told):
    """What is asked of a memory whose file is no use any more."""
    memory._db.close()
    return own(memory, sql, values)


def test_a_memory_that_cannot_be_used_any_more_ends_the_run_with_its_name_and_nothing_sent(stall, monkeypatch):
    stall.feed(stall.record())
    monkeypatch.setattr("target_tiktokshop.listings.memory.ListingMemory._told", told_when_closed)
    run = stall.feed(stall.record(stall.sku("OTHER")))
    assert run.writes == {}
    assert "set listings_store to another one" in str(run.error)


def test_a_product_that_cannot_be_read_just_now_is_not_created_again(stall):
    record, before = stall.live()
    stall.lab.fault("refused", path="/product/202309/products/*", code=12052910)
    run = stall.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "12052910")], {})
    assert before["skus"][0]["seller_sku"] == "MUG-1"


def test_a_product_that_was_deleted_since_is_listed_anew(stall):
    record, before = stall.live()
    stall.lab.feed("product_status", {"product_id": before["id"], "status": "deleted"}, allow_delete=True)
    run = stall.feed(record)
    assert run.outcomes == [("in_review", None)]
    assert run.row["after"]["product_id"] != before["id"]


def test_a_creation_that_the_platform_refuses_is_rejected_and_a_later_run_begins_anew(stall):
    stall.lab.fault("refused", next=1, path="/product/202309/products", code=12052093)
    run = stall.feed(stall.record(), max_rejected_percent=100)
    assert run.outcomes == [("rejected", "12052093")]
    memory = ListingMemory(stall.folder / "listings.sqlite")
    assert memory.begun(stall.lab.us.id, "MUG-1") is None
    memory.close()
    assert stall.feed(stall.record()).outcomes == [("in_review", None)]


def test_what_the_platform_accepts_and_does_not_keep_is_unconfirmed(stall):
    record, _ = stall.live()
    stall.lab.fault("not_kept", path="/product/202509/products/*")
    run = stall.feed({**record, "title": "A mug of the finest stoneware"})
    assert run.outcomes == [("unconfirmed", "not_kept")]
    assert "does not show title as it was sent" in run.row["message"]


def test_a_remembered_picture_that_the_platform_has_forgotten_is_uploaded_again(stall):
    path = stall.picture()
    digest = look(PictureRef(source=path), "MAIN_IMAGE").digest
    memory = ListingMemory(stall.folder / "listings.sqlite")
    memory.uploaded(stall.lab.client.grant().open_id, digest, "MAIN_IMAGE", "tos/forgotten", "")
    memory.close()
    run = stall.feed(stall.record(main_images=[path]))
    assert run.outcomes == [("in_review", None)]
    assert run.writes == {CREATE: 2, UPLOAD: 1}


def test_a_description_that_the_platform_rewrites_is_not_sent_again_and_again(stall):
    def rewrite(path, answer):
        if isinstance(answer.get("data"), dict) and "description" in answer["data"]:
            answer["data"]["description"] = answer["data"]["description"].replace("<b>", "<strong>")
        return answer

    record = stall.record()
    with stall.lab.between(after=rewrite):
        first = stall.feed(record)
        stall.review()
        again = stall.feed(record)
        other = stall.feed({**record, "description": "<p>Holds <b>coffee</b>.</p>"})
    assert first.outcomes == [("unconfirmed", "not_kept")]
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    assert "the platform shows description otherwise than it was sent" in again.row["message"]
    assert other.row["operation"] == "edit_product_partly"


def test_a_seller_sku_is_that_of_one_new_product_only(stall):
    both = [stall.sku("A", variations={"Color": "Oak"}), stall.sku("B", variations={"Color": "Red"})]
    run = stall.feed(stall.record(*both), stall.record(stall.sku("B")), max_rejected_percent=100, batch_size_rows=1)
    assert run.outcomes == [("in_review", None), ("rejected", "bad_listing")]
    assert "SKU B: another new product of the feed has this number, too" in run.rows[1]["message"]


def test_many_creations_whose_answers_are_lost_are_all_found(stall):
    stall.lab.fault("reset_middle", path="/product/202309/products")
    run = stall.feed(*(stall.record(stall.sku(f"L-{n}"), title=f"A mug of stoneware {n}") for n in range(40)))
    assert run.outcomes == [("in_review", None)] * 40
    assert run.writes[CREATE] == 40


def test_a_category_that_the_platform_recommends_is_named_in_plan_and_outcome(stall):
    record = stall.record(
        category="recommended", title="A desk lamp with a cable", attributes="Contains batteries or cells?=No"
    )
    plan, run = stall.feed(record, dry_run=True), stall.feed(record)
    words = "the platform recommends the category Phones & Electronics > Lighting > Desk Lamps (910088)"
    assert words in plan.row["message"]
    assert words in run.row["message"]
    assert (plan.row["outcome"], run.row["outcome"]) == ("planned", "in_review")
    assert stall.feed(record).outcomes == [("in_review", None)]
    none = stall.feed(stall.record(stall.sku("Z"), category="recommended", title="Zzz"), max_rejected_percent=100)
    assert "category: the platform recommends none: name one" in none.row["message"]


def test_without_verify_what_was_handed_in_is_in_review(stall):
    run = stall.feed(stall.record(), verify=False)
    assert run.outcomes == [("in_review", None)]


def test_of_two_records_about_one_product_the_last_one_counts(stall):
    run = stall.feed(stall.record(title="The first title of it"), stall.record(title="The second title of it"))
    assert run.outcomes == [("superseded", None), ("in_review", None)]
    assert stall.product(run, 1)["title"] == "The second title of it"


def test_a_plan_has_the_outcome_of_each_row_that_the_run_then_has(stall):
    live, _ = stall.live()
    rows = [
        stall.record(stall.sku("NEW-1")),
        {**live, "title": "A mug of the finest stoneware"},
        stall.record(stall.sku("BAD-1", price=None)),
        {"product_id": "17", "title": "A product of nobody"},
    ]
    config = {"max_rejected_percent": 100}
    plan, run = stall.feed(*rows, dry_run=True, **config), stall.feed(*rows, **config)
    assert plan.writes == {}
    assert [row["outcome"] for row in plan.rows] == ["planned", "planned", "rejected", "rejected"]
    assert [row["outcome"] for row in run.rows] == ["in_review", "in_review", "rejected", "rejected"]
    for planned, done in zip(plan.rows, run.rows, strict=True):
        assert (planned["code"], planned["operation"]) == (done["code"], done["operation"])
        assert planned["before"] == done["before"]


def test_a_frozen_product_is_rejected_with_what_to_do(stall):
    (product, *_) = stall.lab.products("FREEZE")
    run = stall.feed({"product_id": product["id"], "title": "Another title of it"}, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "frozen")], {})


@contextlib.contextmanager
def web(folder):
    """A web server with the files of a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_picture_by_its_address_is_fetched_and_uploaded_once(stall):
    stall.picture("far.png")
    with web(stall.folder) as address:
        run = stall.feed(stall.record(main_images=[f"{address}/far.png?secret=1"]), allow_private_images=True)
    assert run.writes == {CREATE: 1, UPLOAD: 1}
    assert "secret" not in json.dumps(run.row["after"])


def test_an_address_without_a_picture_is_a_fault_that_does_not_show_its_query(tmp_path):
    with web(tmp_path) as address, pytest.raises(PictureError) as error:
        look(PictureRef(source=f"{address}/none.png?secret=1"), "MAIN_IMAGE", PictureRules(inside=True))
    assert str(error.value) == "cannot be fetched: its server answers 404"
    assert PictureRef(source=f"{address}/none.png?secret=1").name == "none.png"


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(monkeypatch):
    class Trickle(SimpleHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-length", "100000")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not over.wait(0.02):
                    self.wfile.write(b"x")

        def log_message(self, *arguments):
            pass

    over, server = Event(), ThreadingHTTPServer(("127.0.0.1", 0), Trickle)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(sources, "MOST_SECONDS", 0.1)
    try:
        with pytest.raises(PictureError, match="takes longer than"):
            look(
                PictureRef(source=f"http://127.0.0.1:{server.server_port}/x.png"),
                "MAIN_IMAGE",
                PictureRules(inside=True),
            )
    finally:
        over.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("source", "words"),
    [("fifo", "it is not a file"), ("a\0b.png", "its path is none"), ("~nobody-has-it/a.png", "its path is none")],
)
def test_a_path_that_is_no_file_is_a_fault(tmp_path, source, words):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(PictureError, match=words):
        look(PictureRef(source=str(tmp_path / "fifo") if source == "fifo" else source), "MAIN_IMAGE")


def test_the_name_of_a_picture_shows_no_password():
    assert PictureRef(source="https://user:secret@files.example").name == "files.example"
    assert PictureRef(source="https://files.example/a.png#secret").name == "a.png"
