"""Replicas: a product of one market listed in others, with prices and stock of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client import partial_errors
from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.operations import (
    GET_REPLICAS,
    GET_REPLICATION_RULES,
    GET_WAREHOUSES,
    REPLICATE_PRODUCT,
    same_region,
)

from target_tiktokshop.listings.item import reasons
from target_tiktokshop.listings.limits import CURRENCY_OF
from target_tiktokshop.listings.looking import live_product
from target_tiktokshop.listings.memory import ListingMemory
from target_tiktokshop.listings.reviews import note
from target_tiktokshop.streams.skus import SkuWriter
from target_tiktokshop.writing.fields import (
    CURRENCIES,
    SHOP_ID,
    Contract,
    Field,
    FieldError,
    amount,
    currency,
    identifier,
    identifiers,
    money,
    one_of,
    quantity,
    text,
)
from target_tiktokshop.writing.foresight import ANY_PRICE, PRICE_RANGES
from target_tiktokshop.writing.live import object_of, objects
from target_tiktokshop.writing.outcomes import FAILED, IN_REVIEW, REJECTED
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import looked_at
from target_tiktokshop.writing.writer import Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

PATIENCE = 3_600
"""So many seconds after it was asked for, a replica that the platform does not show is asked for again."""
LOCAL = "LOCAL_REPLICATION"
NOT_LISTED = frozenset({"DRAFT", "FREEZE", "DELETED"})
ON_ITS_WAY = "the platform makes the replica and reviews it; feed it again later to see what came of it"
TRADE = (
    "price and stock of a replica that is there are written by the streams prices and inventory, with the shop_id {}"
)


def _region(value: Any) -> str:
    """A market by its two letters."""
    code = value.strip() if isinstance(value, str) else ""
    if len(code) != 2 or not code.isalpha():
        raise FieldError("must be a market's two letters, like DE")
    return same_region(code)


def _write_price(values: dict[str, Any]) -> None:
    """The price as the platform writes it, in the currency of the market."""
    wanted = CURRENCY_OF.get(values["region"], "")
    code = values.setdefault("currency", wanted)
    if code not in CURRENCIES or (wanted and code != wanted):
        raise FieldError(f"currency must be {wanted or 'named'} in {values['region']}, not {code or 'missing'}")
    try:
        values["sale_price"] = money(values["sale_price"], code)
    except FieldError as error:
        raise FieldError(f"price {error}") from None


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("product_id", identifier),
        Field("sku_id", identifier),
        Field("seller_sku", text),
        Field("region", _region, needed=True),
        Field("sale_price", amount, "number", needed=True, other_name="price"),
        Field("currency", currency),
        Field("quantity", quantity, "number"),
        Field("warehouse_id", identifier),
        Field("inventory_mode", one_of("EXCLUSIVE", "SHARED", upper=True)),
        Field("manufacturer_ids", identifiers),
        Field("responsible_person_ids", identifiers),
    ),
    either=(("sku_id", "seller_sku"),),
    check=_write_price,
)


@dataclass
class Replica:
    """A product in another market, as its records want it; it is the `subject` of each of them.

    Attributes:
        rows: The records, one for each SKU.
        product_id: The product that is replicated.
        region: The market.
        title: What the plan calls it.
        names: What settings may call its SKUs.
        shown: What the platform shows of the replica, None if it shows none.
        status: Blank: the source's status protects nothing in another market.
    """

    rows: list[Row]
    product_id: str
    region: str
    title: str = ""
    names: set[str] = field(default_factory=set)
    shown: dict[str, Any] | None = None
    status: str = ""
    numbered: bool = True

    @property
    def names_of_each(self) -> list[set[str]]:
        """What settings may call each of its SKUs, which are all made together."""
        named = ({row.values.get("sku_id"), row.values.get("seller_sku")} for row in self.rows)
        return [{str(name) for name in names if name} for names in named]

    @property
    def numbers(self) -> str:
        """What the guard of new listings counts it by."""
        return f"{self.product_id}\n{self.region}"

    def settle(self, outcome: str, code: str = "", message: str = "") -> None:
        """Gives its open records their outcome."""
        for row in still_open(self.rows):
            row.settle(outcome, code, message)


class ReplicationWriter(SkuWriter):
    """Replicas: one call a product, with all its markets. One that is there is followed, and never made again."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self.memory = ListingMemory(self.settings.listings_store)
        self._methods: dict[str, list[str]] = {}
        self._places: dict[str, list[str]] = {}

    # -- looking -----------------------------------------------------------------------------------------------------

    def look(self, rows: list[Row]) -> None:
        """Finds the products, their replicas, and what is wrong with what is asked for."""
        self.resolve(rows)
        for shop, group in by_shop(still_open(rows)):
            live = self.catalogue(shop).offers(row.values["sku_id"] for row in group)
            for row in group:
                self.find(row, live)
                if row.open and row.subject.seller_sku:
                    row.values.setdefault("seller_sku", row.subject.seller_sku)
            usable = still_open(group)
            last_wins(usable, lambda row: (row.subject.id, row.values["region"]))
            self.run.each(self._examine, by(still_open(usable), lambda row: row.subject.product_id).values())

    def _examine(self, rows: list[Row]) -> None:
        looked_at(rows, lambda: self._look_at(rows[0].the_shop, rows[0].subject.product_id, rows))

    def _look_at(self, shop: Shop, product_id: str, rows: list[Row]) -> None:
        source = live_product(self.run.client, shop, product_id) or {}
        shown = self._replicas(shop, product_id)
        for region, group in by(rows, lambda row: row.values["region"]).items():
            replica = Replica(group, product_id, region, str(source.get("title") or ""), shown=shown.get(region))
            replica.names = {name for row in group for name in (row.subject.id, row.subject.seller_sku) if name}
            for row in group:
                row.subject = replica
            if replica.shown is not None:
                self._follow(replica)
                continue
            asked = self.memory.replica_asked(shop.id, product_id, region)
            if asked and self.run.client.now() - asked < PATIENCE:
                replica.settle(IN_REVIEW, "", ON_ITS_WAY)
                continue
            faults = [*self._faults(shop, source, replica), *self._row_faults(replica)]
            if faults:
                replica.settle(REJECTED, "not_replicable", "; ".join(faults))
            for row in still_open(group):
                self._plan(row)

    def _replicas(self, shop: Shop, product_id: str) -> dict[str, dict[str, Any]]:
        """What a product has in other markets, by market."""
        path = {"product_id": product_id}
        rows = self.run.client.call(GET_REPLICAS, shop=shop, path=path).data.get("replicated_products")
        return {same_region(str(row.get("region") or "")): row for row in objects(rows)}

    def _follow(self, replica: Replica) -> None:
        """What became of a replica: on sale, under review, or refused."""
        shown = replica.shown or {}
        status, shop_id = str(shown.get("product_status") or ""), str(shown.get("shop_id") or "")
        for row in still_open(replica.rows):
            row.after = {**(row.after or {}), "product_id": str(shown.get("product_id") or ""), "shop_id": shop_id}
        if status == "FAILED":
            replica.settle(FAILED, "audit_failed", self._reasons(shown))
        elif status in {"", "PENDING", "INITIAL"}:
            replica.settle(IN_REVIEW, "", ON_ITS_WAY)
        else:
            for row in still_open(replica.rows):
                row.unchanged(TRADE.format(shop_id))

    def _reasons(self, shown: Mapping[str, Any]) -> str:
        """Why a replica was refused, as far as its shop may be read."""
        shop = self.run.shops().get(str(shown.get("shop_id") or ""))
        live = live_product(self.run.client, shop, str(shown.get("product_id") or "")) if shop else None
        return reasons(live or {})

    def _faults(self, shop: Shop, source: Mapping[str, Any], replica: Replica) -> list[str]:
        """What stands against a replica as a whole, as sentences without full stops."""
        found = []
        status = str(source.get("status") or "")
        if not source or status in NOT_LISTED:
            words = status or "not shown"
            found.append(f"the product is {words}: list it first, and replicate it when it is on sale")
        if same_region(shop.region) == replica.region:
            found.append(f"the product is listed in {replica.region} already: name another market")
        methods = self._allowed(shop)
        if methods and LOCAL not in methods:
            found.append("the seller lists in other markets by global products: publish it in Seller Center")
        have = {str(sku.get("id")): str(sku.get("seller_sku") or "") for sku in objects(source.get("skus"))}
        lacking = have.keys() - {str(row.values["sku_id"]) for row in replica.rows}
        if lacking:
            names = ", ".join(sorted(have[number] or number for number in lacking))
            found.append(f"the platform replicates all SKUs of a product together: give {names} a record, too")
        return found

    def _allowed(self, shop: Shop) -> list[str]:
        if shop.id not in self._methods:
            found = self.run.client.call(GET_REPLICATION_RULES, shop=shop).data.get("listing_methods")
            self._methods[shop.id] = list(map(str, found)) if isinstance(found, list) else []
        return self._methods[shop.id]

    def _row_faults(self, replica: Replica) -> Iterable[str]:
        """What is wrong with prices and stock. A warehouse that is not named is found where there is only one."""
        low, high = map(Decimal, PRICE_RANGES.get(replica.region, ANY_PRICE))
        for row in replica.rows:
            name = f"SKU {row.values.get('seller_sku') or row.values['sku_id']}"
            values = row.values
            if not low <= Decimal(values["sale_price"]) <= high:
                yield f"{name}: the price {values['sale_price']} is outside {low} to {high} {values['currency']}"
            if "quantity" not in values:
                continue
            values["quantity"] = max(0, values["quantity"] - self.settings.buffer_quantity)
            places = self._warehouses(replica.region)
            if "warehouse_id" not in values and len(places) == 1:
                values["warehouse_id"] = places[0]
            elif "warehouse_id" not in values:
                yield f"{name}: name warehouse_id ({', '.join(places) or 'of the shop in that market'})"
            elif places and values["warehouse_id"] not in places:
                words = f"is none of that market; there are: {', '.join(places)}"
                yield f"{name}: warehouse {values['warehouse_id']} {words}"
            if not values["quantity"]:
                yield f"{name}: a replica needs 1 unit or more"

    def _warehouses(self, region: str) -> list[str]:
        """The sales warehouses of a market, as far as its shops may be read."""
        if region not in self._places:
            shops = [shop for shop in self.run.shops().values() if same_region(shop.region) == region]
            found = [
                row
                for shop in shops
                for row in objects(self.run.client.call(GET_WAREHOUSES, shop=shop).data.get("warehouses"))
            ]
            usable = [row for row in found if row.get("id") and row.get("type") in {"SALES_WAREHOUSE", None}]
            self._places[region] = [str(row["id"]) for row in usable if row.get("effect_status") != "DISABLED"]
        return self._places[region]

    @staticmethod
    def _plan(row: Row) -> None:
        values = row.values
        row.operation, row.before = REPLICATE_PRODUCT.name, {}
        row.after = {"region": values["region"], "price": values["sale_price"], "currency": values["currency"]}
        row.after |= {name: values[name] for name in ("quantity", "warehouse_id") if name in values}

    # -- sending -----------------------------------------------------------------------------------------------------

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """One call a product, with all its markets."""
        return by(rows, lambda row: (row.the_shop.id, row.subject.product_id)).values()

    def send(self, rows: list[Row]) -> None:
        """Each market may be refused for itself."""
        shop, product_id = rows[0].the_shop, rows[0].subject.product_id
        markets = by(rows, lambda row: row.values["region"])
        targets = [_target(region, group) for region, group in markets.items()]
        for region in markets:
            self.memory.ask_replica(shop.id, product_id, region, self.run.client.now())
        path = {"product_id": product_id}
        try:
            answer = self.run.client.call(REPLICATE_PRODUCT, shop=shop, path=path, body={"replicate_target": targets})
        except TikTokShopError as error:
            for region in markets if not error.unclear else ():
                self.memory.ask_replica(shop.id, product_id, region, 0)
            raise
        for row in rows:
            row.request_id = answer.request_id
        for refusal in partial_errors(REPLICATE_PRODUCT, answer.data):
            named = same_region(refusal.ids.get("region", ""))
            for row in rows if not named else markets.get(named, []):
                self.memory.ask_replica(shop.id, product_id, row.values["region"], 0)
                row.reject(str(refusal.code), f"the platform refused it: {refusal.message}", answer.request_id)
        if not self.settings.verify:
            for row in still_open(rows):
                row.settle(IN_REVIEW, "", ON_ITS_WAY, answer.request_id)

    # -- reading back ------------------------------------------------------------------------------------------------

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """What the platform shows of the replicas; those it took and does not show yet are on their way."""
        wanted = {(row.the_shop.id, row.subject.product_id): row.the_shop for row in rows}
        found = self.run.each(lambda pair: self._replicas(pair[1], pair[0][1]), wanted.items())
        shown = dict(zip(wanted, found, strict=True))
        for replica in {id(row.subject): row.subject for row in rows}.values():
            replica.shown = shown[replica.rows[0].the_shop.id, replica.product_id].get(replica.region)
            if replica.shown is not None:
                self._follow_new(replica)
            elif any(row.request_id for row in still_open(replica.rows)):
                replica.settle(IN_REVIEW, "", ON_ITS_WAY)
        return [row.subject.shown is not None for row in rows]

    def _follow_new(self, replica: Replica) -> None:
        """As `_follow`; one that is on sale at once was made by this run."""
        shown = replica.shown or {}
        if shown.get("product_status") in {"FAILED", "PENDING", "INITIAL", "", None}:
            self._follow(replica)
            return
        for row in still_open(replica.rows):
            row.after = {**row.after, **{name: str(shown.get(name) or "") for name in ("product_id", "shop_id")}}

    def remember(self, rows: list[Row]) -> None:
        """Which replicas the platform reviews."""
        note(rows, _replica_of, self.memory, self.run)


def _replica_of(row: Row) -> tuple[str, str]:
    """(shop, product) of the replica that a row is about, as far as it is known."""
    shown = object_of(row.after)
    return str(shown.get("shop_id") or ""), str(shown.get("product_id") or "")


def _target(region: str, rows: Sequence[Row]) -> dict[str, Any]:
    """A market of a call, with all SKUs."""
    body: dict[str, Any] = {"region": region, "skus": [_sku(row) for row in rows]}
    for name in ("inventory_mode", "manufacturer_ids", "responsible_person_ids"):
        given = next((row.values[name] for row in rows if name in row.values), None)
        if given is not None:
            body[name] = list(given) if isinstance(given, tuple) else given
    return body


def _sku(row: Row) -> dict[str, Any]:
    values = row.values
    price = {"sale_price": values["sale_price"], "currency": values["currency"]}
    body: dict[str, Any] = {"source_sku_id": values["sku_id"], "price": price}
    if values.get("seller_sku"):
        body["seller_sku"] = values["seller_sku"]
    if "quantity" in values:
        body["inventory"] = [{"warehouse_id": values["warehouse_id"], "quantity": values["quantity"]}]
    return body


REPLICATIONS = Writing(
    "replications",
    "Products of one market listed in others, with prices and stock by market.",
    CONTRACT,
    ReplicationWriter,
)
