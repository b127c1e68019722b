"""The journal as plain text for beancount."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from tiktokshop_books.amounts import written
from tiktokshop_books.errors import BooksError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tiktokshop_books.entries import BookedEntry, Posting

_ROOTS: Final = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
# The categories of Unicode that beancount takes in a part of an account's name, and as its first character.
_OF_NAMES: Final = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Nd"))
_STARTS: Final = frozenset(("Lu", "Nd"))
# In this order: the backslashes of the others are no part of the text.
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
_ACCOUNT: Final = re.compile(rf"({'|'.join(_ROOTS.values())})(:[A-Z0-9][A-Za-z0-9-]*)+")


def file_of(entries: Sequence[BookedEntry]) -> str:
    """The whole text: each account opened on the day it is first used, then every entry."""
    return "\n".join([*_opened(entries), "", *(line for entry in entries for line in _transaction(entry))])


def _opened(entries: Sequence[BookedEntry]) -> Iterator[str]:
    first: dict[str, str] = {}
    for entry in sorted(entries, key=lambda entry: entry.date):
        for posting in entry.postings:
            first.setdefault(account_of(posting), entry.date.isoformat())
    for account, day in sorted(first.items()):
        yield f"{day} open {account}"


def _transaction(entry: BookedEntry) -> Iterator[str]:
    yield f'{entry.date.isoformat()} * "TikTok Shop" {_quoted(entry.entry_id)}'
    yield f"  shop: {_quoted(entry.shop_id)}"
    yield f"  document: {_quoted(entry.document_id)}"
    for posting in entry.postings:
        yield f"  {account_of(posting)}  {written(posting.amount)} {posting.currency}"
    yield ""


def account_of(posting: Posting) -> str:
    """The account's name as beancount wants it: its own, if it is one, else made of its type, number and name."""
    if _ACCOUNT.fullmatch(posting.account_name or ""):
        return posting.account_name
    root = _ROOTS.get(posting.account_type)
    if root is None:
        raise BooksError(
            f"The account {posting.account} has the type {posting.account_type!r}: give it one of "
            f"{', '.join(_ROOTS)} in tiktokshop_accounts_override. Nothing was written."
        )
    letters = (one if _is_of_names(one) else " " for one in f"{posting.account} {posting.account_name or ''}")
    words = "-".join("".join(letters).split())
    if not words:
        raise BooksError(
            f"The account {posting.account!r} has no letter and no digit, and beancount wants one: give it a name in "
            "tiktokshop_accounts_override. Nothing was written."
        )
    first = words[0].upper()
    if unicodedata.category(first[0]) not in _STARTS:  # a letter that is neither upper nor lower case
        first = f"{root}-{first}"
    return f"{root}:{first}{words[1:]}"


def _is_of_names(character: str) -> bool:
    return unicodedata.category(character) in _OF_NAMES


def _quoted(text: str) -> str:
    for plain, escaped in _ESCAPES.items():
        text = text.replace(plain, escaped)
    return f'"{text}"'
