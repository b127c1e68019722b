"""The console's pages, as HTML that works without a script."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.console import figures
from tiktokshop_sandbox.console.chart import stacked
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.faults import BOOKS, KINDS, WEBHOOKS
from tiktokshop_sandbox.markup import Markup, joined, page, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.responses import HTMLResponse

    from tiktokshop_sandbox.console.signing import Rejection
    from tiktokshop_sandbox.faults import Fault
    from tiktokshop_sandbox.gateway import Gateway
    from tiktokshop_sandbox.journal import JournalEntry
    from tiktokshop_sandbox.shops import Shop

ROOT: Final = "/console"
LISTED: Final = 200
_BUTTONS: Final = (("order", "Make an order"), ("cancel", "Cancel one"), ("return", "Return one"), ("settle", "Settle"))


def overview(gateway: Gateway, token: str, note: tuple[str, bool] | None) -> HTMLResponse:
    """Everything at a glance: clock, tokens and faults, then each shop."""
    now = gateway.clock.now()
    gateway.world.advance(now)
    shops = [_shop(gateway, shop, now, token) for shop in gateway.world.shops]
    return framed("Shops", note, _clock(now, token), *shops, _grant(gateway, token), _faults(gateway, token))


def log(entries: Sequence[JournalEntry], filters: Mapping[str, str], rejected: Iterable[int]) -> HTMLResponse:
    """The requests that fit the filters, newest first."""
    refused = set(rejected)
    fitting = [entry for entry in reversed(entries) if _fits(entry, filters)][:LISTED]
    rows = [
        tag(
            "tr",
            tag("td", clock_time(entry.time)),
            tag("td", tag("code", entry.operation or f"{entry.method} {entry.path}")),
            tag("td", entry.shop_id or "none"),
            tag("td", entry.http or "reset", class_="n"),
            tag("td", _outcome(entry)),
            tag("td", entry.fault or ""),
            tag("td", _why(entry, refused)),
        )
        for entry in fitting
    ]
    heads = ("Time (UTC)", "Operation", "Shop", "HTTP", "Code", "Fault", "")
    table = tag(
        "table",
        tag("caption", f"{len(fitting)} of {len(entries)} requests, newest first"),
        tag("thead", tag("tr", [tag("th", head, scope="col") for head in heads])),
        tag("tbody", rows),
        id="requests",
    )
    listed = tag("section", tag("h2", "What was asked"), tag("div", table, class_="scroll", tabindex="0"))
    return framed("Requests", None, _filters(entries, filters), listed)


def signature(entry: JournalEntry, found: Rejection) -> HTMLResponse:
    """A refused signature: what the server signed beside what the caller sent."""
    slips = (
        [tag("p", slip, class_="note bad") for slip in found.slips]
        if found.slips
        else tag(
            "p", "None of the usual mistakes explains it. Compare the two, and check the app's secret.", class_="note"
        )
    )
    server = (
        ("String to sign (*** is the app's secret)", found.signed),
        ("Its HMAC-SHA256 begins with", found.expected),
    )
    caller = (
        ("Request, as the server read it", found.line),
        ("Content type", found.content_type),
        ("Body", found.body),
        ("The sign that came begins with", found.sent or "nothing"),
    )
    return framed(
        f"Signature of request {entry.number}",
        None,
        tag("p", f"{clock_time(entry.time)} UTC · {entry.operation or entry.path} · refused with code {entry.code}"),
        slips,
        tag("div", facts("What the server signed", server), facts("What the caller sent", caller), class_="beside"),
    )


def missing() -> HTMLResponse:
    """For addresses that lead nowhere (any more)."""
    return framed("Not here", ("There is no such page, or the request is no longer remembered.", False), status=404)


def framed(
    title: str, note: tuple[str, bool] | None, *content: Markup | Iterable[Markup], status: int = 200
) -> HTMLResponse:
    """A page of the console, with what the last button did."""
    links = (("", "Shops"), ("/requests", "Requests"), ("/webhooks", "Webhooks"))
    nav = tag(
        "nav",
        joined(
            [
                joined(tag("a", name, href=f"{ROOT}{path}", aria_current="page" if name == title else None), " ")
                for path, name in links
            ]
        ),
        aria_label="Console",
    )
    told = note and tag("p", note[0], class_="note" if note[1] else "note bad", role="status", id="note")
    return page(
        title,
        tag("a", "To the content", href="#content", class_="skip"),
        tag("header", tag("strong", "TikTok Shop sandbox"), nav, class_="top"),
        tag("main", tag("h1", title), told, *content, id="content"),
        status=status,
    )


def form_of(token: str, action: str, *content: Markup, **hidden: str) -> Markup:
    """A form of a button, with the token that only these pages know."""
    fields = [tag("input", type="hidden", name=name, value=value) for name, value in {"token": token, **hidden}.items()]
    return tag("form", fields, *content, method="post", action=f"{ROOT}/{action}", class_="inline")


def button_of(token: str, action: str, text: str, **hidden: str) -> Markup:
    """A button without fields."""
    return form_of(token, action, tag("button", text, id=f"{action}-{'-'.join(hidden.values())}".rstrip("-")), **hidden)


def filter_form(choices: Mapping[str, Sequence[str]], filters: Mapping[str, str], path: str) -> Markup:
    """A form that narrows a list: a field for each name, with what may be chosen ("" stands for all) and what is."""
    fields = [
        tag(
            "label",
            f"{name.capitalize()} ",
            tag(
                "select",
                [
                    tag("option", value or "all", value=value, selected=value == filters.get(name, ""))
                    for value in values
                ],
                name=name,
                id=f"only-{name}",
            ),
        )
        for name, values in choices.items()
    ]
    button = tag("button", "Show", class_="main", id="show")
    return tag("form", tag("div", fields, button, class_="buttons"), method="get", action=ROOT + path, role="search")


def _clock(now: int, token: str) -> Markup:
    choice = tag(
        "select",
        [
            tag("option", text, value=hours)
            for hours, text in ((1, "1 hour"), (6, "6 hours"), (24, "1 day"), (168, "1 week"))
        ],
        name="hours",
        id="hours",
    )
    label = tag("label", "Let time pass in the shops ", for_="hours")
    form = form_of(token, "advance", label, choice, Markup(" "), tag("button", "Advance the clock", id="advance"))
    words = f"It is {_date_time(now)} UTC in the shops."
    return tag("section", tag("h2", "Clock"), tag("p", words, id="now"), tag("div", form, class_="buttons"))


def _grant(gateway: Gateway, token: str) -> Markup:
    tokens = gateway.accounts.newest()
    app = gateway.accounts.app
    words = f"App {app.key}, redirect address {app.redirect_uri}."
    if tokens:
        holder = gateway.accounts.holder(tokens.access)
        state = "revoked" if holder and holder.revoked else f"valid until {_date_time(tokens.access_expires)} UTC"
        words += f" The newest access token is {state}; {len(tokens.grant.granted_scopes)} scopes granted."
    buttons = (button_of(token, "expire", "Expire the access tokens"), button_of(token, "revoke", "Revoke the grant"))
    return tag("section", tag("h2", "Grant"), tag("p", words, id="grant"), tag("div", *buttons, class_="buttons"))


def _faults(gateway: Gateway, token: str) -> Markup:
    kinds = tag("select", [tag("option", kind, value=kind) for kind in KINDS], name="kind", id="kind")
    percent = tag("input", type="number", name="percent", id="percent", value=100, min=1, max=100)
    form = form_of(
        token,
        "fault-on",
        tag("label", "Fault ", for_="kind"),
        kinds,
        tag("label", " in % of requests or webhooks ", for_="percent"),
        percent,
        Markup(" "),
        tag("button", "Switch on", id="fault-on"),
    )
    on = [
        tag("li", _fault(fault), " ", button_of(token, "fault-off", "Switch off", id=str(fault.id)))
        for fault in gateway.faults.listed()
    ]
    return tag(
        "section",
        tag("h2", "Faults"),
        tag("ul", on, id="faults") if on else tag("p", "None is on.", class_="quiet"),
        tag("div", form, class_="buttons"),
    )


def _fault(fault: Fault) -> Markup:
    chance = fault.spec.probability
    if fault.spec.kind in BOOKS:
        share = "as often as is usual for it" if chance is None else f"in {round(chance * 100)} % of the cases"
        return joined(tag("code", fault.spec.kind), f" happens in the shops {share}")
    what = ("webhook", "webhooks") if fault.spec.kind in WEBHOOKS else ("request", "requests")
    share = f"every {what[0]}" if chance is None else f"{round(chance * 100)} % of {what[1]}"
    return joined(tag("code", fault.spec.kind), f" strikes {share}; so far {fault.struck} times")


def _shop(gateway: Gateway, shop: Shop, now: int, token: str) -> Markup:
    world = gateway.world
    days, counts = world.remembered(
        ("orders by day", shop.id, now // figures.DAY), lambda: figures.orders_by_day(world, shop, now)
    )
    money = world.remembered(("money", shop.id), lambda: figures.money(world, shop))
    goods = world.remembered(("stock", shop.id), lambda: figures.stock(world, shop))
    totals = row_counts(world)[shop.id]
    numbers = (
        ("Orders", totals["orders"]),
        ("Returns", totals["returns"]),
        ("Cancellations", totals["cancellations"]),
        (f"Settled, {money.currency}", money.settled),
        (f"of it paid out, {money.currency}", money.paid),
        (f"Unsettled, {money.currency} (estimate)", money.unsettled),
    )
    buttons = [button_of(token, action, text, shop=shop.id) for action, text in _BUTTONS]
    name = f"{shop.name} ({shop.region})"
    return tag(
        "section",
        tag("h2", name, id=f"shop-{shop.id}"),
        tag("p", f"Shop {shop.id}", class_="quiet"),
        tag("ul", [tag("li", label, tag("b", value)) for label, value in numbers], class_="figures"),
        tag("div", buttons, class_="buttons"),
        tag("h3", "Orders by status, the last 30 days"),
        stacked(name, days, counts),
        tag("details", tag("summary", f"{len(goods)} products with their stock"), _stock(goods)),
        aria_labelledby=f"shop-{shop.id}",
        class_="shop",
    )


def _stock(goods: Sequence[figures.StockFigure]) -> Markup:
    heads = (("Product", ""), ("Status", ""), ("SKUs", "n"), ("In stock", "n"), ("Committed", "n"))
    rows = [
        tag(
            "tr",
            tag("th", item.title, tag("br"), tag("code", item.id), scope="row"),
            tag("td", item.status.replace("_", " ").lower()),
            [tag("td", number, class_="n") for number in (item.skus, item.units, item.committed)],
        )
        for item in goods
    ]
    head = tag("tr", [tag("th", text, scope="col", class_=kind or None) for text, kind in heads])
    table = tag("table", tag("caption", "Lowest stock first"), tag("thead", head), tag("tbody", rows))
    return tag("div", table, class_="scroll", tabindex="0")


def _filters(entries: Sequence[JournalEntry], filters: Mapping[str, str]) -> Markup:
    choices = {
        "outcome": ["", "good", "refused"],
        "operation": ["", *sorted({entry.operation for entry in entries if entry.operation})],
        "shop": ["", *sorted({entry.shop_id for entry in entries if entry.shop_id})],
        "code": ["", *map(str, sorted({entry.code for entry in entries if entry.code}))],
    }
    return filter_form(choices, filters, "/requests")


def _fits(entry: JournalEntry, filters: Mapping[str, str]) -> bool:
    good = entry.code == 0
    return (
        filters.get("outcome", "") in {"", "good" if good else "refused"}
        and filters.get("operation", "") in {"", entry.operation}
        and filters.get("shop", "") in {"", entry.shop_id}
        and filters.get("code", "") in {"", str(entry.code)}
    )


def _outcome(entry: JournalEntry) -> Markup:
    if entry.code == 0:
        return tag("span", "0 success", class_="badge good")
    return tag("span", "no envelope" if entry.code is None else entry.code, class_="badge bad")


def _why(entry: JournalEntry, refused: set[int]) -> Markup | str:
    if entry.number not in refused:
        return " ".join(entry.slips)
    return tag("a", "Why the signature was refused", href=f"{ROOT}/requests/{entry.number}")


def facts(title: str, rows: Iterable[tuple[str, str]]) -> Markup:
    """Texts as they are, each under its name."""
    return tag(
        "section", tag("h2", title), [joined(tag("h3", name), tag("pre", text, tabindex="0")) for name, text in rows]
    )


def _date_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


def clock_time(seconds: float) -> str:
    """A moment to the second, UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
