"""Conversations with buyers as the shop shows them: which can be answered, and what was said last."""

from __future__ import annotations

import html
import json
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.operations import GET_CONVERSATION, GET_CONVERSATIONS, GET_MESSAGES

from target_tiktokshop.writing.live import object_of, objects, units_of
from target_tiktokshop.writing.run import only_these_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

MOST_PAGES = 25
"""So many pages of conversations are looked through, the latest first, before one is asked for by itself."""
MOST_MESSAGES = 100
"""So far back in a conversation something is looked for."""
BUYER = "BUYER"
OTHERS = frozenset({BUYER, "SYSTEM", "ROBOT"})
"""Who is not the seller. Whoever else says something, or is not shown, may be: nothing is said twice to find out."""


@dataclass(frozen=True)
class SaidMessage:
    """A message: its place among others, who said it, its type and content."""

    id: str
    index: int
    role: str
    type: str
    content: Mapping[str, Any]

    def may_be(self, kind: str) -> bool:
        """Whether it may be one of the seller's of a type; a type that is not shown may be any."""
        return self.role not in OTHERS and self.type in {kind, ""}


class UnplacedMessageError(ValueError):
    """A message without its place among others, so that nobody knows what was said after what."""


def conversations(run: WriteRun, shop: Shop, wanted: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Conversations by id; those that the shop does not have are left out.

    Whether they can be answered is only in the list, so that is looked through as far as it is short.
    """
    missing = set(wanted)
    found: dict[str, dict[str, Any]] = {}
    for page in islice(run.client.pages(GET_CONVERSATIONS, shop=shop), MOST_PAGES):
        for row in objects(page.rows):
            if str(row.get("id")) in missing:
                found[str(row.get("id"))] = row
        if missing <= found.keys():
            break
    others = sorted(missing - found.keys())
    single = run.each(lambda identifier: _single(run, shop, identifier), others)
    return found | {name: row for name, row in zip(others, single, strict=True) if row}


def _single(run: WriteRun, shop: Shop, identifier: str) -> dict[str, Any]:
    try:
        data = run.client.call(GET_CONVERSATION, shop=shop, path={"conversation_id": identifier}).data
    except TikTokShopError as error:
        if error.code or only_these_rows(error):
            return {}
        raise
    return object_of(data.get("conversation"))


def latest(run: WriteRun, shop: Shop, conversation: str, back_to: int | None = None) -> list[SaidMessage]:
    """The latest messages, the newest first: those after an index, or those down to the buyer's last word.

    Raises:
        UnplacedMessageError: The platform shows one without its place.
    """
    found: list[SaidMessage] = []
    pages = run.client.pages(GET_MESSAGES, shop=shop, path={"conversation_id": conversation})
    for page in pages:
        for row in objects(page.rows):
            message = message_of(row)
            if back_to is not None and message.index <= back_to:
                return found
            found.append(message)
            if (back_to is None and message.role == BUYER) or len(found) >= MOST_MESSAGES:
                return found
    return found


def message_of(row: Mapping[str, Any]) -> SaidMessage:
    """A message as the platform shows it; its content is JSON inside a text.

    Raises:
        UnplacedMessageError: It has no place.
    """
    try:
        content = object_of(json.loads(str(row.get("content") or "{}")))
    except ValueError:
        content = {}
    role = str(object_of(row.get("sender")).get("role") or "")
    index = units_of(row.get("index"))
    if index is None:
        raise UnplacedMessageError
    return SaidMessage(str(row.get("id") or ""), index, role, str(row.get("type") or ""), content)


def said(messages: Iterable[SaidMessage], kind: str, content: Mapping[str, Any]) -> SaidMessage | None:
    """The seller's message with a type and content among some; blanks and escapes in a text do not count."""
    wanted = {name: _bare(value) for name, value in content.items()}
    for message in messages:
        has = {name: _bare(message.content.get(name, "")) for name in wanted}
        if message.may_be(kind) and has == wanted:
            return message
    return None


def _bare(value: Any) -> str:
    """A text without what a platform may make of it, and an address without the signature that it may have."""
    if str(value).startswith(("https://", "http://")):
        return str(value).partition("?")[0]
    return " ".join(unicodedata.normalize("NFKC", html.unescape(str(value))).split())
