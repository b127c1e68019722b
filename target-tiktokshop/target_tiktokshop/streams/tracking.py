"""Tracking numbers: whichever call the order's market, state and packages ask for, and never a second package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.errors import Action, BusinessError, TikTokShopError

from target_tiktokshop.streams.carriers import choose, of_shop
from target_tiktokshop.streams.shipments import Step, Wanted, next_step
from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, identifier, identifiers, number, text
from target_tiktokshop.writing.live import Carriers, object_of, orders, some_orders
from target_tiktokshop.writing.outcomes import REASONS
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import TRIES, apart, leave_unconfirmed, pause
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiktokshop_client import Answer, Operation

    from target_tiktokshop.writing.run import WriteRun

CONTRACT = Contract(
    (
        SHOP_ID,
        Field("order_id", identifier, needed=True),
        Field("tracking_number", number, needed=True),
        Field("shipping_provider_id", identifier),
        Field("shipping_provider", text),
        Field("order_line_item_ids", identifiers, "array"),
        Field("package_id", identifier),
    ),
    either=(("shipping_provider_id", "shipping_provider"),),
)


class TrackingWriter(Writer):
    """Tracking numbers. `subject` is the order as it was read."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._carriers: dict[str, Carriers] = {}

    def look(self, rows: list[Row]) -> None:
        """Reads all orders, 50 a call."""
        for shop, group in by_shop(still_open(rows)):
            found = orders(self.run, shop, (row.values["order_id"] for row in group))
            for row in group:
                row.subject = found.get(row.values["order_id"])
                with apart(row):
                    self._plan(row)
        last_wins(
            rows,
            lambda row: tuple(row.values.get(name) for name in ("order_id", "package_id", "order_line_item_ids")),
        )

    def _plan(self, row: Row) -> Step:
        """Settles the row if there is nothing to do; else says what."""
        step = self._step(row)
        row.before = {"tracking_number": step.before}
        row.after = {"tracking_number": row.values["tracking_number"]}
        if step.done:
            row.unchanged("the order already has this tracking number")
        elif step.reason:
            row.reject(step.reason, REASONS[step.reason])
        elif "shipping_provider_id" not in row.values:
            self._name_carrier(row)
            step = self._step(row)
        if row.open and step.operation is not None:
            row.operation = step.operation.name
            row.after["shipping_provider_id"] = row.values["shipping_provider_id"]
        return step

    def _step(self, row: Row) -> Step:
        values = row.values
        wanted = Wanted(
            values["tracking_number"],
            values.get("shipping_provider_id", ""),
            values.get("order_line_item_ids", ()),
            values.get("package_id", ""),
        )
        return next_step(row.subject, wanted, row.the_shop.region, self.run.client.now())

    def _name_carrier(self, row: Row) -> None:
        """Finds the id of a carrier's name among those that the order's delivery option allows."""
        name = row.values["shipping_provider"]
        try:
            known = self._options(row)
        except BusinessError as error:
            row.refuse(error)
            return
        choice = choose(name, known, of_shop(self.settings.carriers, row.the_shop.id))
        row.note(choice.note)
        if choice.provider_id:
            row.values["shipping_provider_id"] = choice.provider_id
        else:
            row.reject(choice.code, choice.message)

    def foresee(self, rows: list[Row]) -> None:
        """The shipping providers that each order's delivery option has."""
        foresight.carriers(rows, self._options)

    def _options(self, row: Row) -> list[tuple[str, str]]:
        """(id, name) of each shipping provider of the row's order.

        Raises:
            BusinessError: The platform ships orders of this option itself.
        """
        shop = row.the_shop
        carriers = self._carriers.setdefault(shop.id, Carriers(self.run, shop))
        return carriers.of(str(row.subject.get("delivery_option_id") or ""))

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """The rows of an order one after the other."""
        return by(rows, lambda row: (row.the_shop.id, row.values["order_id"])).values()

    def send(self, rows: list[Row]) -> None:
        """One order's rows; from the second on, from what the first has made of the order."""
        for place, row in enumerate(rows):
            self._send_apart(row, fresh=place == 0)

    def _send_apart(self, row: Row, *, fresh: bool) -> None:
        """Sends a row, which fails for itself."""
        try:
            self._send(row, fresh=fresh)
        except BusinessError as error:
            row.refuse(error)
        except TikTokShopError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is about this row
            leave_unconfirmed(row, error)

    def _send(self, row: Row, *, fresh: bool) -> None:
        """Reads the order again after every unclear outcome, so that no package is made twice."""
        tries = 0
        step = self._step(row) if fresh else self._read_again(row)
        while row.open and step.operation is not None:
            tries += 1
            try:
                answer = self._call(row, step, step.operation)
            except TikTokShopError as error:
                row.request_id = error.request_id
                done_already = error.action is Action.DONE
                again = done_already or (error.unclear and error.reach == "stream")
                if not again or tries >= TRIES:
                    raise
                pause(self.run, tries)
                step = self._read_again(row)
                if step.done:
                    return
                if done_already and step.operation is not None:
                    raise
                if step.reason:
                    row.reject(step.reason, REASONS[step.reason], error.request_id)
            else:
                row.request_id = answer.request_id
                warning = object_of(answer.data.get("warning")).get("message")
                row.message = f"the platform warns: {warning}" if warning else ""
                return

    def _read_again(self, row: Row) -> Step:
        order_id = row.values["order_id"]
        row.subject = some_orders(self.run, row.the_shop, [order_id]).get(order_id)
        step = self._step(row)
        if step.reason:
            row.reject(step.reason, REASONS[step.reason])
        return step

    def _call(self, row: Row, step: Step, operation: Operation) -> Answer:
        """Makes the step's call, in the older version where the platform does not know the newer."""
        client, shop = self.run.client, row.the_shop
        try:
            return client.call(operation, shop=shop, path=step.path, body=step.body)
        except TikTokShopError as error:
            if error.action is not Action.FALLBACK or step.older is None:
                raise
            older, body = step.older
            return client.call(older, shop=shop, path=step.path, body=body)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The orders show the numbers."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            found = orders(self.run, shop, (row.values["order_id"] for row in group))
            for row in group:
                row.subject = found.get(row.values["order_id"])
                done[id(row)] = self._step(row).done
        return [done[id(row)] for row in rows]


TRACKING = Writing("tracking", "Tracking numbers of orders that the seller ships.", CONTRACT, TrackingWriter)
