"""Listings: new products and edits of products, from one record a product or one a SKU."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import BusinessError, TikTokShopError
from tiktokshop_client.operations import CHECK_LISTING, CREATE_PRODUCT, EDIT_PRODUCT_PARTLY

from target_tiktokshop.listings.checks import ProductCheck
from target_tiktokshop.listings.contract import CONTRACT
from target_tiktokshop.listings.darkroom import check_installed
from target_tiktokshop.listings.desk import TREE, ListingDesk
from target_tiktokshop.listings.difference import StaleError, category_of, compare, new_body, sku_bodies
from target_tiktokshop.listings.duties import check_delivery
from target_tiktokshop.listings.item import (
    AUDITING,
    ListingItem,
    digest,
    digest_shown,
    editable,
    is_same,
    items_of,
    reasons,
    refused,
    reviewed,
    rewritten,
    summary,
    together,
)
from target_tiktokshop.listings.limits import code_fault
from target_tiktokshop.listings.looking import live_product
from target_tiktokshop.listings.memory import ListingMemory
from target_tiktokshop.listings.pictures import Gallery, PictureRules
from target_tiktokshop.listings.proposal import pictures_of, with_uris
from target_tiktokshop.listings.reading import is_nested
from target_tiktokshop.listings.reviews import note
from target_tiktokshop.listings.sources import PictureError
from target_tiktokshop.listings.variants import SkuCheck, bare_code
from target_tiktokshop.writing.live import object_of, objects
from target_tiktokshop.writing.outcomes import FAILED, IN_REVIEW, REJECTED, UNCHANGED
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import looked_at
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Answer, Shop

    from target_tiktokshop.listings.wanted import WantedSku
    from target_tiktokshop.writing.run import WriteRun

NOT_CHECKED = frozenset({"idempotency_key", "save_mode", *TREE})
"""What only the call that creates a product has, and not the one that checks it."""
UNKNOWN_PICTURES = frozenset({"12052300", "12052520", "12052650", "12052670", "12052722"})
"""What the platform answers to a uri that it does not know, by where it stands."""
IN_REVIEW_WORDS = "the platform reviews it, which mostly takes minutes; feed it again later to see what came of it"
UNDER_REVIEW_WORDS = (
    "the platform reviews another version of the product, so nothing was sent: feed it again when that is done"
)
PATIENCE = 3_600
"""So many seconds a product may lack in what the shop shows after it was made."""
NOT_SHOWN = "the platform has taken it and does not show it yet; feed it again later to see what came of it"
UNSEEN_WORDS = (
    "it was listed as product {}, which the shop does not show, so nothing was sent: look for it in Seller Center; if "
    "it is gone for good, feed it under another listing_key and other seller SKUs"
)
STALE = "{}, so nothing was sent: feed it again, or look at the product in Seller Center if that is said again"
TRADE = "price and stock of a SKU that is listed are written by the streams prices and inventory, not by this one: {}"


class ListingWriter(Writer):
    """New products and edits. A product is created once: it is found again by its seller SKUs, or by its key."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._desks: dict[str, ListingDesk] = {}
        self._claimed: dict[tuple[str, str, str], str] = {}  # (shop, what, number) -> the new product that has it
        self._foreseen: dict[tuple[str, str], ListingItem] = {}  # in a dry run, what it would have sent by now
        rules = PictureRules(self.settings.convert_images, self.settings.allow_private_images)
        if rules.convert:
            check_installed()
        self.memory = ListingMemory(self.settings.listings_store)
        self.gallery = Gallery(run.client, self.memory, rules)

    # -- looking -----------------------------------------------------------------------------------------------------

    def look(self, rows: list[Row]) -> None:
        """Finds the products, reads each, checks everything, compares."""
        for shop, group in by_shop(still_open(rows)):
            self._desks.setdefault(shop.id, ListingDesk(self.run, shop))
            items = items_of(group)
            self._find(shop, items)
            self._tell_twice(items)
            self.run.each(self._examine, [item for item in items if still_open(item.rows)])

    def _find(self, shop: Shop, items: list[ListingItem]) -> None:
        """Which product each is about: the one it names, or the one that has its seller SKUs."""
        numbers = {sku.seller_sku for item in items if not item.id for sku in item.wanted.skus if sku.seller_sku}
        known = self.catalogue(shop).seller_skus(numbers) if numbers else {}
        for item in items:
            if item.id:
                continue
            found = {sku.product_id for number in item.wanted.numbers for sku in known.get(number, ())}
            if len(found) > 1:
                words = f"its SKUs belong to several products ({', '.join(sorted(found))}): name product_id"
                item.settle(REJECTED, "ambiguous_sku", words)
                continue
            begun = self.memory.begun(shop.id, item.numbers) if item.numbers else None
            item.id = next(iter(found), "") or (begun.product_id if begun else "")
            self._claim(shop, item)
            if found and "listing_key" in item.rows[0].values and (begun is None or begun.product_id != item.id):
                self.memory.created(shop.id, item.numbers, item.id)  # others of its SKUs may not be listed yet

    def _claim(self, shop: Shop, item: ListingItem) -> None:
        """A seller SKU and a code are those of one new product of a run."""
        taken = [(sku, what, number) for sku in item.wanted.skus if not item.id for what, number in _claims(sku)]
        for sku, what, number in taken:
            owner = self._claimed.setdefault((shop.id, what, number), item.numbers)
            if owner != item.numbers:
                words = f"another new product of the feed has this {what}, too"
                item.wanted.fault(f"{sku.label}: {words}", sku.label)

    @staticmethod
    def _tell_twice(items: list[ListingItem]) -> None:
        """Of several records about one product the last one counts."""
        nested = [row for item in items if is_nested(item.rows[0].values) for row in item.rows]
        last_wins(nested, lambda row: row.subject.id or row.subject.numbers or row.number)

    def _examine(self, item: ListingItem) -> None:
        looked_at(item.rows, lambda: self._look_at(item))

    def _look_at(self, item: ListingItem) -> None:
        if item.id:
            item.live = self._read(item.shop, item.id)
            if item.live is None:
                self._settle_unseen(item)
                return
            if item.live.get("status") == "DELETED" and "product_id" not in item.rows[0].values:
                self.memory.refused(item.shop.id, item.numbers)  # what a run had made is gone
                item.id, item.live = "", None
        if item.live is not None and not editable(item):
            return
        self._check(item)
        item.difference = compare(item.proposal, item.live or {}, self.gallery.known)
        for about, words in item.difference.fixed if item.live is not None else ():
            item.wanted.fault(f"{about}: {words}", about)
        if self._faulty(item):
            return
        if item.live is not None:
            self._judge(item)
        elif not self._settle_foreseen(item):
            self._plan(item, CREATE_PRODUCT.name, {}, summary(item))

    def _settle_unseen(self, item: ListingItem) -> None:
        """A product that the shop does not show is never made anew: what shows products may lag behind."""
        if "product_id" in item.rows[0].values:
            item.settle(REJECTED, "unknown_product", f"shop {item.shop.id} has no product {item.id}: check product_id")
            return
        begun = self.memory.begun(item.shop.id, item.numbers)
        if begun is not None and time.time() - begun.begun_at < PATIENCE:
            item.settle(IN_REVIEW, "", NOT_SHOWN)
        else:
            item.settle(REJECTED, "unseen_product", UNSEEN_WORDS.format(item.id))

    def _check(self, item: ListingItem) -> None:
        desk, live = self._desks[item.shop.id], item.live or {}
        for words in desk.unready() if item.live is None else ():
            item.wanted.fault(words, "shop")
        product = ProductCheck(item.wanted, item.proposal, desk, category_of(live))
        product.run()
        for words in item.wanted.notes:
            item.note(words)
        skus = objects(live.get("skus"))
        SkuCheck(item.wanted, item.proposal, desk, product, skus, self.settings.buffer_quantity).run()
        if item.live is None:
            check_delivery(item.wanted, item.proposal, desk)

    @staticmethod
    def _faulty(item: ListingItem) -> bool:
        """Rejects what has faults; those about fields that are as in the shop already do not count."""
        faults = item.wanted.faults
        if item.live is not None:
            same = (item.proposal.fields.keys() | {"skus", "attributes", "category", "brand"}) - item.difference.about
            same |= {sku.wanted.label for sku in item.proposal.skus if sku.live} - item.difference.about
            renamed = {"attributes": "product_attributes", "category": "category_id", "brand": "brand_id"}
            same -= {name for name, other in renamed.items() if other in item.difference.about}
            same -= {name for name, other in renamed.items() if other not in item.proposal.fields}
            same -= {"skus"} if item.difference.skus else set()
            faults = [(about, words) for about, words in faults if about not in same]
        words = "; ".join(dict.fromkeys(words for _, words in faults))
        if words:
            item.settle(REJECTED, "bad_listing", words)
        return bool(words)

    def _plan(self, item: ListingItem, operation: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        for row in still_open(item.rows):
            row.operation, row.before, row.after = operation, before, after

    def _judge(self, item: ListingItem) -> None:
        """What becomes of a live product: nothing, an edit, or waiting for its review."""
        live, difference = item.live or {}, item.difference
        if difference.unsent:
            words = TRADE.format(", ".join(difference.unsent))
            item.note(words)
        if difference.empty:
            if not self._settle_foreseen(item):
                self._settle_reviewed(item, live)
        elif self.memory.edit(item.shop.id, item.id) == digest_shown(difference):
            item.note(
                f"the platform shows {', '.join(difference.after)} otherwise than it was sent, and nothing changed"
            )
            self._settle_reviewed(item, live)
        elif reviewed(live):
            item.settle(REJECTED, "under_review", UNDER_REVIEW_WORDS)
        elif refused(live) and self.memory.edit(item.shop.id, item.id) == digest(difference):
            item.settle(FAILED, "audit_failed", reasons(live))
        elif not self._settle_foreseen(item):
            self._plan(item, EDIT_PRODUCT_PARTLY.name, difference.before, difference.after)

    def foresee(self, rows: list[Row]) -> None:
        """Notes what the real run would have sent, so that later batches of the plan are as they would be then."""
        for row in rows:
            self._foreseen.setdefault(_name(row.subject), row.subject)

    def _settle_foreseen(self, item: ListingItem) -> bool:
        """Whether the real run would meet the product under review by now, because of an earlier batch; then tells."""
        sent = self._foreseen.get(_name(item))
        if sent is None or "DRAFT" in {(sent.live or {}).get("status"), sent.wanted.fields.get("save_mode", "")[3:]}:
            return False
        before, after = sent.difference.after, item.difference.after
        named = {*item.proposal.fields, *(sku.wanted.label for sku in item.proposal.skus)} & {*before, *after}
        same = sent.wanted == item.wanted if item.live is None else all(before.get(n) == after.get(n) for n in named)
        if same:
            item.settle(IN_REVIEW, "", IN_REVIEW_WORDS)
        else:
            item.settle(REJECTED, "under_review", UNDER_REVIEW_WORDS)
        return True

    @staticmethod
    def _settle_reviewed(item: ListingItem, live: Mapping[str, Any]) -> None:
        if reviewed(live):
            item.settle(IN_REVIEW, "", IN_REVIEW_WORDS)
        elif live.get("status") == "FAILED":
            item.settle(FAILED, "audit_failed", reasons(live))
        else:
            item.settle(UNCHANGED)

    def _read(self, shop: Shop, product_id: str) -> dict[str, Any] | None:
        return live_product(self.run.client, shop, product_id)

    # -- sending -----------------------------------------------------------------------------------------------------

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """One call a product."""
        return by(rows, lambda row: id(row.subject)).values()

    def send(self, rows: list[Row]) -> None:
        """Uploads what is not there yet, then creates the product or edits it."""
        item: ListingItem = rows[0].subject
        try:
            answer = self._write(item)
        except PictureError as error:
            words = f"a picture of it {error}"
            item.settle(REJECTED, "bad_listing", words)
            return
        except StaleError as error:
            item.settle(REJECTED, "stale_product", STALE.format(error))
            return
        warnings = [str(warning.get("message")) for warning in objects(answer.data.get("warnings"))]
        audit = object_of(answer.data.get("audit")).get("status")
        drafted = item.wanted.fields.get("save_mode") == "AS_DRAFT"
        for row in rows:
            row.request_id = answer.request_id
            row.after = {**row.after, "product_id": item.id}
            for words in warnings:
                row.note(f"the platform warns: {words}")
            if not self.settings.verify and (audit == AUDITING or (item.live is None and not drafted)):
                row.settle(IN_REVIEW, "", IN_REVIEW_WORDS, answer.request_id)

    def _write(self, item: ListingItem) -> Answer:
        """The call; once more with fresh uploads if the platform does not know remembered pictures any more."""
        work = self._create if item.live is None else self._edit
        try:
            return work(item)
        except BusinessError as error:
            pictures = list(pictures_of([item.proposal.fields, [sku.picture for sku in item.proposal.skus]]))
            if str(error.code) not in UNKNOWN_PICTURES or not pictures:
                raise
            for picture in pictures:
                self.gallery.forget(picture)
        return work(item)

    def _create(self, item: ListingItem) -> Answer:
        shop_id, names = item.shop.id, item.numbers
        body = with_uris(
            {
                **item.proposal.fields,
                **TREE,
                "skus": [new_body(sku) for sku in item.proposal.skus if not sku.wanted.deleted],
                "save_mode": item.wanted.fields.get("save_mode", "LISTING"),
            },
            self.gallery.uri,
        )
        key = self.memory.begin(shop_id, names)
        if not key:
            raise StaleError("another run has created it meanwhile")
        body["idempotency_key"] = key
        try:
            answer = self.run.client.call(CREATE_PRODUCT, shop=item.shop, body=body)
        except TikTokShopError as error:
            if not error.unclear:
                self.memory.refused(shop_id, names)
            if isinstance(error, BusinessError) and str(error.code) not in UNKNOWN_PICTURES:
                error.add(self._all_faults(item, body, str(error)))
            raise
        item.id = str(answer.data.get("product_id") or "")
        for row in item.rows:
            row.request_id = answer.request_id  # it is sent, whatever comes now
        if item.id:
            self.memory.created(shop_id, names, item.id)
        return answer

    def _all_faults(self, item: ListingItem, body: Mapping[str, Any], told: str) -> str:
        """What else the platform has against a listing that it refused: the refusal names the first fault only."""
        asked = {name: value for name, value in body.items() if name not in NOT_CHECKED}
        try:
            found = self.run.client.call(CHECK_LISTING, shop=item.shop, body=asked).data.get("fail_reasons")
        except TikTokShopError:
            return ""
        words = [f"{row.get('message')} ({row.get('code')})" for row in objects(found)]
        more = [text for text in dict.fromkeys(words) if text.partition(" (")[0] not in told]
        return f"; its check also says: {'; '.join(more)}" if more else ""

    def _edit(self, item: ListingItem) -> Answer:
        fields = dict(item.difference.fields)
        if item.difference.skus:
            now = self._read(item.shop, item.id)  # stock and prices as they are this moment
            abroad = item.shop.seller_type == "CROSS_BORDER"
            fields["skus"] = sku_bodies(item.difference, item.proposal, item.live or {}, now, cross_border=abroad)
        body = with_uris(fields, self.gallery.uri)
        if item.live is not None and item.live.get("status") == "DRAFT":
            body["save_mode"] = item.wanted.fields.get("save_mode", "AS_DRAFT")
        body |= TREE
        self.memory.edited(item.shop.id, item.id, digest(item.difference))
        path = {"product_id": item.id}
        return self.run.client.call(EDIT_PRODUCT_PARTLY, shop=item.shop, path=path, body=body)

    # -- reading back ------------------------------------------------------------------------------------------------

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The shop shows what was sent; what is under review or failed it is settled as such."""
        items = list({id(row.subject): row.subject for row in rows}.values())
        for shop, group in by_shop(row for row in rows if not row.subject.id):
            self._find_created(shop, list({id(row.subject): row.subject for row in group}.values()))
        done = dict(zip(map(id, items), self.run.each(self._kept, items), strict=True))
        return [done[id(row.subject)] for row in rows]

    def _find_created(self, shop: Shop, items: list[ListingItem]) -> None:
        """What came of creations whose answer was lost."""
        numbers = {number for item in items for number in item.wanted.numbers}
        has: dict[str, set[str]] = {}
        for product in self.catalogue(shop).search("seller_skus", numbers):
            for sku in product.skus:
                has.setdefault(sku.seller_sku, set()).add(product.id)
        for item in items:
            found = {product_id for number in item.wanted.numbers for product_id in has.get(number, ())}
            if len(found) == 1:
                item.id = found.pop()
                self.memory.created(shop.id, item.numbers, item.id)

    def _kept(self, item: ListingItem) -> bool:
        if not item.id:
            return False
        live = self._read(item.shop, item.id)
        if live is None and item.live is None:
            item.settle(IN_REVIEW, "", NOT_SHOWN)
            return True
        if live is None:
            return False
        own = objects(live.get("skus"))
        for sku in item.proposal.skus:
            sku.live = next((one for one in own if is_same(one, sku.wanted.seller_sku, sku.wanted.sku_id)), None)
        left = compare(item.proposal, live, self.gallery.known)
        if not left.empty:
            if rewritten(item.difference, left):
                self.memory.edited(item.shop.id, item.id, digest_shown(left))
            words = f"the platform accepted it, but the shop does not show {', '.join(left.after)} as it was sent"
            for row in still_open(item.rows):
                row.message = words
            return False
        if reviewed(live) or live.get("status") == "FAILED":
            self._settle_reviewed(item, live)
        return True

    def remember(self, rows: list[Row]) -> None:
        """Which products the platform reviews."""
        note(rows, lambda row: (row.the_shop.id, row.subject.id if row.subject else ""), self.memory, self.run)


def _name(item: ListingItem) -> tuple[str, str]:
    """What tells a product of a run from others."""
    return item.shop.id, item.id or item.numbers


def _claims(sku: WantedSku) -> list[tuple[str, str]]:
    """What no SKU of another product may have, too."""
    code = [("code", bare_code(sku.code[1]))] if sku.code and not code_fault(*sku.code) else []
    return code + ([("number", sku.seller_sku)] if sku.seller_sku else [])


LISTINGS = Writing("listings", "New products, and edits of products.", CONTRACT, ListingWriter, together)
