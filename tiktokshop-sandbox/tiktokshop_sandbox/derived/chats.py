"""Chats: what a buyer and the shop say to each other about an order, as draws alone decide it.

One order of forty has a chat, and every fifth of these buyers comes back to it days later. Times count from the moment
the order was placed, so that a chat's course is known before the order exists, and never changes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count

ORDERS_A_CHAT = 40
BUYER, AGENT, ROBOT, SYSTEM = "BUYER", "CUSTOMER_SERVICE", "ROBOT", "SYSTEM"
MINUTE = 60
MESSAGES = 32  # numbers reserved for a chat's messages
_PER_MILLE_RETURN = 200
_PER_MILLE_ANSWERED = 960
_PER_MILLE_RATED = 450


class Topic(NamedTuple):
    """What a chat can be about: its tag, when it begins after the order (seconds), what is asked and answered."""

    tag: str
    earliest: int
    latest: int
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    sells: bool = False


TOPICS = (
    (
        240,
        Topic(
            "Product consultation",
            4 * MINUTE,
            20 * HOUR,
            ("Does it come in another colour too?", "¿Me valdrá la talla M? 😅", "Is the blue one coming back?"),
            ("It does, have a look at the listing.", "Sí, talla justa. ¡Pruébala!", "Next week, we were promised."),
            sells=True,
        ),
    ),
    (
        130,
        Topic(
            "Address change",
            3 * MINUTE,
            5 * HOUR,
            ("I gave the wrong house number, can you change it?", "Bitte an meine Büroadresse schicken, geht das?"),
            ("Done, it goes to the new address.", "Sorry, the parcel is already packed.", "Das haben wir notiert."),
        ),
    ),
    (
        330,
        Topic(
            "Logistics",
            2 * DAY,
            7 * DAY,
            ("Where is my parcel?", "The tracking has not moved since Monday…", "Paket saya sudah sampai mana ya?"),
            ("On its way: the carrier has scanned it today.", "We have asked the depot.", "Besok sampai, Kak 🙏"),
        ),
    ),
    (
        100,
        Topic(
            "Invoice",
            DAY,
            8 * DAY,
            ("Could I have an invoice with my company on it?", "Il me faudrait une facture, s'il vous plaît."),
            ("We send it by tonight.", "C'est fait, elle est dans votre boîte."),
        ),
    ),
    (
        200,
        Topic(
            "Product quality",
            12 * DAY,
            18 * DAY,
            ("It looks different from the pictures.", "One piece came with a crack :(", "Màu không giống hình…"),
            ("That should not happen. We will make up for it.", "Shop xin lỗi bạn, để mình kiểm tra nhé."),
        ),
    ),
)
FOLLOW_UPS = ("And another thing,", "Me again 👋", "Hi, still about this order:", "Ich bin's nochmal,")
FURTHER = (
    "Any news yet?",
    "How long will that take?",
    "ok and who pays for that?",
    "Könnten Sie nochmal schauen?",
    "…",
)
SOOTHING = (
    "One moment, we are checking.",
    "We are on it, promised.",
    "Mohon ditunggu ya Kak",
    "Wir kümmern uns darum.",
)
THANKS = ("Thanks!", "ok thank you so much 🙏", "Danke, das ging ja schnell!", "hmm ok", "Gracias ☺", "👍")
GREETING = "Thanks for your message! We answer every day from 8 to 20 o'clock."
CLOSED = "This chat has ended."
COMPLAINTS = ("Slow response", "Issue not solved", "Unfriendly service")

# When a person first answers: (weight, (earliest, latest) seconds after the question).
_FIRST_REPLIES = ((560, (MINUTE, 25 * MINUTE)), (260, (25 * MINUTE, 6 * HOUR)), (130, (6 * HOUR, 22 * HOUR)))
_LATE_REPLIES = (50, (25 * HOUR, 40 * HOUR))
_SCORES = ((520, 5), (240, 4), (110, 3), (60, 2), (70, 1))
_BUYERS_CARDS = ((780, "TEXT"), (150, "IMAGE"), (40, "VIDEO"), (30, "OTHER"))
_SELLERS_CARDS = ((820, "TEXT"), (110, "COUPON_CARD"), (70, "PRODUCT_CARD"))


class Message(NamedTuple):
    """Something said `after` so many seconds from the order; `words` stand in where there is no card to show.

    `content` is JSON as somebody has sent it; where there is none, it follows from the rest.
    """

    number: int
    after: int
    role: str
    type: str
    words: str = ""
    content: str = ""


class Chat(NamedTuple):
    """One chat, from the first message to its end. Seconds from the order; 0 stands for never."""

    number: int
    order: int
    topic: Topic
    messages: tuple[Message, ...]
    end: int
    replied: int = 0
    rated: int = 0
    score: int = 0
    complaint: str = ""

    @property
    def begin(self) -> int:
        """When the buyer says the first word."""
        return self.messages[0].after

    @property
    def sells(self) -> bool:
        """Whether it is about buying: a first chat on a topic of that kind."""
        return self.topic.sells and self.number % 2 == 0


@lru_cache(maxsize=1 << 14)
def chats(seed: int, shop: int, turn: int) -> tuple[Chat, ...]:
    """The chats about an order of the `turn`th forty orders: one, or one and a later one."""
    draws = Draws(seed, shop, "chat", turn)
    order = turn * ORDERS_A_CHAT + draws.between(0, ORDERS_A_CHAT - 1)
    topic = draws.weighted(TOPICS)
    first = _chat(draws, turn * 2, order, topic, draws.between(topic.earliest, topic.latest))
    if not draws.chance(_PER_MILLE_RETURN):
        return (first,)
    return first, _chat(draws, turn * 2 + 1, order, topic, first.end + draws.between(DAY, 18 * DAY), again=True)


def _chat(draws: Draws, number: int, order: int, topic: Topic, begin: int, *, again: bool = False) -> Chat:
    said = _Talk(number)
    if again:
        said.add(begin, BUYER, "TEXT", draws.pick(FOLLOW_UPS))
    elif draws.chance(550):
        said.add(begin, BUYER, "PRODUCT_CARD" if topic.sells else "ORDER_CARD")
    asked = begin + draws.between(4, 70)
    said.add(asked, BUYER, "TEXT", draws.pick(topic.questions))
    if draws.chance(400):
        said.add(asked + 1, ROBOT, "TEXT", GREETING)
    replied = 0
    if draws.chance(_PER_MILLE_ANSWERED):
        low, high = draws.weighted((*_FIRST_REPLIES, _LATE_REPLIES))
        replied = asked + draws.between(low, high)
        _go_on(draws, said, topic, replied)
    end = said.messages[-1].after + draws.between(20 * MINUTE, 12 * HOUR)
    said.add(end, SYSTEM, "NOTIFICATION", CLOSED)
    chat = Chat(number, order, topic, tuple(said.messages), end, replied)
    return _rated(draws, chat) if replied and draws.chance(_PER_MILLE_RATED) else chat


def _go_on(draws: Draws, said: _Talk, topic: Topic, replied: int) -> None:
    said.add(replied, AGENT, "TEXT", draws.pick(topic.answers))
    for _ in range(draws.between(0, 4)):
        said.later(draws.between(MINUTE // 3, 2 * HOUR), BUYER, draws.weighted(_BUYERS_CARDS), draws.pick(FURTHER))
        said.later(draws.between(MINUTE, 2 * HOUR), AGENT, draws.weighted(_SELLERS_CARDS), draws.pick(SOOTHING))
    if draws.chance(600):
        said.later(draws.between(10, HOUR), BUYER, "TEXT", draws.pick(THANKS))


def _rated(draws: Draws, chat: Chat) -> Chat:
    score = draws.weighted(_SCORES)
    complaint = draws.pick(COMPLAINTS) if score <= 2 else ""
    return chat._replace(rated=chat.end + draws.between(1, 20 * HOUR), score=score, complaint=complaint)


class _Talk:
    """Messages in the order they are said, numbered through."""

    def __init__(self, chat: int) -> None:
        self._chat = chat
        self.messages: list[Message] = []

    def add(self, after: int, role: str, kind: str, words: str = "") -> None:
        number = self._chat * MESSAGES + len(self.messages)
        self.messages.append(Message(number, after, role, kind, words))

    def later(self, wait: int, role: str, kind: str, words: str) -> None:
        self.add(self.messages[-1].after + wait, role, kind, words)


COUNTS: Mapping[str, Count] = {}  # `customer_service` counts what becomes of them
