"""Sellers as rows, and their batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiktokshop_airflow.sellers import FleetError, batches, merchants, rows_of_file


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 40))
def test_every_seller_is_in_one_batch_and_batches_are_of_one_size(names, size):
    made = batches(names, size)
    assert sorted(name for batch in made for name in batch) == sorted(names)
    assert all(0 < len(batch) <= size for batch in made)
    assert max(map(len, made), default=0) - min(map(len, made), default=0) <= 1


def test_rows_become_sellers_whether_their_settings_are_an_object_or_its_text():
    found = merchants(
        [
            {"name": "mugs", "app": "app_us", "settings": {"shop_ids": ["7"]}},
            {"name": "cups", "settings": '{"token_store": "redis://r/0"}', "active": True},
            {"name": "gone", "active": False},
        ]
    )
    assert {name: (one.app, one.settings) for name, one in found.items()} == {
        "mugs": ("app_us", {"shop_ids": ["7"]}),
        "cups": ("", {"token_store": "redis://r/0"}),
    }
    assert "redis" not in repr(found["cups"])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "../etc"}], "A seller's name is '../etc'"),
        ([{"app": "x"}], "A seller's name is ''"),
        ([{"name": "a"}, {"name": "a"}], "The seller a is there twice"),
        ([{"name": "a", "settings": "{"}], "The settings of the seller a are not JSON"),
        ([{"name": "a", "settings": "[1]"}], "The settings of the seller a are no object"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(rows, said):
    with pytest.raises(FleetError, match="^" + said.replace(".", r"\.")):
        merchants(rows)


@pytest.mark.parametrize(
    ("text", "said"), [(None, "cannot be read"), ("{", "is not JSON"), ('{"name": "a"}', "must be a list")]
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, text, said):
    file = tmp_path / "sellers.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(FleetError, match=f"sellers.json {said}"):
        rows_of_file(str(file))
