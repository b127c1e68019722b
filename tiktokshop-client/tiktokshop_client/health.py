"""What a plugin needs from the platform, and what can be said in advance about whether it will get it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client.operations import Operation
    from tiktokshop_client.token import Token

DAY = 86_400
SOON = 30 * DAY
"""Seconds before the end of a grant from which every run warns; the platform tells the seller from the same day on."""

NEEDS = "tiktokshop_client.needs"
"""The entry points under which plugins say what they need: each a function from a Singer catalog (or None for all their
streams) to a list of ``Need``."""


@dataclass(frozen=True)
class Need:
    """A part of a plugin, in a human's words (``stream orders``), and the operations it calls.

    `optional` parts are left out of a run where the shop cannot have them or has not granted them.
    """

    name: str
    operations: tuple[Operation, ...]
    optional: bool = False


def installed_needs(catalog: Mapping[str, Any] | None = None) -> list[Need]:
    """What the plugins that are installed here need."""
    return [need for point in sorted(entry_points(group=NEEDS)) for need in point.load()(catalog)]


def missing_scopes(grant: Token, needs: Iterable[Need]) -> dict[str, list[str]]:
    """Scope -> the needs that lack it; {} if the platform does not say what was granted."""
    missing: dict[str, list[str]] = {}
    if grant.granted_scopes:
        granted = {
            "",
            *(scope.replace("serller.", "seller.") for scope in grant.granted_scopes),
        }  # spelt so on the wire
        for need in needs:
            for scope in sorted({operation.scope for operation in need.operations} - granted):
                missing.setdefault(scope, []).append(need.name)
    return missing


def scope_sentence(scope: str, names: Iterable[str]) -> str:
    """That a scope is missing, for what, and what to do."""
    return (
        f"the scope {scope} is missing for {', '.join(names)}: add it to the app in Partner Center, then let the "
        "seller authorise the app again (tiktokshop auth login)"
    )


def grant_sentence(grant: Token, now: float) -> str | None:
    """That the seller's grant ends soon or has ended, None if it does not."""
    end = grant.refresh_expires_at
    if end is None or end - now >= SOON:
        return None
    if end <= now:
        return f"the seller's grant ended on {moment(end)}: let the seller authorise the app again"
    return (
        f"the seller's grant ends on {moment(end)} ({(end - now) / DAY:.0f} days): let the seller authorise the app "
        "again before (tiktokshop auth login)"
    )


def early_warnings(grant: Token | None, needs: Iterable[Need], now: float) -> list[str]:
    """What a run should warn of while there is time: a grant that ends soon, a scope that something needs.

    Args:
        grant: What is known of the grant, None if nothing is.
        needs: What the run is going to use.
        now: Unix seconds.
    """
    if grant is None:
        return []
    ending = grant_sentence(grant, now)
    scopes = [scope_sentence(scope, names) for scope, names in missing_scopes(grant, needs).items()]
    return [*([ending] if ending else []), *scopes]


def moment(seconds: int) -> str:
    """A unix second as a human reads it, in UTC; the platform names some that lie beyond the calendar."""
    try:
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return "a day in the distant future"
