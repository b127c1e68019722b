"""From the values of records to what they ask for: nested or flat, our words or those of the tap."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.configuration import PLAIN_NUMBER

from target_tiktokshop.listings.limits import CODES
from target_tiktokshop.listings.pictures import PictureRef
from target_tiktokshop.listings.wanted import WantedListing, WantedSku
from target_tiktokshop.writing.fields import MOST_DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CODE_COLUMNS = tuple(name.lower() for name in CODES)
SKU_FIELDS = (
    "sku_id",
    "seller_sku",
    "variations",
    "sku_image",
    "price",
    "list_price",
    "currency",
    "quantity",
    "warehouse_id",
    "inventory",
    "identifier_code",
    "identifier_type",
    *CODE_COLUMNS,
    "external_sku_id",
    "status",
    "sales_attributes",
)
"""Fields that say something of a SKU; in flat records they stand beside those of the product."""
FILE_FIELDS = ("id", "name", "format")
UPLOADED = "uri:"
"""Before the name of a picture that is uploaded already, in place of a path."""
SAVE_MODES = {"listing": "LISTING", "active": "LISTING", "as_draft": "AS_DRAFT", "draft": "AS_DRAFT"}


class ReadError(ValueError):
    """A value that cannot be used; the text completes "<field> "."""


def is_nested(values: Mapping[str, Any]) -> bool:
    """Whether a record has its SKUs in a list."""
    return values.get("skus") is not None


def read(records: Sequence[Mapping[str, Any]]) -> WantedListing:
    """What records about one product ask for together."""
    wanted = WantedListing()
    for values in records:
        _read_product(values, wanted)
        if is_nested(values):
            for item in _attempt(wanted, "skus", _objects, values["skus"], []):
                wanted.skus.append(_read_sku(item, wanted))
        elif any(values.get(name) is not None for name in SKU_FIELDS):
            wanted.skus.append(_read_sku(values, wanted))
    return wanted


def _attempt(wanted: WantedListing, name: str, work: Callable[[Any], Any], value: Any, otherwise: Any = None) -> Any:
    """What `work` makes of a value; if it cannot, the fault is noted."""
    try:
        return work(value)
    except ReadError as error:
        wanted.fault(f"{name} {error}", name.partition(":")[0])
        return otherwise


_UNSET = object()


def _read_product(values: Mapping[str, Any], wanted: WantedListing) -> None:
    for name, reader in _PRODUCT.items():
        value = values.get(name)
        if value is None or value == "":
            continue
        found = _attempt(wanted, name, reader, value, _UNSET)
        if found is _UNSET or found is None:
            continue
        if name in wanted.fields and wanted.fields[name] != found:
            wanted.fault(f"{name} differs among the records of the product", name)
        wanted.fields[name] = found
    _read_sizes(values, wanted)


def _read_sizes(values: Mapping[str, Any], wanted: WantedListing) -> None:
    """Weight and dimensions, from an object each or from columns."""
    weight = values.get("package_weight")
    if weight not in (None, ""):
        given = weight if isinstance(weight, dict) else {"value": weight, "unit": values.get("package_weight_unit")}
        number = _attempt(wanted, "package_weight", decimal, given.get("value"))
        if number is not None:
            wanted.fields["package_weight"] = {"value": number, "unit": str(given.get("unit") or "").upper()}
    size = values.get("package_dimensions")
    columns = {side: values.get(f"package_{side}") for side in SIDES}
    if not isinstance(size, dict) and any(value not in (None, "") for value in columns.values()):
        size = {**columns, "unit": values.get("package_dimension_unit")}
    if isinstance(size, dict):
        found: dict[str, Any] = {"unit": str(size.get("unit") or "").upper()}
        for side in SIDES:
            given_side = size.get(side)
            if given_side in (None, ""):
                wanted.fault(f"package_{side} is missing", "package_dimensions")
            else:
                found[side] = _attempt(wanted, f"package_{side}", decimal, given_side)
        wanted.fields["package_dimensions"] = found


SIDES = ("length", "width", "height")


def _read_sku(item: Mapping[str, Any], wanted: WantedListing) -> WantedSku:
    sku = WantedSku(seller_sku=_plain(item.get("seller_sku")), sku_id=_plain(item.get("sku_id") or item.get("id")))
    sku.named = frozenset(name for name, value in item.items() if value not in (None, ""))
    sku.external_sku_id = _plain(item.get("external_sku_id"))
    sku.deleted = _plain(item.get("status")).lower() == "deleted"
    where = sku.label

    def attempt(name: str, work: Callable[[Any], Any], value: Any, otherwise: Any = None) -> Any:
        return _attempt(wanted, f"{where}: {name}", work, value, otherwise)

    sku.axes, own = attempt("variations", _axes, item, ((), None))
    given = item.get("sku_image")
    sku.picture = attempt("sku_image", picture, given) if given not in (None, "") else own
    price = item.get("price")
    if isinstance(price, dict):
        sku.currency = _plain(price.get("currency"))
        price = price.get("sale_price") or price.get("amount") or price.get("tax_exclusive_price")
    sku.currency = sku.currency or _plain(item.get("currency"))
    if price not in (None, ""):
        sku.price = attempt("price", decimal, price)
    listed = item.get("list_price")
    listed = listed.get("amount") if isinstance(listed, dict) else listed
    if listed not in (None, ""):
        sku.list_price = attempt("list_price", decimal, listed)
    sku.stock = attempt("quantity", _stock, item, ())
    sku.code = attempt("identifier_code", _code, item)
    if _plain(item.get("status")).lower() not in {"", "active", "deleted"}:
        wanted.fault(f"{where}: status must be active or deleted", where)
    return sku


def _axes(item: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], PictureRef | None]:
    """Sales attributes as (name, value), and the picture that the tap shows with one of them."""
    shown = item.get("sales_attributes")
    if shown not in (None, "", []):
        rows = _objects(shown)
        pairs = tuple(
            (_plain(row.get("name") or row.get("id")), _plain(row.get("value_name") or row.get("value_id")))
            for row in rows
        )
        pictures = [row["sku_img"] for row in rows if isinstance(row.get("sku_img"), dict)]
        return pairs, picture(pictures[0]) if pictures else None
    given = item.get("variations")
    if given in (None, "", {}, []):
        return (), None
    found = _pairs(given)
    for name, values in found:
        if len(values) > 1:
            raise ReadError(f"has several values for {name}: each SKU has one")
    return tuple((name, values[0]) for name, values in found if values), None


def _stock(item: Mapping[str, Any]) -> tuple[tuple[str, Decimal], ...]:
    rows = item.get("inventory")
    if rows not in (None, ""):
        return tuple((_plain(row.get("warehouse_id")), decimal(row.get("quantity"))) for row in _objects(rows))
    if item.get("quantity") in (None, ""):
        return ()
    return ((_plain(item.get("warehouse_id")), decimal(item["quantity"])),)


def _code(item: Mapping[str, Any]) -> tuple[str, str] | None:
    given = item.get("identifier_code")
    if isinstance(given, dict):
        code = _plain(given.get("code"))
        return (_plain(given.get("type")).upper(), code) if code else None
    if given not in (None, ""):
        return _plain(item.get("identifier_type")).upper(), _plain(given).replace("-", "")
    for name in CODE_COLUMNS:
        if item.get(name) not in (None, ""):
            return name.upper(), _plain(item[name]).replace("-", "")
    return None


# -- values ------------------------------------------------------------------------------------------------------------


def _plain(value: Any) -> str:
    """A text without the blanks around it; whole numbers are accepted."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return ""
    return str(value).strip()


def text(value: Any) -> str:
    """A text that says something."""
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise ReadError("must be text")
    return str(value).strip()


def decimal(value: Any) -> Decimal:
    """A number; a text is taken as it is written."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ReadError("must be a decimal number")
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value.strip()):
        raise ReadError("must be a decimal number")
    number = Decimal(str(value).strip())
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise ReadError("must be a decimal number")
    return number


def boolean(value: Any) -> bool:
    """True or false, also as a table's column has it."""
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, bool):
        return value
    found = words.get(str(value).strip().lower())
    if found is None:
        raise ReadError("must be true or false")
    return found


def picture(value: Any) -> PictureRef:
    """A path, an address, or an object with the uri of an upload."""
    if isinstance(value, dict) and isinstance(value.get("uri"), str) and value["uri"]:
        return PictureRef(uri=value["uri"])
    if isinstance(value, str) and value.strip():
        given = value.strip()
        known = given.removeprefix(UPLOADED).strip() if given.startswith(UPLOADED) else ""
        return PictureRef(uri=known) if known else PictureRef(source=given)
    raise ReadError("must be a path, an address, or an object with a uri")


def pictures(value: Any) -> tuple[PictureRef, ...]:
    """Several of them, in order."""
    return tuple(picture(item) for item in _listed(value, "|\n"))


def texts(value: Any) -> tuple[str, ...]:
    """Several texts, in order; a text with commas or bars between them is accepted."""
    return tuple(text(item.get("id") if isinstance(item, dict) else item) for item in _listed(value, "|,\n"))


def _listed(value: Any, separators: str) -> list[Any]:
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            return _listed(_json(value), separators)
        for separator in separators[1:]:
            value = value.replace(separator, separators[0])
        return [part.strip() for part in value.split(separators[0]) if part.strip()]
    if not isinstance(value, list):
        raise ReadError("must be a list")
    return value


def _json(value: str) -> Any:
    try:
        return json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise ReadError("is not JSON") from None


def _objects(value: Any) -> list[dict[str, Any]]:
    value = _json(value) if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ReadError("must be a list of objects")
    return value


def _pairs(value: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Names with values: an object, or a text like `Material=Cotton|Linen; Fit=Slim`."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _json(value)
    if isinstance(value, str):
        parts = [part for part in value.split(";") if part.strip()]
        if not all("=" in part for part in parts):
            raise ReadError("must be like Name=Value; Name=Value")
        names = [part.partition("=")[0].strip() for part in parts]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ReadError(f"has {twice} twice: write its values together, like {twice}=One|Two")
        value = {part.partition("=")[0]: part.partition("=")[2].split("|") for part in parts}
    if not isinstance(value, dict):
        raise ReadError("must be an object of names and values")
    return [
        (str(name).strip(), tuple(_plain(item) for item in (given if isinstance(given, list) else [given])))
        for name, given in value.items()
        if given not in (None, "", [])
    ]


def attributes(value: Any) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """Attributes as (name or id, values): our forms, or the list that the tap shows."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _json(value)
    if not isinstance(value, list):
        return tuple(_pairs(value))
    found = []
    for item in _objects(value):
        given = item.get("values") or []
        if not isinstance(given, list):
            raise ReadError("has values that are not a list")
        values = [dict(one) if isinstance(one, dict) else _plain(one) for one in given]
        found.append((_plain(item.get("id") or item.get("name")), tuple(values)))
    return tuple(found)


def _brand(value: Any) -> str:
    if isinstance(value, dict):
        return _plain(value.get("id")) or _plain(value.get("name"))
    return text(value)


def _chain(value: Any) -> str:
    rows = _objects(value)
    return _plain(rows[-1].get("id")) if rows else ""


def _chart(value: Any) -> Any:
    """A picture, or the id of a template as `{"template": {"id": …}}`."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _json(value)
    if isinstance(value, dict):
        template, image = value.get("template"), value.get("image")
        if isinstance(template, dict) and template.get("id"):
            return {"template": {"id": _plain(template["id"])}}
        return picture(image) if isinstance(image, dict) else None
    return picture(value)


def _certificates(value: Any) -> tuple[dict[str, Any], ...]:
    found = []
    for item in _objects(value):
        paper: dict[str, Any] = {"id": text(item.get("id"))}
        paper["images"] = pictures(item.get("images") or [])
        files = [one for one in item.get("files") or () if isinstance(one, dict)]
        paper["files"] = [{name: text(one[name]) for name in FILE_FIELDS if one.get(name)} for one in files]
        if item.get("expiration_date") not in (None, ""):
            paper["expiration_date"] = _moment(item["expiration_date"])
        found.append(paper)
    return tuple(found)


def _moment(value: Any) -> int:
    """Unix seconds, also from a date."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        when = dt.datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise ReadError("has an expiration_date that is neither a date nor unix seconds") from None
    return int((when if when.tzinfo else when.replace(tzinfo=dt.timezone.utc)).timestamp())


def _save_mode(value: Any) -> str:
    mode = SAVE_MODES.get(str(value).strip().lower())
    if mode is None:
        raise ReadError("must be listing or draft")
    return mode


_PRODUCT: Mapping[str, Callable[[Any], Any]] = {
    "title": text,
    "description": text,
    "category_id": text,
    "category": text,
    "category_chains": _chain,
    "brand_id": text,
    "brand": _brand,
    "main_images": pictures,
    "attributes": attributes,
    "product_attributes": attributes,
    "certifications": _certificates,
    "size_chart": _chart,
    "manufacturer_ids": texts,
    "responsible_person_ids": texts,
    "delivery_option_ids": texts,
    "delivery_options": texts,
    "is_cod_allowed": boolean,
    "external_product_id": text,
    "save_mode": _save_mode,
}
