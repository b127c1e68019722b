"""What the platform makes of an answer, and what its maker should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.webhooks import posting as kinds
from tiktokshop_sandbox.webhooks.outbox import DELIVERED, DROPPED, REFUSED, WAITING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.webhooks.outbox import Outgoing
    from tiktokshop_sandbox.webhooks.posting import Reaction

SCHEDULE: Final = (120, 1_800, 10_800, 43_200)
"""Seconds from each try to the next; after the last one an event is dropped."""
OK: Final = 200
UNAUTHORIZED: Final = 401

_WRONG: Final[Mapping[str, str]] = {
    kinds.TOO_SLOW: "No answer within 3 seconds. Store the event, answer, and work on it afterwards.",
    kinds.NOBODY: "Nobody listens at this address.",
    kinds.NO_SUCH_HOST: "The host of this address cannot be found or reached.",
    kinds.NO_TLS: "The certificate of this address is not valid; the platform wants TLS 1.2 or newer.",
    kinds.NO_HTTP: "What came back is no HTTP.",
    kinds.BROKEN: "The connection ended before there was an answer.",
}
_STATUSES: Final[Mapping[int, str]] = {
    UNAUTHORIZED: "It found the signature wrong. The page of the delivery shows which bytes were signed, and how.",
    404: "Nothing is at this path.",
    405: "It does not take POST there.",
    411: "It wants no body of known length; the platform sends Content-Length.",
    413: "The event is too large for it.",
    415: "It does not take application/json.",
}


class Verdict(NamedTuple):
    """What becomes of a delivery, when it is tried again (0: never), and what is told of it."""

    state: str
    due: int
    told: str


def verdict(posting: Outgoing, reaction: Reaction, *, forged: bool, ends_with_401: bool) -> Verdict:
    """What the platform makes of an answer to a try that was due at `posting.due`.

    `forged` is whether its signature was wrong on purpose.
    """
    told = explained(reaction, forged=forged)
    if reaction.http == OK:
        return Verdict(DELIVERED, 0, told)
    if reaction.http == UNAUTHORIZED and ends_with_401:
        return Verdict(REFUSED, 0, told)
    if posting.tries > len(SCHEDULE):
        return Verdict(DROPPED, 0, told)
    return Verdict(WAITING, posting.due + SCHEDULE[posting.tries - 1], told)


def explained(reaction: Reaction, *, forged: bool) -> str:
    """What the receiver did, if it was not a plain empty 200, in words for its maker."""
    status = reaction.http
    if not status:
        return _WRONG[reaction.wrong]
    remarks = (
        (forged and status == OK, "It took a wrong signature: it keeps such deliveries apart, or does not check them."),
        (forged and status == UNAUTHORIZED, "It found the signature wrong, as it is."),
        (
            status == OK and reaction.html,
            "The answer is an HTML page: a proxy or a login may have answered instead of the receiver.",
        ),
        (status == OK and reaction.size > 0, "The answer has a body; the platform asks for an empty one."),
        (status == OK, ""),
        (status < 300, f"It answered {status}; only 200 says that an event was taken."),
        (
            status < 400,
            f"It answered with a redirect ({status}), which is not followed: subscribe the last address itself.",
        ),
    )
    other = _STATUSES.get(status, f"It answered {status}: it has not taken the event.")
    return next((words for holds, words in remarks if holds), other)
