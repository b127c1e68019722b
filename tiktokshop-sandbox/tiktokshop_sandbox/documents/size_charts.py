"""Size charts: one of the shop's for each kind of clothes, and some made for a single product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tiktokshop_sandbox.catalog import GOODS
from tiktokshop_sandbox.documents.categories import WEAR, root_of
from tiktokshop_sandbox.documents.locales import ENGLISH, language, locale_of
from tiktokshop_sandbox.draws import Draws, number_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

PRODUCT_SCOPED, REUSABLE = "PRODUCT_SCOPED", "REUSABLE_TEMPLATE"
# The kinds of goods that come in sizes, and their categories: only these need a chart.
SIZED: Final = tuple(kind for kind, goods in enumerate(GOODS) if any(name == "Size" for _, name, _ in goods.axes))
_SIZED_CATEGORIES: Final = frozenset(GOODS[kind].categories[-1][0] for kind in SIZED)
OWN_EVERY, OWN_REST = 6, 2  # which products have a chart of their own: the numbers that leave this rest
_FIRST_OWN: Final = 100
_SIZES: Final = ("XS", "S", "M", "L", "XL", "2XL")
_INCHES: Final = 254  # hundredths of a centimetre in an inch

# What is measured: id, name in English, smallest and greatest size and the step between two, in centimetres.
MEASURES: Final = (("7301", "Hips", 80, 130, 6), ("7302", "Waist", 60, 116, 6), ("7303", "Length", 42, 90, 2))
_SIZE: Final = "7300"
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("Größe", "Hüfte", "Taille", "Länge"),
    "en": ("Size", "Hips", "Waist", "Length"),
    "es": ("Talla", "Cadera", "Cintura", "Largo"),
    "fr": ("Taille", "Hanches", "Tour de taille", "Longueur"),
    "id": ("Ukuran", "Pinggul", "Pinggang", "Panjang"),
    "it": ("Taglia", "Fianchi", "Vita", "Lunghezza"),
    "vi": ("Cỡ", "Hông", "Eo", "Chiều dài"),
}


class Chart(NamedTuple):
    """A size chart of a shop. `kind` is the kind of goods; `product` the number of the only product, or None."""

    number: int
    id: str
    kind: int
    product: int | None

    @property
    def name(self) -> str:
        """What the seller calls it."""
        noun = GOODS[self.kind].noun
        return f"{noun} sizes" if self.product is None else f"{noun} no. {self.product}"

    @property
    def mode(self) -> str:
        """Whether it can be used again."""
        return REUSABLE if self.product is None else PRODUCT_SCOPED


def reusable_chart(shop: Shop, kind: int) -> Chart:
    """The shop's chart for a kind of clothes."""
    return Chart(kind, shop.identify("size_chart", kind), kind, None)


def chart_of(shop: Shop, product: Product) -> Chart | None:
    """The chart that goes with a product; what has no sizes has none."""
    if product.kind not in SIZED:
        return None
    if product.n % OWN_EVERY != OWN_REST:
        return reusable_chart(shop, product.kind)
    number = _FIRST_OWN + product.n
    return Chart(number, shop.identify("size_chart", number), product.kind, product.n)


def chart_document(shop: Shop, chart: Chart, locales: Collection[str]) -> Document:
    """The chart as Search Size Charts shows it in the locales asked for; without any, in the shop's own.

    A seller draws its charts in the shop's language and in English: in others they have no images and no data.
    """
    own = locale_of(shop.region)
    shown = [locale for locale in dict.fromkeys((own, ENGLISH)) if locale in (locales or {own})]
    return {
        "template_id": chart.id,
        "template_name": chart.name,
        "size_chart_mode": chart.mode,
        "related_category_ids": [GOODS[chart.kind].categories[-1][0]],
        "images": [_image(shop, chart, locale) for locale in shown],
        "size_chart_datas": [{"locale": locale, "size_chart_data": _data(shop, chart, locale)} for locale in shown],
    }


def _image(shop: Shop, chart: Chart, locale: str) -> Document:
    uri = f"tos-maliva-i-o3syd03w52-us/{number_of(shop.seed, 'size chart', chart.id, locale):016x}"
    return {"uri": uri, "url": f"https://p16-oec-va.ibyteimg.com/{uri}~tplv-o3syd03w52-origin.jpeg", "locale": locale}


def _data(shop: Shop, chart: Chart, locale: str) -> Document:
    imperial = shop.region == "US"
    draws = Draws(shop.seed, shop.number, "size chart", chart.number)
    starts = [draws.between(low, low + 12) for _, _, low, _, _ in MEASURES]
    words = _WORDS[language(locale)]
    heads = zip((_SIZE, *(measure[0] for measure in MEASURES)), words, strict=True)
    rows = [
        [size, *(_length(low + step * index, imperial) for low, (*_, step) in zip(starts, MEASURES, strict=True))]
        for index, size in enumerate(_SIZES)
    ]
    return {
        "table": {
            "headers": [{"id": number, "name": word} for number, word in heads],
            "rows": [{"cells": [{"value": value} for value in row]} for row in rows],
        },
        "description": "",
        "is_one_size": False,
        "measurement_type": "BODY",
        "unit_system": "IMPERIAL" if imperial else "METRIC",
        "size_types": ["REGULAR"],
    }


def _length(centimetres: int, imperial: bool) -> str:
    if not imperial:
        return str(centimetres)
    whole, tenth = divmod((centimetres * 1_000 + _INCHES // 2) // _INCHES, 10)
    return f"{whole}.{tenth}"


def size_chart_rules(category_id: str) -> Document:
    """What Get Category Rules says of size charts: clothes may have one, and those that come in sizes must."""
    if root_of(category_id) != WEAR:
        return {"is_supported": False, "is_required": False}
    options = [
        {
            "id": number,
            "name": name,
            "role": "MEASUREMENT",
            "unit": "CENTIMETER",
            "metric_value_range": [str(low), str(high)],
            "imperial_value_range": [_length(low, imperial=True), _length(high, imperial=True)],
        }
        for number, name, low, high, _ in MEASURES
    ]
    return {
        "is_supported": True,
        "is_required": category_id in _SIZED_CATEGORIES,
        "measurement_and_options": [{"measurement_type": "BODY", "options": options}],
        "size_types": ["REGULAR"],
    }
