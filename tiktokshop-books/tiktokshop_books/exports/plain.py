"""The journal as plain text for beancount."""

from __future__ import annotations

import re
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
    yield f'{entry.date.isoformat()} * "TikTok Shop" "{entry.entry_id}"'
    yield f'  shop: "{entry.shop_id}"'
    yield f'  document: "{entry.document_id}"'
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
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"{posting.account} {posting.account_name or ''}").strip("-")
    return f"{root}:{words[:1].upper()}{words[1:]}"
