"""The authorised shops themselves."""

from tap_tiktokshop.reading import AuthorisedShop
from tap_tiktokshop.streams.base import Declaration

SHOPS = Declaration(
    name="shops",
    summary="The shops the token may read.",
    keys=("shop_id", "id"),
    reading=AuthorisedShop(),
)

STREAMS = (SHOPS,)
