"""The calls that bring one activity to what its records ask for; each may be repeated without harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import Action, BusinessError
from tiktokshop_client.operations import (
    CREATE_ACTIVITY,
    DEACTIVATE_ACTIVITY,
    REMOVE_ACTIVITY_PRODUCTS,
    UPDATE_ACTIVITY,
    UPDATE_ACTIVITY_PRODUCTS,
)

from target_tiktokshop.promotions.difference import (
    A_CALL,
    compare,
    new_body,
    put_body,
    put_calls,
    remove_body,
    update_body,
)
from target_tiktokshop.promotions.finding import read_activity, titled
from target_tiktokshop.promotions.item import part_of
from target_tiktokshop.writing.outcomes import REJECTED
from target_tiktokshop.writing.rows import still_open

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tiktokshop_client import Operation

    from target_tiktokshop.promotions.item import Campaign
    from target_tiktokshop.promotions.wanted import WantedOffer
    from target_tiktokshop.writing.keys import Keys
    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

TITLE_USED = frozenset({"17029004", "17011102"})
WAITS = 5
FIRST_PAUSE = 0.25


class ActivityWrites:
    """Writes of one run. Rows that the platform refuses are settled, the others stay open.

    Raises:
        TikTokShopError: A call failed as a whole.
    """

    def __init__(self, run: WriteRun, keys: Keys) -> None:
        self._run = run
        self._keys = keys

    def bring(self, campaign: Campaign) -> None:
        """Makes the activity if there is none yet, then gives it what it lacks."""
        if not campaign.id:
            self._make(campaign)
        if not campaign.id or not still_open(campaign.rows):
            return
        if not campaign.live:
            campaign.live = read_activity(self._run, campaign.shop, campaign.id)
        rows = still_open(campaign.rows)
        for row in rows:
            part = part_of(row)
            part.difference = compare(campaign.live, part.wanted.fields, part.wanted.offers)
            row.after = {**row.after, "activity_id": campaign.id}
        self._update(campaign, rows)
        self._offers(campaign, rows, REMOVE_ACTIVITY_PRODUCTS)
        self._offers(campaign, rows, UPDATE_ACTIVITY_PRODUCTS)
        ending = [row for row in still_open(rows) if part_of(row).difference.ends]
        if ending:
            self._send(campaign, DEACTIVATE_ACTIVITY, {}, ending)

    # -- the activity --------------------------------------------------------------------------------------------

    def _make(self, campaign: Campaign) -> None:
        """Makes an activity, unless another run has; the key is noted first, so that a killed run is gone on with."""
        shop, key = campaign.shop, campaign.key
        if not self._keys.begin(shop.id, key, campaign.title, "", campaign.entry):
            self._await_other(campaign)
            return
        campaign.entry = self._keys.find(shop.id, key)
        body = new_body(campaign.fields, campaign.level)
        try:
            answer = self._run.client.call(CREATE_ACTIVITY, shop=shop, body=body)
        except BusinessError as error:
            if str(error.code) in TITLE_USED and self._find(campaign):
                return
            self._keys.forget(shop.id, key)
            raise
        for row in still_open(campaign.rows):
            row.request_id = answer.request_id
        self._found(campaign, str(answer.data.get("activity_id") or ""))
        if not campaign.id:
            self._find(campaign)

    def _await_other(self, campaign: Campaign) -> None:
        """Another run is making it; looks for it for a while."""
        if not self._find(campaign):
            words = "another run is making the activity: feed the record again"
            campaign.settle(REJECTED, "activity_begun", words)

    def _find(self, campaign: Campaign) -> bool:
        """Finds an activity that there must be, by its key or its title; lists of the platform's may lag."""
        for tries in range(WAITS):
            entry = self._keys.find(campaign.shop.id, campaign.key)
            ids = [entry.done] if entry is not None and entry.done else []
            ids = ids or titled(self._run, campaign.shop, campaign.title, everywhere=tries > 0)
            if len(ids) == 1:
                self._found(campaign, ids[0])
                return True
            self._run.closing.wait(FIRST_PAUSE * 2**tries)
        return False

    def _found(self, campaign: Campaign, activity_id: str) -> None:
        campaign.id = activity_id
        if activity_id:
            self._keys.finish(campaign.shop.id, campaign.key, activity_id)

    def _update(self, campaign: Campaign, rows: Sequence[Row]) -> None:
        changed: dict[str, Any] = {}
        for row in rows:
            changed |= part_of(row).difference.fields
        if changed:
            changing = [row for row in rows if part_of(row).difference.fields]
            self._send(campaign, UPDATE_ACTIVITY, update_body(campaign.live, changed), changing)

    def _send(self, campaign: Campaign, operation: Operation, body: Mapping[str, Any], rows: Sequence[Row]) -> None:
        """One call about the activity; a refusal is that of the rows that wanted it."""
        try:
            self._call(campaign, operation, body, rows)
        except BusinessError as error:
            if error.action is Action.DONE and operation is DEACTIVATE_ACTIVITY:
                return
            for row in still_open(rows):
                row.refuse(error)

    def _call(self, campaign: Campaign, operation: Operation, body: Mapping[str, Any], rows: Sequence[Row]) -> None:
        path = {"activity_id": campaign.id}
        answer = self._run.client.call(operation, shop=campaign.shop, path=path, body=body)
        for row in rows:
            row.request_id = answer.request_id

    # -- its products --------------------------------------------------------------------------------------------

    def _offers(self, campaign: Campaign, rows: Sequence[Row], operation: Operation) -> None:
        """Puts offers in, or takes them out; what the platform refuses is told apart from what it takes."""
        removing = operation is REMOVE_ACTIVITY_PRODUCTS
        owners: dict[int, Row] = {}
        offers: list[WantedOffer] = []
        for row in still_open(rows):
            difference = part_of(row).difference
            for offer in difference.removes if removing else difference.puts:
                owners[id(offer)] = row
                offers.append(offer)
        level, kind = campaign.level, campaign.kind
        if removing:
            parts = [offers[start : start + A_CALL] for start in range(0, len(offers), A_CALL)]
        else:
            parts = list(put_calls(level, offers))

        def body(some: Sequence[WantedOffer]) -> dict[str, Any]:
            if removing:
                return remove_body(level, some)
            return {"activity_id": campaign.id, **put_body(kind, level, campaign.live, some)}

        for part in parts:
            self._halving(campaign, operation, (part, owners), body)

    def _halving(
        self,
        campaign: Campaign,
        operation: Operation,
        what: tuple[Sequence[WantedOffer], Mapping[int, Row]],
        body: Callable[[Sequence[WantedOffer]], dict[str, Any]],
    ) -> None:
        """One call for some offers; if it is refused, two for half of them each, down to the one it is about."""
        offers, owners = what
        rows = list({id(owners[id(offer)]): owners[id(offer)] for offer in offers}.values())
        try:
            self._call(campaign, operation, body(offers), rows)
        except BusinessError as error:
            if error.action is Action.DONE and operation is REMOVE_ACTIVITY_PRODUCTS and len(offers) == 1:
                return
            if len(offers) == 1:
                owners[id(offers[0])].refuse(error)
                if part_of(rows[0]).nested:
                    rows[0].message = f"{offers[0].label}: {rows[0].message}"
                return
            half = len(offers) // 2
            self._halving(campaign, operation, (offers[:half], owners), body)
            self._halving(campaign, operation, (offers[half:], owners), body)
