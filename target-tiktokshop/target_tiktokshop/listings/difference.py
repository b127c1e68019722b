"""What a proposal would change of a live product, field by field; and the calls' bodies."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_tiktokshop.listings.illustrated import Illustrated
from target_tiktokshop.listings.proposal import bare_value
from target_tiktokshop.listings.shapes import AXIS, SKU
from target_tiktokshop.listings.variants import axis_key, value_key
from target_tiktokshop.writing.live import decimal_of, object_of, objects, truth_of, units_of
from target_tiktokshop.writing.shaped import ShapeError, shaped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_tiktokshop.listings.pictures import CheckedPicture
    from target_tiktokshop.listings.proposal import Proposal, ProposedSku
    from target_tiktokshop.writing.shaped import Shape

FIXED = {
    "category_id": (
        "category",
        "the category of a listed product cannot be changed here: change it in Seller Center, or list it anew",
    ),
    "delivery_option_ids": (
        "delivery_option_ids",
        "delivery options of a listed product cannot be changed here: change them in Seller Center",
    ),
}
"""Fields that a partial edit does not have: what to call them, and what to say."""
PLACES = ("warehouse_id", "quantity", "backorder_quantity", "handling_time")


class StaleError(ValueError):
    """A product whose SKUs cannot be sent along as they are; the text is a sentence's rest that says why."""


@dataclass
class Difference:
    """What differs.

    Attributes:
        before: Field -> what the shop has.
        after: Field -> what it would have.
        fields: The properties to send, pictures not yet replaced by their uris.
        deleted: The live SKUs that would go.
        added: The SKUs that would come.
        skus: Whether any SKU differs.
        fixed: Differences that cannot be sent: what they are about, and why.
        unsent: SKUs whose price or stock differs, which other streams write.
    """

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    added: list[ProposedSku] = field(default_factory=list)
    skus: bool = False
    fixed: list[tuple[str, str]] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.fields and not self.skus

    @property
    def about(self) -> set[str]:
        """The fields and SKUs that differ, as faults name them."""
        return set(self.after)


def compare(proposal: Proposal, live: Mapping[str, Any], known: Callable[[CheckedPicture], str]) -> Difference:
    """Compares; `known` gives the uri of a picture that is uploaded, "" for others."""
    found = Difference()
    for name, value in proposal.fields.items():
        before, after = _sides(name, value, live, known)
        if before == after:
            continue
        if name in FIXED:
            found.fixed.append(FIXED[name])
        else:
            found.fields[name] = _merged(name, value, live)
        found.before[name], found.after[name] = before, after
    for sku in proposal.skus:
        _compare_sku(sku, live, found, known)
    return found


def _sides(name: str, value: Any, live: Mapping[str, Any], known: Callable[[CheckedPicture], str]) -> tuple[Any, Any]:
    """A field as the shop has it and as it would be, in a form in which equal things are equal."""
    side = _SIDES.get(name)
    if side is None:
        return live.get(name), value
    return side(value, live, known)


def _words(name: str) -> Callable[..., tuple[Any, Any]]:
    def sides(value: Any, live: Mapping[str, Any], known: Callable[[CheckedPicture], str]) -> tuple[Any, Any]:
        text = value.html(lambda picture: _shown(picture, known)) if isinstance(value, Illustrated) else str(value)
        before = " ".join(str(live.get(name) or "").split())
        after = " ".join(text.split())
        return (before, after) if before != after else (after, after)

    return sides


def _shown(picture: Any, known: Callable[[CheckedPicture], str]) -> str:
    """A picture in a comparison: its uri, or what the record calls it if it is not uploaded."""
    return known(picture) or f"{picture.ref.name} (new)"


def _images(value: Any, live: Mapping[str, Any], known: Callable[[CheckedPicture], str]) -> tuple[Any, Any]:
    return _uris(live.get("main_images")), [_shown(picture, known) for picture in value]


def _uris(rows: Any) -> list[str]:
    return [str(row.get("uri") or "") for row in objects(rows)]


def _numbers(name: str) -> Callable[..., tuple[Any, Any]]:
    def sides(value: Any, live: Mapping[str, Any], _: Any) -> tuple[Any, Any]:
        shown = object_of(live.get(name))
        return _measured({key: shown[key] for key in value if key in shown}), _measured(value)

    return sides


def _measured(value: Mapping[str, Any]) -> dict[str, str]:
    """Numbers as they are compared: without zeros behind the point."""
    numbers = {key: decimal_of(item) for key, item in value.items() if key != "unit"}
    shown = {key: str((number or Decimal(0)).normalize()) for key, number in sorted(numbers.items())}
    return {**shown, "unit": str(value.get("unit") or "")}


def _attributes(value: Any, live: Mapping[str, Any], _: Any) -> tuple[Any, Any]:
    """Only attributes that the record names; values are the same if their ids or their names are."""
    now = {str(item.get("id")): objects(item.get("values")) for item in objects(live.get("product_attributes"))}
    before, after = {}, {}
    for item in value:
        own, wanted = now.get(item["id"], []), item["values"]
        same = len(own) == len(wanted) and all(any(_same_value(one, other) for other in own) for one in wanted)
        after[item["id"]] = list(map(_told, wanted))
        before[item["id"]] = after[item["id"]] if same else list(map(_told, own))
    return before, after


def _told(value: Mapping[str, Any]) -> str:
    """A value in a comparison: what it measures, or else its name."""
    parts = objects(object_of(value.get("metric_standard_info")).get("metric_value_module_infos"))
    measured = " ".join(f"{part.get('value')} ({part.get('unit_id')})" for part in parts)
    return measured or str(value.get("name") or value.get("id") or "")


def _same_value(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    measure, same_id = "metric_standard_info", one.get("id") and str(one["id"]) == str(other.get("id"))
    if one.get(measure):
        return bool(same_id or bare_value(one)[measure] == bare_value(other).get(measure))
    same_name = one.get("name") and str(one["name"]).casefold() == str(other.get("name") or "").casefold()
    return bool(same_id or same_name)


def _certificates(value: Any, live: Mapping[str, Any], known: Callable[[CheckedPicture], str]) -> tuple[Any, Any]:
    before = {
        str(paper.get("id")): (_uris(paper.get("images")), int(paper.get("expiration_date") or 0))
        for paper in objects(live.get("certifications"))
    }
    after = {
        paper["id"]: ([_shown(one, known) for one in paper.get("images", ())], int(paper.get("expiration_date") or 0))
        for paper in value
    }
    return before, after


def _chart(value: Any, live: Mapping[str, Any], known: Callable[[CheckedPicture], str]) -> tuple[Any, Any]:
    now = object_of(live.get("size_chart"))
    template, image = object_of(now.get("template")), object_of(now.get("image"))
    before = template.get("id") or image.get("uri")
    after = value["template"]["id"] if "template" in value else _shown(value["image"], known)
    return before, after


def _ids(name: str, of: Callable[[Mapping[str, Any]], Any]) -> Callable[..., tuple[Any, Any]]:
    def sides(value: Any, live: Mapping[str, Any], _: Any) -> tuple[Any, Any]:
        return sorted(map(str, of(live) or [])), sorted(map(str, value))

    sides.__name__ = name
    return sides


def category_of(live: Mapping[str, Any]) -> str:
    """The leaf category of a live product."""
    chain = objects(live.get("category_chains"))
    return str(chain[-1].get("id") or "") if chain else ""


_SIDES: dict[str, Callable[..., tuple[Any, Any]]] = {
    "title": _words("title"),
    "description": _words("description"),
    "category_id": lambda value, live, _: (category_of(live), value),
    "brand_id": lambda value, live, _: (object_of(live.get("brand")).get("id"), value),
    "main_images": _images,
    "package_weight": _numbers("package_weight"),
    "package_dimensions": _numbers("package_dimensions"),
    "product_attributes": _attributes,
    "certifications": _certificates,
    "size_chart": _chart,
    "is_cod_allowed": lambda value, live, _: (truth_of(live.get("is_cod_allowed")) or False, value),
    "manufacturer_ids": _ids("manufacturer_ids", lambda live: live.get("manufacturer_ids")),
    "responsible_person_ids": _ids("responsible_person_ids", lambda live: live.get("responsible_person_ids")),
    "delivery_option_ids": _ids(
        "delivery_option_ids", lambda live: [row.get("id") for row in objects(live.get("delivery_options"))]
    ),
}


def _merged(name: str, value: Any, live: Mapping[str, Any]) -> Any:
    """A property as it must be sent: inside of one that is sent, what is left out would become blank."""
    if name != "product_attributes":
        return value
    named = {item["id"]: item for item in value}
    rest = [item for item in objects(live.get(name)) if str(item.get("id")) not in named]
    return [
        *(_repeated_attribute(item) for item in rest if objects(item.get("values"))),
        *(item for item in named.values() if item["values"]),
    ]


def _repeated_attribute(item: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute of the product as it must be repeated."""
    values = list(map(bare_value, objects(item.get("values"))))
    if not item.get("id") or not all(values):
        raise ValueError("an attribute is shown without its id, or one of its values is")
    return {"id": str(item["id"]), "values": values}


# -- SKUs --------------------------------------------------------------------------------------------------------------


def _compare_sku(
    sku: ProposedSku, live: Mapping[str, Any], found: Difference, known: Callable[[CheckedPicture], str]
) -> None:
    label, now = sku.wanted.label, sku.live
    if sku.wanted.deleted:
        if now is not None:
            found.deleted.append(now)
            found.skus = True
            found.before[label], found.after[label] = "listed", "deleted"
        return
    if now is None:
        found.added.append(sku)
        found.skus = True
        values = ", ".join(str(one.get("value_name")) for one in sku.axes)
        found.before[label], found.after[label] = None, " ".join(filter(None, ["new", values, sku.price]))
        return
    before, after = _sku_sides(sku, now, known)
    differing = {name for name in after if before[name] != after[name]}
    if differing:
        found.skus = True
        found.before[label] = {name: before[name] for name in sorted(differing)}
        found.after[label] = {name: after[name] for name in sorted(differing)}
    if "identifier" in differing and live.get("status") != "DRAFT":
        found.fixed.append((label, "the identifier code can only be changed while the product is a draft"))
    if _trades_otherwise(sku, now):
        found.unsent.append(label)


def _sku_sides(
    sku: ProposedSku, now: Mapping[str, Any], known: Callable[[CheckedPicture], str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the record names of a SKU, and the same of the live one."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    wanted, own = sku.wanted, objects(now.get("sales_attributes"))
    if wanted.sku_id and wanted.seller_sku:
        before["seller_sku"], after["seller_sku"] = str(now.get("seller_sku") or ""), wanted.seller_sku
    if sku.axes:
        before["variations"] = sorted((axis_key(one), value_key(one)) for one in own)
        after["variations"] = sorted((axis_key(one), value_key(one)) for one in sku.axes)
    if sku.picture is not None:
        uris = [object_of(one.get("sku_img")).get("uri") for one in own]
        before["picture"] = next((uri for uri in uris if uri), None)
        after["picture"] = _shown(sku.picture, known)
    if wanted.external_sku_id:
        before["external_sku_id"], after["external_sku_id"] = now.get("external_sku_id"), wanted.external_sku_id
    if wanted.code is not None:
        code = object_of(now.get("identifier_code"))
        before["identifier"] = (str(code.get("type") or ""), str(code.get("code") or ""))
        after["identifier"] = wanted.code
    return before, after


def _trades_otherwise(sku: ProposedSku, now: Mapping[str, Any]) -> bool:
    """Whether the record has another price or stock than the shop."""
    price = object_of(now.get("price"))
    shown = decimal_of(price.get("sale_price") or price.get("amount") or price.get("tax_exclusive_price"))
    if sku.wanted.price is not None and shown is not None and sku.wanted.price != shown:
        return True
    stock = {str(row.get("warehouse_id")): decimal_of(row.get("quantity")) for row in objects(now.get("inventory"))}
    for named, units in sku.wanted.stock:
        place = named or (next(iter(stock)) if len(stock) == 1 else "")
        if place in stock and stock[place] != units:
            return True
    return False


def sku_bodies(
    difference: Difference,
    proposal: Proposal,
    before: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    *,
    cross_border: bool,
) -> list[dict[str, Any]]:
    """All SKUs that the product is to have: a call that carries SKUs deletes those that it leaves out.

    Args:
        difference: What differs.
        proposal: What is wanted.
        before: The product as it was compared.
        live: The product as it is this moment, None if it is gone.
        cross_border: Whether its seller is one, whose prices have two amounts.

    Raises:
        StaleError: A SKU of the product, or what must be sent along of it, is not shown.
    """
    gone = {str(sku.get("id")) for sku in difference.deleted}
    changed = {str(sku.live.get("id")): sku for sku in proposal.skus if sku.live and not sku.wanted.deleted}
    shown_now = objects((live or {}).get("skus"))
    left_out = {str(sku.get("id")) for sku in objects(before.get("skus"))} - {str(sku.get("id")) for sku in shown_now}
    if left_out:
        raise StaleError(f"the shop does not show SKUs that it showed a moment ago ({', '.join(sorted(left_out))})")
    kept = [sku for sku in shown_now if str(sku.get("id")) not in gone]
    bodies = [_live_body(sku, changed.get(str(sku.get("id"))), cross_border=cross_border) for sku in kept]
    shown = {
        _value(one): one["sku_img"] for body in bodies for one in body.get("sales_attributes", ()) if "sku_img" in one
    }
    return [*bodies, *(_pictured(new_body(sku), shown) for sku in difference.added)]


def _value(one: Mapping[str, Any]) -> tuple[str, str]:
    return axis_key(one), value_key(one)


def _pictured(body: dict[str, Any], shown: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """A new SKU with the picture that its value has in other SKUs of the product."""
    axes = body.get("sales_attributes", [])
    if not any("sku_img" in one for one in axes):
        axes = [{**one, **({"sku_img": shown[_value(one)]} if _value(one) in shown else {})} for one in axes]
    return {**body, "sales_attributes": axes} if axes else body


def _live_body(now: Mapping[str, Any], changed: ProposedSku | None, *, cross_border: bool) -> dict[str, Any]:
    """A live SKU as it must be repeated, with what a record changes of it."""
    name = f"SKU {now.get('seller_sku') or now.get('id') or '(without an id)'}"
    if not now.get("id") or now.get("combined_skus"):
        raise StaleError(f"{name} is made up of others, or is shown without its id")
    body = _repeated(SKU, now, name)
    body["price"] = _live_price(object_of(now.get("price")), name, cross_border=cross_border)
    body["inventory"] = [_live_place(row, name) for row in objects(now.get("inventory"))]
    if not body["inventory"]:
        raise StaleError(f"{name} is shown without its stock")
    axes = [_repeated(AXIS, one, name) for one in objects(now.get("sales_attributes"))]
    if changed is not None:
        _change(body, axes, changed)
        axes = body.pop("sales_attributes", axes)
    if axes:
        body["sales_attributes"] = axes
    return body


def _live_price(price: Mapping[str, Any], name: str, *, cross_border: bool) -> dict[str, Any]:
    """A price as it must be repeated: what buyers pay, for sellers from abroad also what they pay without tax."""
    paid = price.get("sale_price") or price.get("amount") or price.get("tax_exclusive_price")
    if decimal_of(paid) is None or not price.get("currency"):
        raise StaleError(f"{name} is shown without its price")
    if cross_border and price.get("sale_price") and decimal_of(price.get("tax_exclusive_price")) is not None:
        bare = str(price["tax_exclusive_price"])
        return {"amount": bare, "sale_price": str(paid), "currency": str(price["currency"])}
    return {"amount": str(paid), "currency": str(price["currency"])}


def _live_place(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The stock of a warehouse as it must be repeated."""
    numbers = {key: units_of(row[key]) for key in PLACES[1:] if row.get(key) is not None}
    if not row.get("warehouse_id") or numbers.get("quantity") is None or None in numbers.values():
        raise StaleError(f"{name} is shown without its stock")
    return {"warehouse_id": str(row["warehouse_id"]), **numbers}


def _repeated(shape: Shape, shown: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What is shown, as the call takes it."""
    try:
        return shaped(shape, dict(shown)) or {}
    except ShapeError as error:
        raise StaleError(f"{name} is shown with values that cannot be repeated ({error})") from None


def _change(body: dict[str, Any], axes: list[dict[str, Any]], changed: ProposedSku) -> None:
    wanted = changed.wanted
    if wanted.seller_sku:
        body["seller_sku"] = wanted.seller_sku
    if wanted.external_sku_id:
        body["external_sku_id"] = wanted.external_sku_id
    if wanted.code is not None:
        body["identifier_code"] = {"type": wanted.code[0], "code": wanted.code[1]}
    if changed.axes:
        images = {axis_key(one): one["sku_img"] for one in axes if "sku_img" in one}
        axes = [
            {**one, **({"sku_img": images[axis_key(one)]} if axis_key(one) in images else {})} for one in changed.axes
        ]
    if changed.picture is not None and axes:
        place = next((index for index, one in enumerate(axes) if "sku_img" in one), 0)
        axes[place] = {**axes[place], "sku_img": changed.picture}
    body["sales_attributes"] = axes


def new_body(sku: ProposedSku) -> dict[str, Any]:
    """A new SKU."""
    wanted = sku.wanted
    body: dict[str, Any] = {"seller_sku": wanted.seller_sku, "inventory": sku.stock}
    body["price"] = {"amount": sku.price, "currency": wanted.currency}
    if wanted.list_price is not None and wanted.currency == "USD":
        body["list_price"] = {"amount": str(wanted.list_price), "currency": wanted.currency}
    if wanted.code is not None:
        body["identifier_code"] = {"type": wanted.code[0], "code": wanted.code[1]}
    if wanted.external_sku_id:
        body["external_sku_id"] = wanted.external_sku_id
    if sku.axes:
        shown = {"sku_img": sku.picture} if sku.picture is not None else {}
        body["sales_attributes"] = [{**one, **(shown if at == sku.place else {})} for at, one in enumerate(sku.axes)]
    return body
