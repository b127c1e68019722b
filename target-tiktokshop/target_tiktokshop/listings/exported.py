"""A live product as rows of a table: what `reading` makes of them is what the shop has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from target_tiktokshop.listings.reading import SIDES, UPLOADED
from target_tiktokshop.writing.live import object_of, objects, texts, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PRODUCT_COLUMNS = (
    "shop_id",
    "product_id",
    "title",
    "description",
    "category_id",
    "brand_id",
    "main_images",
    "attributes",
    "package_weight",
    "package_weight_unit",
    *(f"package_{side}" for side in SIDES),
    "package_dimension_unit",
    "size_chart",
    "certifications",
    "manufacturer_ids",
    "responsible_person_ids",
    "delivery_option_ids",
    "is_cod_allowed",
    "external_product_id",
)
SKU_COLUMNS = (
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
    "identifier_type",
    "identifier_code",
    "external_sku_id",
)
COLUMNS = (*PRODUCT_COLUMNS, *SKU_COLUMNS)
PAPERS = ("id", "expiration_date")
MARKS = frozenset("=;|\n\r")
"""What separates names and values in a cell; a name that has one of them is written as JSON."""


def rows_of(shop_id: str, product_id: str, live: Mapping[str, Any]) -> list[dict[str, str]]:
    """A row for each SKU, the first of them with what belongs to the product; cells that would be blank are left out.

    Args:
        shop_id: Whose it is.
        product_id: Its id.
        live: The product as Get Product shows it.
    """
    key = {"shop_id": shop_id, "product_id": product_id}
    skus = [_filled(_sku(row)) for row in objects(live.get("skus"))] or [{}]
    product = _filled(_product(live))
    return [key | (product if not place else {}) | sku for place, sku in enumerate(skus)]


def _filled(cells: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(cell) for name, cell in cells.items() if cell not in (None, "") and str(cell).strip()}


def _product(live: Mapping[str, Any]) -> dict[str, Any]:
    chain, brand = objects(live.get("category_chains")), object_of(live.get("brand"))
    weight, size = object_of(live.get("package_weight")), object_of(live.get("package_dimensions"))
    sides = {f"package_{side}": size.get(side) for side in SIDES}
    known = all(value not in (None, "") for value in sides.values())
    allowed = truth_of(live.get("is_cod_allowed"))
    return {
        "title": live.get("title"),
        "description": live.get("description"),
        "category_id": chain[-1].get("id") if chain else None,
        "brand_id": brand.get("id"),
        "main_images": _pictures(live.get("main_images")),
        "attributes": _attributes(objects(live.get("product_attributes"))),
        "package_weight": weight.get("value"),
        "package_weight_unit": weight.get("unit"),
        **(sides | {"package_dimension_unit": size.get("unit")} if known else {}),
        "size_chart": _chart(object_of(live.get("size_chart"))),
        "certifications": _papers(objects(live.get("certifications"))),
        "manufacturer_ids": _joined(texts(live.get("manufacturer_ids"))),
        "responsible_person_ids": _joined(texts(live.get("responsible_person_ids"))),
        "delivery_option_ids": _joined(row.get("id") for row in objects(live.get("delivery_options"))),
        "is_cod_allowed": None if allowed is None else str(allowed).lower(),
        "external_product_id": live.get("external_product_id"),
    }


def _sku(sku: Mapping[str, Any]) -> dict[str, Any]:
    price, code = object_of(sku.get("price")), object_of(sku.get("identifier_code"))
    axes = objects(sku.get("sales_attributes"))
    shown = next((uri for one in axes if (uri := object_of(one.get("sku_img")).get("uri"))), None)
    stock = objects(sku.get("inventory"))
    only = stock[0] if len(stock) == 1 else {}
    return {
        "sku_id": sku.get("id"),
        "seller_sku": sku.get("seller_sku"),
        "variations": _named([(_name(one, "name", "id"), [_name(one, "value_name", "value_id")]) for one in axes]),
        "sku_image": f"{UPLOADED}{shown}" if shown else None,
        "price": price.get("sale_price") or price.get("amount") or price.get("tax_exclusive_price"),
        "list_price": object_of(sku.get("list_price")).get("amount"),
        "currency": price.get("currency"),
        "quantity": only.get("quantity"),
        "warehouse_id": only.get("warehouse_id"),
        "inventory": _json([_stock(row) for row in stock]) if len(stock) > 1 else None,
        "identifier_type": code.get("type") if code.get("code") else None,
        "identifier_code": code.get("code"),
        "external_sku_id": sku.get("external_sku_id"),
    }


def _stock(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in ("warehouse_id", "quantity")}


def _name(row: Mapping[str, Any], *names: str) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")


def _joined(values: Iterable[Any]) -> str:
    return "|".join(str(value) for value in values if value)


def _pictures(rows: Any) -> str:
    return _joined(f"{UPLOADED}{row['uri']}" for row in objects(rows) if row.get("uri"))


def _chart(chart: Mapping[str, Any]) -> str | None:
    template, image = object_of(chart.get("template")), object_of(chart.get("image"))
    if template.get("id"):
        return _json({"template": {"id": str(template["id"])}})
    return f"{UPLOADED}{image['uri']}" if image.get("uri") else None


def _papers(papers: list[dict[str, Any]]) -> str | None:
    shown = []
    for paper in papers:
        body: dict[str, Any] = {name: paper[name] for name in PAPERS if paper.get(name)}
        body["images"] = [{"uri": row["uri"]} for row in objects(paper.get("images")) if row.get("uri")]
        files = objects(paper.get("files"))
        body["files"] = [{name: row[name] for name in ("id", "name", "format") if row.get(name)} for row in files]
        shown.append({name: value for name, value in body.items() if value})
    return _json(shown) if shown else None


def _attributes(rows: list[dict[str, Any]]) -> str | None:
    """Names and values as a person writes them, or the platform's own form where that would lose something."""
    pairs = [(str(row.get("name") or ""), objects(row.get("values"))) for row in rows]
    measured = any(value.get("metric_standard_info") for _, values in pairs for value in values)
    named = all(name and values and all(value.get("name") for value in values) for name, values in pairs)
    if not pairs:
        return None
    if measured or not named or len({name.casefold() for name, _ in pairs}) < len(pairs):
        return _json([{"id": row.get("id"), "name": row.get("name"), "values": row.get("values")} for row in rows])
    return _named([(name, [str(value["name"]) for value in values]) for name, values in pairs])


def _named(pairs: list[tuple[str, list[str]]]) -> str | None:
    """`Color=Oak; Size=M`, or the same as JSON where a name has one of the marks in it."""
    texts = [text for name, values in pairs for text in (name, *values)]
    if not pairs:
        return None
    if any(MARKS & set(text) or text != text.strip() for text in texts) or texts[0].startswith(("{", "[")):
        return _json({name: values for name, values in pairs})  # noqa: C416 - a pair's values are a list
    return "; ".join(f"{name}={'|'.join(values)}" for name, values in pairs)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
