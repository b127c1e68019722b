"""A table of products with every feature of a listing, for a market; and what the shop must show of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kill_listings import png
from tiktokshop_client import operations

if TYPE_CHECKING:
    from pathlib import Path

    from tiktokshop_client import Client, Shop

Record = dict[str, Any]
PRICES = {"US": ("12.50", "USD"), "DE": ("11.90", "EUR"), "ID": ("125000", "IDR")}
CODES = (("ean", 13), ("upc", 12), ("gtin", 14), ("jan", 8), ("isbn", 13))
EXPIRES = "2030-01-01T00:00:00Z"
BATTERIES = "602490"
# What is listed: category as a row has it, its id, its attributes as a row has them and as the shop shows them.
KINDS: tuple[Record, ...] = (
    {
        "category": "Home Supplies > Drinkware > Mugs",
        "id": "853000",
        "attributes": "Material=Stoneware; Occasion=Birthday|Wedding",
        "shown": {"Material": ["Stoneware"], "Occasion": ["Birthday", "Wedding"]},
    },
    {"category": "Vases", "id": "852872", "attributes": "Material=Bone china", "shown": {"Material": ["Bone china"]}},
    {
        "category": "Dresses > Midi Dresses",
        "id": "846728",
        "attributes": '{"Fabric": ["Cotton", "Viscose"]}',
        "shown": {"Fabric": ["Cotton", "Viscose"]},
        "chart": True,
    },
    {
        "category_id": "910216",
        "id": "910216",
        "attributes": "Contains batteries or cells?=Yes;Battery type=Alkaline;Battery capacity (mAh)=2000.5",
        "shown": {
            "Contains batteries or cells?": ["Yes"],
            "Battery type": ["Alkaline"],
            "Battery capacity (mAh)": ["2000.5"],
        },
        "papers": True,
    },
    {
        "category": "recommended",
        "id": "910088",
        "attributes": "Contains batteries or cells?=No",
        "shown": {"Contains batteries or cells?": ["No"]},
    },
)


@dataclass
class Table:
    """The rows of a table, by product; what the shop must show of each, and which outcomes its rows have.

    Attributes:
        rows: Rows of a flat table, in order.
        shown: `listing_key` -> the fields that the shop must show.
        first: `listing_key` -> the outcome of its rows when they are new, and `later` after the review.
    """

    rows: list[Record] = field(default_factory=list)
    shown: dict[str, Record] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)


@dataclass
class Market:
    """A shop, and what its listings refer to."""

    shop: Shop
    places: list[str]
    people: tuple[str, str] | None
    options: list[str]

    @classmethod
    def of(cls, client: Client, shop: Shop) -> Market:
        """Reads it."""
        found = client.call(operations.GET_WAREHOUSES, shop=shop).data["warehouses"]
        places = [row["id"] for row in found if row["type"] == "SALES_WAREHOUSE" and row["effect_status"] == "ENABLED"]
        people, options = None, []
        if shop.region == "DE":
            searches = (operations.SEARCH_MANUFACTURERS, operations.SEARCH_RESPONSIBLE_PERSONS)
            maker, person = (next(iter(client.pages(search))).rows[0]["id"] for search in searches)
            people = (maker, person)
        if shop.region == "ID":
            path = {"warehouse_id": places[0]}
            answer = client.call(operations.GET_DELIVERY_OPTIONS, shop=shop, path=path)
            options = [row["id"] for row in answer.data["delivery_options"]][:1]
        return cls(shop, places, people, options)


def table_of(market: Market, count: int, folder: Path, address: str) -> Table:
    """So many products, each with other features; `address` is where the folder's pictures can be fetched."""
    table = Table()
    for number in range(count):
        key = f"{market.shop.region}-{number}"
        _product(table, market, number, key, _Pictures(folder, address, number))
    return table


class _Pictures:
    """Makes the pictures of a product; each is known by its width."""

    def __init__(self, folder: Path, address: str, number: int) -> None:
        self._folder, self._address, self._number = folder, address, number

    def path(self, width: int, *, far: bool = False) -> str:
        file = self._folder / f"{width}.png"
        if not file.exists():
            file.write_bytes(png(width))
        return f"{self._address}/{width}.png" if far else str(file)

    def main(self) -> list[int]:
        return [300 + (self._number * 3 + place) % 500 for place in range(1 + self._number % 9)]


def _product(table: Table, market: Market, number: int, key: str, pictures: _Pictures) -> None:
    kind, region = KINDS[number % len(KINDS)], market.shop.region
    draft, bad = number % 17 == 5, number % 40 == 39
    refused = number % 40 == 21 and not draft
    widths = pictures.main()
    title = f"A desk lamp of the kind that nobody forgets, number {number}"
    title = "" if bad else f"A miracle, {title}" if refused else title
    pounds = region == "US" and number % 2
    row: Record = {
        "shop_id": market.shop.id,
        "listing_key": key,
        "title": title,
        "description": f"<p>Number <b>{number}</b> &amp; more.</p><ul><li>Étui</li></ul>",
        "category": kind.get("category"),
        "category_id": kind.get("category_id"),
        "brand": "Maple Atelier" if number % 3 == 1 else None,
        "main_images": "|".join(pictures.path(width, far=number % 10 == 3) for width in widths),
        "attributes": kind["attributes"],
        "package_weight": "1.25" if pounds else "0.500",
        "package_weight_unit": "POUND" if pounds else "KILOGRAM",
        "package_length": 10,
        "package_width": 20,
        "package_height": 30,
        "package_dimension_unit": "INCH" if pounds else "CENTIMETER",
        "external_product_id": f"own-{number}" if number % 4 == 0 else None,
        "save_mode": "draft" if draft else None,
        "is_cod_allowed": "yes" if region == "ID" else None,
        "delivery_option_ids": market.options[0] if market.options else None,
    }
    shown: Record = {
        "title": title,
        "description": row["description"],
        "category": kind["id"],
        "brand": row["brand"],
        "main_images": widths,
        "attributes": kind["shown"],
        "package_weight": ("1.25" if pounds else "0.5", row["package_weight_unit"]),
        "package_dimensions": ("10", "20", "30", row["package_dimension_unit"]),
        "external_product_id": row["external_product_id"],
        "status": "DRAFT" if draft else "FAILED" if refused else "ACTIVATE",
        "is_cod_allowed": region == "ID",
        "people": market.people,
        "size_chart": 1_100 if kind.get("chart") else None,
        "certifications": {BATTERIES: ([1_200], EXPIRES)} if kind.get("papers") else {},
    }
    if market.people:
        row["manufacturer_ids"], row["responsible_person_ids"] = market.people
    if kind.get("chart"):
        row["size_chart"] = pictures.path(1_100)
    if kind.get("papers"):
        paper = {"id": BATTERIES, "images": [pictures.path(1_200)], "expiration_date": "2030-01-01"}
        row["certifications"] = json.dumps([paper])
    shown["skus"] = {}
    for place, sku in enumerate(_skus(market, number, pictures)):
        given, seen = sku
        table.rows.append({**(row if not place else {"shop_id": market.shop.id, "listing_key": key}), **given})
        shown["skus"][given["seller_sku"]] = seen
    table.first[key] = "rejected" if bad else "applied" if draft else "in_review"
    table.later[key] = "rejected" if bad else "failed" if refused else "unchanged"
    if not bad:
        table.shown[key] = shown


def _skus(market: Market, number: int, pictures: _Pictures) -> list[tuple[Record, Record]]:
    """The SKUs of a product, as rows have them and as the shop shows them."""
    colors, packs = (("Black", "Oak"), ("1 pc", "2 pcs")) if number % 2 else ((), ())
    variants = [(color, pack) for color in colors for pack in packs] or [None]
    amount, currency = PRICES[market.shop.region]
    found = []
    for place, variant in enumerate(variants):
        kind, digits = CODES[(number + place) % len(CODES)]
        code = coded(number * 10 + place + 1, digits, "978" if kind == "isbn" else "")
        several = len(market.places) > 1 and number % 7 == 1 and not market.options
        stock = {each: 5 + at for at, each in enumerate(market.places if several else market.places[:1])}
        rows = [{"warehouse_id": each, "quantity": units} for each, units in stock.items()]
        given: Record = {
            "seller_sku": f"{market.shop.region}-{number}-{place}",
            "price": amount,
            "currency": currency if number % 2 else None,
            "list_price": "19.99" if currency == "USD" and number % 6 == 1 else None,
            kind: code,
            "external_sku_id": f"sku-{number}-{place}" if number % 4 == 0 else None,
            **({"inventory": json.dumps(rows)} if several else {**rows[0]}),
        }
        seen: Record = {
            "price": amount,
            "list_price": given["list_price"],
            "stock": stock,
            "code": (kind.upper(), code),
            "external_sku_id": given["external_sku_id"],
            "variations": [],
            "picture": None,
        }
        if variant is not None:
            width = 900 + colors.index(variant[0])
            given |= {"variations": f"Color={variant[0]}; Pack={variant[1]}", "sku_image": pictures.path(width)}
            seen |= {"variations": [("Color", variant[0]), ("Pack", variant[1])], "picture": width}
        found.append((given, seen))
    return found


def coded(number: int, digits: int, beginning: str) -> str:
    """A code of so many digits with its check digit."""
    body = beginning + str(number).zfill(digits - 1 - len(beginning))
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def seen_of(live: Record) -> Record:
    """What a record of the tap's `product_details` says, in the form of `Table.shown`."""
    weight, size = live["package_weight"], live["package_dimensions"]
    chart = (live.get("size_chart") or {}).get("image") or {}
    people = (live.get("manufacturer_ids"), live.get("responsible_person_ids"))
    papers = {
        paper["id"]: ([image["width"] for image in paper["images"]], paper["expiration_date"])
        for paper in live.get("certifications") or ()
    }
    return {
        "title": live["title"],
        "description": live["description"],
        "category": live["category_chains"][-1]["id"],
        "brand": (live.get("brand") or {}).get("name"),
        "main_images": [image["width"] for image in live["main_images"]],
        "attributes": {
            item["name"]: [value["name"] for value in item["values"]] for item in live["product_attributes"]
        },
        "package_weight": (weight["value"], weight["unit"]),
        "package_dimensions": (size["length"], size["width"], size["height"], size["unit"]),
        "external_product_id": live.get("external_product_id"),
        "status": live["status"],
        "is_cod_allowed": bool(live.get("is_cod_allowed")),
        "people": (people[0][0], people[1][0]) if people[0] and people[1] else None,
        "size_chart": chart.get("width"),
        "certifications": papers,
        "skus": {sku["seller_sku"]: _seen_sku(sku) for sku in live["skus"]},
    }


def _seen_sku(sku: Record) -> Record:
    code = sku.get("identifier_code") or {}
    axes = [one for one in sku["sales_attributes"] if one["name"] != "Specification"]
    return {
        "price": sku["price"]["sale_price"],
        "list_price": (sku.get("list_price") or {}).get("amount"),
        "stock": {row["warehouse_id"]: row["quantity"] for row in sku["inventory"] if row["quantity"]},
        "code": (code.get("type"), code.get("code")),
        "external_sku_id": sku.get("external_sku_id"),
        "variations": [(one["name"], one["value_name"]) for one in axes],
        "picture": next((one["sku_img"]["width"] for one in axes if one.get("sku_img")), None),
    }
