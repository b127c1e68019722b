"""Environment variables that nearly name a setting are told, others are nobody's business."""

import pytest
from tiktokshop_client.configuration import misspelt_variables

SETTINGS = ("requests_per_second", "shop_ids", "stream_maps", "start_date")
BEGIN = "TAP_TIKTOKSHOP_"


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("REQUEST_PER_SECOND", "REQUESTS_PER_SECOND"), ("SHOP_ID", "SHOP_IDS"), ("STARTDATE", "START_DATE")],
)
def test_a_variable_that_nearly_names_a_setting_is_told_with_the_one_meant(slip, meant):
    told = misspelt_variables([BEGIN + slip], "tap-tiktokshop", SETTINGS)
    assert told == (
        f"In the environment, {BEGIN}{slip} (did you mean {BEGIN}{meant}?) does not name a setting and is ignored."
    )


@pytest.mark.parametrize(
    "variable",
    [
        BEGIN + "REQUESTS_PER_SECOND",
        BEGIN + "_SELECT",
        BEGIN + "STREAM_MAPS_ORDERS_USER_ID",
        BEGIN + "LOGLEVEL",
        BEGIN + "STATE",
        "TARGET_TIKTOKSHOP_SHOP_ID",
        "SHOP_ID",
        "MELTANO_START_DATES",
    ],
)
def test_settings_and_the_variables_of_meltano_the_sdk_and_other_plugins_are_left_alone(variable):
    assert misspelt_variables([variable], "tap-tiktokshop", SETTINGS) == ""


def test_several_slips_are_one_sentence():
    told = misspelt_variables([BEGIN + "SHOP_ID", BEGIN + "STARTDATE"], "tap-tiktokshop", SETTINGS)
    assert told.endswith("do not name settings and are ignored.")
    assert told.count("did you mean") == 2
