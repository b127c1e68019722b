"""From method and path to an endpoint."""

from __future__ import annotations

import pytest
from tiktokshop_sandbox.contract import Endpoint
from tiktokshop_sandbox.endpoints import Router, all_endpoints


def endpoint(method, path):
    return Endpoint(method, path, "", lambda _: {})


@pytest.fixture
def router():
    paths = ("/a/1/packages", "/a/1/packages/{id}", "/a/1/packages/{id}/ship", "/a/1/packages/ship")
    return Router([*(endpoint("POST", path) for path in paths), endpoint("GET", "/a/1/packages/{id}")])


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/a/1/packages", "/a/1/packages", {}),
        ("/a/1/packages/7", "/a/1/packages/{id}", {"id": "7"}),
        ("/a/1/packages/7/ship", "/a/1/packages/{id}/ship", {"id": "7"}),
        ("/a/1/packages/ship", "/a/1/packages/ship", {}),
    ],
)
def test_the_most_literal_template_wins(router, path, template, parameters):
    route = router.find(path)
    assert route.endpoints["POST"].path == template
    assert route.path == parameters


def test_one_path_can_have_several_methods(router):
    assert set(router.find("/a/1/packages/7").endpoints) == {"GET", "POST"}


@pytest.mark.parametrize("path", ["/a/1", "/a/1/packages/", "/a/1/packages/7/8", "/a/2/packages", ""])
def test_other_paths_lead_nowhere(router, path):
    assert router.find(path) is None


def test_two_endpoints_for_one_path_and_method_are_a_mistake():
    with pytest.raises(ValueError, match="two endpoints"):
        Router([endpoint("GET", "/a/{b}"), endpoint("GET", "/a/{b}")])


def test_every_endpoint_of_the_sandbox_finds_its_way_back():
    endpoints = all_endpoints()
    router = Router(endpoints)
    for one in endpoints:
        assert router.find(one.path.replace("{", "").replace("}", "")).endpoints[one.method] is one
