"""How shops live: one queue of timed events makes both their past and their future."""

from __future__ import annotations

from tiktokshop_sandbox.life.engine import Life
from tiktokshop_sandbox.life.kinds import EventKind

__all__ = ["EventKind", "Life"]
