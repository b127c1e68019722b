"""Names that others gave: compared as they are, and only where none fits, and one is nearly the same, that one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_tiktokshop.streams.carriers import choose, of_shop
from target_tiktokshop.writing.fields import Contract, Field, FieldError, amount, identifier, number, quantity, text
from target_tiktokshop.writing.live import plain


def renaming(names):
    """What a shop answers whose SKUs, in the order of their ids, have these names."""

    def after(path, answer):
        if not path.endswith("/products/search"):
            return None
        for product in answer["data"].get("products") or []:
            for sku in product["skus"]:
                sku["seller_sku"] = names.get(sku["id"], sku["seller_sku"])
        return answer

    return after


def quantities(lab, skus):
    return [next(iter(lab.stock(sku["id"]).values())) for sku in skus]


TAKEN = {  # what a record says -> which of the SKUs "ABC", "ABC " and "Xyz" is changed, and whether the outcome says so
    "the very name with a blank": ("ABC ", 1, False),
    "the very name without": ("ABC", 0, False),
    "another case": ("xYZ", 2, True),
    "blanks around it": (" Xyz\t", 2, True),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_record_changes_the_sku_that_has_its_very_name_or_else_the_only_one_nearly_so(lab, case):
    said, place, told = TAKEN[case]
    skus = [product["skus"][0] for product in lab.plain()[:3]]
    names = dict(zip((sku["id"] for sku in skus), ("ABC", "ABC ", "Xyz"), strict=True))
    before = quantities(lab, skus)
    with lab.between(after=renaming(names)):
        run = lab.feed("inventory", {"seller_sku": said, "quantity": 77})
    assert run.outcomes == [("applied", None)]
    assert quantities(lab, skus) == [77 if each == place else units for each, units in enumerate(before)]
    assert ("was taken" in (run.row["message"] or "")) == told
    assert run.row["record"]["seller_sku"] == said


def test_a_name_that_several_skus_have_nearly_is_rejected_and_nothing_is_sent(lab):
    skus = [product["skus"][0] for product in lab.plain()[:2]]
    names = dict(zip((sku["id"] for sku in skus), ("ABC", "ABC "), strict=True))
    with lab.between(after=renaming(names)):
        run = lab.feed("inventory", {"seller_sku": "abc", "quantity": 77})
    assert run.outcomes == [("rejected", "ambiguous_sku")]
    assert "'ABC '" in run.row["message"]
    assert run.writes == {}


def test_a_name_is_read_as_it_is_and_an_id_without_blanks_and_the_outcome_says_so():
    contract = Contract((Field("a", text), Field("b", identifier), Field("c", number), Field("d", text)))
    record = {"a": " A ", "b": " 12\n", "c": "1Z ", "d": "x"}
    values = contract.read(record)
    assert values == {"a": " A ", "b": "12", "c": "1Z", "d": "x"}
    assert contract.tidied(record, values) == [
        "b was read without the blanks around it",
        "c was read without the blanks around it",
    ]
    assert contract.tidied({"b": 12}, contract.read({"b": 12})) == []


LENIENT = [
    "1_0", "1_9.99", "\u0663", "\u0663\u066b\u0665\u0660", "\uff13", "1e3", "1E2", "NaN", "Infinity", "-Infinity",
    " 5", "5 ", "5\n", "+5", "1,000", "1,5", "0x10", ".5", "5.", "", "--1", "\u00bd", "5%", "$5", "1 000", "9" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("read", [quantity, amount])
@pytest.mark.parametrize("written", LENIENT)
def test_what_is_not_plain_decimal_notation_is_no_number(read, written):
    with pytest.raises(FieldError, match="must be a decimal number"):
        read(written)


@given(st.text(alphabet="0123456789.-+_eE ٣NaInf", max_size=8))
def test_a_text_is_a_quantity_only_if_it_says_the_same_number_in_digits(written):
    try:
        found = quantity(written)
    except FieldError:
        return
    assert set(written) <= set("0123456789.-")
    assert found == float(written)


# -- carriers ------------------------------------------------------------------------------------------------

KNOWN = [("1", "USPS"), ("2", "UPS"), ("3", "ups "), ("4", "FedEx"), ("4", "FedEx"), ("5", "Twice"), ("6", "Twice")]
MAP = {"USPS Ground": "USPS", "Ground": "2", "FedEx": "UPS", "Odd": "Pony", "Lower": "usps"}
CHOICES = {  # name -> (id, code, words of the outcome)
    "USPS": ("1", "", ""),
    "usps": ("1", "", "'USPS' was used for 'usps'"),
    "UPS": ("2", "", ""),
    "ups ": ("3", "", ""),
    "Ups": ("", "ambiguous_carrier", ""),
    "Twice": ("", "ambiguous_carrier", ""),
    "USPS Ground": ("1", "", "'USPS Ground' is 'USPS' by the setting carriers"),
    "usps ground ": ("1", "", "by the setting carriers"),
    "Ground": ("2", "", "by the setting carriers"),
    "FedEx": ("2", "", "by the setting carriers"),
    "Lower": ("1", "", "'USPS' was used for 'usps'"),
    "Odd": ("", "unknown_carrier", ""),
    "DHL": ("", "unknown_carrier", ""),
    "4": ("", "unknown_carrier", ""),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_carrier_s_name_means_what_the_user_says_or_the_provider_that_has_it(name):
    choice = choose(name, KNOWN, MAP)
    provider, code, words = CHOICES[name]
    assert (choice.provider_id, choice.code) == (provider, code)
    assert words in choice.note
    assert bool(choice.note) == bool(words)
    assert ("USPS, UPS, ups , FedEx, Twice" in choice.message) == bool(code)


NAMES = st.lists(st.text(alphabet="aAbB ", min_size=1, max_size=3), unique=True, max_size=6)


@given(NAMES, st.text(alphabet="aAbB ", min_size=1, max_size=3))
def test_of_any_names_the_very_one_is_taken_or_the_only_one_nearly_so(names, wanted):
    known = [(str(place), name) for place, name in enumerate(names)]
    found = choose(wanted, known, {}).provider_id
    near = [name for name in names if plain(name) == plain(wanted)]
    expected = wanted if wanted in names else near[0] if len(near) == 1 else None
    assert (names[int(found)] if found else None) == expected


def test_what_is_said_for_a_shop_comes_before_what_is_said_for_all():
    carriers = {"Ground": "USPS", "Air": "FedEx", "7495": {"Ground": "UPS"}}
    assert of_shop(carriers, "7495") == {"Ground": "UPS", "Air": "FedEx"}
    assert of_shop(carriers, "1") == {"Ground": "USPS", "Air": "FedEx"}
    assert of_shop(carriers, "Ground") == {"Ground": "USPS", "Air": "FedEx"}


def test_tracking_with_the_user_s_name_of_a_carrier_is_applied(lab_of):
    with lab_of(orders=2_000, shops=5) as lab:
        order = next(
            each for each in lab.orders(order_status="AWAITING_SHIPMENT") if not each["is_buyer_request_cancel"]
        )
        record = {
            "order_id": order["id"],
            "tracking_number": "940011234567000000012",
            "shipping_provider": "House Post",
        }
        refused = lab.feed("tracking", record)
        assert refused.outcomes == [("rejected", "unknown_carrier")]
        assert "USPS" in refused.row["message"]
        assert "setting carriers" in refused.row["message"]
        run = lab.feed("tracking", record, carriers={lab.us.id: {"House Post": "USPS"}})
        assert run.outcomes == [("applied", None)]
        assert "by the setting carriers" in run.row["message"]
