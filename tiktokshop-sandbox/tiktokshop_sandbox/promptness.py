"""Keeps a process that serves prompt: a request is counted when it comes, whatever is being carried out meanwhile."""

from __future__ import annotations

import gc
import sys
from typing import Any, Final

_SWITCH_SECONDS: Final = 0.0005
"""How long a request that is carried out may keep the interpreter while another one comes."""
_GARBAGE: Final = (700, 10, 2)
"""How often Python looks for garbage that refers to itself: each time through some 20,000 objects, a few milliseconds.
By its own measure the last of the three looks waits for a quarter more of all that is there, and then stops everything
for a tenth of a second and longer: the requests of that time are all counted at its end."""
_OLDEST: Final = 2


def keep_prompt() -> None:
    """Changes how this process shares the interpreter and looks for garbage. For one that only serves from now on."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()  # the shops are not garbage, and need not be looked through
    gc.set_threshold(*_GARBAGE)
    gc.callbacks.append(_keep)
    gc.collect()  # of nothing, so that the next look does not wait for a quarter of what was there before


def _keep(phase: str, facts: dict[str, Any]) -> None:
    """What has outlived all three looks stays, like the shops: what is looked through next is only what is new."""
    if phase == "stop" and facts["generation"] == _OLDEST:
        gc.freeze()
