"""What a market, its law or a category demand besides the goods: papers, people, cash, delivery, deposits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import same_region

from target_tiktokshop.listings import limits
from target_tiktokshop.listings.pictures import CERTIFICATE, CheckedPicture, PictureRef
from target_tiktokshop.writing.live import object_of, objects, truth_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_tiktokshop.listings.desk import ListingDesk
    from target_tiktokshop.listings.proposal import Proposal
    from target_tiktokshop.listings.wanted import WantedListing

MOST_CERTIFICATES = 10


class DutyCheck:
    """Checks what a record says of them; notes what the platform would not take.

    Args:
        wanted: What the records ask for; faults are noted there.
        proposal: What becomes of it.
        desk: The shop's rules.
        picture: Looks at a picture of a use, for a field.
        category: The category, "" if it is not known.
        new: Whether the product is new, so that everything mandatory must be there.
    """

    def __init__(
        self,
        wanted: WantedListing,
        proposal: Proposal,
        desk: ListingDesk,
        picture: Callable[[PictureRef, str, str], CheckedPicture | None],
        category: str,
        *,
        new: bool,
    ) -> None:
        self._wanted = wanted
        self._proposal = proposal
        self._desk = desk
        self._picture = picture
        self._new = new
        self._region = same_region(desk.shop.region)
        self._rules: Mapping[str, Any] = desk.rules(category) if category else {}

    def run(self) -> None:
        """All rules.

        Raises:
            TikTokShopError: The shop could not be asked.
        """
        self._certificates()
        self._people()
        self._cash()
        self._delivery()
        self._deposit()

    def _fault(self, field: str, words: str) -> None:
        self._wanted.fault(f"{field}: {words}", field)

    def _certificates(self) -> None:
        papers = self._wanted.fields.get("certifications")
        rules = {str(rule.get("id")): rule for rule in objects(self._rules.get("product_certifications"))}
        found = [self._paper(paper, rules) for paper in papers or ()]
        given = [paper["id"] for paper in found]
        for number in sorted({number for number in given if given.count(number) > 1}):
            self._fault("certifications", f"{number} stands twice")
        if len(found) > MOST_CERTIFICATES:
            self._fault("certifications", f"there are {len(found)}, more than {MOST_CERTIFICATES}")
        if papers is not None:
            self._proposal.fields["certifications"] = found
        chosen = self._proposal.fields.get("product_attributes") or []
        for number, rule in rules.items() if self._new else ():
            if (truth_of(rule.get("is_required")) or is_met(rule, chosen)) and number not in given:
                self._fault("certifications", f"{rule.get('name')} ({number}) is missing: the category demands it")

    def _paper(self, paper: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """A certificate as it is sent."""
        rule = rules.get(paper["id"], {})
        name = rule.get("name") or paper["id"]
        if rules and not rule:
            self._fault("certifications", f"the category knows no certificate {paper['id']}")
        expires = paper.get("expiration_date")
        if truth_of(object_of(rule.get("expiration_date")).get("is_required")) and expires is None:
            self._fault("certifications", f"{name} needs an expiration_date")
        if expires is not None and expires <= self._desk.now():
            day = time.strftime("%Y-%m-%d", time.gmtime(max(0, expires)))
            self._fault("certifications", f"{name} has expired ({day})")
        if not paper["images"] and not paper.get("files"):
            self._fault("certifications", f"{name} has neither images nor files")
        for file in paper.get("files") or ():
            if str(file.get("format") or "PDF").upper() != "PDF":
                self._fault(
                    "certifications", f"{name} has the file {file.get('name') or file.get('id')}, which is no PDF"
                )
        images = [self._picture(ref, CERTIFICATE, "certifications") for ref in paper["images"]]
        body = {**paper, "images": [image for image in images if image]}
        return {name: value for name, value in body.items() if value}

    def _people(self) -> None:
        for kind in ("manufacturer", "responsible_person"):
            field, rule = f"{kind}_ids", object_of(self._rules.get(kind))
            given = self._wanted.fields.get(field)
            if given:
                self._proposal.fields[field] = list(given)
                self._known_people(kind, field, given, asked=bool(rule))
            elif given is None and self._new and truth_of(rule.get("is_required")):
                self._fault(field, "missing: the law of the market demands it (the tap's streams list their ids)")

    def _known_people(self, kind: str, field: str, given: tuple[str, ...], *, asked: bool) -> None:
        if self._region not in limits.PEOPLE_MARKETS and not asked:
            self._fault(field, "only listings in the European Union have them")
            return
        for one in self._desk.unknown_people(kind, given) if self._new else ():
            self._fault(field, f"the seller has no {kind.replace('_', ' ')} {one} (the tap's streams list their ids)")

    def _cash(self) -> None:
        given = self._wanted.fields.get("is_cod_allowed")
        if given is None:
            return
        supported = truth_of(object_of(self._rules.get("cod")).get("is_supported"))
        if given and (self._region not in limits.CASH_MARKETS or supported is False):
            self._fault("is_cod_allowed", "cash on delivery is not supported here, and the platform refuses it")
        self._proposal.fields["is_cod_allowed"] = given

    def _delivery(self) -> None:
        fields = self._wanted.fields
        options = fields.get("delivery_option_ids") or fields.get("delivery_options")
        if options is None:
            return
        self._proposal.fields["delivery_option_ids"] = list(options)
        if self._new and self._region not in limits.DELIVERY_MARKETS:
            self._fault("delivery_option_ids", "the market has none, and the platform would silently drop them")

    def _deposit(self) -> None:
        for fee in objects(self._rules.get("fees")) if self._new else ():
            if truth_of(fee.get("is_required")):
                kind = fee.get("type")
                self._fault("category", f"it demands a fee ({kind}) of each SKU: list the product in Seller Center")


def check_delivery(wanted: WantedListing, proposal: Proposal, desk: ListingDesk) -> None:
    """Delivery options of a new product: those of its one warehouse.

    Raises:
        TikTokShopError: The shop could not be asked.
    """
    options: Sequence[str] = proposal.fields.get("delivery_option_ids") or ()
    places = sorted({place["warehouse_id"] for sku in proposal.skus for place in sku.stock})
    if not options or same_region(desk.shop.region) not in limits.DELIVERY_MARKETS:
        return
    if len(places) > 1:
        words = f"it cannot choose them while it is in several warehouses ({', '.join(places)})"
        wanted.fault(f"delivery_option_ids: {words}", "delivery_option_ids")
    for place in places:
        known = desk.delivery_options(place)
        for one in options if known is not None else ():
            if one not in (known or {}):
                there = ", ".join(f"{number} ({name})" for number, name in (known or {}).items())
                words = f"the warehouse {place} has no delivery option {one}; it has {there or 'none'}"
                wanted.fault(f"delivery_option_ids: {words}", "delivery_option_ids")


def is_met(item: Mapping[str, Any], chosen: list[dict[str, Any]]) -> bool:
    """Whether one of the conditions under which something is demanded is met by the chosen attributes."""
    values = {(one["id"], str(value.get("id"))) for one in chosen for value in one["values"]}
    return any(
        (str(rule.get("attribute_id")), str(rule.get("attribute_value_id"))) in values
        for rule in objects(item.get("requirement_conditions"))
    )
