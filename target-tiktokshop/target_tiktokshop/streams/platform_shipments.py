"""Orders that the platform ships: packages handed over to its carriers, each once, with their labels on disk."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tiktokshop_client import operations, partial_errors
from tiktokshop_client.errors import Action, Context, TikTokShopError, classify

from target_tiktokshop.day_settings import FORMATS, METHODS
from target_tiktokshop.streams import parcels
from target_tiktokshop.streams.documents import Documents, NoDocumentError
from target_tiktokshop.streams.handing_over import PickupSlots
from target_tiktokshop.streams.labels_bought import bought, choose_service
from target_tiktokshop.streams.one_label import OneLabel, ids_of, parcel_of_all, shown_as_one, told
from target_tiktokshop.streams.parcels import Parcel, parcel_of
from target_tiktokshop.writing.claiming import claimed
from target_tiktokshop.writing.fields import (
    MOST_DIGITS,
    SHOP_ID,
    Contract,
    Field,
    FieldError,
    amount,
    identifier,
    identifiers,
    one_of,
    text,
)
from target_tiktokshop.writing.live import orders, orders_again
from target_tiktokshop.writing.outcomes import UNCONFIRMED
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.run import only_these_rows
from target_tiktokshop.writing.surprises import TRIES, apart, pause
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

PACKAGES_A_CALL = 20
REBUILT = 21011027
"""What is answered while the platform makes a package anew: it may have another id a moment later."""
SHIP, BUY, PRINT = operations.SHIP_PACKAGES, operations.CREATE_PACKAGE, operations.GET_SHIPPING_DOCUMENT
CALLS = {parcels.SHIP: SHIP, parcels.BUY: BUY, parcels.PRINT: PRINT}
SIDES = ("length", "width", "height")


def moment(value: Any) -> int:
    """A moment in unix seconds, also from a text with its zone, like `2026-06-01T09:00:00+01:00`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) <= MOST_DIGITS:
        return int(value)
    try:
        found = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
    except ValueError:
        raise FieldError("must be unix seconds, or a time with its zone like 2026-06-01T09:00:00+01:00") from None
    if found.tzinfo is None:
        raise FieldError("must be a time with its zone, like 2026-06-01T09:00:00+01:00")
    return int(found.timestamp())


def _check(values: dict[str, Any]) -> None:
    if "order_ids" in values:
        if {"package_id", "order_line_item_ids"} & values.keys():
            raise FieldError("order_ids is given with package_id or order_line_item_ids, which are of one order")
        if values.setdefault("order_id", values["order_ids"][0]) not in values["order_ids"]:
            raise FieldError("order_id is none of order_ids")
        if len(values["order_ids"]) == 1:
            del values["order_ids"]
    if "pickup_start" in values and values.setdefault("handover_method", "PICKUP") != "PICKUP":
        raise FieldError("pickup_start is given for a package that is not picked up")
    if ("weight" in values) != ("weight_unit" in values):
        raise FieldError("weight and weight_unit go together")
    given = [name for name in (*SIDES, "size_unit") if name in values]
    if given and len(given) < len(SIDES) + 1:
        raise FieldError("length, width, height and size_unit go together")


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("order_id", identifier),
        Field("order_ids", identifiers, "array"),
        Field("package_id", identifier),
        Field("order_line_item_ids", identifiers, "array"),
        Field("handover_method", one_of(*METHODS, upper=True)),
        Field("pickup_start", moment),
        Field("label_size", one_of("A6", "A5", upper=True)),
        Field("label_format", one_of(*FORMATS, upper=True)),
        Field("shipping_service", text),
        Field("weight", amount),
        Field("weight_unit", one_of("GRAM", "POUND", upper=True)),
        *(Field(name, amount) for name in SIDES),
        Field("size_unit", one_of("CM", "INCH", upper=True)),
    ),
    either=(("order_id", "order_ids"),),
    check=_check,
)


class ShipmentWriter(Writer):
    """Packages of orders that the platform ships. `subject` is the order as it was read, several as one."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._documents = Documents(run)
        self._slots = PickupSlots(run)
        self._statuses: dict[str, str] = {}
        self._orders: dict[int, list[Mapping[str, Any] | None]] = {}  # of each row, by its `id()`
        self._together = OneLabel()
        self._since = 0.0

    def look(self, rows: list[Row]) -> None:
        """Reads all orders, 50 a call, and the slots of packages that are to be picked up."""
        self._since = 0.0 if self.settings.dry_run else self.run.client.claims().now()
        self._together.forget(rows)
        for shop, group in by_shop(still_open(rows)):
            self._read(shop, group)
            for row in group:
                with apart(row):
                    self._plan(row)
        last_wins(rows, lambda row: (row.the_shop.id, *self._key(row)))
        self._buy_once(rows)
        if self.settings.day.combine_labels:
            self._together.join(still_open(rows))
        self._slots.find([row for row in still_open(rows) if row.operation == SHIP.name])
        asked = self.settings.day.cheapest_service
        self._find_services([row for row in still_open(rows) if asked or "shipping_service" in row.values])
        self._together.share_refusals(rows)

    def _buy_once(self, rows: list[Row]) -> None:
        """A line item is in one label of a feed: records about some of an order's and about all of them overlap."""
        bought: dict[tuple[str, str], int] = {}
        for row in still_open(rows):
            if row.operation != BUY.name:
                continue
            lines = [(row.the_shop.id, line) for line in self._parcel(row).line_ids]
            number = next((bought[line] for line in lines if line in bought), 0)
            if number:
                row.reject("overlapping_parcels", f"record {number} of the run buys a label for line items of it, too")
            else:
                bought |= dict.fromkeys(lines, row.number)

    def foresee(self, rows: list[Row]) -> None:
        """What labels will cost whose service nobody has asked for."""
        self._find_services([row for row in rows if "price" not in row.after])
        self._together.share_refusals(rows)

    def planned(self, rows: list[Row]) -> None:
        """Their line items count as shipped from here on."""
        for row in rows:
            if not self._together.is_led(row):
                every = [row, *self._together.others(row)]
                lines = {key: self._lines(each, key) for each in every for key in ids_of(each.values)}
                self.run.foreseen.ship(row.the_shop.id, lines, self._parcel(row).package_id)

    def _lines(self, row: Row, order_id: str) -> Sequence[str]:
        """The line items of one of a row's orders that are in its parcel."""
        ids = ids_of(row.values)
        if len(ids) == 1:
            return self._parcel(row).line_ids
        order = self._orders[id(row)][ids.index(order_id)]
        return parcel_of(order, "", (), row.the_shop.region, self._statuses).line_ids

    def _find_services(self, rows: Iterable[Row]) -> None:
        def find(row: Row) -> None:
            with apart(row):
                choose_service(self.run, row)

        self.run.each(find, [row for row in rows if row.operation == BUY.name])

    def _key(self, row: Row) -> tuple[Any, ...]:
        parcel = self._parcel(row)
        return (parcel.package_id,) if parcel.package_id else (row.values["order_id"], parcel.line_ids)

    def _ids(self, row: Row) -> list[str]:
        """The orders of a row's parcel."""
        others = [row, *self._together.others(row)]
        return [order_id for each in others for order_id in ids_of(each.values)]

    def _read(self, shop: Shop, rows: list[Row]) -> None:
        """The orders of rows as they are now, and the statuses of packages that they do not show."""
        every = [*rows, *(other for row in rows for other in self._together.others(row))]
        found = orders(self.run, shop, (order_id for row in every for order_id in ids_of(row.values)))
        for row in every:
            self._knows(row, [self.run.foreseen.of(shop.id, found.get(each)) for each in ids_of(row.values)])
        unknown = {parcel.package_id for row in rows if (parcel := self._parcel(row)).next == parcels.ASK}
        asked = list(self.run.each(lambda package: self._status(shop, package), unknown))
        self._statuses.update(zip(unknown, asked, strict=True))

    def _knows(self, row: Row, found: list[Mapping[str, Any] | None]) -> None:
        self._orders[id(row)] = found
        row.subject = shown_as_one(found)

    def _status(self, shop: Shop, package_id: str) -> str:
        answer = self.run.client.call(operations.GET_PACKAGE, shop=shop, path={"package_id": package_id})
        return str(answer.data.get("package_status") or "")

    def _parcel(self, row: Row) -> Parcel:
        values, region = row.values, row.the_shop.region
        known = self._known(row)
        if len(known) > 1:
            return parcel_of_all(known, region, self._statuses)
        lines = values.get("order_line_item_ids", ())
        return parcel_of(row.subject, values.get("package_id", ""), lines, region, self._statuses)

    def _plan(self, row: Row) -> None:
        """Settles the row if there is nothing to do; else says what."""
        parcel = self._parcel(row)
        row.before = {"status": parcel.status or None, "tracking_number": parcel.tracking_number or None}
        reason = parcel.reason or ("label_format" if self._documents.not_offered(row) else "")
        if reason:
            row.reject(reason, self._words(row, reason))
            return
        if parcel.next == parcels.ASK:
            row.reject(
                "odd_answer", "the shop does not show whether the package is shipped: look at it in Seller Center"
            )
            return
        status = parcel.status if parcel.next in {parcels.PRINT, parcels.DONE} else parcels.SHIPPED
        row.after = {"status": status, "package_id": parcel.package_id or None}
        if "order_ids" in row.values:
            row.after["order_ids"] = list(row.values["order_ids"])
        if parcel.next == parcels.DONE:
            row.unchanged("the carrier has it already, so there is no label for it any more")
        elif parcel.next == parcels.PRINT and not self._misses(row, parcel):
            row.after["files"] = self._documents.places(row, parcel.package_id)
            row.unchanged("it is shipped already, and its documents are there")
        else:
            row.operation = CALLS[parcel.next].name

    def _words(self, row: Row, reason: str) -> str:
        return told(reason, self._known(row), self._ids(row), row.the_shop.region)

    def _known(self, row: Row) -> list[Mapping[str, Any] | None]:
        """The orders of a row's parcel, as they were read."""
        return [order for each in (row, *self._together.others(row)) for order in self._orders[id(each)]]

    def _misses(self, row: Row, parcel: Parcel) -> bool:
        """Whether a document of a shipped package is still to be fetched."""
        return parcel.package_id not in self.run.foreseen.shipped and bool(self._documents.missing(row, parcel))

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """Some packages a call; a label that is bought, or only fetched, by itself."""
        own = [row for row in rows if not self._together.is_led(row)]
        groups = by(own, lambda row: (row.the_shop.id, row.operation == SHIP.name))
        for (_, together), group in groups.items():
            size = PACKAGES_A_CALL if together else 1
            for start in range(0, len(group), size):
                part = group[start : start + size]
                yield part if together else [*part, *still_open(self._together.others(part[0]))]

    def send(self, rows: list[Row]) -> None:
        """Ships, then fetches documents, each row for itself."""
        if rows[0].operation == SHIP.name:
            self._ship(rows)
        for row in still_open(rows):
            if not self._together.is_led(row):
                with apart(row, sending=True):
                    self._finish(row)
                self._together.share(row)

    def _finish(self, row: Row) -> None:
        """Buys the label if that is to be done, and has the documents of the package on disk."""
        if row.operation == BUY.name:
            self._buy(row)
        if not row.open:
            return
        package_id = row.after["package_id"]
        if not package_id:
            self._without_label(row, "the platform does not say which package it is")
            return
        try:
            tracking = self._documents.fetch(row, package_id)
        except NoDocumentError as error:
            self._without_label(row, str(error))
            return
        if tracking:
            row.after["tracking_number"] = tracking
        row.after["files"] = self._documents.places(row, package_id)

    def _buy(self, row: Row) -> None:
        """Buys the label, while no other run does. A row that is refused is settled."""
        with claimed(self.run, [row, *self._together.others(row)], self._ids(row), self._since) as hold:
            if hold.fresh is False:
                parcel = self._again(row)
                row.after["package_id"] = parcel.package_id or None
                if parcel.reason:
                    row.reject(parcel.reason, self._words(row, parcel.reason))
                elif parcel.next != parcels.BUY:
                    row.operation = PRINT.name
                    row.note("another run bought its label meanwhile")
            if row.open and row.operation == BUY.name:
                bought(self.run, row, self._ids(row), hold, lambda: self._again(row))

    @staticmethod
    def _without_label(row: Row, why: str) -> None:
        words = f"it is shipped, but its label could not be fetched: {why}; feed it again to fetch it"
        row.settle(UNCONFIRMED, "label_missing", words)

    def _again(self, row: Row) -> Parcel:
        """The parcel as the shop shows it now."""
        found = orders_again(self.run, row.the_shop, self._ids(row))
        for each in (row, *self._together.others(row)):
            self._knows(each, [found.get(order_id) for order_id in ids_of(each.values)])
        return self._parcel(row)

    # -- shipping many packages ------------------------------------------------------------------------------------

    def _ship(self, rows: list[Row]) -> None:
        """Ships packages together; what may have been shipped already is looked at before it is sent again."""
        waiting, tries, errors = rows, 0, {}
        while waiting and tries < TRIES:
            tries += 1
            errors = self._sent(waiting)
            waiting = [row for row in still_open(waiting) if id(row) in errors]
            if waiting:
                pause(self.run, tries)
                waiting = self._still_waiting(waiting)
        for row in waiting:
            row.refuse(errors[id(row)])

    def _still_waiting(self, rows: list[Row]) -> list[Row]:
        """Those of some rows whose packages are not shipped, as the shop shows them now."""
        shop = rows[0].the_shop
        found = orders_again(self.run, shop, (order_id for row in rows for order_id in ids_of(row.values)))
        left = []
        for row in rows:
            self._knows(row, [found.get(order_id) for order_id in ids_of(row.values)])
            parcel = self._parcel(row)
            row.after["package_id"] = parcel.package_id
            if parcel.reason:
                row.reject(parcel.reason, self._words(row, parcel.reason))
            elif parcel.next == parcels.SHIP:
                left.append(row)
        return left

    def _sent(self, rows: list[Row]) -> dict[int, TikTokShopError]:
        """Makes one call; the errors of rows that must be looked at, by the row's `id()`. Refused rows are settled."""
        body = {"packages": [{"id": row.after["package_id"], **self._slots.request(row)} for row in rows]}
        try:
            answer = self.run.client.call(SHIP, shop=rows[0].the_shop, body=body)
        except TikTokShopError as error:
            return self._not_sent(rows, error)
        for row in rows:
            row.request_id = answer.request_id
        context, by_package = Context(SHIP.name, shop_id=rows[0].the_shop.id), by(rows, lambda r: r.after["package_id"])
        found: dict[int, TikTokShopError] = {}
        for problem in partial_errors(SHIP, answer.data):
            named = by_package.get(problem.ids.get("package_id", ""), [])
            refusal = classify(
                context, status=200, code=problem.code, message=problem.message, request_id=answer.request_id
            )
            look = not named or refusal.unclear or refusal.action is Action.DONE or problem.code == REBUILT
            for row in named or rows:
                if look:
                    found[id(row)] = refusal
                else:
                    row.refuse(refusal)
        return found

    def _not_sent(self, rows: list[Row], error: TikTokShopError) -> dict[int, TikTokShopError]:
        """A call that failed as a whole: unclear ends are looked at, refusals are narrowed down to their rows."""
        if not only_these_rows(error):
            raise error
        if error.unclear or error.action is Action.DONE:
            return dict.fromkeys(map(id, rows), error)
        if len(rows) == 1:
            rows[0].refuse(error)
            return {}
        half = len(rows) // 2
        return self._sent(rows[:half]) | self._sent(rows[half:])

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The packages are shipped."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            self._read(shop, group)
            for row in group:
                parcel = self._parcel(row)
                shipped = parcel.next in {parcels.PRINT, parcels.DONE}
                done[id(row)] = shipped or (row.operation == BUY.name and bool(parcel.package_id))
                if done[id(row)] and "files" not in row.after:
                    self._without_label(row, "something unforeseen came between")
                row.after |= {"tracking_number": parcel.tracking_number or row.after.get("tracking_number")}
                row.after |= {"carrier": parcel.carrier or None}
        return [done[id(row)] for row in rows]


SHIPMENTS = Writing(
    "shipments", "Orders that the platform ships: packages handed over, labels fetched.", CONTRACT, ShipmentWriter
)
