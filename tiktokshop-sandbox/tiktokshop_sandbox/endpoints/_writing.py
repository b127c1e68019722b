"""What a request that writes a listing says of the product itself: checked, and put as Get Product shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tiktokshop_sandbox.catalog import GOODS
from tiktokshop_sandbox.derived.catalogue import authorized_brands, manufacturers, responsible_persons
from tiktokshop_sandbox.documents.attributes import attribute_documents, value_id
from tiktokshop_sandbox.documents.categories import CATEGORIES, ROOT, root_of
from tiktokshop_sandbox.documents.rules import rules_document
from tiktokshop_sandbox.endpoints.uploads import uploaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall

Document = dict[str, Any]
Writer: TypeAlias = "Callable[[Draft, Any], Document]"
MOST_IMAGES, MOST_DESCRIPTION, MOST_PICTURES, MOST_CERTIFICATES = 9, 10_000, 30, 10
SHORT_TITLES: Final = frozenset({"DE", "ES", "FR", "IE", "IT", "JP", "GB", "US"})
LONG_TITLES: Final = frozenset({"BR", "MX"})
COD_MARKETS: Final = frozenset({"ID", "MY", "PH", "SA", "TH", "VN"})
_ESCAPES: Final = re.compile(r"&(lt|gt|amp|quot|#\d+);")
_RUN: Final = re.compile(r"(.)\1{9}", re.DOTALL)
_IMAGE: Final = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SOURCE: Final = re.compile(r"""\bsrc\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"\d+(\.\d+)?")
_HOST: Final = "ibyteimg.com"


@dataclass
class Draft:
    """A request on its way to a version of a listing. `now` is the product as it stands, as Get Product shows it."""

    call: ApiCall
    now: Mapping[str, Any]
    faults: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    category: str = ""

    def refuse(self, code: int, words: str) -> None:
        """Notes what the platform would refuse."""
        self.faults.append((code, words))

    def warn(self, words: str) -> None:
        """Notes what the platform takes, and changes."""
        self.warnings.append(words)

    def attributes(self) -> list[Document]:
        """The attributes of the category."""
        return attribute_documents(self.call.the_shop, self.category) if self.category else []

    def rules(self) -> Document:
        """The rules of the category."""
        return rules_document(self.call.the_shop, self.category) if self.category else {}

    def picture(self, uri: str, code: int) -> Document | None:
        """An image by its name; one that nobody has uploaded is refused."""
        found = uploaded(self.call.world, uri) or next(
            (dict(image) for image in pictures_in(self.now) if image.get("uri") == uri), None
        )
        if found is None:
            self.refuse(code, f"The image uri {uri} does not come from the upload call.")
            return None
        return dict(found)


def pictures_in(shown: Any) -> Iterator[Mapping[str, Any]]:
    """All images anywhere in a document."""
    if isinstance(shown, dict):
        if "uri" in shown:
            yield shown
        for value in shown.values():
            yield from pictures_in(value)
    elif isinstance(shown, list):
        for value in shown:
            yield from pictures_in(value)


def check_title(draft: Draft, title: str) -> None:
    """Length and text of a title."""
    region = draft.call.the_shop.region
    low, high = (1, 255) if region in SHORT_TITLES else (1, 300) if region in LONG_TITLES else (25, 255)
    if not title.strip():
        draft.refuse(12052261, "The title is empty.")
    elif not low <= len(title) <= high:
        draft.refuse(12052051, f"The title must have {low} to {high} characters.")
    elif not fit_to_print(title):
        draft.refuse(12052931, "The title has characters that are not allowed.")


def fit_to_print(text: str) -> bool:
    """Whether a name keeps the platform's rules of texts: no escapes, emoji, control characters, runs; some letter."""
    odd = any(ord(letter) < 32 or ord(letter) > 0xFFFF for letter in text)
    return not (odd or _ESCAPES.search(text) or _RUN.search(text)) and any(map(str.isalnum, text))


def _description(draft: Draft, html: str | None) -> Document:
    if not html:
        draft.refuse(12052015, "The description is missing.")
        return {"description": None}
    if len(html) > MOST_DESCRIPTION:
        draft.refuse(12052013, "The description is too long.")
    images = _IMAGE.findall(html)
    if len(images) > MOST_PICTURES:
        draft.refuse(12052056, "There are too many images in the description.")
    for image in images:
        source = _SOURCE.search(image)
        if source is None or not re.search(r"\bwidth\b", image) or not re.search(r"\bheight\b", image):
            draft.refuse(12052348, "An image of the description lacks src, width or height.")
        elif _HOST not in source[1]:
            draft.refuse(12052340, "An image of the description does not come from the upload call.")
    return {"description": html}


def _category(draft: Draft, category_id: str | None) -> Document:
    node = CATEGORIES.get(category_id or "")
    if node is None:
        draft.refuse(12052023, "The category does not exist.")
    elif not node.is_leaf:
        draft.refuse(12052024, "The category is not a leaf category.")
    elif node.is_prohibited:
        draft.refuse(12052220, "The category is prohibited.")
    if node is None or not node.is_leaf:
        return {"category_chains": None}
    draft.category = node.id
    chain = [node]
    while chain[0].parent != ROOT:
        chain.insert(0, CATEGORIES[chain[0].parent])
    shown = [
        {"id": item.id, "local_name": item.name, "is_leaf": item.is_leaf, "parent_id": item.parent} for item in chain
    ]
    return {"category_chains": shown, "recommended_categories": [{"id": node.id, "local_name": node.name}]}


def kind_of(category_id: str) -> int:
    """The kind of goods that is nearest to a category."""
    leaves = [goods.categories[-1][0] for goods in GOODS]
    if category_id in leaves:
        return leaves.index(category_id)
    roots = [goods.categories[0][0] for goods in GOODS]
    root = root_of(category_id)
    return roots.index(root) if root in roots else 0


def _brand(draft: Draft, brand_id: str | None) -> Document:
    if not brand_id:
        return {"brand": None}
    for brand, authorized in authorized_brands(draft.call.world, draft.call.the_shop, draft.call.now):
        if brand.id != brand_id:
            continue
        if not authorized and brand.is_renowned:
            draft.refuse(12052208, "The brand needs an authorisation.")
        elif authorized and draft.category and root_of(draft.category) not in brand.roots:
            draft.refuse(12052201, "The brand is not authorised in this category.")
        return {"brand": {"id": brand.id, "name": brand.name}}
    draft.warn(f"The brand {brand_id} is invalid. The product is listed without a brand.")
    return {"brand": None}


def _main_images(draft: Draft, images: Sequence[Mapping[str, Any]] | None) -> Document:
    if not images:
        draft.refuse(12052028, "There is no main image.")
    elif len(images) > MOST_IMAGES:
        draft.refuse(12052306, "There are too many main images.")
    found = [draft.picture(str(image.get("uri") or ""), 12052300) for image in images or ()]
    return {"main_images": [image for image in found if image]}


def _weight(draft: Draft, weight: Mapping[str, Any] | None) -> Document:
    units = {"US": ("KILOGRAM", "POUND"), "BR": _GRAMS, "JP": _GRAMS, "MX": _GRAMS}
    decimals = {"GRAM": 0, "KILOGRAM": 3, "POUND": 2}
    unit, value = str((weight or {}).get("unit") or ""), str((weight or {}).get("value") or "")
    if not _DECIMAL.fullmatch(value) or len(value.partition(".")[2]) > decimals.get(unit, 3):
        draft.refuse(12052006, "The package weight is malformed.")
    elif not float(value):
        draft.refuse(12052181, "The package weight is zero.")
    elif unit not in units.get(draft.call.the_shop.region, ("KILOGRAM",)):
        draft.refuse(12052916, "The unit of the weight is not supported in this region.")
    return {"package_weight": {"unit": unit, "value": value} if weight else None}


_GRAMS: Final = ("KILOGRAM", "GRAM")
_SIDES: Final = (("length", 12052005), ("width", 12052004), ("height", 12052003))


def _dimensions(draft: Draft, size: Mapping[str, Any] | None) -> Document:
    if not size:
        if draft.rules().get("package_dimension", {}).get("is_required"):
            draft.refuse(12052116, "The package dimensions are missing.")
        return {"package_dimensions": None}
    unit = str(size.get("unit") or "")
    for side, code in _SIDES:
        text = str(size.get(side) or "")
        if not text.isascii() or not text.isdecimal() or not int(text):
            draft.refuse(code, f"The {side} of the package is malformed.")
    if unit not in (("CENTIMETER", "INCH") if draft.call.the_shop.region == "US" else ("CENTIMETER",)):
        draft.refuse(12019060, "The unit of the dimensions is not supported in this region.")
    return {"package_dimensions": {side: str(size.get(side)) for side, _ in _SIDES} | {"unit": unit}}


def _attributes(draft: Draft, sent: Sequence[Mapping[str, Any]] | None) -> Document:
    known = {item["id"]: item for item in draft.attributes() if item["type"] == "PRODUCT_PROPERTY"}
    shown = []
    for item in sent or ():
        found = known.get(str(item.get("id") or ""))
        if found is None:
            draft.warn(f"The attribute {item.get('id')} is not one of the category and was removed.")
            continue
        values = [value for given in item.get("values") or () if (value := _value(draft, found, given))]
        if len(values) > 1 and not found["is_multiple_selection"]:
            draft.refuse(12052246, f"The attribute {found['name']} takes one value only.")
        if values:
            shown.append({"id": found["id"], "name": found["name"], "values": values})
    chosen = {(item["id"], value["id"]) for item in shown for value in item["values"]}
    for item in known.values():
        conditions = item.get("requirement_conditions") or ()
        met = any((one["attribute_id"], one["attribute_value_id"]) in chosen for one in conditions)
        if (item["is_requried"] or met) and item["id"] not in {one["id"] for one in shown}:
            draft.refuse(12052104, f"The mandatory attribute {item['name']} is missing.")
    return {"product_attributes": shown}


def _value(draft: Draft, item: Mapping[str, Any], given: Mapping[str, Any]) -> Document | None:
    from_id = {value["id"]: value["name"] for value in item.get("values") or ()}
    number, name = str(given.get("id") or ""), str(given.get("name") or "")
    if number in from_id:
        return {"id": number, "name": from_id[number]}
    if given.get("metric_standard_info"):
        return {"id": number or "0", "name": name, "metric_standard_info": given["metric_standard_info"]}
    if not name or not item["is_customizable"]:
        draft.warn(f"The value of the attribute {item['name']} is not one of its values and was removed.")
        return None
    if item.get("value_data_format") and not (_DECIMAL.fullmatch(name) and float(name) > 0):
        draft.refuse(12052256, f"The value of the attribute {item['name']} must be a positive number.")
    elif not fit_to_print(name):
        draft.refuse(12052935, f"The value of the attribute {item['name']} has characters that are not allowed.")
    return {"id": number or value_id(item["id"], name), "name": name}


def _certificates(draft: Draft, sent: Sequence[Mapping[str, Any]] | None) -> Document:
    rules = {item["id"]: item for item in draft.rules().get("product_certifications", ())}
    shown = []
    for paper in (sent or ())[:MOST_CERTIFICATES]:
        rule = rules.get(str(paper.get("id") or ""))
        if rule is None:
            draft.refuse(12052655, f"The certificate {paper.get('id')} is unknown.")
            continue
        images = [draft.picture(str(image.get("uri") or ""), 12052650) for image in paper.get("images") or ()]
        if rule["expiration_date"]["is_required"] and not paper.get("expiration_date"):
            draft.refuse(12052385, f"The certificate {rule['name']} needs a date on which it expires.")
        shown.append(
            {"id": rule["id"], "title": rule["name"], "images": [image for image in images if image]}
            | {name: paper[name] for name in ("files", "expiration_date") if paper.get(name)}
        )
    for rule in rules.values():
        if rule["is_required"] and rule["id"] not in {paper["id"] for paper in shown}:
            draft.refuse(12052105, f"The mandatory certification {rule['name']} is missing.")
    return {"certifications": shown or None}


def _size_chart(draft: Draft, chart: Mapping[str, Any] | None) -> Document:
    rules = draft.rules().get("size_chart", {})
    if not rules.get("is_supported"):
        return {"size_chart": None}
    template, image = (chart or {}).get("template") or {}, (chart or {}).get("image") or {}
    if template.get("id"):
        return {"size_chart": {"template": {"id": template["id"]}}}
    found = draft.picture(str(image["uri"]), 12052670) if image.get("uri") else None
    if found:
        return {"size_chart": {"image": found}}
    if rules.get("is_required"):
        draft.refuse(12052673, "The size chart is missing.")
    return {"size_chart": None}


def _people(name: str, list_all: Callable[..., Sequence[Any]], missing: int, unknown: int) -> Writer:
    def write(draft: Draft, ids: Sequence[str] | None) -> Document:
        known = {contact.id for contact in list_all(draft.call.world, draft.call.the_shop)}
        if not ids and draft.rules().get(name, {}).get("is_required"):
            draft.refuse(missing, f"A {name.replace('_', ' ')} is required in this market.")
        for one in ids or ():
            if one not in known:
                draft.refuse(unknown, f"The {name.replace('_', ' ')} {one} is unknown.")
        return {f"{name}_ids": list(ids) if ids else None}

    return write


def _cod(draft: Draft, allowed: bool | None) -> Document:
    region = draft.call.the_shop.region
    supported = region in COD_MARKETS and draft.rules().get("cod", {}).get("is_supported")
    if allowed and not supported:
        draft.refuse(12052222, "Cash on delivery is not supported here.")
    return {"is_cod_allowed": bool(allowed) if supported else None}


def _delivery(draft: Draft, ids: Sequence[str] | None) -> Document:
    options = {item.id: item.name for item in draft.call.the_shop.options}
    if any(one not in options for one in ids or ()):
        draft.refuse(12052405, "The warehouse lacks a chosen delivery option.")
    chosen = ids or options
    return {"delivery_options": [{"id": one, "name": options.get(one, ""), "is_available": True} for one in chosen]}


def _external(draft: Draft, text: str | None) -> Document:
    if text and len(text) > 999:
        draft.refuse(12052369, "The external id is too long.")
    return {"external_product_id": text or None}


def _as_sent(name: str) -> Writer:
    return lambda _draft, value: {name: value}


# Property of the request -> what it becomes; the category comes first, because others depend on it.
FIELDS: Final[Mapping[str, Callable[[Draft, Any], Document]]] = {
    "category_id": _category,
    "description": _description,
    "brand_id": _brand,
    "main_images": _main_images,
    "package_weight": _weight,
    "package_dimensions": _dimensions,
    "product_attributes": _attributes,
    "certifications": _certificates,
    "size_chart": _size_chart,
    "manufacturer_ids": _people("manufacturer", manufacturers, 12052282, 12052284),
    "responsible_person_ids": _people("responsible_person", responsible_persons, 12052287, 12052289),
    "is_cod_allowed": _cod,
    "delivery_option_ids": _delivery,
    "external_product_id": _external,
    **{
        name: _as_sent(name)
        for name in (
            "minimum_order_quantity",
            "shipping_insurance_requirement",
            "is_pre_owned",
            "key_product_features",
            "search_terms",
            "video",
        )
    },
}
