"""The table of what is listed: read again it says what the shop has, and written back it changes nothing."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stalls import CREATE, UPLOAD
from target_tiktokshop.export import table
from target_tiktokshop.listings.exported import COLUMNS, rows_of
from target_tiktokshop.listings.reading import read
from target_tiktokshop.streams import WRITINGS
from target_tiktokshop.table import messages
from tiktokshop_client.errors import ConfigurationError

MARKS = st.sampled_from(["=", ";", "|", ", ", '"', " ", "\n", "[", "{", "ö"])
WORDS = st.tuples(st.sampled_from("x{[€"), st.lists(MARKS, max_size=2).map("".join), st.sampled_from("y}]1")).map(
    "".join
)
IDS = st.integers(10**17, 10**18).map(str)
URIS = st.integers(1, 10**9).map(lambda number: {"uri": f"tos-maliva-i-o3syd03w52-us/{number:x}"})


def some(of, most=3):
    return st.lists(of, max_size=most)


def maybe(**fields):
    return st.fixed_dictionaries({}, optional=fields)


VALUES = st.lists(st.fixed_dictionaries({"id": IDS, "name": WORDS}), min_size=1, max_size=2)
ATTRIBUTES = st.lists(
    st.fixed_dictionaries({"id": IDS, "name": WORDS, "values": VALUES}),
    max_size=3,
    unique_by=lambda row: row["name"].casefold(),
)
SIZE = st.integers(1, 99).map(str)
AXES = st.lists(
    st.fixed_dictionaries({"id": IDS, "name": WORDS, "value_id": IDS, "value_name": WORDS}, optional={"sku_img": URIS}),
    max_size=3,
    unique_by=lambda row: row["name"].casefold(),
)
SKUS = maybe(
    id=IDS,
    seller_sku=WORDS.map(lambda text: "".join(text.split())),
    sales_attributes=AXES,
    price=st.fixed_dictionaries({"currency": st.just("EUR"), "sale_price": st.just("12.50")}),
    inventory=some(st.fixed_dictionaries({"warehouse_id": IDS, "quantity": st.integers(0, 99)})),
    identifier_code=st.fixed_dictionaries({"type": st.just("EAN"), "code": st.just("4006381333931")}),
    external_sku_id=IDS,
)
PAPERS = st.fixed_dictionaries({"id": IDS, "images": some(URIS)}, optional={"expiration_date": st.integers(1, 10**9)})
PRODUCTS = maybe(
    title=WORDS,
    description=WORDS,
    category_chains=st.lists(st.fixed_dictionaries({"id": IDS}), min_size=1, max_size=3),
    brand=st.fixed_dictionaries({"id": IDS, "name": WORDS}),
    main_images=st.lists(URIS, min_size=1, max_size=3),
    product_attributes=ATTRIBUTES,
    package_weight=st.fixed_dictionaries({"value": SIZE, "unit": st.just("KILOGRAM")}),
    package_dimensions=st.fixed_dictionaries(
        {"length": SIZE, "width": SIZE, "height": SIZE, "unit": st.just("CENTIMETER")}
    ),
    size_chart=st.one_of(
        st.fixed_dictionaries({"template": st.fixed_dictionaries({"id": IDS})}),
        st.fixed_dictionaries({"image": URIS}),
    ),
    certifications=st.lists(PAPERS, min_size=1, max_size=2),
    manufacturer_ids=st.lists(IDS, min_size=1, max_size=2),
    delivery_options=st.lists(st.fixed_dictionaries({"id": IDS}), min_size=1, max_size=2),
    is_cod_allowed=st.booleans(),
    external_product_id=WORDS,
    skus=st.lists(SKUS, max_size=3),
)


def through_a_file(rows, folder):
    """The rows as target-tiktokshop-table reads them from a file that was saved."""
    path = folder / "products.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return [line["record"] for line in messages("listings", path) if line["type"] == "RECORD"]


def plainly(wanted):
    """What was read, with attributes by name: a table has the names of what the shop also gives ids."""
    fields = {("brand" if name == "brand_id" else name): value for name, value in wanted.fields.items()}
    for name, same in (
        ("category_chains", "category_id"),
        ("delivery_options", "delivery_option_ids"),
        ("product_attributes", "attributes"),
    ):
        if name in fields:
            fields[same] = fields.pop(name)
    skus = [
        (sku.seller_sku, sku.sku_id, sku.axes, sku.picture, sku.price, sku.currency, set(sku.stock), sku.code)
        for sku in wanted.skus
        if sku.named - {"currency"}
    ]
    return fields, skus, wanted.faults


def named(values, live):
    """Attributes of the shop by their names."""
    names = {row["id"]: row["name"] for row in live.get("product_attributes", ())}
    told = [
        (names.get(key, key), [one["name"] if isinstance(one, dict) else one for one in found]) for key, found in values
    ]
    return sorted(told)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@given(live=PRODUCTS)
def test_whatever_a_shop_has_listed_its_rows_ask_for_just_that(live, folder):
    records = through_a_file(rows_of("7", "17", live), folder)
    (asked, skus, faults), (had, own, odd) = plainly(read(records)), plainly(read([live]))
    assert faults == odd == []
    for name in ("attributes",):
        assert named(asked.pop(name, ()), live) == named(had.pop(name, ()), live)
    assert asked == had
    assert skus == own
    assert all(WRITINGS["listings"].contract.read(record)["product_id"] == "17" for record in records)


def exported(stall, *shops, **config):
    path = stall.folder / "target.json"
    path.write_text(json.dumps({**stall.lab.config, **config}))
    text = "".join(table((str(path),), frozenset(shops)))
    return list(csv.DictReader(io.StringIO(text)))


def written(stall, rows, **config):
    """A run with rows of a table, whose blank cells say nothing."""
    records = [{name: cell for name, cell in row.items() if cell} for row in rows]
    return stall.lab.feed("listings", *records, listings_store=str(stall.folder / "new.sqlite"), **config)


def test_what_is_exported_is_written_back_without_a_call_also_by_who_remembers_nothing(stall):
    skus = [
        stall.sku("MUG-B", variations={"Color": "Black"}, sku_image=stall.picture("b.png"), ean="4006381333931"),
        stall.sku("MUG-O", variations={"Color": "Oak"}, sku_image=stall.picture("o.png"), isbn="080442957X"),
    ]
    _, made = stall.live(*skus, brand="Maple Atelier", external_product_id="EXT-1")
    rows = exported(stall)
    ours = [row for row in rows if row["product_id"] == made["id"]]
    assert [(row["seller_sku"], row["variations"], row["identifier_code"]) for row in ours] == [
        ("MUG-B", "Color=Black", "4006381333931"),
        ("MUG-O", "Color=Oak", "080442957X"),
    ]
    assert ours[0]["main_images"] == f"uri:{made['main_images'][0]['uri']}"
    assert (ours[0]["attributes"], ours[0]["package_weight"]) == ("Material=Stoneware", "0.5")
    assert len({row["shop_id"] for row in rows}) == 2
    run = written(stall, rows, dry_run=True)
    assert {row["outcome"] for row in run.rows} <= {"unchanged", "in_review", "failed"}
    assert len(run.rows) == len(rows) > 200
    edited = [{**row, "title": row["title"] and "Another mug of stoneware"} for row in ours]
    again = written(stall, edited)
    assert again.writes == {"POST /product/202509/products/{product_id}/partial_edit": 1}
    assert CREATE not in again.writes
    assert UPLOAD not in again.writes


def test_one_shop_is_exported_by_its_id_and_an_unknown_one_is_named(stall):
    rows = exported(stall, stall.lab.us.id)
    assert {row["shop_id"] for row in rows} == {stall.lab.us.id}
    with pytest.raises(ConfigurationError, match="there is no shop 17; there are: "):
        exported(stall, "17")
