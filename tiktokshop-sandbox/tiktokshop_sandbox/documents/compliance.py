"""Who makes the goods of a shop in the EU, and who answers for them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tiktokshop_sandbox.documents.locales import locale_of
from tiktokshop_sandbox.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

# So many products, in the order they were listed, come from one maker, and one person answers for so many.
PRODUCTS_A_MANUFACTURER: Final = 40
PRODUCTS_A_PERSON: Final = 100

_CRAFTS: Final = ("Keramik", "Textil", "Cosmética", "Lumière", "Officina", "Møbel", "Papier")
_FORMS: Final[Mapping[str, str]] = {"DE": "GmbH", "ES": "S.L.", "FR": "SAS", "IE": "Ltd", "IT": "S.r.l."}
_COUNTRIES: Final[Mapping[str, Mapping[str, str]]] = {
    "DE": {"de-DE": "Deutschland", "en-IE": "Germany", "es-ES": "Alemania", "fr-FR": "Allemagne", "it-IT": "Germania"},
    "ES": {"de-DE": "Spanien", "en-IE": "Spain", "es-ES": "España", "fr-FR": "Espagne", "it-IT": "Spagna"},
    "FR": {"de-DE": "Frankreich", "en-IE": "France", "es-ES": "Francia", "fr-FR": "France", "it-IT": "Francia"},
    "IE": {"de-DE": "Irland", "en-IE": "Ireland", "es-ES": "Irlanda", "fr-FR": "Irlande", "it-IT": "Irlanda"},
    "IT": {"de-DE": "Italien", "en-IE": "Italy", "es-ES": "Italia", "fr-FR": "Italie", "it-IT": "Italia"},
}


class Contact(NamedTuple):
    """A manufacturer or a responsible person of a shop, as it is registered."""

    id: str
    region: str
    name: str
    trade_name: str
    email: str
    code: str
    number: str
    street: str
    postcode: str
    city: str


def manufacturer_id(shop: Shop, number: int) -> str:
    """The id of the shop's manufacturer of that number, from 0."""
    return f"7172{shop.number:04d}{number + 1:010d}"


def person_id(shop: Shop, number: int) -> str:
    """The id of the shop's responsible person of that number, from 0."""
    return f"7173{shop.number:04d}{number + 1:010d}"


def manufacturer(shop: Shop, number: int) -> Contact:
    """The shop's manufacturer of that number. Every fifth has no telephone."""
    draws = Draws(shop.seed, shop.number, "manufacturer", number)
    owner, craft = draws.pick(shop.market.last_names), draws.pick(_CRAFTS)
    contact = _contact(shop, draws, manufacturer_id(shop, number), f"{owner} {craft} {_FORMS[shop.region]}", craft)
    return contact._replace(code="", number="") if number % 5 == 4 else contact


def responsible_person(shop: Shop, number: int) -> Contact:
    """The shop's responsible person of that number."""
    draws = Draws(shop.seed, shop.number, "responsible person", number)
    name = f"{draws.pick(shop.market.first_names)} {draws.pick(shop.market.last_names)}"
    return _contact(shop, draws, person_id(shop, number), name, "")


def _contact(shop: Shop, draws: Draws, number: str, name: str, trade_name: str) -> Contact:
    market = shop.market
    place = draws.pick(market.places)
    return Contact(
        id=number,
        region=shop.region,
        name=name,
        trade_name=trade_name,
        email=f"kontakt{number[-4:]}@{shop.code.lower()}.example",
        code=market.dialling.strip("()"),
        number=draws.pattern(market.phone),
        street=draws.pick(market.streets),
        postcode=draws.pattern(place.postcode),
        city=place.city,
    )


def _country(contact: Contact, locale: str) -> str:
    return _COUNTRIES[contact.region][locale]


def manufacturer_document(contact: Contact, locales: Collection[str]) -> Document:
    """The manufacturer as Search Manufacturers shows it in the locales asked for; without any, in its own."""
    profiles = []
    for locale in locales or (locale_of(contact.region),):
        street = f"{contact.street}, {contact.postcode} {contact.city}, {_country(contact, locale)}"
        phone = {"availability": "UNAVAILABLE"}
        if contact.number:
            phone = {"availability": "AVAILABLE", "country_code": contact.code, "local_number": contact.number}
        profile = {"locale": locale, "name": contact.name, "email": contact.email, "phone_number": phone}
        profiles.append(profile | {"registered_trade_name": contact.trade_name, "address": street})
    return {"id": contact.id, "regional_profiles": profiles}


def person_document(contact: Contact, locales: Collection[str]) -> Document:
    """The same for a responsible person. The parts of the address that line 1 holds now are empty texts."""
    profiles = []
    for locale in locales or (locale_of(contact.region),):
        address = {
            "street_address_line1": f"{contact.street}, {contact.city}, {_country(contact, locale)}",
            "postal_code": contact.postcode,
            "country": contact.region,
        }
        address |= dict.fromkeys(("street_address_line2", "district", "city", "province"), "")
        phone = {"country_code": contact.code, "local_number": contact.number}
        profile = {"locale": locale, "name": contact.name, "email": contact.email, "phone_number": phone}
        profiles.append(profile | {"address": address})
    return {"id": contact.id, "regional_profiles": profiles}
