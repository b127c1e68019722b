"""What never changes about a shop: its names, market, warehouses and delivery options."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.draws import Draws, Namer, number_of
from tiktokshop_sandbox.markets import BY_REGION, MARKETS, TURNS, Market, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOP_NAMES = (
    "Maple & Moss Home",
    "Café Lumière Beauty",
    "Grüne Küche",
    "Casa Ñandú",
    "Toko Matahari ☀",
    "Tiệm Hoa Sen",
    "Atelier Éloïse",
    "Bottega Perché No",
    "こもれび雑貨店",
    "Casa do Açaí",
)


@dataclass(frozen=True)
class Warehouse:
    """A place goods leave from (`SALES_WAREHOUSE`) or come back to (`RETURN_WAREHOUSE`)."""

    id: str
    name: str
    type: str
    place: Place
    effect_status: str = "ENABLED"


@dataclass(frozen=True)
class DeliveryOption:
    """How an order travels; `shipping_type` tells who buys the label."""

    id: str
    name: str
    type: str
    description: str
    shipping_type: str
    fulfillment_type: str


@dataclass(frozen=True)
class Shop:
    """One shop of the seller. `number` counts the world's shops from 0; amounts are in minor units."""

    number: int
    seed: int
    id: str
    name: str
    region: str
    currency: str
    cipher: str
    code: str
    seller_type: str
    market: Market
    warehouses: tuple[Warehouse, ...]
    options: tuple[DeliveryOption, ...]
    identify: Namer = field(repr=False, compare=False)

    def amount(self, minor: int) -> str:
        """An amount as the platform writes it in this shop's currency."""
        return money.text(minor, self.market.decimals)

    def key(self, number: int) -> int:
        """The database key of this shop's object of that number."""
        return self.number << 32 | number

    @property
    def sales_warehouses(self) -> tuple[Warehouse, ...]:
        """Where the shop's goods are kept."""
        return tuple(place for place in self.warehouses if place.type == "SALES_WAREHOUSE")


@lru_cache(maxsize=64)
def storefront(seed: int, number: int, region: str = "") -> Shop:
    """The shop of that number in a world of that seed: in this market, or US, GB, then the others in turn."""
    market = BY_REGION[region] if region else TURNS[number % len(TURNS)]
    identify = Namer(seed, number)
    draws = Draws(seed, number, "shop")
    turn = 1 if region else number // len(TURNS) + 1
    suffix = f" {turn}" if turn > 1 else ""
    return Shop(
        number=number,
        seed=seed,
        id=identify("shop", number),
        name=SHOP_NAMES[MARKETS.index(market)] + suffix,
        region=market.region,
        currency=market.currency,
        cipher=f"{market.prefix}{number_of(seed, number, 'cipher'):016x}Aw{number:02d}",
        code=draws.pattern(f"{market.region}LC????????"),
        seller_type="LOCAL" if number % 5 < 4 else "CROSS_BORDER",
        market=market,
        warehouses=tuple(_warehouses(market.warehouses, identify)),
        options=tuple(_options(seed, number)),
        identify=identify,
    )


def _warehouses(places: Sequence[Place], identify: Namer) -> list[Warehouse]:
    kept = [
        Warehouse(identify("warehouse", index), f"{place.city} warehouse", "SALES_WAREHOUSE", place)
        for index, place in enumerate(places)
    ]
    back = Warehouse(identify("warehouse", 90), f"{places[0].city} returns", "RETURN_WAREHOUSE", places[0])
    return [*kept, back]


# (name, type, description, shipping type, fulfilment type, share of the orders in a thousand)
OPTIONS = (
    ("Standard shipping", "STANDARD", "TTS-STD", "TIKTOK", "FULFILLMENT_BY_SELLER", 480),
    ("Shipped from seller", "SEND_BY_SELLER", "SELLER-STD", "SELLER", "FULFILLMENT_BY_SELLER", 380),
    ("Express shipping", "EXPRESS", "TTS-EXP", "TIKTOK", "FULFILLMENT_BY_SELLER", 70),
    ("Fulfilled by TikTok", "STANDARD", "FBT-STD", "TIKTOK", "FULFILLMENT_BY_TIKTOK", 70),
)


def _options(seed: int, number: int) -> list[DeliveryOption]:
    base = number_of(seed, number, "options") % 10**13
    return [
        DeliveryOption(f"70911{base + index:013d}", name, kind, text, shipping, fulfilment)
        for index, (name, kind, text, shipping, fulfilment, _) in enumerate(OPTIONS)
    ]
