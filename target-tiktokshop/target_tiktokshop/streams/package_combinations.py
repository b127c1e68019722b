"""Orders of one buyer that travel in one package: combined once, and taken apart again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tiktokshop_client import partial_errors
from tiktokshop_client.errors import Action, Context, TikTokShopError, classify
from tiktokshop_client.operations import COMBINE_PACKAGES, SEARCH_COMBINABLE_PACKAGES, UNCOMBINE_PACKAGE, same_region

from target_tiktokshop.streams import packing
from target_tiktokshop.streams.parcels import UNITED_STATES
from target_tiktokshop.writing.claiming import claimed
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, FieldError, identifiers, one_of
from target_tiktokshop.writing.live import orders, whole
from target_tiktokshop.writing.outcomes import REASONS
from target_tiktokshop.writing.persistence import attempted
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.run import only_these_rows, refuse_all
from target_tiktokshop.writing.surprises import TRIES, apart, done_once, pause
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_client import Answer, Shop

    from target_tiktokshop.writing.claiming import HeldOrders
    from target_tiktokshop.writing.run import WriteRun

COMBINATIONS_A_CALL = 20
COMBINED, SEPARATE = "combined", "separate"
STALE = 21011031
"""What is answered for the id of a package to be that is another one by now."""
OVERLAPS = "record {} of the run combines or separates one of the orders, too: name each order in one record"


def _check(values: dict[str, Any]) -> None:
    if values.setdefault("status", COMBINED) == COMBINED and len(values["order_ids"]) < len("ab"):
        raise FieldError("order_ids must name two orders or more, to combine them")


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("order_ids", identifiers, "array", needed=True),
        Field("status", one_of(COMBINED, SEPARATE)),
    ),
    check=_check,
)


class CombinationWriter(Writer):
    """Orders to be combined or taken apart. `subject` is the orders as they were read, by id."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._since = 0.0
        self._drafts: dict[str, dict[str, str]] = {}  # shop -> order -> the package to be that it could be in

    def look(self, rows: list[Row]) -> None:
        """Reads all orders, 50 a call, and what the platform lets be combined."""
        self._since = 0.0 if self.settings.dry_run else self.run.client.claims().now()
        last_wins(rows, lambda row: (row.the_shop.id, frozenset(row.values["order_ids"])))
        self._apart_from_one_another(still_open(rows))
        for shop, group in by_shop(still_open(rows)):
            self._read(shop, group)
            for row in group:
                with apart(row):
                    self._plan(row)
            combined = [row for row in still_open(group) if row.operation == COMBINE_PACKAGES.name]
            if combined:
                self._ask(shop, combined)

    def _ask(self, shop: Shop, rows: Sequence[Row]) -> None:
        """Has the platform say what can be combined, and rejects the others."""
        try:
            self._find_drafts(shop)
        except TikTokShopError as error:
            refuse_all(rows, error)
        for row in still_open(rows):
            if self._draft(row) is None:
                row.reject("not_combinable", REASONS["not_combinable"])

    @staticmethod
    def _apart_from_one_another(rows: Sequence[Row]) -> None:
        """An order is in one record of a batch: what a second one would find is not known yet."""
        first: dict[tuple[str, str], int] = {}
        for row in rows:
            keys = [(row.the_shop.id, order_id) for order_id in row.values["order_ids"]]
            other = next((first[key] for key in keys if key in first), 0)
            if other:
                row.reject("overlapping_orders", OVERLAPS.format(other))
            else:
                first |= dict.fromkeys(keys, row.number)

    def _read(self, shop: Shop, rows: Sequence[Row]) -> None:
        found = orders(self.run, shop, (order_id for row in rows for order_id in row.values["order_ids"]))
        for row in rows:
            row.subject = {
                order_id: self.run.foreseen.of(shop.id, found.get(order_id)) for order_id in row.values["order_ids"]
            }

    def _plan(self, row: Row) -> None:
        """Settles the row if there is nothing to do; else says what."""
        known = {order_id: packing.packages_of(order) for order_id, order in row.subject.items() if order}
        row.before = {"packages": {order_id: list(packages) for order_id, packages in known.items()}}
        row.after = {"status": row.values["status"]}
        if self._is_done(row):
            row.unchanged("the orders travel together already" if self._wants_one(row) else "they travel apart already")
            return
        reason = next(filter(None, map(packing.unchangeable, row.subject.values())), "")
        if not reason and self._wants_one(row):
            reason = next(filter(None, map(_obstacle, row.subject.values())), "")
            unpacked = not any(package for order in row.subject.values() for package in packing.packages_of(order))
            reason = reason or ("one_label" if unpacked and same_region(row.the_shop.region) == UNITED_STATES else "")
        if reason:
            row.reject(reason, REASONS[reason])
        else:
            row.operation = COMBINE_PACKAGES.name if self._wants_one(row) else UNCOMBINE_PACKAGE.name

    @staticmethod
    def _wants_one(row: Row) -> bool:
        return bool(row.values["status"] == COMBINED)

    def _is_done(self, row: Row) -> bool:
        """Whether the orders travel as they are to; their package goes into `after` then."""
        known: list[Mapping[str, Any]] = [order for order in row.subject.values() if order]
        if len(known) < len(row.subject):
            return False
        if self._wants_one(row):
            package = packing.together(known)
            row.after["package_id"] = package or None
            return bool(package)
        row.after["packages"] = {order_id: list(packing.packages_of(each)) for order_id, each in row.subject.items()}
        return not self._shared(row)

    def _find_drafts(self, shop: Shop) -> None:
        """What the platform lets be combined now."""
        drafts = whole(self.run, SEARCH_COMBINABLE_PACKAGES, shop, None)
        self._drafts[shop.id] = {
            str(order_id): str(draft["id"]) for draft in drafts if draft.get("id") for order_id in _ids_in(draft)
        }

    def _draft(self, row: Row) -> str | None:
        """The package to be that has all orders of a row; None if there is none."""
        known = self._drafts.get(row.the_shop.id, {})
        found = {known.get(order_id) for order_id in row.values["order_ids"]}
        return found.pop() if len(found) == 1 else None

    def planned(self, rows: list[Row]) -> None:
        """Their orders count as packed so from here on."""
        for row in rows:
            lines = {key: [[str(line["id"]) for line in packing.lines_of(order)]] for key, order in row.subject.items()}
            if self._wants_one(row):
                self.run.foreseen.pack(row.the_shop.id, lines, packing.COMBINED)
                continue
            for order_id, parts in lines.items():
                self.run.foreseen.pack(row.the_shop.id, {order_id: parts}, "")

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """Some combinations a call, those of one package to be together; what is taken apart by itself."""
        for (_, operation), group in by(rows, lambda row: (row.the_shop.id, row.operation)).items():
            if operation == UNCOMBINE_PACKAGE.name:
                yield from ([row] for row in group)
                continue
            chunk: list[Row] = []
            for alike in by(group, self._draft).values():
                if chunk and len(chunk) + len(alike) > COMBINATIONS_A_CALL:
                    yield chunk
                    chunk = []
                chunk = [*chunk, *alike]
            if chunk:
                yield chunk

    def send(self, rows: list[Row]) -> None:
        """Combines or takes apart, while no other run does."""
        ids = [order_id for row in rows for order_id in row.values["order_ids"]]
        with claimed(self.run, rows, ids, self._since) as hold:
            waiting = still_open(rows)
            if hold.fresh is False:
                waiting = self._left(waiting)
            if waiting and not self._wants_one(waiting[0]):
                self._take_apart(waiting[0], hold)
            elif waiting:
                self._combine(waiting, hold)

    def _left(self, rows: Sequence[Row]) -> list[Row]:
        """Those of some rows that are still to be done, as the shop shows them; what cannot be any more is settled."""
        self._read(rows[0].the_shop, rows)
        left = [row for row in rows if not self._is_done(row)]
        for row in left:
            reason = next(filter(None, map(packing.unchangeable, row.subject.values())), "")
            if reason:
                row.reject(reason, REASONS[reason])
        return still_open(left)

    def _combine(self, rows: Sequence[Row], hold: HeldOrders) -> None:
        """Combines some, of each package to be one at a time; what may have been done is looked at first."""
        waiting, tries, errors = list(rows), 0, {}
        while waiting and tries < TRIES:
            drafts = {id(row): self._draft(row) for row in waiting}
            for row in waiting:
                if drafts[id(row)] is None:
                    row.reject("not_combinable", REASONS["not_combinable"])
            first = list({drafts[id(row)]: row for row in reversed(still_open(waiting))}.values())
            errors = self._sent(first, drafts, hold) if first else {}
            waiting = [row for row in still_open(waiting) if row not in first or id(row) in errors]
            if waiting:
                if errors:
                    tries += 1
                    pause(self.run, tries)
                waiting = self._left(waiting)
                self._find_drafts(rows[0].the_shop)
        for row in waiting:
            row.refuse(errors[id(row)] if id(row) in errors else next(iter(errors.values())))

    def _sent(
        self, rows: Sequence[Row], drafts: Mapping[int, str | None], hold: HeldOrders
    ) -> dict[int, TikTokShopError]:
        """Makes one call; the errors of rows that must be looked at, by the row's `id()`. Refused rows are settled."""
        shop, by_draft = rows[0].the_shop, {drafts[id(row)]: row for row in rows}
        wanted = [{"id": draft, "order_ids": list(row.values["order_ids"])} for draft, row in by_draft.items()]
        try:
            body = {"combinable_packages": wanted}
            answer = self.run.client.call(COMBINE_PACKAGES, shop=shop, body=body, only_if=hold.lasts)
        except TikTokShopError as error:
            if not only_these_rows(error):
                raise
            if error.unclear or error.action is Action.DONE:
                return dict.fromkeys(map(id, rows), error)
            if len(rows) == 1:
                rows[0].refuse(error)
                return {}
            half = len(rows) // 2
            return self._sent(rows[:half], drafts, hold) | self._sent(rows[half:], drafts, hold)
        found: dict[int, TikTokShopError] = {}
        for row in rows:
            row.request_id = answer.request_id
        context = Context(COMBINE_PACKAGES.name, shop_id=shop.id)
        for problem in partial_errors(COMBINE_PACKAGES, answer.data):
            named = by_draft.get(problem.ids.get("package_id", ""))
            refusal = classify(
                context, status=200, code=problem.code, message=problem.message, request_id=answer.request_id
            )
            look = named is None or refusal.unclear or refusal.action is Action.DONE or problem.code == STALE
            for row in rows if named is None else [named]:
                if look:
                    found[id(row)] = refusal
                else:
                    row.refuse(refusal)
        return found

    def _take_apart(self, row: Row, hold: HeldOrders) -> None:
        """Takes the orders out of every package that they share."""
        for package, ids in self._shared(row).items():

            def call(package: str = package, ids: Sequence[str] = ids) -> Answer:
                path, body = {"package_id": package}, {"order_ids": list(ids)}
                return self.run.client.call(
                    UNCOMBINE_PACKAGE, shop=row.the_shop, path=path, body=body, only_if=hold.lasts
                )

            if not done_once(self.run, row, partial(attempted, row, call), partial(self._is_apart, row, package)):
                return

    def _is_apart(self, row: Row, package: str, _: TikTokShopError) -> bool:
        """Whether none of the orders is in a package any more that was a combined one."""
        self._left([row])
        return row.open and package not in self._shared(row)

    @staticmethod
    def _shared(row: Row) -> dict[str, list[str]]:
        """Package -> those of the row's orders that are in it, where it has items of several orders."""
        found: dict[str, list[str]] = {}
        for order_id, order in row.subject.items():
            for package in packing.packages_of(order):
                found.setdefault(package, []).append(order_id)
        return {
            package: ids
            for package, ids in found.items()
            if package and (len(ids) > 1 or packing.is_combined(row.subject[ids[0]]))
        }

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The orders travel so."""
        for shop, group in by_shop(rows):
            self._read(shop, group)
        return [self._is_done(row) for row in rows]


def _ids_in(draft: Mapping[str, Any]) -> list[Any]:
    """The orders of a package to be."""
    found = draft.get("order_ids")
    return found if isinstance(found, list) else []


def _obstacle(order: Mapping[str, Any]) -> str:
    """What keeps an order from being combined; "" if nothing does."""
    if packing.is_combined(order):
        return "combined_before"
    return "split_before" if len(packing.packages_of(order)) > 1 else ""


PACKAGE_COMBINATIONS = Writing(
    "package_combinations",
    "Orders of one buyer that travel in one package, or in packages of their own again.",
    CONTRACT,
    CombinationWriter,
)
