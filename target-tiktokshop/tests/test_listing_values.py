"""Values of listings: codes and their check digits, the forms of records, what a description may have."""

from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_tiktokshop.listings.limits import CODES, code_fault
from target_tiktokshop.listings.markup import faults
from target_tiktokshop.listings.pictures import PictureRef
from target_tiktokshop.listings.reading import read

GOOD = {
    "EAN": ("4006381333931", "96385074"),
    "UPC": ("036000291452",),
    "GTIN": ("00012345600012",),
    "ISBN": ("9780306406157", "080442957X", "0306406152"),
    "JAN": ("4901234567894",),
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in GOOD.items() for code in codes])
def test_a_code_with_its_right_check_digit_is_accepted(kind, code):
    assert code_fault(kind, code) == ""


@given(
    code=st.sampled_from([code for codes in GOOD.values() for code in codes if code.isdecimal() and len(code) != 10]),
    place=st.integers(0, 13),
    other=st.integers(1, 9),
)
def test_a_code_with_one_wrong_digit_never_is(code, place, other):
    place %= len(code)
    wrong = code[:place] + str((int(code[place]) + other) % 10) + code[place + 1 :]
    kind = next(name for name, codes in GOOD.items() if code in codes)
    assert code_fault(kind, wrong) == f"{kind} {wrong} is not valid: its check digit does not fit"


@given(st.sampled_from(sorted(CODES)), st.text(max_size=15))
def test_any_text_as_a_code_is_told_in_a_sentence_and_never_an_error(kind, code):
    fault = code_fault(kind, code)
    assert fault == "" or fault.startswith(f"{kind} {code} ")


FORMS = {
    "an object": {"Material": "Cotton", "Occasion": ["Birthday", "Wedding"]},
    "a text": "Material=Cotton; Occasion=Birthday|Wedding",
    "JSON": '{"Material": "Cotton", "Occasion": ["Birthday", "Wedding"]}',
}


@pytest.mark.parametrize("form", FORMS)
def test_attributes_are_read_from_each_form(form):
    wanted = read([{"attributes": FORMS[form]}])
    assert wanted.fields["attributes"] == (("Material", ("Cotton",)), ("Occasion", ("Birthday", "Wedding")))
    assert wanted.faults == []


@pytest.mark.parametrize("form", [["a.png", "b c.png"], "a.png|b c.png", "a.png\nb c.png", '["a.png", "b c.png"]'])
def test_pictures_are_read_from_each_form(form):
    assert read([{"main_images": form}]).fields["main_images"] == (
        PictureRef(source="a.png"),
        PictureRef(source="b c.png"),
    )


def test_skus_as_json_text_are_those_of_a_list():
    skus = '[{"seller_sku": "A", "price": 1.10, "quantity": 5, "variations": {"Color": "Red"}}]'
    (sku,) = read([{"skus": skus}]).skus
    assert (sku.seller_sku, sku.price, sku.axes) == ("A", Decimal("1.10"), (("Color", "Red"),))
    assert sku.stock == (("", Decimal(5)),)


def test_rows_of_a_duckdb_table_are_read_as_they_come():
    table = duckdb.connect()
    table.execute(
        "create table listings as select 'mug' as listing_key, 'Mug' as title, 0.90::decimal(9, 2) as package_weight, "
        "'POUND' as package_weight_unit, 12.50::decimal(9, 2) as price, 7::bigint as quantity, 'A' as seller_sku, "
        "true as is_cod_allowed"
    )
    cursor = table.execute("select * from listings")
    names = [column[0] for column in cursor.description]
    wanted = read([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
    assert wanted.faults == []
    assert wanted.fields["package_weight"] == {"value": Decimal("0.90"), "unit": "POUND"}
    assert wanted.fields["is_cod_allowed"] is True
    assert (wanted.skus[0].price, wanted.skus[0].stock) == (Decimal("12.50"), (("", Decimal(7)),))


def test_what_rows_of_one_product_say_differently_is_a_fault():
    wanted = read([{"title": "Mug", "seller_sku": "A"}, {"title": "Bowl", "seller_sku": "B"}])
    assert wanted.faults == [("title", "title differs among the records of the product")]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=6))
def test_whatever_a_field_holds_is_a_value_or_a_fault_and_never_an_error(value):
    names = ("title", "main_images", "attributes", "skus", "package_weight", "certifications", "size_chart", "brand")
    for name in names:
        assert all(isinstance(words, str) for _, words in read([{name: value}]).faults)
    for name in ("price", "variations", "inventory", "sku_image", "identifier_code", "list_price"):
        assert all(isinstance(words, str) for _, words in read([{"seller_sku": "A", name: value}]).faults)


@given(st.text())
def test_any_text_as_a_description_is_judged_and_never_an_error(text):
    assert all(isinstance(words, str) for words in faults(text))


@pytest.mark.parametrize(
    "html", ["<p>a<p>b", "<ul><li>a<li>b</ul>", "a<br>b<br/>c", "<table><tr><td>x</table>", "5 < 6"]
)
def test_html_as_people_write_it_is_accepted(html):
    assert faults(html) == []
