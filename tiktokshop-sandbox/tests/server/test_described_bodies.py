"""The bodies that endpoints declare are those of the platform's descriptions, down to the last field."""

from __future__ import annotations

import platform_facts
import pytest
from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError
from tiktokshop_sandbox.endpoints import all_endpoints
from tiktokshop_sandbox.params import typed_body

TYPES = {"number": "integer", "map": "object"}
BODIES = [
    (endpoint, platform_facts.operations()[endpoint.method, endpoint.path].get("body", {}).get("properties", {}))
    for endpoint in all_endpoints()
    if (endpoint.method, endpoint.path) in platform_facts.operations()
]


def otherwise(shape, param, where):
    """Whatever a declared field has otherwise than the description. A field that is not declared is ignored."""
    if TYPES.get(shape["type"], shape["type"]) != param.type:
        yield f"{where} is declared as {param.type}"
    elif shape["type"] == "array":
        yield from [f"{where} has no items"] if param.items is None else otherwise(shape["items"], param.items, where)
    elif shape.get("properties"):
        if param.fields is None:
            yield f"{where} has no fields"
            return
        for name in shape["properties"].keys() & param.fields.keys():
            yield from otherwise(shape["properties"][name], param.fields[name], f"{where}.{name}")


def test_what_is_declared_of_a_body_has_the_types_of_the_description():
    assert len(BODIES) == 149
    wrong = [
        f"{endpoint.method} {endpoint.path}: {fault}"
        for endpoint, body in BODIES
        for name in body.keys() & endpoint.body.keys()
        for fault in otherwise(body[name], endpoint.body[name], name)
    ]
    assert wrong == []


WRONG = [
    ("POST", "/product/202309/products", {"skus": [{"inventory": [{"quantity": "5"}]}]}, "quantity", "string", "int64"),
    ("POST", "/product/202309/products", {"package_weight": {"value": 0.5}}, "value", "float64", "string"),
    ("POST", "/product/202509/products/{product_id}/partial_edit", {"skus": [{"id": 17}]}, "id", "int64", "string"),
    (
        "POST",
        "/promotion/202309/activities",
        {"discount": {"bmsm_discount": {"details": [{"value": 10}]}}},
        "value",
        "int64",
        "string",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "name", "actual", "expected"), WRONG)
def test_a_value_of_another_type_is_refused_wherever_it_stands(method, path, body, name, actual, expected):
    endpoint = next(one for one in all_endpoints() if (one.method, one.path) == (method, path))
    with pytest.raises(ApiError) as refused:
        typed_body(body, endpoint.body)
    assert refused.value.code == INVALID_PARAMETER
    assert refused.value.message == f"param {name} type invalid. actual type:{actual}, expected type:{expected}"
