"""What the shops sell: products made from a table of goods, the same for each shop and number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.states import Product, Sku

if TYPE_CHECKING:
    from tiktokshop_sandbox.storefront import Shop


@dataclass(frozen=True)
class Goods:
    """A kind of thing: its category from root to leaf, prices in US cents, weight in grams."""

    noun: str
    categories: tuple[tuple[str, str], ...]
    low: int
    high: int
    grams: int
    axes: tuple[tuple[str, str, tuple[str, ...]], ...]  # attribute id, name, values


_COLOURS = (
    "100000",
    "Color",
    ("Black", "White", "Sage", "Crème", "Rosé", "Navy", "Ochre", "Lilac", "Teal", "Red"),
)
_SIZES = ("100007", "Size", ("XS", "S", "M", "L", "XL", "2XL"))
_SCENTS = ("100412", "Scent", ("Vanille", "Cèdre", "Yuzu 柚子", "Sea salt", "Unscented"))
_PACKS = ("100533", "Pack", ("1 pc", "2 pcs", "5 pcs", "10 pcs"))
_HOME = ("600001", "Home Supplies")
_BEAUTY = ("601450", "Beauty & Personal Care")
_WEAR = ("601152", "Womenswear & Underwear")
_TECH = ("601739", "Phones & Electronics")

GOODS = (
    Goods("Ceramic Mug", (_HOME, ("851848", "Drinkware"), ("853000", "Mugs")), 990, 2_490, 420, (_COLOURS, _PACKS)),
    Goods(
        "Crochet Cardigan",
        (_WEAR, ("842248", "Knitwear"), ("842504", "Cardigans")),
        2_900,
        7_900,
        510,
        (_COLOURS, _SIZES),
    ),
    Goods("Soy Candle", (_HOME, ("852104", "Home Décor"), ("852616", "Candles")), 1_200, 3_800, 340, (_SCENTS, _PACKS)),
    Goods("Vitamin C Serum", (_BEAUTY, ("848776", "Skincare"), ("849544", "Serums")), 890, 4_900, 120, (_PACKS,)),
    Goods(
        "Invisible Socks", (_WEAR, ("843912", "Socks"), ("844168", "No-show Socks")), 400, 1_490, 60, (_COLOURS, _PACKS)
    ),
    Goods("Silicone Phone Case", (_TECH, ("909192", "Accessories"), ("909576", "Cases")), 690, 2_190, 45, (_COLOURS,)),
    Goods("Linen Apron", (_HOME, ("851080", "Kitchen Linen"), ("851336", "Aprons")), 1_900, 4_500, 260, (_COLOURS,)),
    Goods("Lip Tint", (_BEAUTY, ("849160", "Make-up"), ("850312", "Lip Tints")), 500, 1_890, 30, (_COLOURS,)),
    Goods("USB-C Desk Lamp", (_TECH, ("909832", "Lighting"), ("910088", "Desk Lamps")), 2_200, 6_900, 880, (_COLOURS,)),
    Goods(
        "Yoga Shorts", (_WEAR, ("845960", "Sportswear"), ("846216", "Shorts")), 1_500, 3_900, 150, (_COLOURS, _SIZES)
    ),
)
_ADJECTIVES = (
    "Handmade",
    "Classic",
    "Café",
    "Minimalist",
    "Über-soft",
    "Naïve Art",
    "Everyday",
    "Señorita",
    "和風",
    "Original",
)
_SIZES_OF_RANGES = ((300, (1, 1)), (450, (2, 6)), (180, (7, 12)), (70, (13, 20)))
_STATUSES = {
    6: "DRAFT",
    13: "PENDING",
    17: "FAILED",
    21: "SELLER_DEACTIVATED",
    26: "PLATFORM_DEACTIVATED",
    29: "SELLER_DEACTIVATED",
    33: "FREEZE",
    37: "DELETED",
}
_BUNDLES = 17
_LISTED_TWICE = 45
_SKUS = 32  # numbers reserved for a product's SKUs


def seller_sku(shop: Shop, product: int, index: int) -> str:
    """The seller's own number of a SKU. Now and then the same goods are listed twice, under the same numbers."""
    product -= product % _LISTED_TWICE == _LISTED_TWICE - 1
    return f"{shop.code[-4:]}-{product:04d}-{index + 1:02d}"


def goods_of(product: Product) -> Goods:
    """The kind of thing a product is."""
    return GOODS[product.kind]


def is_bundle(product: Product) -> bool:
    """Whether the product is a combination of others."""
    return any(sku.parts for sku in product.skus)


def first_product(shop: Shop, number: int, start: int) -> Product:
    """A product of the catalogue the shop opens with, in every status a product can have."""
    draws = Draws(shop.seed, shop.number, "history", number)
    age = draws.between(1, 300) * 86_400 + draws.between(0, 86_399)
    product = new_product(shop, number, start - age, status=_STATUSES.get(number % 40, "ACTIVATE"))
    product.updated = product.created + draws.between(0, age)
    product.before_deletion = "SELLER_DEACTIVATED" if product.status == "DELETED" else ""
    return product


def new_product(shop: Shop, number: int, now: int, *, status: str) -> Product:
    """A product listed at `now`."""
    draws = Draws(shop.seed, shop.number, "product", number)
    kind = draws.between(0, len(GOODS) - 1)
    goods = GOODS[kind]
    warehouses = list(range(draws.weighted(((500, 1), (300, 2), (200, 3)))))
    bundle = number % _BUNDLES == 5
    low, high = (1, 1) if bundle else draws.weighted(_SIZES_OF_RANGES)
    variants = _variants(goods, draws.between(low, high))
    price = draws.between(goods.low, goods.high) // 10 * 10 - 1
    title = f"{draws.pick(_ADJECTIVES)} {goods.noun}"
    return Product(
        shop=shop.number,
        n=number,
        id=shop.identify("product", number),
        title=f"{title} bundle" if bundle else title,
        kind=kind,
        status=status,
        created=now,
        updated=now,
        warehouses=warehouses,
        skus=[
            _sku(shop, number, index, (price, attributes, len(warehouses), bundle), draws)
            for index, attributes in enumerate(variants)
        ],
        promotion=draws.pick((10, 15, 20)) if draws.chance(150) else 0,
    )


def _variants(goods: Goods, count: int) -> list[list[tuple[str, str]]]:
    if count == 1:
        return [[("Specification", "Default")]]
    combinations: list[list[tuple[str, str]]] = [[]]
    for _, name, values in goods.axes:
        combinations = [[*row, (name, value)] for value in values for row in combinations]
    return combinations[:count]


def _sku(shop: Shop, number: int, index: int, shape: tuple[int, list[tuple[str, str]], int, bool], draws: Draws) -> Sku:
    cents, attributes, warehouses, bundle = shape
    minor = (cents + index % 4 * 50) * shop.market.rate // 100
    price = minor if shop.market.decimals else max(minor // 1_000, 1) * 1_000
    parts = []
    if bundle:
        others = (number - 1 - draws.between(0, min(3, number - 1)), number + 1)
        parts = [
            (shop.identify("product", other), shop.identify("sku", other * _SKUS), seller_sku(shop, other, 0), 1)
            for other in others
        ]
    return Sku(
        id=shop.identify("sku", number * _SKUS + index),
        seller_sku=seller_sku(shop, number, index),
        price=price,
        attributes=attributes,
        stock=[0 if draws.chance(40) else draws.between(6, 260) for _ in range(warehouses)],
        committed=[0] * warehouses,
        parts=parts,
        list_price=price + price // 4 if shop.region == "US" and draws.chance(300) else 0,
    )
