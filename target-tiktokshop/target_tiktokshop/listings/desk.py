"""What a shop may list, and how: categories, their rules and attributes, brands, warehouses; each read once a run."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from tiktokshop_client.errors import BusinessError
from tiktokshop_client.operations import (
    GET_BRANDS,
    GET_CATEGORIES,
    GET_CATEGORY_ATTRIBUTES,
    GET_CATEGORY_RULES,
    GET_DELIVERY_OPTIONS,
    GET_PREREQUISITES,
    GET_WAREHOUSES,
    RECOMMEND_CATEGORY,
    SEARCH_MANUFACTURERS,
    SEARCH_RESPONSIBLE_PERSONS,
)

from target_tiktokshop.listings.pictures import PictureRules
from target_tiktokshop.writing.live import by_id, object_of, objects, truth_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

T = TypeVar("T")
TREE = {"category_version": "v2"}
"""What bodies say: the ids in them are those of the second tree. Queries say it by themselves."""
ROOTS = frozenset({"", "0"})
MOST_NAMES = 8
PERMISSIONS = {
    "INVITE_ONLY": "the category {} is by invitation: the product waits until the shop is approved for it",
    "NON_MAIN_CATEGORY": "the category {} is outside the shop's main category: the platform may refuse it",
}
PEOPLE = {"manufacturer": SEARCH_MANUFACTURERS, "responsible_person": SEARCH_RESPONSIBLE_PERSONS}


class ListingDesk:
    """One shop's. Any thread may ask; what others are asking for already is waited for."""

    def __init__(self, run: WriteRun, shop: Shop) -> None:
        self._run = run
        self.shop = shop
        self.pictures = PictureRules(run.settings.convert_images, run.settings.allow_private_images)
        self._lock = Lock()
        self._known: dict[object, Future[Any]] = {}

    def _once(self, key: object, ask: Callable[[], T]) -> T:
        with self._lock:
            mine = key not in self._known
            future: Future[T] = self._known.setdefault(key, Future())
        if mine:
            try:
                future.set_result(ask())
            except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
                with self._lock:
                    del self._known[key]
                future.set_exception(error)
        return future.result()

    # -- categories --------------------------------------------------------------------------------------------------

    def tree(self) -> Mapping[str, Mapping[str, Any]]:
        """All categories by id."""
        return self._once("tree", self._tree)

    def _tree(self) -> dict[str, dict[str, Any]]:
        answer = self._run.client.call(GET_CATEGORIES, shop=self.shop)
        return by_id(answer.data.get("categories"))

    def path(self, category_id: str) -> str:
        """The names from the root to a category, as `Home > Lamps > Desk`."""
        names: list[str] = []
        row = self.tree().get(category_id)
        while row is not None and len(names) < len(self.tree()):
            names.insert(0, str(row.get("local_name") or ""))
            parent = str(row.get("parent_id") or "")
            row = None if parent in ROOTS else self.tree().get(parent)
        return " > ".join(names)

    def category(self, wanted: str) -> tuple[str, str]:
        """(id, what is wrong) of a leaf category, by its id or by its path."""
        if wanted in self.tree():
            found = [wanted]
        else:
            steps = _steps(wanted)
            found = [number for number in self._named(steps[-1]) if _steps(self.path(number))[-len(steps) :] == steps]
        leaves = [number for number in found if truth_of(self.tree()[number].get("is_leaf"))]
        if not found:
            return "", f"the shop has no category {wanted}"
        if len(leaves) > 1:
            paths = "; ".join(self.path(number) for number in leaves[:MOST_NAMES])
            return "", f"several categories are called {wanted}: name one by its id or its whole path: {paths}"
        if not leaves:
            below = [str(row.get("local_name")) for row in self.tree().values() if row.get("parent_id") == found[0]]
            return "", f"the category {wanted} has others below it, and one of those is needed: {_some(below)}"
        statuses = self.tree()[leaves[0]].get("permission_statuses") or []
        if "PROHIBITED" in statuses:
            return "", f"the category {wanted} is prohibited"
        return leaves[0], ""

    def _named(self, name: str) -> list[str]:
        return [number for number, row in self.tree().items() if _steps(str(row.get("local_name") or "")) == [name]]

    def permissions(self, category_id: str) -> list[str]:
        """What the shop should know about using a category, as sentences."""
        statuses = self.tree()[category_id].get("permission_statuses") or []
        return [words.format(self.path(category_id)) for name, words in PERMISSIONS.items() if name in statuses]

    def recommended(self, title: str, description: str) -> tuple[str, str]:
        """(leaf category, how sure that is) that the platform recommends, "" for none.

        It does not say how sure it is, so it is asked twice: by all that is known, and by the title alone.
        """
        found = self._recommended(title, description)
        if not found:
            return "", ""
        other = self._recommended(title, "") if description else ""
        if not description:
            return found, "by the title alone, and does not say how sure it is"
        if other == found:
            return found, "both by the title alone and with the description, which is fairly sure"
        otherwise = f"{self.path(other)} ({other})" if other else "none"
        return found, f"with the description; by the title alone it would be {otherwise}, so it is not sure"

    def _recommended(self, title: str, description: str) -> str:
        body = {"product_title": title, **({"description": description} if description else {}), **TREE}
        try:
            answer = self._run.client.call(RECOMMEND_CATEGORY, shop=self.shop, body=body)
        except BusinessError:
            return ""
        return str(answer.data.get("leaf_category_id") or "")

    def rules(self, category_id: str) -> Mapping[str, Any]:
        """The rules of a category."""
        return self._once(("rules", category_id), lambda: self._of_category(GET_CATEGORY_RULES, category_id))

    def attributes(self, category_id: str) -> list[dict[str, Any]]:
        """The attributes of a category."""
        found = self._once(("attributes", category_id), lambda: self._of_category(GET_CATEGORY_ATTRIBUTES, category_id))
        return list(by_id(found.get("attributes")).values())

    def _of_category(self, operation: Any, category_id: str) -> dict[str, Any]:
        path = {"category_id": category_id}
        return dict(self._run.client.call(operation, shop=self.shop, path=path).data)

    # -- brands ------------------------------------------------------------------------------------------------------

    def brand(self, wanted: str, category_id: str) -> tuple[str, str]:
        """(id, what is wrong) of a brand that may be used in a category, by its id or its name."""
        if wanted.isdecimal() and len(wanted) >= 15:
            return wanted, ""  # the list of brands cannot be asked for an id
        rows = self._once(("brand", wanted.casefold(), category_id), lambda: self._brands(wanted, category_id))
        found = [row for row in rows if str(row.get("name") or "").casefold() == wanted.casefold()]
        if not found:
            near = [str(row.get("name")) for row in rows]
            return "", f"there is no brand {wanted}" + (f"; there are: {_some(near)}" if near else "")
        usable = [row for row in found if _usable(row)]
        if not usable:
            return "", f"the shop is not authorised for the brand {wanted} in this category"
        if len({str(row.get("id")) for row in usable}) > 1:
            ids = ", ".join(str(row.get("id")) for row in usable)
            return "", f"several brands are called {wanted}: name brand_id ({ids})"
        return str(usable[0].get("id")), ""

    def _brands(self, wanted: str, category_id: str) -> list[dict[str, Any]]:
        query = {"brand_name": wanted, **({"category_id": category_id} if category_id else {})}
        pages = self._run.client.pages(GET_BRANDS, shop=self.shop, query=query)
        return [row for page in pages for row in objects(page.rows) if row.get("id")]

    # -- the shop ----------------------------------------------------------------------------------------------------

    def warehouses(self) -> Mapping[str, Mapping[str, Any]]:
        """The warehouses by id."""
        return self._once("warehouses", self._warehouses)

    def _warehouses(self) -> dict[str, dict[str, Any]]:
        found = self._run.client.call(GET_WAREHOUSES, shop=self.shop).data.get("warehouses")
        return by_id(found)

    def delivery_options(self, warehouse_id: str) -> Mapping[str, str] | None:
        """The names of a warehouse's delivery options by id, None where the platform does not tell them."""
        return self._once(("delivery", warehouse_id), lambda: self._delivery_options(warehouse_id))

    def _delivery_options(self, warehouse_id: str) -> dict[str, str] | None:
        try:
            path = {"warehouse_id": warehouse_id}
            rows = self._run.client.call(GET_DELIVERY_OPTIONS, shop=self.shop, path=path).data.get("delivery_options")
        except BusinessError:
            return None
        return {number: str(row.get("name") or "") for number, row in by_id(rows).items()}

    def unknown_people(self, kind: str, ids: tuple[str, ...]) -> list[str]:
        """Which ids are those of no manufacturer (or responsible person) of the seller, if the platform tells."""
        known = self._once((kind, ids), lambda: self._people(kind, ids))
        return [] if known is None else [one for one in ids if one not in known]

    def _people(self, kind: str, ids: tuple[str, ...]) -> set[str] | None:
        try:
            pages = list(self._run.client.pages(PEOPLE[kind], body={f"{kind}_ids": list(ids)}))
        except BusinessError:
            return None
        return {number for page in pages for number in by_id(page.rows)}

    def now(self) -> int:
        """Unix seconds by the platform's clock."""
        return self._run.client.now()

    def unready(self) -> list[str]:
        """What the shop lacks to list anything, as sentences."""
        return self._once("prerequisites", self._unready)

    def _unready(self) -> list[str]:
        try:
            rows = self._run.client.call(GET_PREREQUISITES, shop=self.shop).data.get("check_results")
        except BusinessError:
            return []  # the platform's own check of the listing decides
        return [
            f"the shop cannot list yet ({row.get('check_item')}): "
            + _some(row.get("fail_reasons") or ["see Seller Center"])
            for row in objects(rows)
            if truth_of(row.get("is_failed"))
        ]


def _steps(path: str) -> list[str]:
    """The names of a path, as they are compared."""
    return [" ".join(step.split()).casefold() for step in path.split(">")]


def _some(names: list[Any]) -> str:
    """The first of some names."""
    shown = ", ".join(map(str, names[:MOST_NAMES]))
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown


def _usable(brand: Mapping[str, Any]) -> bool:
    """Authorised and available in the category, or one that needs no authorisation."""
    if str(brand.get("authorized_status") or "").upper() == "AUTHORIZED":
        return brand.get("brand_status") in {None, "", "AVAILABLE"}
    return not truth_of(brand.get("is_t1_brand"))


def named_attribute(attributes: list[dict[str, Any]], kind: str, wanted: str) -> dict[str, Any] | None:
    """An attribute of a kind, by its id or its name."""
    of_kind = [item for item in attributes if item.get("type") == kind]
    plain = wanted.strip().casefold()
    return next(
        (item for item in of_kind if str(item.get("id")) == wanted),
        next((item for item in of_kind if str(item.get("name") or "").strip().casefold() == plain), None),
    )


def named_value(attribute: Mapping[str, Any], wanted: str) -> dict[str, Any] | None:
    """A value of an attribute, by its id or its name."""
    values = objects(object_of(attribute).get("values"))
    plain = wanted.strip().casefold()
    return next(
        (value for value in values if str(value.get("id")) == wanted),
        next((value for value in values if str(value.get("name") or "").strip().casefold() == plain), None),
    )
