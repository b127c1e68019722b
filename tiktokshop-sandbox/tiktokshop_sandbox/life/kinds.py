"""The kinds of events. Their numbers break ties between events of the same second, so a day is cut first."""

from __future__ import annotations

from enum import IntEnum


class EventKind(IntEnum):
    """What happens; the comment says what `ref` is."""

    CUT = 0  # day number of the midnight
    PAYOUT = 1  # key of the payment to make
    PAID = 2  # payment number
    WITHDRAW = 3  # day number
    WITHDRAWN = 4  # withdrawal number
    SELLER = 5  # number of the seller's doing
    RESTOCK = 6  # product number
    AUDIT = 7  # product number
    PLACE = 8  # order number, as everything below
    PAY = 9
    EXPIRE = 10
    RELEASE = 11
    ASK_CANCEL = 12
    DECIDE_CANCEL = 13
    REFUND_CANCEL = 14
    SELLER_CANCEL = 15
    SHIP = 16
    COLLECT = 17
    DELIVER = 18
    LOSE = 19
    RETURN = 20
    RETURN_STEP = 21
    COMPLETE = 22
    ADJUST = 23
    REFRESH = 24
    PURGE = 25
    UNRESERVE = 26
    CHANGE = 27  # day number of the statement
    RETURNED = 28  # payment number
    MOVE = 29
    INVOICE = 30
