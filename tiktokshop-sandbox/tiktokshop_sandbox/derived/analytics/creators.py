"""Whose accounts videos and live sessions are on: the shop's own two, and those of affiliate creators."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.draws import number_of

if TYPE_CHECKING:
    from tiktokshop_sandbox.draws import Draws
    from tiktokshop_sandbox.storefront import Shop

OFFICIAL: Final = "OFFICIAL_ACCOUNTS"
MARKETING: Final = "MARKETING_ACCOUNTS"
AFFILIATE: Final = "AFFILIATE_ACCOUNTS"
ACCOUNTS: Final = (OFFICIAL, MARKETING, AFFILIATE)

_AFFILIATES: Final = (
    ("juno.unboxes", "Juno unboxes"),
    ("lena_im_glueck", "Léna im Glück"),
    ("marisol.hogar", "Marisol · hogar y más"),
    ("the.tidy.nook", "The Tidy Nook"),
    ("kopi.dan.kado", "Kopi & Kado ☕"),
    ("binhminh.review", "Bình Minh Review"),
    ("atelier.noisette", "Atelier Noisette"),
    ("peppe.prova.tutto", "Peppe prova tutto"),
    ("two.left.socks", "two left socks"),
    ("nana.och.fika", "Nana & fika"),
    ("soft.launch.club", "Soft Launch Club ✿"),
    ("yuki_no_tana", "ゆきの棚"),
)
_OWN: Final = 900  # numbers of the shop's own accounts, beyond those of affiliates


class Creator(NamedTuple):
    """An account: `author_type` is OFFICIAL, MARKETING or AFFILIATE."""

    id: str
    open_id: str
    user_name: str
    nick_name: str
    author_type: str
    country: str


def creator(shop: Shop, account: str, draws: Draws) -> Creator:
    """The shop's own account of a type, or one of its affiliate creators."""
    if account == AFFILIATE:
        number = draws.between(0, len(_AFFILIATES) - 1)
        user_name, nick_name = _AFFILIATES[number]
    else:
        number = _OWN + ACCOUNTS.index(account)
        ending, addition = ("", "") if account == OFFICIAL else (".outlet", " Outlet")
        user_name, nick_name = _plain(shop.name) + ending, shop.name + addition
    return Creator(
        id=shop.identify("creator", number),
        open_id=f"_000{number_of(shop.seed, shop.number, 'open id', number):016x}",
        user_name=user_name,
        nick_name=nick_name,
        author_type=account.partition("_")[0],
        country=shop.region,
    )


def _plain(name: str) -> str:
    """A name in the letters that user names are made of: `Café Lumière` -> `cafe.lumiere`."""
    letters = unicodedata.normalize("NFKD", name.lower())
    words = "".join(letter for letter in letters if letter.isascii() and (letter.isalnum() or letter == " ")).split()
    return ".".join(words)
