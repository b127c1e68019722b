"""What a request that writes a listing says of its SKUs: checked, and made into the SKUs of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.documents.attributes import SPECIFICATION, value_id
from tiktokshop_sandbox.endpoints._writing import Draft, fit_to_print
from tiktokshop_sandbox.endpoints.offers import MOST_STOCK, PRICE_MISSING, list_price_of, price_of
from tiktokshop_sandbox.states import Sku

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
MANY: Final = frozenset({"BR", "DE", "ES", "FR", "IE", "IT", "JP", "MX", "GB", "US"})
MOST_AXES, LONGEST_NAME, LONGEST_VALUE, LONGEST_NUMBER = 3, 20, 50, 50
# Type of a code -> how many characters it has.
LENGTHS: Final[Mapping[str, tuple[int, ...]]] = {
    "GTIN": (14,),
    "EAN": (8, 13, 14),
    "UPC": (12,),
    "ISBN": (10, 13),
    "JAN": (8, 13),
}
_KEPT_AS_SENT: Final = (
    "external_sku_id",
    "sku_dimensions",
    "sku_weight",
    "sku_unit_count",
    "extra_identifier_codes",
    "pre_sale",
    "external_urls",
)


def read_skus(
    draft: Draft,
    sent: Sequence[Mapping[str, Any]],
    before: Mapping[str, Sku],
    places: Sequence[int],
    new_id: Callable[[], str],
    *,
    keeps: bool,
    is_draft: bool,
) -> tuple[list[Sku], list[int]]:
    """The SKUs of a request, and the warehouses they are in.

    `before` are those of the product, by id; `keeps` says whether price and stock that are left out stay.
    """
    shop = draft.call.the_shop
    most = 300 if shop.region in MANY else 100
    if not sent or len(sent) > most:
        draft.refuse(12052050, f"A product has 1 to {most} SKUs.")
    _check_sets(draft, sent)
    reader = _SkuReader(draft, before, list(places), keeps=keeps, is_draft=is_draft)
    warehouses = sorted({*places, *reader.places_of(sent)}) if sent else list(places)
    skus = [reader.read(item, warehouses, new_id) for item in sent]
    _check_codes(draft, skus)
    return skus, warehouses


def _check_sets(draft: Draft, sent: Sequence[Mapping[str, Any]]) -> None:
    """Every SKU has the same attributes, and another combination of their values."""
    sets = [tuple(sorted(_axis(one) for one in item.get("sales_attributes") or ())) for item in sent]
    combinations = [
        tuple(sorted((_axis(one), one.get("value_id") or one.get("value_name")) for one in item["sales_attributes"]))
        for item in sent
        if item.get("sales_attributes")
    ]
    if any(len(names) > MOST_AXES for names in sets):
        draft.refuse(12052525, "A SKU has at most three sales attributes.")
    if any(len(set(names)) != len(names) for names in sets):
        draft.refuse(12052560, "A sales attribute stands twice in a SKU.")
    if len(sent) > 1 and not any(sets):
        draft.refuse(12019117, "There are several SKUs, but no sales attributes.")
    elif len(set(sets)) > 1:
        draft.refuse(12052550, "A SKU lacks one of the sales attributes.")
    elif len(set(combinations)) != len(combinations):
        draft.refuse(12052910, "Two SKUs have the same values of the sales attributes.")
    _check_images(draft, sent)


def _check_images(draft: Draft, sent: Sequence[Mapping[str, Any]]) -> None:
    pictured: dict[str, set[bool]] = {}
    for item in sent:
        for one in item.get("sales_attributes") or ():
            pictured.setdefault(_axis(one), set()).add(bool((one.get("sku_img") or {}).get("uri")))
    if sum(True in found for found in pictured.values()) > 1:
        draft.refuse(12052528, "Images stand on more than one sales attribute.")
    if any(found == {True, False} for found in pictured.values()):
        draft.refuse(12052522, "A value of the attribute with images has none.")


def _axis(one: Mapping[str, Any]) -> str:
    return str(one.get("id") or one.get("name") or "")


def _check_codes(draft: Draft, skus: Sequence[Sku]) -> None:
    codes = [sku.shown["identifier_code"]["code"] for sku in skus if sku.shown.get("identifier_code")]
    if len(set(codes)) != len(codes):
        draft.refuse(12052592, "The identifier code is used twice.")


class _SkuReader:
    """Reads the SKUs of one request."""

    def __init__(
        self, draft: Draft, before: Mapping[str, Sku], places: list[int], *, keeps: bool, is_draft: bool
    ) -> None:
        self._draft = draft
        self._before = before
        self._places = places
        self._keeps = keeps
        self._is_draft = is_draft
        self._now = {item.get("id"): item for item in draft.now.get("skus") or ()}
        self._known = {
            item["id"]: (item["name"], {value["id"]: value["name"] for value in item["values"]})
            for item in draft.attributes()
            if item["type"] == "SALES_PROPERTY"
        }
        for item in self._now.values():
            for one in item.get("sales_attributes") or ():
                values = self._known.setdefault(one["id"], (one["name"], {}))[1]
                values[one["value_id"]] = one["value_name"]

    def places_of(self, sent: Sequence[Mapping[str, Any]]) -> Iterator[int]:
        """The warehouses that a request names, by their place among the shop's."""
        shop = self._draft.call.the_shop
        ids = [place.id for place in shop.warehouses]
        for item in sent:
            for row in item.get("inventory") or ():
                if row.get("warehouse_id") in ids:
                    yield ids.index(row["warehouse_id"])

    def read(self, item: Mapping[str, Any], warehouses: Sequence[int], new_id: Callable[[], str]) -> Sku:
        """One SKU."""
        number = str(item.get("id") or "")
        live = self._before.get(number)
        if number and live is None:
            self._draft.refuse(12052557, f"The SKU {number} does not belong to the product.")
        attributes = [self._attribute(one) for one in item.get("sales_attributes") or ()]
        shown: Document = {name: item.get(name) for name in _KEPT_AS_SENT}
        shown["sales_attributes"] = attributes
        shown["identifier_code"] = self._code(item.get("identifier_code"), number)
        names = [(one["name"], one["value_name"]) for one in attributes] or [("Specification", "Default")]
        sku = Sku(
            id=number if live else new_id(),
            seller_sku=self._number(item),
            price=self._price(item, live),
            attributes=names,
            stock=self._stock(item, live, warehouses),
            committed=[0] * len(warehouses),
            parts=live.parts if live else [],
            shown=shown,
        )
        if item.get("list_price"):
            wanted = self._asked(lambda: list_price_of(self._draft.call.the_shop, item["list_price"]))
            sku.list_price = wanted if wanted >= sku.price else 0
        elif live:
            sku.list_price = live.list_price
        return sku

    def _asked(self, read: Callable[[], int]) -> int:
        try:
            return read()
        except ApiError as error:
            self._draft.refuse(error.code, error.message)
            return 0

    def _number(self, item: Mapping[str, Any]) -> str:
        text = str(item.get("seller_sku") or "")
        if len(text) > LONGEST_NUMBER:
            self._draft.refuse(12052054, "The seller SKU is too long.")
        elif any(map(str.isspace, text)):
            self._draft.refuse(12019059, "The seller SKU is invalid.")
        return text

    def _price(self, item: Mapping[str, Any], live: Sku | None) -> int:
        if not item.get("price"):
            if live and self._keeps:
                return live.price
            self._draft.refuse(*PRICE_MISSING)
            return 0
        return self._asked(lambda: price_of(self._draft.call.the_shop, item["price"]))

    def _stock(self, item: Mapping[str, Any], live: Sku | None, warehouses: Sequence[int]) -> list[int]:
        before = dict(zip(self._places, live.stock, strict=True)) if live else {}
        rows = item.get("inventory")
        if not rows:
            if not (live and self._keeps):
                self._draft.refuse(12019022, "Every SKU needs a valid warehouse.")
            return [before.get(place, 0) for place in warehouses]
        shop = self._draft.call.the_shop
        found = {place: units for row in rows for place, units in self._row(shop, row, fresh=live is None)}
        return [found.get(place, 0) for place in warehouses]

    def _row(self, shop: Shop, row: Mapping[str, Any], *, fresh: bool) -> Iterator[tuple[int, int]]:
        ids = [place.id for place in shop.warehouses]
        number, units = row.get("warehouse_id") or "", row.get("quantity")
        if number not in ids:
            self._draft.refuse(12052530, "The warehouse does not belong to the shop.")
        elif shop.warehouses[ids.index(number)].type == "RETURN_WAREHOUSE":
            self._draft.refuse(12052532, "The warehouse is not a sales warehouse.")
        elif not isinstance(units, int) or not (1 if fresh else 0) <= units <= MOST_STOCK:
            self._draft.refuse(12052055, "The quantity of the warehouse is out of range.")
        else:
            yield ids.index(number), units

    def _attribute(self, one: Mapping[str, Any]) -> Document:
        number, name = str(one.get("id") or ""), str(one.get("name") or "")
        value, text = str(one.get("value_id") or ""), str(one.get("value_name") or "")
        if number and number not in self._known:
            self._draft.refuse(12052527, f"The sales attribute {number} is unknown.")
        if not number:
            by_name = {known: attribute for attribute, (known, _) in self._known.items()}
            number = by_name.get(name) or value_id("sales attribute", name)
        name, values = self._known.get(number, (name, {}))
        if value and value not in values:
            self._draft.refuse(12052529, f"The value {value} of the sales attribute {name} is unknown.")
        text = values.get(value, text)
        if not 0 < len(name) <= LONGEST_NAME or not fit_to_print(name):
            self._draft.refuse(12052933, "The name of a sales attribute is malformed.")
        if not 0 < len(text) <= LONGEST_VALUE or not fit_to_print(text):
            self._draft.refuse(12052934, "The value of a sales attribute is malformed.")
        by_value = {known: key for key, known in values.items()}
        shown: Document = {"id": number, "name": name}
        shown |= {"value_id": value or by_value.get(text) or value_id(name, text), "value_name": text}
        uri = (one.get("sku_img") or {}).get("uri")
        picture = self._draft.picture(str(uri), 12052520) if uri else None
        return shown | ({"sku_img": picture} if picture else {})

    def _code(self, given: Mapping[str, Any] | None, number: str) -> Document | None:
        """A code is fixed once the product is no draft any more; a malformed one is emptied, with a warning."""
        held = (self._now.get(number) or {}).get("identifier_code")
        if held and not self._is_draft:
            if given and given.get("code") != held.get("code"):
                self._draft.refuse(12052922, "The identifier code can not be edited.")
            return dict(held)
        if not given or not given.get("code"):
            return None
        kind, code = str(given.get("type") or ""), str(given["code"])
        if kind not in LENGTHS:
            self._draft.refuse(12052600, "The type of the identifier code is missing.")
        elif len(code) not in LENGTHS[kind]:
            self._draft.refuse(12052591, "The identifier code has the wrong number of digits.")
        elif not _checks(code):
            self._draft.warn(f"The {kind} {code} is invalid and was removed.")
            return None
        return {"type": kind, "code": code}


def _checks(code: str) -> bool:
    """Whether the last digit of a code follows from the others."""
    if len(code) == 10:
        digits, last = code[:9], code[9]
        if not digits.isdecimal() or not (last.isdecimal() or last == "X"):
            return False
        total = sum((10 - place) * int(digit) for place, digit in enumerate(digits))
        return (total + (10 if last == "X" else int(last))) % 11 == 0
    if not code.isascii() or not code.isdecimal():
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code))) % 10 == 0


def sku_document(sku: Sku) -> Document:
    """A SKU as the answer to a write shows it."""
    attributes = sku.shown.get("sales_attributes") or [{"id": SPECIFICATION, "value_id": ""}]
    shown: Document = {"id": sku.id, "seller_sku": sku.seller_sku}
    shown["sales_attributes"] = [{"id": one["id"], "value_id": one["value_id"]} for one in attributes]
    if sku.shown.get("external_sku_id"):
        shown["external_sku_id"] = sku.shown["external_sku_id"]
    return shown
