"""The rules for the SKUs of a product: variations, prices, stock, numbers and codes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import same_region

from target_tiktokshop.listings import limits
from target_tiktokshop.listings.desk import named_attribute, named_value
from target_tiktokshop.listings.pictures import VARIATION
from target_tiktokshop.listings.proposal import ProposedSku
from target_tiktokshop.listings.texts import has_chinese, name_faults
from target_tiktokshop.writing.fields import CURRENCIES, FieldError, money
from target_tiktokshop.writing.foresight import ANY_PRICE, PRICE_RANGES
from target_tiktokshop.writing.live import object_of, objects
from target_tiktokshop.writing.rows import by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_tiktokshop.listings.checks import ProductCheck
    from target_tiktokshop.listings.desk import ListingDesk
    from target_tiktokshop.listings.proposal import Proposal
    from target_tiktokshop.listings.wanted import WantedListing, WantedSku

SALES = "SALES_WAREHOUSE"


class SkuCheck:
    """Turns the SKUs that records name into what the platform takes; notes what it would not take.

    Args:
        wanted: What the records ask for; faults are noted there.
        proposal: What becomes of it.
        desk: The shop's attributes and warehouses.
        product: The check of the product, which knows its category and looks at pictures.
        live: The SKUs that the product has.
        buffer: Units to keep back.
    """

    def __init__(
        self,
        wanted: WantedListing,
        proposal: Proposal,
        desk: ListingDesk,
        product: ProductCheck,
        live: Sequence[dict[str, Any]],
        buffer: int,
    ) -> None:
        self._wanted = wanted
        self._proposal = proposal
        self._desk = desk
        self._product = product
        self._live = live
        self._buffer = buffer
        self._region = desk.shop.region

    def run(self) -> None:
        """All rules.

        Raises:
            TikTokShopError: The shop could not be asked.
        """
        if not self._live and not self._wanted.skus:
            self._fault("skus", "missing: a product needs at least one SKU")
        for sku in self._wanted.skus:
            self._proposal.skus.append(self._sku(sku))
        self._numbers()
        self._codes()
        self._sort()
        self._sets()
        self._pictures()

    def _fault(self, about: str, words: str) -> None:
        self._wanted.fault(f"{about}: {words}", about)

    def _found(self, sku: WantedSku) -> dict[str, Any] | None:
        """The live SKU that is meant: by its id, or else by the seller's number."""
        if sku.sku_id:
            return next((one for one in self._live if str(one.get("id")) == sku.sku_id), None)
        named = [one for one in self._live if sku.seller_sku and str(one.get("seller_sku") or "") == sku.seller_sku]
        if len(named) > 1:
            self._fault(sku.label, "several SKUs of the product have this number: name sku_id")
        return named[0] if len(named) == 1 else None

    def _sku(self, sku: WantedSku) -> ProposedSku:
        live = self._found(sku)
        found = ProposedSku(sku, live=live)
        if sku.deleted:
            return found
        if sku.sku_id and live is None:
            self._fault(sku.label, f"the product has no SKU {sku.sku_id}")
        found.axes = [self._axis(sku, name, value) for name, value in sku.axes]
        if sku.picture is not None:
            found.picture = self._product.picture(sku.picture, VARIATION, sku.label)
        if live is None:
            found.price = self._price(sku)
            found.stock = self._stock(sku)
        if len(sku.external_sku_id) > limits.LONGEST_EXTERNAL:
            self._fault(sku.label, f"external_sku_id has more than {limits.LONGEST_EXTERNAL} characters")
        if sku.code is not None:
            problem = limits.code_fault(*sku.code)
            if problem:
                self._fault(sku.label, problem)
        return found

    def _axis(self, sku: WantedSku, name: str, value: str) -> dict[str, Any]:
        """A sales attribute: the platform's ids where it knows the names, else the names."""
        known = self._desk.attributes(self._product.category) if self._product.category else []
        item = named_attribute(known, "SALES_PROPERTY", name)
        own = [one for live in self._live for one in objects(live.get("sales_attributes"))]
        same = [one for one in own if name in {str(one.get("id")), str(one.get("name"))}]
        if item is None and same:
            item = {"id": same[0].get("id"), "name": same[0].get("name")}
        label = str((item or {}).get("name") or name)
        chosen = named_value(item, value) if item else None
        if chosen is None:
            chosen = next(
                (
                    {"id": one.get("value_id"), "name": one.get("value_name")}
                    for one in same
                    if value in {str(one.get("value_id")), str(one.get("value_name"))}
                ),
                None,
            )
        text = str((chosen or {}).get("name") or value)
        self._texts(sku, label, text)
        ids = {"id": object_of(item).get("id"), "value_id": object_of(chosen).get("id")}
        shown = {name: str(number) for name, number in ids.items() if number}
        return shown | {"name": label, "value_name": text}

    def _texts(self, sku: WantedSku, label: str, value: str) -> None:
        for what, words, longest in (("name", label, limits.LONGEST_AXIS), ("value", value, limits.LONGEST_VALUE)):
            problems = name_faults(words)
            if len(words) > longest:
                problems.append(f"has more than {longest} characters")
            if has_chinese(words, self._region):
                problems.append("has Chinese characters: write it in the language of the market")
            for problem in problems:
                self._fault(sku.label, f"the {what} of the variation {label} {problem}")

    def _price(self, sku: WantedSku) -> str:
        if sku.price is None:
            self._fault(sku.label, "price is missing")
            return ""
        region = same_region(self._region)
        wanted = limits.CURRENCY_OF.get(region, "")
        code = sku.currency.upper() or wanted
        if code not in CURRENCIES or (wanted and code != wanted):
            self._fault(sku.label, f"the currency must be {wanted or ' or '.join(CURRENCIES)}, not {code or 'missing'}")
            return ""
        sku.currency = code
        local = self._desk.shop.seller_type != "CROSS_BORDER"
        low, high = map(Decimal, PRICE_RANGES.get(region if local else "", ANY_PRICE))
        if not low <= sku.price <= high or sku.price <= 0:
            self._fault(sku.label, f"the price {sku.price} is outside {low} to {high} {code}")
        self._list_price(sku, code)
        try:
            return money(sku.price, code)
        except FieldError as error:
            self._fault(sku.label, f"the price {error}")
            return ""

    def _list_price(self, sku: WantedSku, code: str) -> None:
        if sku.list_price is None:
            return
        if code != "USD":
            self._fault(sku.label, "list_price is for US dollars only")
        elif sku.price is not None and sku.list_price < sku.price:
            self._fault(sku.label, "list_price is below the price; the platform would silently drop it")
        elif sku.list_price > Decimal(PRICE_RANGES["US"][1]) or sku.list_price != round(sku.list_price, 2):
            self._fault(sku.label, f"list_price {sku.list_price} is above {PRICE_RANGES['US'][1]} or finer than a cent")

    def _stock(self, sku: WantedSku) -> list[dict[str, Any]]:
        if not sku.stock:
            self._fault(sku.label, "quantity is missing")
        found: dict[str, int] = {}
        for place, units in sku.stock:
            number = self._warehouse(sku, place)
            if units != units.to_integral_value() or units < 0:
                self._fault(sku.label, f"the quantity must be a whole number, not {units}")
                continue
            left = int(units) - self._buffer
            if not 1 <= left <= limits.MOST_UNITS:
                kept = f" after buffer_quantity ({self._buffer})" if self._buffer else ""
                self._fault(sku.label, f"a new SKU needs 1 to {limits.MOST_UNITS:,} units, not {left}{kept}")
            if number in found:
                self._fault(sku.label, f"the warehouse {number} stands twice")
            if number:
                found[number] = left
        return [{"warehouse_id": number, "quantity": units} for number, units in found.items()]

    def _warehouse(self, sku: WantedSku, place: str) -> str:
        """The warehouse that is meant, "" if that cannot be told."""
        known = self._desk.warehouses()
        usable = [
            number
            for number, row in known.items()
            if row.get("type") in {SALES, None} and row.get("effect_status") in {"ENABLED", None}
        ]
        if place and place in usable:
            return place
        if place:
            why = "is closed, or not for sales" if place in known else "is not one of the shop"
            self._fault(sku.label, f"the warehouse {place} {why}; there are: {self._named(usable)}")
            return ""
        if len(usable) == 1:
            return usable[0]
        self._fault(sku.label, f"name warehouse_id; there are: {self._named(usable)}")
        return ""

    def _named(self, places: Sequence[str]) -> str:
        """Warehouses as a person knows them."""
        known = self._desk.warehouses()
        return ", ".join(f"{place} ({known[place].get('name') or 'without a name'})" for place in places)

    def _numbers(self) -> None:
        """Seller SKUs and codes: there, short enough, none twice."""
        fresh = [sku.wanted for sku in self._proposal.skus if not sku.wanted.deleted]
        for sku in fresh:
            if not sku.seller_sku and not sku.sku_id:
                self._fault(sku.label, "seller_sku is missing; by it the product is found again")
            if len(sku.seller_sku) > limits.LONGEST_NUMBER or any(map(str.isspace, sku.seller_sku)):
                self._fault(sku.label, f"seller_sku must have at most {limits.LONGEST_NUMBER} characters and no blanks")
        named = by((sku for sku in fresh if sku.seller_sku), lambda sku: sku.seller_sku)
        for group in named.values():
            if len(group) > 1 and len({sku.sku_id for sku in group}) < len(group):
                self._fault(group[0].label, "the number stands twice in the product")

    def _codes(self) -> None:
        """A code is that of one SKU, also among those that the product has already."""
        owners: dict[str, str] = {}
        meant = {str(sku.live.get("id")) for sku in self._proposal.skus if sku.live and sku.wanted.code}
        gone = {str(sku.live.get("id")) for sku in self._proposal.skus if sku.live and sku.wanted.deleted}
        for live in self._live:
            code = object_of(live.get("identifier_code"))
            if code.get("code") and str(live.get("id")) not in meant | gone:
                owners[bare_code(str(code["code"]))] = f"SKU {live.get('seller_sku') or live.get('id')}"
        for sku in (one.wanted for one in self._proposal.skus):
            if sku.code is None or sku.deleted:
                continue
            owner = owners.setdefault(bare_code(sku.code[1]), sku.label)
            if owner != sku.label:
                self._fault(sku.label, f"{' '.join(sku.code)} is the code of {owner}, too")

    def _sort(self) -> None:
        """Variations in the order that the product has them in, or else its first SKU: pictures stand on the first."""
        known = [objects(live.get("sales_attributes")) for live in self._live]
        known += [sku.axes for sku in self._proposal.skus if sku.axes]
        order = list(map(axis_key, known[0])) if known else []
        for sku in self._proposal.skus:
            names = list(map(axis_key, sku.axes))
            if sorted(names) == sorted(order):
                sku.axes = sorted(sku.axes, key=lambda one: order.index(axis_key(one)))

    def _sets(self) -> None:
        """Every SKU has the same variations, and another combination of their values."""
        shown = [
            (sku.wanted.label, sku.axes or objects((sku.live or {}).get("sales_attributes")))
            for sku in self._proposal.skus
            if not sku.wanted.deleted
        ]
        meant = {str(sku.live.get("id")) for sku in self._proposal.skus if sku.live}
        shown += [
            (f"SKU {live.get('seller_sku') or live.get('id')}", objects(live.get("sales_attributes")))
            for live in self._live
            if str(live.get("id")) not in meant
        ]
        if not shown and self._wanted.skus:
            self._fault("skus", "none would be left: delete the product (stream product_status, status deleted)")
        most = limits.most_skus(self._region)
        if len(shown) > most:
            self._fault("skus", f"there would be {len(shown)}, more than {most}")
        sets = {frozenset(map(axis_key, axes)) for _, axes in shown}
        if any(len(names) > limits.MOST_AXES for names in sets):
            self._fault("skus", f"a SKU may have {limits.MOST_AXES} variations")
        if len(shown) > 1 and len(sets) > 1:
            self._fault("skus", "all SKUs of a product need the same variations, like Color and Size")
        elif len(shown) > 1 and sets == {frozenset()}:
            self._fault("skus", "several SKUs need variations that tell them apart, like Color")
        for group in by(shown, lambda pair: frozenset((axis_key(one), value_key(one)) for one in pair[1])).values():
            if len(group) > 1 and group[0][1]:
                self._fault(group[1][0], f"it has the same variations as {group[0][0]}")

    @staticmethod
    def _is_new(sku: ProposedSku) -> bool:
        return sku.live is None and not sku.wanted.deleted

    def _pictures(self) -> None:
        """Pictures stand on the first variation, and then on each of its values; equal values have the same one."""
        new = [sku for sku in self._proposal.skus if self._is_new(sku)]
        if self._live:
            self._pictures_of_live(new)
            return
        if not any(sku.picture for sku in new):
            return
        for sku in new:
            if not sku.axes:
                self._fault(sku.wanted.label, "sku_image needs a variation that it shows")
        for group in by((sku for sku in new if sku.axes), lambda sku: value_key(sku.axes[0])).values():
            seen = {sku.picture.digest or sku.picture.ref.uri for sku in group if sku.picture}
            value = group[0].axes[0]["value_name"]
            if not seen:
                self._fault("skus", f"sku_image is missing for {value}: either every value has one, or none")
            elif len(seen) > 1:
                self._fault("skus", f"{value} has several pictures: one for each value of the first variation")

    def _pictures_of_live(self, new: Sequence[ProposedSku]) -> None:
        """New SKUs of a product whose values have pictures: a new value needs one, and another has the same."""
        pictured = {
            (axis_key(one), value_key(one)): str(object_of(one.get("sku_img")).get("uri") or "")
            for live in self._live
            for one in objects(live.get("sales_attributes"))
            if object_of(one.get("sku_img")).get("uri")
        }
        axis = next((name for name, _ in pictured), "")
        for sku in new:
            place, value = next(((at, one) for at, one in enumerate(sku.axes) if axis_key(one) == axis), (0, None))
            sku.place = place
            if value is not None and sku.picture is None and (axis, value_key(value)) not in pictured:
                words = f"sku_image is missing for {value['value_name']}: the other values of {value['name']} have one"
                self._fault(sku.wanted.label, words)


def bare_code(code: str) -> str:
    """What tells a code from others: an EAN and the GTIN that it is with zeros before it are the same."""
    return code.lstrip("0")


def axis_key(one: Mapping[str, Any]) -> str:
    """What tells a sales attribute from others."""
    return str(one.get("name") or one.get("id") or "").casefold()


def value_key(one: Mapping[str, Any]) -> str:
    """What tells a value of a sales attribute from others."""
    return str(one.get("value_name") or one.get("value_id") or "").casefold()
