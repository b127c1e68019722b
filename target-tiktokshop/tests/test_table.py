"""A spreadsheet's table as Singer messages."""

import pytest
from target_tiktokshop.singer.messages import InputError
from target_tiktokshop.table import messages


def rows(path, content):
    path.write_bytes(content)
    first, *records = messages("listings", path)
    assert (first["type"], first["stream"]) == ("SCHEMA", "listings")
    return [message["record"] for message in records]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_row_is_a_record_without_its_blank_cells(tmp_path, delimiter):
    table = "title,seller_sku,quantity\nMug,MUG-1,5\n,MUG-2, \n,,\n".replace(",", delimiter)
    assert rows(tmp_path / "t.csv", table.encode()) == [
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
        (b"title\n\xff\n", "is not a CSV table in UTF-8"),
        (b'title\n"Mug\n', "is not a CSV table in UTF-8"),
    ],
)
def test_what_is_no_table_is_told_in_one_sentence(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        rows(tmp_path / "t.csv", content)
