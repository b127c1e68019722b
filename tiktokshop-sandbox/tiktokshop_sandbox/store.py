"""The shops' objects between memory and SQLite: loaded when asked for, written (with their documents) in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from tiktokshop_sandbox.documents.aftersales import cancellation_document, return_document
from tiktokshop_sandbox.documents.orders import order_document
from tiktokshop_sandbox.documents.packages import package_document
from tiktokshop_sandbox.documents.products import search_document
from tiktokshop_sandbox.states import (
    Cancellation,
    Order,
    Package,
    Payment,
    Product,
    Return,
    ShopMemory,
    Statement,
    Transaction,
    Withdrawal,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tiktokshop_sandbox.storefront import Shop

T = TypeVar("T", bound=msgspec.Struct)
Row = tuple[Any, ...]

pack = msgspec.msgpack.Encoder().encode
document = msgspec.json.Encoder().encode


class Watcher(Protocol):
    """Who wants to know of every object that a transaction loads and stores."""

    def saw(self, table: str, key: int, thing: Any) -> None:
        """An object was loaded, and has not been changed yet."""

    def put(self, table: str, key: int, shops: tuple[Shop, ...], thing: Any) -> None:
        """An object is stored, new or changed."""


class Shelf(Generic[T]):
    """The objects of one table, by key. What was `put` is written at the next flush."""

    def __init__(
        self, store: Store, kind: type[T], table: str, columns: int, row: Callable[[Store, int, T], Row]
    ) -> None:
        state_table = "order_states" if table == "orders" else table
        self._store = store
        self._table = table
        self._select = f"SELECT state FROM {state_table} WHERE key = ?"  # noqa: S608 - a name from our own table
        self._insert = f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608 - as above
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._row = row
        self._held: dict[int, T] = {}
        self.changed: dict[int, T] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, key: int) -> T:
        held = self._held.get(key)
        if held is None:
            row = self._store.db.execute(self._select, (key,)).fetchone()
            if row is None:
                raise KeyError(key)
            held = self._held[key] = self._decode(row[0])
            if self._store.watcher:
                self._store.watcher.saw(self._table, key, held)
        return held

    def get(self, key: int) -> T | None:
        """The object, or None."""
        try:
            return self[key]
        except KeyError:
            return None

    def put(self, key: int, thing: T) -> None:
        """Takes in a new or changed object."""
        self._held[key] = self.changed[key] = thing
        if self._store.watcher:
            self._store.watcher.put(self._table, key, self._store.shops, thing)

    def rows(self) -> list[Row]:
        """What has changed, as rows of the table."""
        return [self._row(self._store, key, thing) for key, thing in self.changed.items()]

    def write(self) -> None:
        """Writes what has changed."""
        if self.changed:
            self._store.db.executemany(self._insert, self.rows())

    def forget(self) -> None:
        """Lets go of everything held (only after a write or to undo)."""
        self._held.clear()
        self.changed.clear()


class Store:
    """All shelves, and the shops they belong to."""

    def __init__(self, db: sqlite3.Connection, shops: Sequence[Shop]) -> None:
        self.db = db
        self.shops = tuple(shops)
        self.watcher: Watcher | None = None
        self.desks = Shelf(self, ShopMemory, "desks", 2, lambda _, key, desk: (key, pack(desk)))
        self.products = Shelf(self, Product, "products", 8, _product_row)
        self.orders = Shelf(self, Order, "orders", 12, _order_row)
        self.cancellations = Shelf(self, Cancellation, "cancellations", 11, _cancellation_row)
        self.returns = Shelf(self, Return, "returns", 13, _return_row)
        self.transactions = Shelf(self, Transaction, "transactions", 9, _transaction_row)
        self.statements = Shelf(self, Statement, "statements", 7, _statement_row)
        self.payments = Shelf(self, Payment, "payments", 5, _payment_row)
        self.withdrawals = Shelf(self, Withdrawal, "withdrawals", 6, _withdrawal_row)
        self._unsettled: dict[int, dict[int, int]] = {}
        self.dropped_skus: set[str] = set()

    @property
    def shelves(self) -> tuple[Shelf[Any], ...]:
        """Every shelf, in the order they are written."""
        return (
            self.desks,
            self.products,
            self.orders,
            self.cancellations,
            self.returns,
            self.transactions,
            self.statements,
            self.payments,
            self.withdrawals,
        )

    def unsettled(self, shop: int) -> dict[int, int]:
        """The shop's unsettled transactions: key -> when they may settle (0: not yet known)."""
        if shop not in self._unsettled:
            found = self.db.execute(
                "SELECT key, settle_time FROM transactions WHERE shop = ? AND statement IS NULL", (shop,)
            )
            self._unsettled[shop] = {key: settle or 0 for key, settle in found}
            for key, transaction in self.transactions.changed.items():
                if transaction.shop == shop:
                    self._follow(key, transaction)
        return self._unsettled[shop]

    def put_transaction(self, transaction: Transaction) -> None:
        """Takes in a transaction and keeps the list of unsettled ones right."""
        self.unsettled(transaction.shop)
        self.transactions.put(transaction.key, transaction)
        self._follow(transaction.key, transaction)

    def drop_transaction(self, transaction: Transaction) -> None:
        """An unsettled transaction that will not come about any more."""
        self.unsettled(transaction.shop).pop(transaction.key, None)
        self.transactions.changed.pop(transaction.key, None)
        self.transactions._held.pop(transaction.key, None)  # noqa: SLF001 - its own shelf
        self.db.execute("DELETE FROM transactions WHERE key = ?", (transaction.key,))

    def _follow(self, key: int, transaction: Transaction) -> None:
        if transaction.statement:
            self._unsettled[transaction.shop].pop(key, None)
        else:
            self._unsettled[transaction.shop][key] = transaction.settle

    def flush(self) -> None:
        """Writes everything that changed, inside the caller's transaction."""
        if self.dropped_skus:
            self.db.executemany("DELETE FROM skus WHERE id = ?", [(sku,) for sku in self.dropped_skus])
            self.dropped_skus.clear()
        if self.products.changed:
            self.db.executemany("INSERT OR REPLACE INTO skus VALUES (?, ?, ?)", _sku_rows(self.products.changed))
        if self.orders.changed:
            self.db.executemany(
                "INSERT OR REPLACE INTO order_states VALUES (?, ?)",
                [(key, pack(order)) for key, order in self.orders.changed.items()],
            )
            self.db.executemany(
                "INSERT OR REPLACE INTO packages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [row for order in self.orders.changed.values() for row in self._package_rows(order)],
            )
        for shelf in self.shelves:
            shelf.write()
            shelf.changed.clear()

    def forget(self) -> None:
        """Lets go of everything held in memory."""
        for shelf in self.shelves:
            shelf.forget()
        self._unsettled.clear()
        self.dropped_skus.clear()

    def parts(self, order: Order, package: Package) -> list[tuple[Order, Package]]:
        """The orders in a package of an order, with their parts of it."""
        if not package.partners or package.retired:
            return [(order, package)]
        mates = [self.orders[order.shop << 32 | number] for number in package.partners]
        return [(mate, next(part for part in mate.packages if part.id == package.id)) for mate in mates]

    def _package_rows(self, order: Order) -> Iterator[Row]:
        shop = self.shops[order.shop]
        for index, package in enumerate(order.packages):
            if package.partners and package.partners[0] != order.n:
                continue  # the first of its orders has it
            doc = document(package_document(shop, self.parts(order, package)))
            key = order.shop << 32 | order.n << 6 | index
            times = (package.created, package.updated, order.paid)
            yield (key, order.shop, package.id, package.status, *times, doc)


def _sku_rows(products: dict[int, Product]) -> Iterable[Row]:
    return [(sku.id, key, sku.seller_sku) for key, product in products.items() for sku in product.skus]


def _product_row(store: Store, key: int, product: Product) -> Row:
    doc = document(search_document(store.shops[product.shop], product))
    times = (product.created, product.updated)
    return (key, product.shop, product.id, product.status, *times, pack(product), doc)


def _order_row(store: Store, key: int, order: Order) -> Row:
    shop = store.shops[order.shop]
    return (
        key,
        order.shop,
        order.id,
        order.status,
        order.created,
        order.updated,
        order.indexed or None,
        shop.options[order.option].shipping_type,
        order.user,
        shop.warehouses[order.warehouse].id,
        int(order.asked_to_cancel),
        document(order_document(shop, order)),
    )


def _cancellation_row(store: Store, key: int, cancellation: Cancellation) -> Row:
    order = store.orders[cancellation.order]
    doc = document(cancellation_document(store.shops[order.shop], order, cancellation))
    names = (cancellation.id, order.id, order.user, cancellation.status, cancellation.kind)
    return (key, order.shop, *names, cancellation.created, cancellation.updated, pack(cancellation), doc)


def _return_row(store: Store, key: int, item: Return) -> Row:
    order = store.orders[item.order]
    doc = document(return_document(store.shops[order.shop], order, item))
    names = (item.id, order.id, order.user, item.status, item.kind, item.arbitration)
    proposed = "PARTIAL_REFUND" if item.proposed else ""
    return (key, order.shop, *names, proposed, item.created, item.updated, pack(item), doc)


def _transaction_row(_: Store, key: int, item: Transaction) -> Row:
    times = (item.order_created, item.created, item.settle or None, item.statement or None)
    return (key, item.shop, item.id, item.order, *times, pack(item))


def _statement_row(_: Store, key: int, item: Statement) -> Row:
    return (key, item.shop, item.id, item.time, item.payment or None, item.status, pack(item))


def _payment_row(_: Store, key: int, item: Payment) -> Row:
    return (key, item.shop, item.id, item.created, pack(item))


def _withdrawal_row(_: Store, key: int, item: Withdrawal) -> Row:
    return (key, item.shop, item.id, item.type, item.created, pack(item))
