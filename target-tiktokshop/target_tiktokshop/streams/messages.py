"""Answers to buyers: within the platform's window, and never twice for one key."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import Action, TikTokShopError
from tiktokshop_client.operations import READ_CONVERSATION, SEND_MESSAGE, SEND_MESSAGE_202309

from target_tiktokshop.listings.sources import PictureError
from target_tiktokshop.streams.message_pictures import MessagePictures
from target_tiktokshop.streams.message_pictures import told as picture_name
from target_tiktokshop.writing.conversations import conversations, latest, said
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, FieldError, identifier, text
from target_tiktokshop.writing.keys import Keys
from target_tiktokshop.writing.live import truth_of
from target_tiktokshop.writing.outcomes import UNCONFIRMED
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import apart, done_once
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiktokshop_client import Answer

    from target_tiktokshop.writing.conversations import SaidMessage
    from target_tiktokshop.writing.keys import KeyEntry
    from target_tiktokshop.writing.run import WriteRun

LONGEST = 2_000
SENDER = "CUSTOMER_SERVICE"
KINDS = {
    "text": ("TEXT", "content"),
    "card_order_id": ("ORDER_CARD", "order_id"),
    "card_product_id": ("PRODUCT_CARD", "product_id"),
    "picture": ("IMAGE", "url"),
}
"""Field -> the type of message it makes, and what of its content tells it from others."""
BAD_CONTENT = 45_101_002
LONGEST_PLACE = 2_000
MAYBE = (
    "the conversation has another message of the seller's since it was tried, which may be this one, so it was not "
    "sent again: look at it in Seller Center, and give it a new message_key if the buyer has not been told"
)
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def words(value: Any) -> str:
    """What is said to a buyer."""
    if not isinstance(value, str) or not value.strip():
        raise FieldError("must be text")
    if len(value) > LONGEST:
        raise FieldError(f"may have {LONGEST:,} characters")
    if _LINK.search(value):
        raise FieldError("holds a link, which the platform does not let through")
    return value


def place(value: Any) -> str:
    """Where a picture is: a path or an address."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_PLACE:
        raise FieldError("must be a path or an address")
    return value.strip()


def _check(values: dict[str, Any]) -> None:
    if len(KINDS.keys() & values.keys()) != 1:
        raise FieldError(f"one of {', '.join(KINDS)} is needed, and only one: send one record a message")


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("message_key", text, needed=True),
        Field("conversation_id", identifier, needed=True),
        Field("text", words),
        Field("card_order_id", identifier),
        Field("card_product_id", identifier),
        Field("picture", place),
    ),
    check=_check,
)


class AnswerWriter(Writer):
    """Answers. `subject` is the conversation as its list shows it."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._keys = Keys(Path(self.settings.day.message_keys_path).expanduser())
        self._pictures = MessagePictures(run, self._keys)

    def look(self, rows: list[Row]) -> None:
        """Reads the conversations, and their messages since the buyer's last word."""
        self.run.each(self._look_at_picture, [row for row in still_open(rows) if "picture" in row.values])
        last_wins(rows, lambda row: (row.the_shop.id, row.values["message_key"]))
        last_wins(rows, lambda row: (row.the_shop.id, digest(row)))
        for shop, group in by_shop(still_open(rows)):
            found = conversations(self.run, shop, (row.values["conversation_id"] for row in group))
            for row in group:
                row.subject = found.get(row.values["conversation_id"])
            self.run.each(self._look_apart, group)

    def _look_at_picture(self, row: Row) -> None:
        try:
            row.values["picture_digest"] = self._pictures.digest(row.values["picture"])
            row.values["content"] = self._pictures.known(row)
        except PictureError as error:
            self._without_picture(row, error)

    @staticmethod
    def _without_picture(row: Row, error: PictureError) -> None:
        row.reject("bad_picture", f"the picture {picture_name(row.values['picture'])} {error}")

    def _look_apart(self, row: Row) -> None:
        with apart(row):
            self._plan(row)

    def _plan(self, row: Row) -> None:
        """Settles the row if it was sent, or cannot be; else says what will be."""
        kind, content = message_in(row)
        row.after = {"type": kind, **content}
        if "picture" in row.values:
            row.after["picture"] = picture_name(row.values["picture"])
        entry = self._keys.find(row.the_shop.id, row.values["message_key"])
        if entry is not None and entry.what != digest(row):
            row.reject("key_used", "message_key was used for another message: give each message a key of its own")
        elif entry is not None and entry.done is not None:
            row.after["message_id"] = entry.done
            row.unchanged("it was sent under this message_key before")
        elif row.subject is None:
            row.reject(
                "unknown_conversation",
                f"shop {row.the_shop.id} has no conversation {row.values['conversation_id']}: check conversation_id",
            )
        else:
            self._compare(row, entry)

    def _compare(self, row: Row, entry: KeyEntry | None) -> None:
        """Looks whether it has been said: since it was first tried, or since the buyer's last word."""
        since = None if entry is None else int(entry.since)
        row.values["entry"] = entry
        found = latest(self.run, row.the_shop, row.values["conversation_id"], since)
        row.before = {"unread_count": row.subject.get("unread_count")}
        row.values["since"] = since if since is not None else (found[0].index if found else 0)
        sent = in_them(found, row)
        if sent is not None:
            row.after["message_id"] = sent.id
            self._note(row, sent.id)
            row.unchanged("the buyer has been told this already, since their last word")
        elif entry is not None and self._unknown(row, found):
            row.settle(UNCONFIRMED, "maybe_said", MAYBE)
        elif truth_of(row.subject.get("can_send_message")) is False:
            row.reject("window_closed", "the time for an answer is over: wait until the buyer writes again")
        else:
            row.operation = SEND_MESSAGE.name

    def _note(self, row: Row, message_id: str) -> None:
        """Remembers what was sent under the key; a dry run remembers nothing."""
        if not self.settings.dry_run:
            shop, key = row.the_shop.id, row.values["message_key"]
            if self._begin(row):
                self._keys.finish(shop, key, message_id)

    def _begin(self, row: Row) -> bool:
        """Takes the key, unless another run has done so since it was looked up."""
        shop, key, since = row.the_shop.id, row.values["message_key"], str(row.values["since"])
        return self._keys.begin(shop, key, digest(row), since, row.values["entry"])

    def _unknown(self, row: Row, found: Iterable[SaidMessage]) -> bool:
        """Whether the seller has said something of the kind that is under no key: the platform may have changed it."""
        kind, _ = message_in(row)
        return any(message.may_be(kind) and not self._keys.has_done(row.the_shop.id, message.id) for message in found)

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """The messages of a conversation one after the other."""
        return by(rows, lambda row: (row.the_shop.id, row.values["conversation_id"])).values()

    def send(self, rows: list[Row]) -> None:
        """Marks a conversation as read, and says what is to be said; each message fails for itself."""
        if self.settings.day.mark_read and rows[0].subject.get("unread_count") != 0:
            path = {"conversation_id": rows[0].values["conversation_id"]}
            self.run.client.call(READ_CONVERSATION, shop=rows[0].the_shop, path=path)
        for row in rows:
            with apart(row, sending=True):
                self._send(row)

    def _send(self, row: Row) -> None:
        """Sends; after every unclear outcome the conversation is read first, so that nothing is said twice.

        Raises:
            TikTokShopError: The platform refused.
        """
        shop, key = row.the_shop.id, row.values["message_key"]
        if "picture" in row.values and not self._upload(row):
            return
        if not self._begin(row):
            row.reject("key_taken", "another run has sent it under this message_key meanwhile, or is about to")
        elif done_once(self.run, row, lambda: self._tried(row), lambda _: self._arrived(row)):
            self._keys.finish(shop, key, str(row.after.get("message_id") or "unknown"))

    def _upload(self, row: Row) -> bool:
        """Has the picture of a message with the platform; a row whose picture is gone is settled."""
        try:
            row.values["content"] = self._pictures.uploaded(row)
        except PictureError as error:
            self._without_picture(row, error)
            return False
        row.after |= row.values["content"]
        return True

    def _arrived(self, row: Row) -> bool:
        """Whether the buyer has the message; settles the row where another may be it."""
        found = latest(self.run, row.the_shop, row.values["conversation_id"], row.values["since"])
        sent = in_them(found, row)
        if sent is not None:
            row.after["message_id"] = sent.id
        elif self._unknown(row, found):
            row.settle(UNCONFIRMED, "maybe_said", MAYBE)
        return sent is not None

    def _tried(self, row: Row) -> TikTokShopError | None:
        """Sends once; the error if it is not known whether the buyer has it.

        Raises:
            TikTokShopError: The platform refused, and the key is free again.
        """
        try:
            answer = self._call_with_picture(row)
        except TikTokShopError as error:
            row.request_id = error.request_id
            if error.unclear and error.reach == "stream":
                return error
            if not error.unclear:
                self._keys.forget(row.the_shop.id, row.values["message_key"])
            raise
        row.request_id = answer.request_id
        row.after["message_id"] = str(answer.data.get("message_id") or "") or None
        return None

    def _call_with_picture(self, row: Row) -> Answer:
        """The call; a picture of an earlier run that the platform has lost is uploaded again."""
        try:
            return self._call(row)
        except TikTokShopError as error:
            lost = error.code == BAD_CONTENT and "picture" in row.values and self._pictures.forgotten(row)
            if not lost or not self._upload(row):
                raise
        return self._call(row)

    def _call(self, row: Row) -> Answer:
        """The call, in the older version where the platform does not know the newer."""
        kind, content = message_in(row)
        path = {"conversation_id": row.values["conversation_id"]}
        body = {"type": kind, "content": json.dumps(content, ensure_ascii=False)}
        try:
            return self.run.client.call(
                SEND_MESSAGE, shop=row.the_shop, path=path, body={**body, "sender_role": SENDER}
            )
        except TikTokShopError as error:
            if error.action is not Action.FALLBACK:
                raise
            return self.run.client.call(SEND_MESSAGE_202309, shop=row.the_shop, path=path, body=body)

    def _shown(self, row: Row) -> SaidMessage | None:
        found = latest(self.run, row.the_shop, row.values["conversation_id"], row.values["since"])
        return in_them(found, row)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The conversations show the messages."""
        return [message is not None for message in self.run.each(self._shown, rows)]


def message_in(row: Row) -> tuple[str, dict[str, Any]]:
    """The type and the content of a row's message; that of a picture is empty until it is uploaded."""
    field = next(name for name in KINDS if name in row.values)
    kind, name = KINDS[field]
    return kind, dict(row.values["content"]) if field == "picture" else {name: row.values[field]}


def in_them(messages: Iterable[SaidMessage], row: Row) -> SaidMessage | None:
    """A row's message among some that the platform shows."""
    kind, content = message_in(row)
    telling = {name: value for name, value in content.items() if (kind, name) in KINDS.values()}
    return said(messages, kind, telling) if telling else None


def digest(row: Row) -> str:
    """What tells one message from another."""
    kind, content = message_in(row)
    if "picture" in row.values:
        content = {"picture": row.values["picture_digest"]}
    facts = json.dumps([row.values["conversation_id"], kind, content], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()


MESSAGES = Writing("messages", "Answers to buyers, in conversations that they have begun.", CONTRACT, AnswerWriter)
