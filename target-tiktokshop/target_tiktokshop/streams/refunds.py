"""Refunds that the seller makes by itself, also of goods that come back: as much as the platform lets, each once."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import Category, TikTokShopError
from tiktokshop_client.operations import CALCULATE_REFUND, CREATE_RETURN, GET_AFTERSALE_ELIGIBILITY, SEARCH_RETURNS

from target_tiktokshop.streams.shipments import GONE
from target_tiktokshop.writing.fields import (
    CURRENCIES,
    SHOP_ID,
    Contract,
    Field,
    FieldError,
    amount,
    currency,
    identifier,
    identifiers,
    money,
    one_of,
    text,
)
from target_tiktokshop.writing.live import decimal_of, object_of, objects, orders, truth_of, whole
from target_tiktokshop.writing.outcomes import GUARDED, REASONS, REJECTED
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.run import refuse_all
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

KIND, WITH_GOODS = "REFUND", "RETURN_AND_REFUND"
SHIPMENTS = ("PLATFORM", "BUYER_ARRANGE")
SELLER = "SELLER"
OTHERS = frozenset({"BUYER", "OPERATOR", "SYSTEM"})
"""Who else makes returns. One that does not show who made it may be the seller's: nothing is refunded twice."""
PARTS = ("refund_subtotal", "refund_shipping_fee", "refund_tax", "retail_delivery_fee")
# Status of an order that the platform does not let be refunded -> what to do instead.
INSTEAD = {
    **dict.fromkeys(("ON_HOLD", "AWAITING_SHIPMENT"), "cancel it with order_cancellations"),
    **dict.fromkeys(("AWAITING_COLLECTION", "IN_TRANSIT"), "feed it again once it is delivered"),
}
UNPAID = {"UNPAID": "unpaid", "CANCELLED": "cancelled"}
NO_SUCH_REASON = "25001014"
"""What the platform answers to a reason that is not one of the order's."""
VOID = frozenset({"REFUND_OR_RETURN_REQUEST_REJECT", "RETURN_OR_REFUND_REQUEST_CANCEL"})
"""Statuses of returns by which nobody was paid."""


def _check(values: dict[str, Any]) -> None:
    if ("amount" in values) != ("currency" in values):
        raise FieldError("amount and currency go together")
    if "amount" in values:
        values["amount"] = money(values["amount"], values["currency"])
    if "shipment_type" in values and values.get("return_type", KIND) != WITH_GOODS:
        raise FieldError(f"shipment_type is given for a refund without goods: set return_type to {WITH_GOODS}")


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("order_id", identifier, needed=True),
        Field("reason", text, needed=True),
        Field("amount", amount),
        Field("currency", currency),
        Field("order_line_item_ids", identifiers, "array"),
        Field("return_type", one_of(KIND, WITH_GOODS, upper=True)),
        Field("shipment_type", one_of(*SHIPMENTS, upper=True)),
    ),
    check=_check,
)


class RefundWriter(Writer):
    """Refunds. `subject` is the order as it was read."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._claims: dict[tuple[str, str], list[Row]] = {}  # (shop, order) -> the refunds of the run

    def look(self, rows: list[Row]) -> None:
        """Reads orders and their returns, 50 a call; then what the platform lets be refunded, order by order."""
        last_wins(rows, lambda row: (row.the_shop.id, row.values["order_id"], lines_of(row)))
        for shop, group in by_shop(still_open(rows)):
            found = orders(self.run, shop, (row.values["order_id"] for row in group))
            made = self._returns(shop, group)
            for row in group:
                with apart(row):
                    row.subject = found.get(row.values["order_id"])
                    self._compare(row, made.get(row.values["order_id"], []))
        self.run.each(self._ask_apart, still_open(rows))
        for row in still_open(rows):
            with apart(row):
                self._claim(row)

    def _claim(self, row: Row) -> None:
        """Line items are refunded by one record of a run; each was judged before the others were carried out."""
        claims = self._claims.setdefault((row.the_shop.id, row.values["order_id"]), [])
        row.values["refunded_before"] = self._refunded(row, claims)
        wanted = wanted_lines(row)
        other = next((one for one in claims if one.number != row.number and wanted & wanted_lines(one)), None)
        if other is None:
            claims.append(row)
        elif wanted == wanted_lines(other) and all(
            row.values.get(name) in {None, other.values.get(name)}
            for name in ("reason", "amount", "currency", "return_type", "shipment_type")
        ):
            row.unchanged(f"record {other.number} of the run asks for this refund already")
        else:
            row.reject("refunded_before", f"record {other.number} of the run refunds line items of it, too")

    @staticmethod
    def _refunded(row: Row, claims: Iterable[Row]) -> dict[str, Decimal]:
        """What the seller has refunded of an order, or will by records before this one, by currency."""
        others = [one for one in claims if one.number != row.number and one.outcome not in {REJECTED, GUARDED}]
        own = {str(one.after.get("return_id")) for one in others}
        amounts = [one.after for one in others]
        amounts += [one for one in map(shown, row.values["made"]) if str(one["return_id"]) not in own]
        found: dict[str, Decimal] = {}
        for one in amounts:
            code = str(one.get("currency") or "")
            found[code] = found.get(code, Decimal(0)) + (decimal_of(one.get("refund_total")) or 0)
        return found

    def _returns(self, shop: Shop, rows: Iterable[Row]) -> dict[str, list[dict[str, Any]]]:
        """All returns of the orders, by order."""

        def read(part: list[str]) -> dict[str, list[dict[str, Any]]]:
            found = whole(self.run, SEARCH_RETURNS, shop, {"order_ids": part})
            return dict(by(found, lambda one: str(one.get("order_id"))))

        return self.run.in_bulk(read, (row.values["order_id"] for row in rows), SEARCH_RETURNS.page_size or 1)

    def _compare(self, row: Row, made: list[dict[str, Any]]) -> None:
        """Settles what cannot be refunded, and what has been."""
        row.operation = CREATE_RETURN.name
        row.before, row.after = {"refundable": None}, {"refund_total": row.values.get("amount")}
        status = str((row.subject or {}).get("status") or "")
        reason = "unknown_order" if row.subject is None else UNPAID.get(status, "")
        known = {str(line.get("id")) for line in objects((row.subject or {}).get("line_items"))}
        if not reason and not set(lines_of(row)) <= known:
            reason = "unknown_lines"
        if reason:
            row.reject(reason, REFUSED.get(reason, REASONS[reason]))
            return
        row.values["made"] = [one for one in made if is_seller_s(one)]
        row.values["voided"] = sum(is_seller_s(one, VOID) for one in made)
        same = next((one for one in made if is_it(one, row)), None)
        other = next((one for one in made if is_seller_s(one) and overlaps(one, row)), None)
        if same is not None:
            row.after = shown(same)
            row.unchanged("the seller has refunded this already")
        elif other is not None:
            has = shown(other)
            row.reject(
                "refunded_before",
                f"the seller has refunded {has['refund_total']} {has['currency']} of it before (return "
                f"{has['return_id']}): see what else the buyer is to get, and refund that in Seller Center",
            )
        elif any(str(one.get("return_status")).endswith("PENDING") for one in made if one.get("role") in OTHERS):
            row.reject("return_open", "a return of the order waits for a decision: decide it with return_decisions")

    def _ask_apart(self, row: Row) -> None:
        with apart(row):
            self._judge(row)
            if row.open:
                self._calculate(row)

    def _judge(self, row: Row) -> None:
        """Whether the platform lets the seller refund the lines, for the reason."""
        kind = kind_of(row)
        query = {"initiate_aftersale_user": SELLER, "request_types": [kind]}
        path = {"order_id": row.values["order_id"]}
        answer = self.run.client.call(GET_AFTERSALE_ELIGIBILITY, shop=row.the_shop, path=path, query=query)
        lines = [
            line
            for sku in objects(answer.data.get("sku_eligibility"))
            for line in objects(sku.get("line_item_eligibility"))
            if line.get("request_type") == kind
        ]
        wanted = set(lines_of(row))
        about = [one for one in lines if not wanted or wanted & set(map(str, one.get("order_line_items_ids") or []))]
        barred = next((line for line in about if truth_of(line.get("eligible")) is False), None)
        names = [line.get("available_reason_names") or [] for line in about]
        if barred is not None:
            code, why = (
                str(barred.get("ineligible_code") or ""),
                barred.get("ineligible_reason") or "no reason is given",
            )
            instead = INSTEAD.get(str(row.subject.get("status"))) or "see the order in Seller Center"
            goods = " and have the goods sent back" if kind == WITH_GOODS else ""
            words = f"the platform does not let the seller refund the order{goods} now ({why}): {instead}"
            row.reject(code if code.isdecimal() else Category.BUSINESS.value, words)
        elif names and all(names) and not all(row.values["reason"] in known for known in names):
            known = sorted({str(name) for part in names for name in part})
            row.reject(NO_SUCH_REASON, f"the reason is not one that the platform lists; there are: {', '.join(known)}")

    def _calculate(self, row: Row) -> None:
        """What the platform would pay back, and whether the amount asked for is in it."""
        body = {"order_id": row.values["order_id"], "request_type": kind_of(row), "reason_name": row.values["reason"]}
        body |= line_body(row) | shipment_body(row)
        answer = self.run.client.call(CALCULATE_REFUND, shop=row.the_shop, body=body)
        found = object_of(answer.data.get("order_refund_amount"))
        most, code = decimal_of(found.get("refund_total")), str(found.get("currency") or "")
        asked = row.values.get("amount")
        row.before = {"refundable": None if most is None else format(most, "f"), "currency": code or None}
        row.before |= {name: found[name] for name in PARTS if name in found}
        row.after = {"refund_total": asked or row.before["refundable"], "currency": row.values.get("currency") or code}
        if asked and code and code != row.values["currency"]:
            row.reject("wrong_currency", f"the order was paid in {code}, not in {row.values['currency']}")
        elif asked and most is not None and Decimal(asked) > most:
            row.reject("above_refundable", f"at most {most} {code} can be refunded, and {asked} is asked for")
        elif row.after["refund_total"] is None or row.after["currency"] not in CURRENCIES:
            row.reject("odd_answer", "the platform does not say how much would be refunded: name amount and currency")
        elif Decimal(row.after["refund_total"]) <= 0:
            row.reject("above_refundable", f"nothing of it can be refunded (any more): 0 {row.after['currency']}")

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """One call a refund, those of an order one after the other."""
        return by(rows, lambda row: (row.the_shop.id, row.values["order_id"])).values()

    def send(self, rows: list[Row]) -> None:
        """Refunds, each for itself; the key keeps a repeat from refunding twice."""
        for row in rows:
            try:
                self._refund(row)
            except TikTokShopError as error:  # noqa: PERF203 - each refund fails for itself
                if error.unclear:
                    raise
                refuse_all([row], error)

    def _refund(self, row: Row) -> None:
        answer = self.run.client.call(
            CREATE_RETURN,
            shop=row.the_shop,
            query={"idempotency_key": idempotency_key(row)},
            body={
                "order_id": row.values["order_id"],
                "return_type": kind_of(row),
                "return_reason": row.values["reason"],
                "refund_total": row.after["refund_total"],
                "currency": row.after["currency"],
                **line_body(row),
                **shipment_body(row),
            },
        )
        row.request_id = answer.request_id
        row.after |= {name: answer.data.get(name) for name in ("return_id", "return_status")}

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The returns of the orders show the refunds."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            made = self._returns(shop, group)
            for row in group:
                found = made.get(row.values["order_id"], [])
                valid = [one for one in found if one.get("return_status") not in VOID]
                named = [one for one in valid if str(one.get("return_id")) == str(row.after.get("return_id"))]
                own = next((one for one in (*named, *found) if is_it(one, row) or one in named), None)
                done[id(row)] = own is not None
                row.after |= shown(own) if own else {}
        return [done[id(row)] for row in rows]


REFUSED = {
    "cancelled": "the order is cancelled, and what was paid for it goes back without a refund",
    "unpaid": "the order is not paid, so there is nothing to refund",
}


def lines_of(row: Row) -> tuple[str, ...]:
    """The line items that a record names, in an order of ours; none for all."""
    return tuple(sorted(row.values.get("order_line_item_ids", ())))


def wanted_lines(row: Row) -> set[str]:
    """The line items that a record is about."""
    every = objects((row.subject or {}).get("line_items"))
    return set(lines_of(row)) or {str(line.get("id")) for line in every if line.get("display_status") not in GONE}


def line_body(row: Row) -> dict[str, Any]:
    """The line items as a call names them; nothing for all."""
    return {"order_line_item_ids": list(lines_of(row))} if lines_of(row) else {}


def shipment_body(row: Row) -> dict[str, Any]:
    """Who sends the goods back, as a call says it; nothing where the record does not."""
    return {"shipment_type": row.values["shipment_type"]} if "shipment_type" in row.values else {}


def kind_of(row: Row) -> str:
    """Whether a record is about money alone, or about the goods, too."""
    return str(row.values.get("return_type", KIND))


def is_seller_s(made: Mapping[str, Any], void: Container[str] = ()) -> bool:
    """Whether a return is one by which the seller has paid, or will once the goods are back; or such a `void` one."""
    status = made.get("return_status")
    counts = status in void if void else status not in VOID
    return made.get("role") not in OTHERS and made.get("return_type") in {KIND, WITH_GOODS, None} and counts


def lines_in(made: Mapping[str, Any]) -> set[str]:
    """The line items of a return, none where it does not show them."""
    shown_lines = {str(line.get("order_line_item_id") or "") for line in objects(made.get("return_line_items"))}
    return shown_lines - {""}


def overlaps(made: Mapping[str, Any], row: Row) -> bool:
    """Whether a return may be about line items of a record."""
    return not lines_in(made) or bool(lines_in(made) & wanted_lines(row))


def is_it(made: Mapping[str, Any], row: Row) -> bool:
    """Whether a return is the refund that a record asks for."""
    refund = object_of(made.get("refund_amount"))
    wanted = row.values.get("amount") or (row.after or {}).get("refund_total")
    has = lines_in(made)
    return (
        is_seller_s(made)
        and made.get("return_type") in {kind_of(row), None}
        and made.get("return_reason") == row.values["reason"]
        and (not has or (has == wanted_lines(row) if lines_of(row) else has >= wanted_lines(row)))
        and (wanted is None or decimal_of(refund.get("refund_total")) == Decimal(wanted))
    )


def shown(made: Mapping[str, Any]) -> dict[str, Any]:
    """A refund as the shop shows it."""
    refund = object_of(made.get("refund_amount"))
    return {
        "refund_total": refund.get("refund_total"),
        "currency": refund.get("currency"),
        "return_id": made.get("return_id"),
        "return_status": made.get("return_status"),
    }


def idempotency_key(row: Row) -> str:
    """The same for the same refund of the same lines, however often it is asked for, by whichever runs at once."""
    facts = [row.the_shop.id, row.values["order_id"], ",".join(lines_of(row)), row.values["reason"]]
    facts += [str(row.values.get("amount", "all")), str(row.values.get("currency", "")), kind_of(row)]
    facts += [str(row.values["voided"])]  # one that came to nothing is made anew
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


REFUNDS = Writing("refunds", "Refunds that the seller makes by itself, in full or in part.", CONTRACT, RefundWriter)
