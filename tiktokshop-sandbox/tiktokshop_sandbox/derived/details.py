"""What hangs on a row of a stored list: how many rows a pipeline that asks for each of them loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count

COUNTS: Mapping[str, Count] = {}
