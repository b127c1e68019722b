"""Affiliate marketing: what creators sell for a shop, on which terms. `COUNTS` are rows of a shop at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.derived.affiliate.invitations import invitations
from tiktokshop_sandbox.derived.affiliate.offers import open_collaborations
from tiktokshop_sandbox.derived.affiliate.sales import ledger
from tiktokshop_sandbox.derived.affiliate.samples import applications

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count

COUNTS: Mapping[str, Count] = {
    "affiliate_orders": lambda world, shop, _now: len(ledger(world, shop).sales),
    "open_collaborations": lambda world, shop, _now: len(open_collaborations(world, shop)),
    "target_collaborations": lambda world, shop, now: len(invitations(world, shop, now)),
    "sample_applications": lambda world, shop, now: len(applications(world, shop, now)),
}
