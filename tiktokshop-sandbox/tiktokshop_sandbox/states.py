"""The objects that change: what must be remembered for them to go on. Times are unix seconds, amounts minor units."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Sku(Struct, array_like=True):
    """A variant of a product. `stock` and `committed` follow the product's list of warehouses."""

    id: str
    seller_sku: str
    price: int
    attributes: list[tuple[str, str]]
    stock: list[int]
    committed: list[int]
    parts: list[tuple[str, str, str, int]] = []  # of a bundle: product, SKU, seller SKU, count
    list_price: int = 0
    restocking: bool = False
    shown: dict[str, Any] = {}  # what the seller has written by the API, as Get Product shows it


class Version(Struct, array_like=True):
    """A product as an edit wants it, while the platform looks at it."""

    title: str
    kind: int
    shown: dict[str, Any]
    warehouses: list[int]
    skus: list[Sku]


class Product(Struct, array_like=True):
    """A product with its SKUs. `warehouses` are indexes into the shop's sales warehouses.

    `shown` is what the seller has written by the API, as Get Product shows it, in place of what follows from the kind;
    None stands for nothing. `review` is the second version, while the first stays live; `verdict` is why the platform
    refused the last one.
    """

    shop: int
    n: int
    id: str
    title: str
    kind: int
    status: str
    created: int
    updated: int
    warehouses: list[int]
    skus: list[Sku]
    promotion: int = 0  # percent off while a promotion runs
    before_deletion: str = ""
    edits: int = 0
    shown: dict[str, Any] = {}
    review: Version | None = None
    verdict: list[dict[str, Any]] = []
    skus_made: int = 0


class OrderLine(Struct, array_like=True):
    """One unit of an order. `product` is the product's number, `warehouse` an index of the shop's."""

    id: str
    product: int
    product_name: str
    sku: str
    sku_name: str
    seller_sku: str
    original: int
    seller_discount: int
    platform_discount: int
    tax: int
    warehouse: int
    gift: bool = False
    parts: list[tuple[str, str, str, int]] = []
    package: int = -1
    refunded: bool = False
    retail_fee: int = 0

    @property
    def sale(self) -> int:
        """What the buyer pays for the unit, tax on top excluded."""
        return self.original - self.seller_discount - self.platform_discount


class Package(Struct, array_like=True):
    """A parcel: `lines` are indexes of the order's lines, `carrier` one of the market's carriers.

    A parcel of several orders is a package in each of them, with one id and its lines there; `partners` are their
    numbers, the lowest first. One that was split or combined is `retired`.
    """

    id: str
    created: int
    updated: int
    status: str
    sub_status: str
    lines: list[int]
    carrier: int = -1
    tracking: str = ""
    shipped: int = 0
    corrections: int = 0
    handover: str = ""
    notes: list[tuple[str, str]] = []  # (tracking number, note) of further parcels of one order
    slot: tuple[int, int] | None = None  # when the carrier comes for it
    partners: list[int] = []
    retired: bool = False


class Recipient(Struct, array_like=True):
    """Whom an order goes to; `place` is one of the market's places."""

    first: str
    last: str
    phone: str
    street: str
    postcode: str
    place: int


class FulfilmentPlan(Struct, array_like=True):
    """What will happen to an order unless somebody changes it: an outcome and how long each step takes."""

    outcome: str
    pay: int
    ship: int
    second: int
    collect: int
    deliver: int
    complete: int
    settle: int
    decide: int
    returns: str
    return_after: int
    refresh: int


class Order(Struct, array_like=True):
    """An order with everything its document is made of."""

    shop: int
    n: int
    id: str
    kind: str
    status: str
    created: int
    updated: int
    user: str
    recipient: Recipient
    option: int
    warehouse: int
    method: int
    lines: list[OrderLine]
    plan: FulfilmentPlan
    packages: list[Package] = []
    indexed: int = 0
    shipping: int = 0
    shipping_seller: int = 0
    shipping_platform: int = 0
    shipping_tax: int = 0
    tax_rate: int = 0
    message: str = ""
    note: str = ""
    source: str = ""
    hold: bool = False
    asked_to_cancel: bool = False
    asked_at: int = 0
    paid: int = 0
    ready: int = 0
    rts: int = 0
    collected: int = 0
    delivered: int = 0
    completed: int = 0
    cancelled: int = 0
    cancelled_by: str = ""
    cancel_reason: str = ""
    masked: bool = False
    purged: bool = False
    returning: bool = False
    moved: bool = False  # the buyer has had it sent elsewhere than at first

    @property
    def key(self) -> int:
        """The database key."""
        return self.shop << 32 | self.n

    @property
    def active(self) -> list[Package]:
        """The packages that it has now."""
        return [package for package in self.packages if not package.retired]


class Refund(Struct, array_like=True):
    """What a buyer gets back."""

    subtotal: int = 0
    shipping: int = 0
    tax: int = 0
    retail: int = 0

    @property
    def total(self) -> int:
        """Everything together."""
        return self.subtotal + self.shipping + self.tax + self.retail


class Record(Struct, array_like=True):
    """One entry of a return's history."""

    at: int
    event: str
    role: str
    description: str
    note: str = ""


class Cancellation(Struct, array_like=True):
    """A cancellation of an order (this platform's sellers and buyers cancel whole orders here)."""

    shop: int
    n: int
    id: str
    order: int
    created: int
    updated: int
    kind: str
    status: str
    role: str
    reason: str
    refund: Refund
    deadline: int = 0


_HOURS = 3_600
SILENCE = {
    "RETURN_OR_REFUND_REQUEST_PENDING": 48 * _HOURS,
    "REPLACEMENT_REQUEST_PENDING": 24 * _HOURS,
    "EXCHANGE_REQUEST_PENDING": 24 * _HOURS,
}
"""How many seconds a seller may say nothing to a request, before the platform agrees in the seller's place."""


class Return(Struct, array_like=True):
    """A return, refund, replacement or exchange; `script` and `step` tell where in its course it is."""

    shop: int
    n: int
    id: str
    order: int
    created: int
    updated: int
    kind: str
    status: str
    reason: int
    script: str
    step: int
    lines: list[int]
    refund: Refund
    records: list[Record] = []
    arbitration: str = ""
    proposed: int = 0
    tracking: str = ""
    carrier: int = 0
    shipping_cost: int = 0
    part: int = 0  # what part of the goods (hundred-thousandths) the seller has paid back by itself; 0: all


class SkuAmounts(Struct, array_like=True):
    """One SKU's share of a transaction: amounts by the platform's own names (202501)."""

    sku: str
    sku_name: str
    product_name: str
    quantity: int
    amounts: dict[str, int]


class Transaction(Struct, array_like=True):
    """Money owed to or by the seller, settled by a daily statement.

    `reserve` is what is held back (negative) or released; `off` is by how much its own sum of fees is shown wrong.
    """

    shop: int
    key: int
    id: str
    kind: str
    created: int
    order: str = ""
    order_created: int = 0
    delivered: int = 0
    settle: int = 0
    statement: int = 0
    skus: list[SkuAmounts] = []
    adjustment: int = 0
    adjustment_id: str = ""
    reserve: int = 0
    reserve_id: str = ""
    release: int = 0
    off: int = 0


class Statement(Struct, array_like=True):
    """A day's settlement.

    `off` is by how much its settlement is shown wrong; `corrects` the transaction of which a fee will be corrected.
    """

    shop: int
    n: int
    id: str
    time: int
    revenue: int
    shipping: int
    fees: int
    adjustment: int
    payment: int = 0
    payment_id: str = ""
    status: str = "PROCESSING"
    paid: int = 0
    reserve: int = 0
    off: int = 0
    corrects: int | None = None

    @property
    def settlement(self) -> int:
        """What the seller gets, now or when reserves are released."""
        return self.revenue + self.shipping + self.fees + self.adjustment

    @property
    def payable(self) -> int:
        """What the next payment has of it."""
        return self.settlement + self.reserve


class Payment(Struct, array_like=True):
    """A transfer for one statement, or for several small ones.

    `amount` is in the shop's currency, and `reserve` the part of it that reserves hold back (negative) or release. If
    it is paid in another currency, `rate` is in millionths, and `arrives` is what arrives there.
    """

    shop: int
    n: int
    id: str
    created: int
    amount: int
    statements: list[int]
    status: str = "PROCESSING"
    paid: int = 0
    reserve: int = 0
    currency: str = ""
    rate: int = 0
    arrives: int = 0
    returned: bool = False


class Withdrawal(Struct, array_like=True):
    """A movement on the seller's balance."""

    shop: int
    n: int
    id: str
    type: str
    created: int
    amount: int
    status: str
    currency: str = ""


class ShopMemory(Struct, array_like=True):
    """What a shop keeps in mind between events."""

    exchanges: list[tuple[int, list[int], str]] = field(default_factory=list)  # (order, lines, kind) still to be sent
    unpaid: list[int] = field(default_factory=list)  # keys of statements that wait for a payment
    balance: int = 0
    products: int = 0
    abroad: dict[str, int] = field(default_factory=dict)  # balances in other currencies than the shop's
    owed: int = 0  # what PAID statements have changed by since
    ledger: dict[str, int] | None = None  # None in a file whose past nobody has kept a ledger of
