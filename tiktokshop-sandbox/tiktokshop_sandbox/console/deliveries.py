"""The console's pages about webhooks: where events go, what was delivered, and what was answered wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.console.pages import LISTED, ROOT, button_of, clock_time, facts, filter_form, form_of, framed
from tiktokshop_sandbox.console.signing import STARS
from tiktokshop_sandbox.markup import Markup, joined, tag
from tiktokshop_sandbox.signature import webhook_signature
from tiktokshop_sandbox.webhooks.mistakes import SHOWN, mistakes
from tiktokshop_sandbox.webhooks.outbox import DELIVERED, OPEN, STATES
from tiktokshop_sandbox.webhooks.subscribers import ALL, addresses, ends_with_401
from tiktokshop_sandbox.webhooks.types import BY_NAME, TYPES
from tiktokshop_sandbox.webhooks.verdicts import UNAUTHORIZED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import HTMLResponse

    from tiktokshop_sandbox.webhooks.dispatch import Dispatch
    from tiktokshop_sandbox.webhooks.outbox import Outgoing

TITLE: Final = "Webhooks"
_LONGEST: Final = 8_000
_HEADS: Final = ("Shops' time (UTC)", "Event", "Shop", "State", "Answer", "Tries", "Remarks", "")
_READINGS: Final = (("end", "ends the event"), ("retry", "is tried again"))


def overview(dispatch: Dispatch, filters: Mapping[str, str], token: str, note: tuple[str, bool] | None) -> HTMLResponse:
    """Where events go, and the deliveries that fit the filters, newest first."""
    return framed(
        TITLE,
        note,
        _where(dispatch, token),
        filter_form({"state": ["", *STATES], "event": ["", *BY_NAME]}, filters, "/webhooks"),
        _list(dispatch, filters, token),
    )


def detail(dispatch: Dispatch, posting: Outgoing, token: str) -> HTMLResponse:
    """One delivery: its bytes, what was signed, what came back, and what a receiver's own signature would tell."""
    app = dispatch.accounts.app
    body = dispatch.sent(posting)
    shown = body[:_LONGEST].decode("utf-8", "replace")
    signature = webhook_signature(app.key, app.secret, body)
    sent = (
        ("To", posting.address),
        ("Body of the last try; its timestamp is another one in each", shown or "(empty)"),
        (f"String to sign: the app's key and the body (the key is {STARS}, the app's secret)", f"{app.key}{shown}"),
        ("The signature, HMAC-SHA256 in lowercase hex, begins with", f"{signature[:SHOWN]}…"),
    )
    answer = (
        ("State", posting.state),
        ("HTTP status", str(posting.http) if posting.http else "none"),
        ("Tries", str(posting.tries)),
        ("Remarks", posting.told or "none"),
        ("Fault", posting.fault or "none"),
    )
    wrong = [
        tag("tr", tag("td", tag("code", f"{begins}…")), tag("td", f"It signs {words}."))
        for begins, words in mistakes(app.key, app.secret, body)
    ]
    table = tag(
        "table",
        tag("caption", "If what your receiver has computed begins with one of these, this is why"),
        tag("thead", tag("tr", tag("th", "Begins with", scope="col"), tag("th", "Then", scope="col"))),
        tag("tbody", wrong),
    )
    return framed(
        f"Delivery {posting.id}",
        None,
        tag("p", f"{_name(posting)} · shop {dispatch.world.shops[posting.shop].id} · {clock_time(posting.at)} UTC"),
        tag("div", facts("What was sent", sent), facts("What came back", answer), class_="beside"),
        tag("section", tag("h2", "A signature that does not match"), tag("div", table, class_="scroll", tabindex="0")),
        tag("div", button_of(token, "hook-again", "Send it again", id=str(posting.id)), class_="buttons"),
    )


def _where(dispatch: Dispatch, token: str) -> Markup:
    world = dispatch.world
    rows = [
        tag("tr", tag("td", world.shops[shop].id), tag("td", TYPES[number].name), tag("td", tag("code", address)))
        for (shop, number), address in sorted(addresses(world).items())
    ]
    heads = tag("tr", [tag("th", head, scope="col") for head in ("Shop", "Event", "Address")])
    table = tag(
        "table", tag("caption", "By API, or switched on here"), tag("thead", heads), tag("tbody", rows), id="addresses"
    )
    there = tag(
        "details",
        tag("summary", f"{len(rows)} events have an address"),
        tag("div", table, class_="scroll", tabindex="0"),
    )
    return tag(
        "section",
        tag("h2", "Where events go"),
        there if rows else tag("p", "Nobody has subscribed to anything: nothing is sent.", class_="quiet"),
        tag("p", "Partner Center switches an event on for all shops of the app; without an address it is off."),
        tag("div", _switch(token), class_="buttons"),
        tag("div", _reading(dispatch, token), class_="buttons"),
    )


def _switch(token: str) -> Markup:
    names = [(ALL, "all that no API subscribes"), *((name, name) for name in BY_NAME)]
    choice = tag("select", [tag("option", words, value=name) for name, words in names], name="event", id="event")
    address = tag("input", type="text", name="address", id="address", value="http://127.0.0.1:8787/webhooks", size=36)
    return form_of(
        token,
        "hooks-switch",
        tag("label", "Event ", for_="event"),
        choice,
        tag("label", " to ", for_="address"),
        address,
        Markup(" "),
        tag("button", "Switch", id="hooks-switch"),
    )


def _reading(dispatch: Dispatch, token: str) -> Markup:
    now = "end" if ends_with_401(dispatch.world) else "retry"
    options = [tag("option", words, value=value, selected=value == now) for value, words in _READINGS]
    return form_of(
        token,
        "hooks-401",
        tag("label", f"A delivery that is answered {UNAUTHORIZED} ", for_="reading"),
        tag("select", options, name="reading", id="reading"),
        Markup(" "),
        tag("button", "Set", id="hooks-401"),
    )


def _list(dispatch: Dispatch, filters: Mapping[str, str], token: str) -> Markup:
    state, event = filters.get("state", ""), filters.get("event", "")
    number = BY_NAME[event].number if event in BY_NAME else 0
    sql = "(state = ? OR ? = '') AND (type = ? OR ? = 0) ORDER BY id DESC LIMIT ?"
    found = dispatch.outbox.read(sql, state, state, number, number, LISTED)
    counts = dispatch.outbox.counts()
    table = tag(
        "table",
        tag("caption", f"{len(found)} of {sum(counts.values())} deliveries, newest first"),
        tag("thead", tag("tr", [tag("th", head, scope="col") for head in _HEADS])),
        tag("tbody", [_row(dispatch, posting, token) for posting in found]),
        id="deliveries",
    )
    figures = [tag("li", name.capitalize(), tag("b", count)) for name, count in counts.items()]
    return tag(
        "section",
        tag("h2", "What was delivered"),
        tag("ul", figures, class_="figures"),
        tag("div", table, class_="scroll", tabindex="0"),
    )


def _row(dispatch: Dispatch, posting: Outgoing, token: str) -> Markup:
    kind = "good" if posting.state == DELIVERED else "quiet" if posting.state in OPEN else "bad"
    return tag(
        "tr",
        tag("td", clock_time(posting.at)),
        tag("td", tag("a", _name(posting), href=f"{ROOT}/webhooks/{posting.id}")),
        tag("td", dispatch.world.shops[posting.shop].id),
        tag("td", tag("span", posting.state, class_=f"badge {kind}")),
        tag("td", posting.http or ("none" if posting.tries else ""), class_="n"),
        tag("td", posting.tries, class_="n"),
        tag("td", joined(posting.told, " " if posting.told and posting.fault else "", tag("code", posting.fault))),
        tag("td", button_of(token, "hook-again", "Send again", id=str(posting.id))),
    )


def _name(posting: Outgoing) -> str:
    return TYPES[posting.type].name if posting.type in TYPES else f"type {posting.type}"
