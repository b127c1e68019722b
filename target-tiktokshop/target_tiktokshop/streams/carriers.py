"""Which shipping provider a carrier's name means: by the user's own map, the exact name, or a similar one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_tiktokshop.writing.live import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_tiktokshop.settings import Carriers


@dataclass(frozen=True)
class Choice:
    """What a name turned out to mean.

    Attributes:
        provider_id: The platform's id, "" if the name is not that of one provider.
        note: What was read otherwise than it was written, "" for nothing.
        code: Why there is no id.
        message: The same for a human.
    """

    provider_id: str = ""
    note: str = ""
    code: str = ""
    message: str = ""


def of_shop(carriers: Carriers, shop_id: str) -> dict[str, str]:
    """The user's map for a shop: what is said for this shop comes before what is said for all."""
    of_all = {name: meant for name, meant in carriers.items() if isinstance(meant, str)}
    of_one = carriers.get(shop_id, {})
    return of_all | (dict(of_one) if not isinstance(of_one, str) else {})


def choose(name: str, known: Sequence[tuple[str, str]], carriers: Mapping[str, str]) -> Choice:
    """The provider that a carrier's name means.

    Args:
        name: As the record has it.
        known: (id, name) of the providers that the shop accepts for the order.
        carriers: The user's names, and the platform's names or ids that they stand for.
    """
    own = name if name in carriers else ""
    if not own and name not in {called for _, called in known}:
        own = _only(each for each in carriers if plain(each) == plain(name))
    meant = carriers[own] if own else name
    by_setting = f"{name!r} is {meant!r} by the setting carriers" if own else ""
    ids = {number for number, called in known if called == meant or (own and number == meant)}
    note = by_setting
    if not ids:
        near = {called for _, called in known if plain(called) == plain(meant)}
        ids = {number for number, called in known if called in near}
        taken = f"the shipping provider {min(near)!r} was used for {meant!r}" if near else ""
        note = "; ".join(filter(None, (by_setting, taken)))
    if len(ids) == 1:
        return Choice(ids.pop(), note)
    names = ", ".join(dict.fromkeys(called for _, called in known)) or "none"
    words = by_setting + ", which" if by_setting else name
    return Choice(
        code="ambiguous_carrier" if ids else "unknown_carrier",
        message=(
            f"{words} is not the name of one shipping provider of this order; there are: {names}. Name one of them, or "
            "say in the setting carriers which one is meant"
        ),
    )


def _only(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else ""
