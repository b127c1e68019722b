"""What is wrong with a setting is said in words, not in the notation of Python."""

import pytest
from jsonschema import Draft7Validator
from tiktokshop_client.console import explain

SCHEMA = {
    "properties": {
        "shop_ids": {"type": ["array", "null"]},
        "min_price": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
    }
}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"shop_ids": True}, "The setting shop_ids must be of type array."),
        ({"min_price": {"USD": []}}, "The setting min_price.USD must be of type string or number."),
        ({"min_price": 5}, "The setting min_price must be of type object."),
    ],
)
def test_the_types_that_a_setting_takes_are_told_in_words(config, told):
    assert explain(Draft7Validator(SCHEMA).iter_errors(config)) == [told]
