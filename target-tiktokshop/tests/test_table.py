"""A spreadsheet's table as Singer messages."""

import logging

import pytest
from click.testing import CliRunner
from target_tiktokshop.singer.field_names import FieldNames
from target_tiktokshop.singer.messages import InputError
from target_tiktokshop.streams.listings import LISTINGS
from target_tiktokshop.table import messages, table


def rows(path, content):
    path.write_bytes(content)
    first, *records = messages("listings", path)
    assert (first["type"], first["stream"]) == ("SCHEMA", "listings")
    return [message["record"] for message in records]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_row_is_a_record_without_its_blank_cells(tmp_path, delimiter):
    content = "title,seller_sku,quantity\nMug,MUG-1,5\n,MUG-2, \n,,\n".replace(",", delimiter)
    assert rows(tmp_path / "t.csv", content.encode()) == [
        {"title": "Mug", "seller_sku": "MUG-1", "quantity": "5"},
        {"seller_sku": "MUG-2"},
    ]


def test_quotes_line_breaks_and_a_byte_order_mark_are_those_of_spreadsheets(tmp_path):
    table = '\ufefftitle,description\r\n"A ""fine"" mug, blue","<p>\r\nx</p>"\r\n'
    assert rows(tmp_path / "t.csv", table.encode()) == [{"title": 'A "fine" mug, blue', "description": "<p>\r\nx</p>"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no field of listings"),
        (b"Mug,MUG-1\nBowl,BOWL-1\n", "has no field of listings"),
        (b"title\nMug,MUG-1\n", "Row 2 of"),
        (b"title,seller_sku\n#NAME?,MUG-1\n", "Row 2 of .* has #NAME\\? in title"),
        (b'title,description\nMug,"a\nb\n"\n\nBowl,#REF!\n', "Row 4 of .* has #REF! in description"),
        (b'title,description\nMug,"a\nb"\nBowl,x,y\n', "Row 3 of .* has more cells"),
        (b"title,quantity,title\nMug,1,Bowl\n", "has title twice"),
        (b"title,quantiti\nMug,1\n", "has quantiti, which is no field of listings: call it quantity"),
        (b"title,Seller SKU\nMug,1\n", "has Seller SKU, which is no field of listings: call it seller_sku"),
        (b"title\n\xff\n", "is not a CSV table in UTF-8"),
        (b'title\n"Mug\n', "is not a CSV table in UTF-8"),
    ],
)
def test_what_is_no_table_is_told_in_one_sentence(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        rows(tmp_path / "t.csv", content)


def test_a_column_of_the_users_own_is_passed_over_also_one_like_a_field_that_is_there(tmp_path):
    table = b"title,quantity,quantitys,shelf\nMug,1,2,A7\n"
    assert rows(tmp_path / "t.csv", table) == [{"title": "Mug", "quantity": "1", "quantitys": "2", "shelf": "A7"}]


def test_the_target_takes_a_table_that_was_looked_at_also_where_the_cell_of_the_field_is_blank(tmp_path, caplog):
    (tmp_path / "t.csv").write_text("title,quantity,quantitys,shelf,\nMug,,2,A7,\n")
    schema, row = messages("listings", tmp_path / "t.csv")
    names = FieldNames("listings", LISTINGS.contract, schema["schema"]["properties"], logging.getLogger())
    names.check(row["record"])
    assert [record.message for record in caplog.records] == [
        "Fields that listings does not have are ignored: quantitys, shelf."
    ]


def test_a_part_refund_whose_column_is_misspelt_is_not_paid_back_in_full(tmp_path):
    (tmp_path / "t.csv").write_text("order_id,reason,ammount\n576461413038785752,damaged,1.00\n")
    with pytest.raises(InputError, match="has ammount, which is no field of refunds: call it amount"):
        list(messages("refunds", tmp_path / "t.csv"))


@pytest.mark.parametrize("fault", [b"\xff", b"#REF!", b"5,6,7"])
def test_of_a_table_with_a_fault_in_its_last_row_no_row_is_passed_on(tmp_path, fault):
    (tmp_path / "t.csv").write_bytes(b"order_id,reason\n" + b"576461413038785752,damaged\n" * 5_000 + fault + b",x\n")
    run = CliRunner().invoke(table, ["refunds", str(tmp_path / "t.csv")])
    assert (run.stdout, type(run.exception)) == ("", InputError)
