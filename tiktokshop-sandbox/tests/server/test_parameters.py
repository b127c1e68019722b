"""Declared parameters against what is sent, beyond what the gateway's own tests show."""

from __future__ import annotations

import pytest
from tiktokshop_sandbox.contract import ApiError, Param
from tiktokshop_sandbox.params import typed_body, typed_query

SKUS = Param(
    "array",
    required=True,
    max_count=2,
    items=Param("object", fields={"id": Param("string", required=True), "quantity": Param("integer", low=0)}),
)


def message(error):
    return error.value.code, error.value.message


def test_a_query_array_is_one_string_with_commas():
    assert typed_query({"ids": "1,2,3"}, {"ids": Param("array", max_count=50)}) == {"ids": ["1", "2", "3"]}


def test_a_query_array_of_numbers_is_read_item_by_item():
    params = {"levels": Param("array", items=Param("integer"))}
    assert typed_query({"levels": "1,2"}, params) == {"levels": [1, 2]}
    with pytest.raises(ApiError, match=r"param levels\[1\] type invalid. actual type:string, expected type:int64"):
        typed_query({"levels": "1,x"}, params)


@pytest.mark.parametrize("yes", ["true", "True", "TRUE", "1"])
@pytest.mark.parametrize("no", ["false", "False", "FALSE", "0"])
def test_a_query_boolean_is_read_as_json_php_go_and_python_write_it(yes, no):
    params = {"flag": Param("boolean"), "flags": Param("array", items=Param("boolean"))}
    assert typed_query({"flag": yes, "flags": f"{no},{yes}"}, params) == {"flag": True, "flags": [False, True]}
    assert typed_query({"flag": no}, params) == {"flag": False}


@pytest.mark.parametrize("sent", [None, {}, [], {"unknown": 1}])
def test_an_optional_object_may_be_empty_in_every_way_clients_write_it(sent):
    inner = Param("object", fields={"keyword": Param("string"), "deeper": Param("object", fields={})})
    assert typed_body({"search": sent}, {"search": inner}) == ({} if sent is None else {"search": {}})
    assert typed_body({"search": {"deeper": []}}, {"search": inner}) == {"search": {"deeper": {}}}


@pytest.mark.parametrize("sent", ["", "{}", 0, False, [1], [{}], [[]]])
def test_what_is_no_object_is_none_though_it_be_small(sent):
    with pytest.raises(ApiError, match="param search type invalid"):
        typed_body({"search": sent}, {"search": Param("object", fields={"keyword": Param("string")})})


def test_an_empty_array_lacks_what_an_object_needs():
    with pytest.raises(ApiError, match="Id is a required field"):
        typed_body({"one": []}, {"one": Param("object", fields={"id": Param("string", required=True)})})


def test_a_query_boolean_is_true_or_false_and_nothing_else():
    params = {"flag": Param("boolean", default=False)}
    assert typed_query({"flag": "true"}, params) == {"flag": True}
    assert typed_query({}, params) == {"flag": False}
    with pytest.raises(ApiError, match=r"param flag type invalid\. actual type:string, expected type:bool"):
        typed_query({"flag": "yes"}, params)


def test_parameters_that_were_not_sent_and_have_no_default_stay_away():
    assert typed_query({"page_token": ""}, {"page_token": Param("string")}) == {}
    assert typed_body({"status": None}, {"status": Param("string")}) == {}


def test_a_range_of_its_own_code_answers_with_that_code():
    with pytest.raises(ApiError) as error:
        typed_query({"page_size": "5"}, {"page_size": Param("integer", low=10, high=50, out_of_range=98001004)})
    assert message(error) == (98001004, "Value Out Of Range")


def test_fields_inside_lists_of_objects_are_checked():
    sent = {"skus": [{"id": "1", "quantity": 3, "unknown": True}]}
    assert typed_body(sent, {"skus": SKUS}) == {"skus": [{"id": "1", "quantity": 3}]}


@pytest.mark.parametrize(
    ("skus", "words"),
    [
        (None, "Skus is a required field"),
        ([], "Skus is a required field"),
        ({}, "param skus type invalid. actual type:object, expected type:array"),
        (["1"], "param skus[0] type invalid. actual type:string, expected type:object"),
        ([{}], "Id is a required field"),
        ([{"id": ""}], "Id is a required field"),
        ([{"id": 1}], "param id type invalid. actual type:int64, expected type:string"),
        ([{"id": "1", "quantity": 1.5}], "param quantity type invalid. actual type:float64, expected type:int64"),
        ([{"id": "1", "quantity": True}], "param quantity type invalid. actual type:bool, expected type:int64"),
        ([{"id": "1", "quantity": -1}], "Quantity must be 0 or greater"),
        ([{"id": "1"}] * 3, "Skus must contain at maximum 2 items"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_the_platforms_words(skus, words):
    with pytest.raises(ApiError) as error:
        typed_body({"skus": skus}, {"skus": SKUS})
    assert message(error) == (36009004, words)
    assert error.value.http == 400
