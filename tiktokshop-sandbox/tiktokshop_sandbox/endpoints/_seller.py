"""What operations without a cipher share: they answer for the seller, over all shops of its grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Param

if TYPE_CHECKING:
    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.storefront import Shop

PAGE_SIZE = Param("integer", required=True, low=1, high=100)


def granted_shops(call: ApiCall) -> list[Shop]:
    """The shops that the seller's grant covers, by number."""
    return [shop for shop in call.world.shops if shop.id in call.grant.shop_ids]


def at_most(name: str, values: list[Any], most: int) -> None:
    """Refuses a list that is longer than another parameter allows.

    Raises:
        ApiError: 36009004.
    """
    if len(values) > most:
        raise ApiError(INVALID_PARAMETER, f"{name} must contain at maximum {most} items", 400)
