"""The rules for a product itself: every fault is found before anything is sent, and told with the field it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import same_region

from target_tiktokshop.listings import limits, markup
from target_tiktokshop.listings.desk import named_attribute, named_value
from target_tiktokshop.listings.duties import DutyCheck, is_met
from target_tiktokshop.listings.illustrated import ELSEWHERE, illustrated
from target_tiktokshop.listings.pictures import CHART, DESCRIPTION, MAIN, CheckedPicture, PictureRef, look
from target_tiktokshop.listings.proposal import bare_value
from target_tiktokshop.listings.sources import PictureError
from target_tiktokshop.listings.texts import has_chinese, name_faults
from target_tiktokshop.writing.live import decimal_of, object_of, objects, truth_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from target_tiktokshop.listings.desk import ListingDesk
    from target_tiktokshop.listings.proposal import Proposal
    from target_tiktokshop.listings.wanted import WantedListing

RECOMMENDED = "recommended"
"""In place of a category: the one that the platform recommends."""
MOST_SHOWN = 10
SIDES = ("length", "width", "height")


class ProductCheck:
    """Turns what records name of a product into what the platform takes; notes what it would not take.

    Args:
        wanted: What the records ask for; faults are noted there.
        proposal: What becomes of it.
        desk: The shop's categories, brands and rules.
        category: The live product's category, "" for a new product, of which everything mandatory must be there.
    """

    def __init__(self, wanted: WantedListing, proposal: Proposal, desk: ListingDesk, category: str) -> None:
        self._wanted = wanted
        self._proposal = proposal
        self._desk = desk
        self._new = not category
        self.category = category
        self._region = desk.shop.region

    def run(self) -> None:
        """All rules.

        Raises:
            TikTokShopError: The shop could not be asked.
        """
        self._category()
        for check in (
            self._title,
            self._description,
            self._brand,
            self._images,
            self._weight,
            self._dimensions,
            self._attributes,
            self._size_chart,
            self._rest,
        ):
            check()
        DutyCheck(self._wanted, self._proposal, self._desk, self.picture, self.category, new=self._new).run()

    def _fault(self, field: str, words: str) -> None:
        self._wanted.fault(f"{field}: {words}", field)

    def _given(self, name: str) -> Any:
        """A field's value; a fault if a new product must have it."""
        value = self._wanted.fields.get(name)
        if value is None and self._new:
            self._fault(name, "missing")
        return value

    @property
    def _rules(self) -> Mapping[str, Any]:
        return self._desk.rules(self.category) if self.category else {}

    # -- what it is --------------------------------------------------------------------------------------------------

    def _category(self) -> None:
        fields = self._wanted.fields
        given = fields.get("category_id") or fields.get("category_chains") or fields.get("category")
        if given is None:
            if self._new:
                self._fault("category", "missing: name category_id or category, like Home > Lamps > Desk")
            return
        if given == self.category:
            self._proposal.fields["category_id"] = given
            return
        if given == RECOMMENDED:
            given = self._recommended()
        found, problem = self._desk.category(str(given)) if given else ("", "the platform recommends none: name one")
        if problem:
            self._fault("category", problem)
            return
        self._proposal.fields["category_id"] = found
        if self._new:
            self.category = found
            self._wanted.notes.extend(self._desk.permissions(found))

    def _recommended(self) -> str:
        """The platform's own choice for a new product, which the outcome names; the live category of another one."""
        if not self._new:
            return self.category
        fields = self._wanted.fields
        found, how = self._desk.recommended(str(fields.get("title") or ""), str(fields.get("description") or ""))
        if found:
            words = f"the platform recommends the category {self._desk.path(found)} ({found}) {how}"
            self._wanted.notes.append(words)
        return found

    def _title(self) -> None:
        title = self._given("title")
        if title is None:
            return
        self._proposal.fields["title"] = title
        low, high = limits.titles(self._region)
        if not low <= len(title) <= high:
            self._fault("title", f"it has {len(title)} characters, and must have {low} to {high}")
        for words in name_faults(title):
            self._fault("title", f"it {words}")
        if has_chinese(title, self._region):
            self._fault("title", "it has Chinese characters: write it in the language of the market")

    def _description(self) -> None:
        html = self._given("description")
        if html is None:
            return
        shown = illustrated(html, lambda source: self.picture(PictureRef(source=source), DESCRIPTION, "description"))
        self._proposal.fields["description"] = shown if shown.pictures else html
        for problem in markup.faults(shown.html(lambda _: ELSEWHERE)):
            self._fault("description", problem)
        if has_chinese(html, self._region):
            self._fault("description", "it has Chinese characters: write it in the language of the market")

    def _brand(self) -> None:
        given = self._wanted.fields.get("brand_id") or self._wanted.fields.get("brand")
        if given is None:
            return
        found, problem = self._desk.brand(str(given), self.category)
        if problem:
            self._fault("brand", problem)
        else:
            self._proposal.fields["brand_id"] = found

    # -- how it looks ------------------------------------------------------------------------------------------------

    def _images(self) -> None:
        given = self._given("main_images")
        if given is None:
            return
        if not 0 < len(given) <= limits.MOST_IMAGES:
            self._fault("main_images", f"there are {len(given)}, and there must be 1 to {limits.MOST_IMAGES}")
        seen = [self.picture(ref, MAIN, "main_images") for ref in given]
        if all(seen):
            self._proposal.fields["main_images"] = seen

    def picture(self, ref: PictureRef, use_case: str, about: str) -> CheckedPicture | None:
        """A picture that was looked at; a fault if it cannot be used."""
        try:
            return look(ref, use_case, self._desk.pictures)
        except PictureError as error:
            self._wanted.fault(f"{about}: the picture {ref.name} {error}", about)
            return None

    def _size_chart(self) -> None:
        chart, rules = self._wanted.fields.get("size_chart"), object_of(self._rules.get("size_chart"))
        if chart is None:
            if self._new and truth_of(rules.get("is_required")):
                self._fault("size_chart", "missing: the category demands one")
            return
        if self._new and rules and not truth_of(rules.get("is_supported")):
            self._fault("size_chart", "the category has none, and the platform would silently drop it")
        if isinstance(chart, PictureRef):
            seen = self.picture(chart, CHART, "size_chart")
            if seen:
                self._proposal.fields["size_chart"] = {"image": seen}
        else:
            self._proposal.fields["size_chart"] = chart

    # -- how large it is ---------------------------------------------------------------------------------------------

    def _weight(self) -> None:
        given = self._given("package_weight")
        if given is None:
            return
        units, value = limits.weight_units(self._region), given["value"]
        unit = given["unit"] or (units[0] if len(units) == 1 else "")
        if unit not in units:
            self._fault("package_weight", f"its unit must be {' or '.join(units)} here, not {unit or 'missing'}")
        if value <= 0:
            self._fault("package_weight", "must be above 0")
        if unit in units and value != round(value, limits.WEIGHT_DECIMALS[unit]):
            self._fault("package_weight", f"may have {limits.WEIGHT_DECIMALS[unit]} decimals in {unit}")
        self._proposal.fields["package_weight"] = {"value": plain(value), "unit": unit}

    def _dimensions(self) -> None:
        given = self._wanted.fields.get("package_dimensions")
        if given is None:
            needed = truth_of(object_of(self._rules.get("package_dimension")).get("is_required"))
            free = same_region(self._region) in limits.WITHOUT_DIMENSIONS
            if self._new and (needed or (needed is None and not free)):
                self._fault("package_dimensions", "missing: package_length, package_width and package_height")
            return
        units = limits.length_units(self._region)
        unit = given["unit"] or (units[0] if len(units) == 1 else "")
        if unit not in units:
            self._fault("package_dimensions", f"their unit must be {' or '.join(units)} here, not {unit or 'missing'}")
        for side in SIDES:
            value = given.get(side)
            if value is not None and (value <= 0 or value != value.to_integral_value()):
                self._fault("package_dimensions", f"the {side} must be a whole number above 0, not {plain(value)}")
        weight = object_of(self._proposal.fields.get("package_weight")).get("unit")
        known = weight in limits.weight_units(self._region) and unit in units
        if known and (weight in limits.IMPERIAL) != (unit in limits.IMPERIAL):
            self._fault("package_dimensions", f"{unit} and {weight} are of different systems: use one for both")
        self._proposal.fields["package_dimensions"] = {
            **{side: plain(given[side]) for side in SIDES if given.get(side) is not None},
            "unit": unit,
        }

    # -- what the category demands -----------------------------------------------------------------------------------

    def _attributes(self) -> None:
        given = self._wanted.fields.get("attributes") or self._wanted.fields.get("product_attributes")
        if not self.category or (given is None and not self._new):
            return
        known = self._desk.attributes(self.category)
        found: list[dict[str, Any]] = []
        for name, values in given or ():
            item = named_attribute(known, "PRODUCT_PROPERTY", name)
            if item is None:
                names = [str(one.get("name")) for one in known if one.get("type") == "PRODUCT_PROPERTY"]
                self._fault("attributes", f"the category has no attribute {name}; it has {', '.join(names)}")
                continue
            if item["id"] in {one["id"] for one in found}:
                self._fault("attributes", f"{item.get('name')} stands twice")
            chosen = [value for one in values if (value := self._value(item, one)) is not None]
            if len(values) > 1 and not truth_of(item.get("is_multiple_selection")):
                self._fault("attributes", f"{item.get('name')} takes one value only")
            elif len({value.get("id") or value["name"].casefold() for value in chosen}) < len(chosen):
                self._fault("attributes", f"{item.get('name')} has a value twice")
            found.append({"id": str(item["id"]), "values": chosen})
        if self._new:
            self._mandatory(known, found)
        self._proposal.fields["product_attributes"] = found

    def _value(self, item: Mapping[str, Any], given: Any) -> dict[str, Any] | None:
        """A value as the platform takes it: its id where it has one, else its own name where that is allowed."""
        if isinstance(given, dict):
            return bare_value(given)
        known = named_value(item, given)
        if known is not None:
            return bare_value(known)
        name = item.get("name")
        if not truth_of(item.get("is_customizable")):
            names = [str(value.get("name")) for value in objects(item.get("values"))]
            more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
            self._fault("attributes", f"{name} has no value {given}; it has {', '.join(names[:MOST_SHOWN])}{more}")
            return None
        number = decimal_of(given)
        if item.get("value_data_format") and (number is None or number <= 0):
            self._fault("attributes", f"{name} must be a number above 0, not {given}")
        for words in name_faults(given):
            self._fault("attributes", f"{name} {words}")
        if len(given) > limits.LONGEST_ATTRIBUTE:
            self._fault("attributes", f"{name} has more than {limits.LONGEST_ATTRIBUTE:,} characters")
        return {"name": given}

    def _mandatory(self, known: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
        given = {item["id"] for item in found if item["values"]}
        for item in known:
            needed = truth_of(item.get("is_requried", item.get("is_required")))  # the platform spells it so
            if item.get("type") != "PRODUCT_PROPERTY" or str(item.get("id")) in given:
                continue
            if needed or is_met(item, found):
                names = [str(value.get("name")) for value in objects(item.get("values"))][:MOST_SHOWN]
                choice = f" (like {', '.join(names)})" if names else ""
                self._fault("attributes", f"{item.get('name')} is missing: the category demands it{choice}")

    def _rest(self) -> None:
        fields = self._wanted.fields
        number = fields.get("external_product_id")
        if number is not None:
            self._proposal.fields["external_product_id"] = number
            if len(number) > limits.LONGEST_EXTERNAL:
                self._fault("external_product_id", f"has more than {limits.LONGEST_EXTERNAL} characters")


def plain(number: Decimal) -> str:
    """A number without an exponent and without zeros behind its decimals."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
