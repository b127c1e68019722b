"""Decisions on what buyers ask for: cancellations and returns, approved or rejected with an idempotency key."""

from __future__ import annotations

import abc
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tiktokshop_client.operations import APPROVE_CANCELLATION, APPROVE_RETURN, REJECT_CANCELLATION, REJECT_RETURN

from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.fields import (
    SHOP_ID,
    Contract,
    Field,
    FieldError,
    amount,
    boolean,
    currency,
    identifier,
    money,
    one_of,
    text,
)
from target_tiktokshop.writing.live import CANCELLATIONS, RETURNS, Search, searched
from target_tiktokshop.writing.rows import Row, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Operation

APPROVALS = (
    "APPROVE_RECEIVED_PACKAGE",
    "APPROVE_REFUND",
    "APPROVE_REPLACEMENT",
    "APPROVE_RETURN",
    "DIRECT_REFUND",
    "ISSUE_REPLACEMENT_REFUND",
    "OFFER_PARTIAL_REFUND",
)
REJECTIONS = (
    "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG",
    "REJECT_RECEIVED_PACKAGE",
    "REJECT_REFUND",
    "REJECT_REPLACEMENT",
    "REJECT_RETURN",
)
# What a plain approve or reject means, by the type and status of the return.
PLAIN: Mapping[tuple[str, str], str] = {
    ("REFUND", "RETURN_OR_REFUND_REQUEST_PENDING"): "REFUND",
    ("RETURN_AND_REFUND", "RETURN_OR_REFUND_REQUEST_PENDING"): "RETURN",
    ("RETURN_AND_REFUND", "BUYER_SHIPPED_ITEM"): "RECEIVED_PACKAGE",
    ("REPLACEMENT", "REPLACEMENT_REQUEST_PENDING"): "REPLACEMENT",
}
# Statuses that a decision leads to, so that a request which has one of them needs it no more.
CANCELLATION_ENDS = {
    "approve": frozenset({"CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE"}),
    "reject": frozenset({"CANCELLATION_REQUEST_CANCEL"}),
}
RETURN_ENDS = {
    "approve": frozenset(
        {
            "AWAITING_BUYER_SHIP",
            "RETURN_OR_REFUND_REQUEST_SUCCESS",
            "RETURN_OR_REFUND_REQUEST_COMPLETE",
            "REPLACEMENT_REQUEST_REFUND_SUCCESS",
            "REPLACEMENT_REQUEST_COMPLETE",
        }
    ),
    "reject": frozenset({"REFUND_OR_RETURN_REQUEST_REJECT", "REJECT_RECEIVE_PACKAGE", "REPLACEMENT_REQUEST_REJECT"}),
}


def side(decision: str) -> str:
    """`approve` or `reject`, of a plain decision or of one in the platform's words."""
    return "reject" if decision == "reject" or decision in REJECTIONS else "approve"


def _decision(value: Any) -> str:
    """A plain decision in lower case, or one of the platform's in upper case."""
    plain = value.strip().lower() if isinstance(value, str) else ""
    if plain in {"approve", "reject"}:
        return plain
    return one_of(*APPROVALS, *REJECTIONS, upper=True)(value)


def _needs_reason(values: dict[str, Any]) -> None:
    if side(values["decision"]) == "reject" and "reject_reason" not in values:
        raise FieldError("reject_reason is missing; get_reject_reasons lists the platform's names for them")


def _return_check(values: dict[str, Any]) -> None:
    _needs_reason(values)
    if "amount" in values:
        if "currency" not in values:
            raise FieldError("amount is given without currency")
        values["amount"] = money(values["amount"], values["currency"])
    elif values["decision"].startswith("OFFER_PARTIAL_REFUND"):
        raise FieldError("amount is missing, which a partial refund needs")


_SHARED = (SHOP_ID, Field("reject_reason", text), Field("comment", text))
CANCELLATION_CONTRACT = Contract(
    (
        Field("cancel_id", identifier, needed=True, other_name="id"),
        Field("decision", one_of("approve", "reject"), needed=True),
        *_SHARED,
    ),
    check=_needs_reason,
)
RETURN_CONTRACT = Contract(
    (
        Field("return_id", identifier, needed=True, other_name="id"),
        Field("decision", _decision, needed=True),
        *_SHARED,
        Field("buyer_keep_item", boolean, "boolean"),
        Field("amount", amount),
        Field("currency", currency),
    ),
    check=_return_check,
)


@dataclass(frozen=True)
class DecisionKind:
    """Cancellations or returns: where they are listed, how they are called, which calls decide."""

    search: Search
    key: str
    status: str
    ends: Mapping[str, frozenset[str]]
    operations: Mapping[str, Operation]


class DecisionWriter(Writer):
    """Decisions. `subject` is the request as its list shows it."""

    kind: ClassVar[DecisionKind]

    def look(self, rows: list[Row]) -> None:
        """Reads all requests, 50 a call."""
        kind = self.kind
        for shop, group in by_shop(still_open(rows)):
            found = searched(self.run, shop, kind.search, (row.values[kind.key] for row in group))
            for row in group:
                with apart(row):
                    self._compare(row, found.get(row.values[kind.key]))
        last_wins(rows, lambda row: row.values[kind.key])

    def _compare(self, row: Row, request: Mapping[str, Any] | None) -> None:
        kind, decision = self.kind, row.values["decision"]
        row.subject = request
        row.operation = kind.operations[side(decision)].name
        if request is None:
            words = f"shop {row.the_shop.id} has no {kind.key} {row.values[kind.key]}: check {kind.key}"
            row.reject("unknown_request", words)
            return
        status = str(request.get(kind.status) or "")
        row.before, row.after = {"status": status}, {"decision": self.word(row)}
        if status in kind.ends[side(decision)]:
            row.unchanged(f"it has already been decided so ({status})")
        elif not self.decidable(row, status):
            row.reject("not_pending", f"it is {status}, so there is nothing to {side(decision)} (any more)")

    @abc.abstractmethod
    def decidable(self, row: Row, status: str) -> bool:
        """Whether the request waits for this decision."""

    def word(self, row: Row) -> str:
        """The decision in the platform's words."""
        return str(row.values["decision"]).upper()

    def foresee(self, rows: list[Row]) -> None:
        """The reasons that the platform takes for each request."""
        foresight.reasons(self.run, rows, self.kind.key)

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """One call a decision."""
        return [[row] for row in rows]

    def send(self, rows: list[Row]) -> None:
        """Decides; the key keeps a repeat from deciding twice."""
        row, kind = rows[0], self.kind
        answer = self.run.client.call(
            kind.operations[side(row.values["decision"])],
            shop=row.the_shop,
            path={kind.key: row.values[kind.key]},
            query={"idempotency_key": idempotency_key(row, self.word(row))},
            body=self.body(row),
        )
        row.request_id = answer.request_id

    def body(self, row: Row) -> dict[str, Any]:
        """The body of the call."""
        if side(row.values["decision"]) == "approve":
            return {}
        return {name: row.values[name] for name in ("reject_reason", "comment") if name in row.values}

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The requests have moved on."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            found = searched(self.run, shop, self.kind.search, (row.values[self.kind.key] for row in group))
            for row in group:
                status = (found.get(row.values[self.kind.key]) or {}).get(self.kind.status)
                done[id(row)] = status is not None and status != row.before["status"]
        return [done[id(row)] for row in rows]


class CancellationDecisionWriter(DecisionWriter):
    """Approves and rejects cancellations."""

    kind = DecisionKind(
        CANCELLATIONS,
        "cancel_id",
        "cancel_status",
        CANCELLATION_ENDS,
        {"approve": APPROVE_CANCELLATION, "reject": REJECT_CANCELLATION},
    )

    def decidable(self, row: Row, status: str) -> bool:  # noqa: ARG002 - one decision fits all cancellations
        """Only what is pending."""
        return status == "CANCELLATION_REQUEST_PENDING"


class ReturnDecisionWriter(DecisionWriter):
    """Approves and rejects returns, refunds and replacements."""

    kind = DecisionKind(
        RETURNS, "return_id", "return_status", RETURN_ENDS, {"approve": APPROVE_RETURN, "reject": REJECT_RETURN}
    )

    def decidable(self, row: Row, status: str) -> bool:
        """The platform's words are taken as they are; a plain decision has to mean something here."""
        plain = row.values["decision"] in {"approve", "reject"}
        return not plain or (str(row.subject.get("return_type")), status) in PLAIN

    def word(self, row: Row) -> str:
        """A plain decision becomes the one that the type and the status of the return ask for."""
        decision = str(row.values["decision"])
        key = (str(row.subject.get("return_type")), str(row.subject.get("return_status")))
        return f"{decision.upper()}_{PLAIN[key]}" if decision in {"approve", "reject"} and key in PLAIN else decision

    def body(self, row: Row) -> dict[str, Any]:
        """Decision, reason and money."""
        values = row.values
        body: dict[str, Any] = {"decision": self.word(row)}
        if side(values["decision"]) == "reject":
            body |= {name: values[name] for name in ("reject_reason", "comment") if name in values}
            if "amount" in values:
                money = {"partial_refund_total": values["amount"], "currency": values["currency"]}
                body["partial_refund_amount"] = money
            return body
        if "buyer_keep_item" in values:
            body["buyer_keep_item"] = values["buyer_keep_item"]
        if "amount" in values:
            body["partial_refund"] = {"amount": values["amount"], "currency": values["currency"]}
        return body


def idempotency_key(row: Row, word: str) -> str:
    """The same for the same decision on the same request in the same state, however often the run is repeated."""
    facts = (row.the_shop.id, *(str(row.values.get(name)) for name in ("cancel_id", "return_id")))
    facts += (row.before["status"], word, str(row.values.get("reject_reason")))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


CANCELLATION_DECISIONS = Writing(
    "cancellation_decisions",
    "Buyers' cancellations, approved or rejected.",
    CANCELLATION_CONTRACT,
    CancellationDecisionWriter,
)
RETURN_DECISIONS = Writing(
    "return_decisions",
    "Buyers' returns, refunds and replacements, approved or rejected.",
    RETURN_CONTRACT,
    ReturnDecisionWriter,
)
