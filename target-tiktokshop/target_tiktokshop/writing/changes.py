"""What a run has changed so far, and why it must not go on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stop:
    """Why a run must not go on.

    Attributes:
        name: The setting that says so.
        sentence: What was found.
    """

    name: str
    sentence: str


@dataclass
class Changes:
    """What the run has done so far.

    Attributes:
        skus: SKUs whose stock it has looked at.
        zeroed: Those that it takes from some stock to none.
        fallen: Those that it takes to less than a fifth of their stock, or to none.
        things: (setting, stream, shop) -> what it changes, each once.
        totals: (setting, stream, shop) -> how many of them the shop had, None if it does not say.
        done: setting -> what the run does that it bounds, each once.
        numbers: (stream, shop, number) -> the orders it gives the number to.
    """

    skus: int = 0
    zeroed: int = 0
    fallen: int = 0
    things: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    totals: dict[tuple[str, str, str], int | None] = field(default_factory=dict)
    done: dict[str, set[str]] = field(default_factory=dict)
    numbers: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
