"""Feeds promotions to the US shop of a lab, and looks at what became of them."""

import datetime as dt
from decimal import Decimal

from tiktokshop_client import operations

HOUR, DAY = 3_600, 86_400
CREATE = "POST /promotion/202309/activities"
UPDATE = "PUT /promotion/202309/activities/{activity_id}"
PRODUCTS = "PUT /promotion/202309/activities/{activity_id}/products"
REMOVE = "DELETE /promotion/202309/activities/{activity_id}/products"
END = "POST /promotion/202309/activities/{activity_id}/deactivate"


class Fair:
    """A lab with promotions."""

    def __init__(self, lab):
        self.lab, self.folder = lab, lab.folder
        self.now = lab.client.now()
        taken = set()
        for status in ("ONGOING", "NOT_START"):
            for row in self.listed(status=status):
                taken |= {product["id"] for product in self.shown(row["id"]).get("products", [])}
        self.free = [row for row in lab.products() if row["id"] not in taken]
        self.skus = [(row, sku) for row in self.free for sku in row["skus"]]

    def listed(self, **body):
        pages = self.lab.client.pages(operations.SEARCH_ACTIVITIES, shop=self.lab.us, body=body)
        return [row for page in pages for row in page.rows]

    def shown(self, activity_id):
        path = {"activity_id": activity_id}
        return self.lab.client.call(operations.GET_ACTIVITY, shop=self.lab.us, path=path).data

    def named(self, title="Autumn sale"):
        """The one activity of a title."""
        (row,) = [row for row in self.listed() if row["title"] == title]
        return self.shown(row["id"])

    def time(self, seconds):
        return dt.datetime.fromtimestamp(self.now + seconds, dt.timezone.utc).isoformat()

    def activity(self, title="Autumn sale", kind="FIXED_PRICE", **more):
        return {
            "activity_key": "autumn",
            "title": title,
            "activity_type": kind,
            "begin_time": self.time(HOUR),
            "end_time": self.time(3 * DAY),
            **more,
        }

    @staticmethod
    def price(sku, percent=20):
        return str((Decimal(sku["price"]["sale_price"]) * (100 - percent) / 100).quantize(Decimal("0.01")))

    def sku(self, place=0, percent=20, **more):
        """An offer of a SKU."""
        sku = self.skus[place][1]
        return {"sku_id": sku["id"], "activity_price": self.price(sku, percent), **more}

    def flat(self, *offers, **more):
        """Records of one activity, one an offer."""
        return [{**self.activity(**more), **offer} for offer in offers]

    def feed(self, *records, **config):
        path = str(self.folder / "promotion-keys.sqlite")
        return self.lab.feed("promotions", *records, **{"promotion_keys_path": path, **config})

    def advance(self, seconds):
        self.lab.sandbox.control("POST", "/clock", {"advance": seconds})

    def offers(self, activity):
        """Prices or percentages by product and SKU."""
        found = {}
        for product in activity.get("products", []):
            for row in product.get("skus") or [{"id": "", **{k: v for k, v in product.items() if k != "id"}}]:
                found[row["id"] or product["id"]] = row.get("discount") or row.get("activity_price", {}).get("amount")
        return found
