"""What a seller keeps once for the products of all its shops: size charts, manufacturers, responsible persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Endpoint, Param
from tiktokshop_sandbox.derived import Item
from tiktokshop_sandbox.derived.catalogue import manufacturers, responsible_persons, size_charts
from tiktokshop_sandbox.documents.compliance import Contact, manufacturer_document, person_document
from tiktokshop_sandbox.documents.locales import COMPLIANCE_LOCALES, SIZE_CHART_LOCALES
from tiktokshop_sandbox.documents.size_charts import PRODUCT_SCOPED, REUSABLE, chart_document
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, page_of
from tiktokshop_sandbox.endpoints._seller import PAGE_SIZE, at_most, granted_shops
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

    Register = Callable[[World, Shop], list[Contact]]
    Shown = Callable[[Contact, Collection[str]], dict[str, Any]]

MOST_CHARTS = 50
LONGEST_KEYWORD = 200
_SCOPE = "seller.product.basic"


def charts(call: ApiCall) -> Mapping[str, Any]:
    """A page of size charts, shop by shop. Ids win over a keyword; locales choose what is shown of each chart."""
    ids, keyword = set(call.body.get("ids") or ()), call.body.get("keyword", "").casefold()
    mode = call.body.get("size_chart_mode")
    found = {
        chart.id: (shop, chart)
        for shop in granted_shops(call)
        for chart in size_charts(call.world, shop)
        if (chart.id in ids if ids else keyword in chart.name.casefold()) and mode in {None, chart.mode}
    }
    items = [Item(shop.number << 32 | chart.number, chart.id, {}) for shop, chart in found.values()]
    shown, token = page_of(call, items, size=call.query["page_size"])
    locales = call.query.get("locales") or ()
    documents = [chart_document(*found[item.id], locales) for item in shown]
    data = {"size_chart": documents, "total_count": len(items), "next_page_token": token}
    return absent_when_empty(call, data, "size_chart")


def _has(contact: Contact, keyword: str) -> bool:
    """Whether a contact has the keyword where the searches look for it."""
    scope = (contact.name, contact.trade_name, contact.number, contact.email)
    return any(keyword in text.casefold() for text in scope)


def _contacts(rows: str, ids: str, register: Register, shown: Shown) -> Callable[[ApiCall], Mapping[str, Any]]:
    """The handler of a search for contacts of the seller's shops in the EU; the answer holds them in `rows`."""

    def handler(call: ApiCall) -> Mapping[str, Any]:
        wanted, keyword = call.body.get(ids) or [], call.body.get("keyword", "")
        at_most("".join(word.title() for word in ids.split("_")), wanted, call.query["page_size"])
        if len(keyword) > LONGEST_KEYWORD:
            raise ApiError(INVALID_PARAMETER, f"Keyword must be at maximum {LONGEST_KEYWORD} characters", 400)
        contacts = [contact for shop in granted_shops(call) for contact in register(call.world, shop)]
        locales = call.body.get("locales") or ()
        items = [
            Item(number, contact.id, shown(contact, locales))
            for number, contact in enumerate(contacts)
            if (contact.id in wanted if wanted else _has(contact, keyword.casefold()))
        ]
        page, token = page_of(call, items, size=call.query["page_size"])
        data = {rows: [item.doc for item in page], "total_count": len(items), "next_page_token": token}
        return absent_when_empty(call, data, rows)

    return handler


_PAGES = {"page_size": PAGE_SIZE, "page_token": PAGE_TOKEN}

ENDPOINTS = (
    Endpoint(
        "POST",
        "/product/202407/sizecharts/search",
        _SCOPE,
        charts,
        cipher=False,
        query=_PAGES | {"locales": Param("array", items=Param("string", values=SIZE_CHART_LOCALES))},
        body={
            "ids": Param("array", items=TEXT, max_count=MOST_CHARTS),
            "keyword": TEXT,
            "size_chart_mode": Param("string", values=(PRODUCT_SCOPED, REUSABLE)),
        },
    ),
    *(
        Endpoint(
            "POST",
            f"/product/202501/compliance/{rows}/search",
            _SCOPE,
            _contacts(rows, ids, register, shown),
            cipher=False,
            query=_PAGES,
            body={
                ids: Param("array", items=TEXT),
                "keyword": TEXT,
                "locales": Param("array", items=Param("string", values=COMPLIANCE_LOCALES)),
            },
        )
        for rows, ids, register, shown in (
            ("manufacturers", "manufacturer_ids", manufacturers, manufacturer_document),
            ("responsible_persons", "responsible_person_ids", responsible_persons, person_document),
        )
    ),
)
