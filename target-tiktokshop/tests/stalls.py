"""Listings fed to a sandbox shop, and what became of them."""

import json
import struct
import zlib

from target_tiktokshop.settle import settle
from tiktokshop_client import operations

CREATE = "POST /product/202309/products"
UPLOAD = "POST /product/202309/images/upload"


def png(width=600, height=600, text=b""):
    """A picture of that size, as small as can be; another text makes another content."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (height * (width // 8 + 2)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"n\0" + text) + chunk(b"IDAT", rows)) + chunk(
        b"IEND", b""
    )


class Stall:
    """Feeds listings to a shop of a lab, and looks at what became of them."""

    def __init__(self, lab, region="US"):
        self.lab, self.folder, self.region = lab, lab.folder, region
        self.shop = lab.shops[region]
        answer = lab.client.call(operations.GET_WAREHOUSES, shop=self.shop)
        self.places = [row["id"] for row in answer.data["warehouses"] if row["type"] == "SALES_WAREHOUSE"]

    @property
    def people(self):
        """A manufacturer and a responsible person, None where the market asks for neither."""
        if self.region != "DE":
            return None, None
        searches = (operations.SEARCH_MANUFACTURERS, operations.SEARCH_RESPONSIBLE_PERSONS)
        return tuple(next(iter(self.lab.client.pages(search))).rows[0]["id"] for search in searches)

    def picture(self, name="main.png", *size, text=b""):
        path = self.folder / name
        path.write_bytes(png(*size, text=text or name.encode()))
        return str(path)

    def sku(self, number="MUG-1", **more):
        return {"seller_sku": number, "price": "12.50", "quantity": 5, "warehouse_id": self.places[0], **more}

    def record(self, *skus, **more):
        return {
            "title": "A mug of stoneware from Lisbon",
            "description": "<p>Holds <b>tea</b>.</p>",
            "category": "Home Supplies > Drinkware > Mugs",
            "main_images": [self.picture()],
            "attributes": {"Material": "Stoneware"},
            "package_weight": "0.5",
            "package_weight_unit": "POUND",
            "package_length": 4,
            "package_width": 4,
            "package_height": 4,
            "package_dimension_unit": "INCH",
            "skus": list(skus) or [self.sku()],
            **more,
        }

    def feed(self, *records, **config):
        store = str(self.folder / "listings.sqlite")
        return self.lab.feed("listings", *records, shop=self.region, **{"listings_store": store, **config})

    def review(self):
        self.lab.sandbox.control("POST", "/clock", {"advance": 3_600})

    def product(self, run, place=0):
        return self.shown(run.rows[place]["after"]["product_id"])

    def shown(self, product_id):
        return self.lab.client.call(operations.GET_PRODUCT, shop=self.shop, path={"product_id": product_id}).data

    def live(self, *skus, **more):
        """A product that has passed its review, and the record that it was made of."""
        record = self.record(*skus, **more)
        run = self.feed(record)
        assert run.outcomes == [("in_review", None)], run.rows
        self.review()
        return record, self.product(run)

    def settled(self, name="settled.jsonl"):
        """The lines that the command adds to a results file, and what it said."""
        path, config = self.folder / name, self.folder / "target.json"
        store = str(self.folder / "listings.sqlite")
        config.write_text(json.dumps({**self.lab.config, "results_path": str(path), "listings_store": store}))
        before = path.read_text().splitlines() if path.exists() else []
        settle(["--config", str(config)], standalone_mode=False)
        after = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in after[len(before) :]]
