"""A world to look at (shared, never changed) and worlds to change, asked through the endpoints without HTTP."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import platform_facts
import pytest
from tiktokshop_sandbox.contract import ApiCall, Grant
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.params import typed_body, typed_query
from tiktokshop_sandbox.shops import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOW = 1_790_000_000
JSON_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
ROUTER = Router(all_endpoints())


class Asker:
    """Asks one world's endpoints as the gateway would after its checks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = NOW

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        shop: int = 0,
        files: Mapping[str, bytes] | None = None,
    ) -> dict[str, Any]:
        """What stands under `data`; refusals are raised."""
        route = ROUTER.find(path)
        assert route is not None, path
        endpoint = route.endpoints[method]
        self.world.advance(self.now)
        texts = {name: ",".join(v) if isinstance(v, list) else str(v) for name, v in (query or {}).items()}
        call = ApiCall(
            endpoint=endpoint,
            world=self.world,
            grant=Grant(1, "s", "Seller", "US", "open", frozenset(), frozenset(s.id for s in self.world.shops)),
            now=self.now,
            host_url="http://sandbox",
            shop=self.world.shops[shop] if endpoint.cipher else None,
            files=files or {},
            path=route.path,
            query=typed_query(texts, endpoint.query),
            body=typed_body(body or {}, endpoint.body),
        )
        answer = endpoint.handler(call)
        encoded = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        decoded: dict[str, Any] = msgspec.json.decode(encoded)
        return decoded

    def pages(
        self,
        method: str,
        path: str,
        rows: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        shop: int = 0,
    ) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        found: list[dict[str, Any]] = []
        asked = dict(query or {})
        while True:
            data = self.ask(method, path, asked, body, shop)
            found += data.get(rows, [])
            token = data.get("next_page_token")
            if not token:
                return found
            assert data[rows], "a token to go on, but no rows"
            asked["page_token"] = token


@pytest.fixture(scope="session")
def asker() -> Asker:
    """Two shops with 3,000 orders each: enough for every status. Read only."""
    return Asker(World.open(":memory:", seed=7, shops=2, orders=3000, now=NOW))


@pytest.fixture(scope="session")
def asker_of() -> type[Asker]:
    """Asks a world that a test has made."""
    return Asker


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    """Worlds that were made once, as files to copy: size -> path."""
    made: dict[tuple[int, ...], Path] = {}

    def template(orders: int, shops: int, seed: int) -> Path:
        size = (orders, shops, seed)
        if size not in made:
            made[size] = tmp_path_factory.mktemp("worlds") / "world.db"
            World.open(made[size], seed=seed, shops=shops, orders=orders, now=NOW).close()
        return made[size]

    return template


@pytest.fixture
def new_world(templates, tmp_path):
    """Makes worlds that a test may change: copies, unless `path` says where a new one is to be made."""
    opened: list[World] = []

    def make(orders: int = 120, shops: int = 2, seed: int = 7, now: int = NOW, path: Any = None) -> Asker:
        if path is None:
            path = shutil.copy(templates(orders, shops, seed), tmp_path / f"{len(opened)}.db")
        world = World.open(path, seed=seed, shops=shops, orders=orders, now=now)
        opened.append(world)
        asker = Asker(world)
        asker.now = now
        return asker

    yield make
    for world in opened:
        world.close()


def _differences(value, shape, path=""):
    if isinstance(value, list):
        found = set()
        for item in value:
            found |= _differences(item, shape["items"], f"{path}[]") if "items" in shape else set()
        return found
    if isinstance(value, dict):
        found = set()
        for name, item in value.items():
            inner = shape.get("properties", {}).get(name)
            place = f"{path}.{name}".lstrip(".")
            found |= {f"{place} unknown"} if inner is None else _differences(item, inner, place)
        return found
    expected = JSON_TYPES.get(shape.get("type"))
    return set() if expected is None or type(value) is expected else {f"{path} is {type(value).__name__}"}


@pytest.fixture
def undocumented():
    """Which fields of an answer's data are not documented, or of another type than documented.

    Called with the data, the method and the path template of an operation of today.
    """
    shapes = {(operation["method"], operation["path"]): operation["data"] for operation in platform_facts.current()}

    def differences(data, method, path):
        return _differences(data, shapes[method, path])

    return differences
