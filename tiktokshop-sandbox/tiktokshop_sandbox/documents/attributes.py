"""What describes a product (product properties) and its variants (sales properties), category by category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.catalog import GOODS, goods_of
from tiktokshop_sandbox.documents.categories import BEAUTY, HOME, TECH, WEAR, root_of
from tiktokshop_sandbox.draws import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

OCCASION: Final = "100392"
SPECIFICATION: Final = "100089"  # the sales property of a product without variants
HAS_BATTERIES: Final = "101395"
YES: Final = "1000058"


@dataclass(frozen=True)
class Property:
    """A product property. `values` are (id, name); `roots` and `regions` restrict it, empty ones do not.

    `when` makes it required if another property has a value: (attribute id, value id). `standard` is a
    measure its value consists of: (id, name, smallest, greatest, (unit id, unit name)…).
    """

    id: str
    name: str
    values: tuple[tuple[str, str], ...] = ()
    required: bool = False
    custom: bool = False
    several: bool = False
    roots: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    when: tuple[str, str] | None = None
    is_number: bool = False
    standard: tuple[str, str, int, int, tuple[tuple[str, str], ...]] | None = None


_PROPERTIES: Final = (
    Property(
        OCCASION,
        "Occasion",
        (("1001533", "Birthday"), ("1001534", "Wedding"), ("1001535", "Everyday"), ("1001536", "Día de la Madre")),
        several=True,
    ),
    Property(
        "100701",
        "Material",
        (("1004101", "Stoneware"), ("1004102", "Linen"), ("1004103", "Soy wax"), ("1004104", "Papier-mâché")),
        required=True,
        custom=True,
        roots=(HOME,),
    ),
    Property(
        "100398",
        "Fabric",
        (("1001601", "Cotton"), ("1001602", "Merino"), ("1001603", "Viscose"), ("1001604", "Broderie anglaise")),
        required=True,
        several=True,
        roots=(WEAR,),
    ),
    Property(
        "100424",
        "Skin type",
        (("1002301", "Dry"), ("1002302", "Oily"), ("1002303", "Sensitive")),
        several=True,
        roots=(BEAUTY,),
    ),
    Property(
        "100437",
        "Net volume",
        roots=(BEAUTY,),
        standard=("100437001", "Volume", 1, 5_000, (("301", "ml"), ("302", "fl oz"))),
    ),
    Property(
        HAS_BATTERIES, "Contains batteries or cells?", ((YES, "Yes"), ("1000059", "No")), required=True, roots=(TECH,)
    ),
    Property(
        "101400",
        "Battery type",
        (("1002501", "Lithium-ion"), ("1002502", "Alkaline")),
        roots=(TECH,),
        when=(HAS_BATTERIES, YES),
    ),
    Property("101401", "Battery capacity (mAh)", custom=True, roots=(TECH,), when=(HAS_BATTERIES, YES), is_number=True),
    Property(
        "100149",
        "Country of origin",
        (("1000854", "Vietnam"), ("1000855", "Portugal")),
        required=True,
        custom=True,
        regions=("VN",),
    ),
    Property("101489", "Manufacturer/Trader Name", required=True, custom=True, regions=("VN",)),
    Property("101490", "Manufacturer/Trader Address", required=True, custom=True, regions=("VN",)),
)
_AXES: Final = {goods.categories[-1][0]: goods.axes for goods in GOODS}
_COLOUR: Final = GOODS[0].axes[:1]  # what varies where none of our goods are


def value_id(attribute: str, value: str) -> str:
    """The id of a sales property's value, by the names of both."""
    return str(number_of("value", attribute, value) % 10**15)


def sales_attribute_ids(product: Product, sku: Sku) -> list[tuple[str, str]]:
    """What makes a SKU the variant it is: (attribute id, value id), in the order of its attributes."""
    axes = {name: number for number, name, _ in goods_of(product).axes}
    return [(axes.get(name, SPECIFICATION), value_id(name, value)) for name, value in sku.attributes]


def properties(shop: Shop, category_id: str) -> list[Property]:
    """The product properties of a leaf category in the shop's market."""
    root = root_of(category_id)
    return [
        item
        for item in _PROPERTIES
        if (not item.roots or root in item.roots) and (not item.regions or shop.region in item.regions)
    ]


def attribute_documents(shop: Shop, category_id: str) -> list[Document]:
    """The attributes of a leaf category as Get Attributes shows them."""
    axes = (*_AXES.get(category_id, _COLOUR), (SPECIFICATION, "Specification", ("Default",)))
    sales = [_sales_document(*axis) for axis in axes]
    return sales + [_property_document(item) for item in properties(shop, category_id)]


def _sales_document(number: str, name: str, values: Sequence[str]) -> Document:
    shown = [{"id": value_id(name, value), "name": value} for value in values]
    if number == _COLOUR[0][0]:
        for item in shown:
            item["icon_url"] = f"https://p16-oec-va.ibyteimg.com/tos-maliva-i-o3syd03w52-us/swatch-{item['id']}.png"
    return {"id": number, "name": name, "type": "SALES_PROPERTY", "values": shown}


def _property_document(item: Property) -> Document:
    shown: Document = {
        "id": item.id,
        "name": item.name,
        "type": "PRODUCT_PROPERTY",
        "is_requried": item.required,  # the platform spells it so
        "is_customizable": item.custom,
        "is_multiple_selection": item.several,
    }
    if item.values:
        shown["values"] = [{"id": number, "name": name} for number, name in item.values]
    if item.when:
        shown["requirement_conditions"] = [condition(item.when)]
    if item.is_number:
        shown["value_data_format"] = "POSITIVE_INT_OR_DECIMAL"
    if item.standard:
        shown["metric_standards"] = [_standard_document(*item.standard)]
    return shown


def condition(when: tuple[str, str]) -> Document:
    """The condition under which something is required: another property has a certain value."""
    attribute, value = when
    return {"condition_type": "VALUE_ID_MATCH", "attribute_id": attribute, "attribute_value_id": value}


def _standard_document(number: str, name: str, low: int, high: int, units: Sequence[tuple[str, str]]) -> Document:
    module = {
        "id": f"{number}1",
        "name": name,
        "input_type": "NUMBER",
        "data_types": ["INT", "DECIMAL"],
        "units": [{"id": unit, "name": label} for unit, label in units],
        "value_limit": {"num_limit": {"min_value": low, "max_value": high}},
    }
    return {"id": number, "name": name, "metric_value_modules": [module]}


def product_attributes(shop: Shop, product: Product) -> list[Document]:
    """The properties of a product as Get Product shows them: an occasion, and everything its category requires."""
    shown: list[Document] = []
    chosen: set[tuple[str, str]] = set()
    for item in properties(shop, goods_of(product).categories[-1][0]):
        if not (item.id == OCCASION or item.required or item.when in chosen):
            continue
        number, name = item.values[product.n % len(item.values)] if item.values else _own_value(shop, product, item)
        chosen.add((item.id, number))
        shown.append({"id": item.id, "name": item.name, "values": [{"id": number, "name": name}]})
    return shown


def _own_value(shop: Shop, product: Product, item: Property) -> tuple[str, str]:
    place = shop.warehouses[0].place
    text = str(1_000 + product.n % 9 * 500) if item.is_number else f"{shop.name}, {place.city}"
    return value_id(item.name, text), text
