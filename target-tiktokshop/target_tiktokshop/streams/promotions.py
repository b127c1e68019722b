"""Promotions: activities and the products in them, from one record an activity or one a product."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.operations import (
    CREATE_ACTIVITY,
    DEACTIVATE_ACTIVITY,
    REMOVE_ACTIVITY_PRODUCTS,
    UPDATE_ACTIVITY,
    UPDATE_ACTIVITY_PRODUCTS,
)

from target_tiktokshop.promotions.checks import barred, check_activity, check_offer, ends, frozen, repeated
from target_tiktokshop.promotions.conflicts import Conflicts
from target_tiktokshop.promotions.contract import CONTRACT
from target_tiktokshop.promotions.difference import compare, live_offers
from target_tiktokshop.promotions.finding import read_activity, resolve, titled
from target_tiktokshop.promotions.item import Campaign, PromotionPart, nested, part_of
from target_tiktokshop.promotions.reading import ENDED, read
from target_tiktokshop.promotions.showing import after_of, before_of
from target_tiktokshop.promotions.writes import FIRST_PAUSE, ActivityWrites
from target_tiktokshop.writing.keys import Keys
from target_tiktokshop.writing.outcomes import REJECTED
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.run import refuse_all
from target_tiktokshop.writing.surprises import looked_at
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

TRIES = 5
GIVING = "BUY_X_GET_Y"
"""The kind whose given products the platform takes in a list beside those that are bought; gifts of
GIFT_WITH_PURCHASE are in its terms."""


class PromotionWriter(Writer):
    """Activities. One is made once: it is found again by its key, or by its title, which no two may have."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._keys = Keys(Path(self.settings.day.promotion_keys_path).expanduser(), "promotion_keys_path")
        self._writes = ActivityWrites(run, self._keys)
        self._conflicts = Conflicts(run)
        self._titles: dict[tuple[str, str], str] = {}  # (shop, title) -> the key of the new activity that has it

    # -- looking -----------------------------------------------------------------------------------------------------

    def look(self, rows: list[Row]) -> None:
        """Finds the activities and what their products cost, checks everything, compares."""
        for shop, group in by_shop(still_open(rows)):
            campaigns = self._campaigns(shop, group)
            resolve(
                self.run, shop, self.catalogue(shop), [offer for one in campaigns for offer in one.offers(one.rows)]
            )
            self.run.each(self._examine, campaigns)
            _one_name_each(campaigns)

    def _campaigns(self, shop: Shop, rows: list[Row]) -> list[Campaign]:
        """The activities that rows are about, by their key, or else by their id."""
        found = []
        for group in by(rows, _name).values():
            key, named = (_first(group, name) for name in ("activity_key", "activity_id"))
            campaign = Campaign(shop, key, named, list(group))
            for row in group:
                row.subject = PromotionPart(read(row.values), campaign, nested=nested(row))
            found.append(campaign)
        return found

    def _examine(self, campaign: Campaign) -> None:
        looked_at(campaign.rows, lambda: self._look_at(campaign))

    def _look_at(self, campaign: Campaign) -> None:
        last_wins([row for row in campaign.rows if nested(row)], lambda _: "")
        flat = [row for row in campaign.rows if not nested(row) and part_of(row).wanted.offers]
        last_wins(flat, lambda row: part_of(row).wanted.offers[0].identity)
        _hand_on(flat)
        self._gather(campaign)
        if not self._identify(campaign):
            return
        if ends(campaign):  # what says something of the activity need stand in one of its records only
            for row in still_open(campaign.rows):
                part_of(row).wanted.fields["status"] = ENDED
        if not campaign.live:
            campaign.fields["product_level"] = campaign.level  # by all records, whichever of them are carried out
        owners = {sku_id: product_id for product_id, sku_id in live_offers(campaign.live) if sku_id}
        for row in still_open(campaign.rows):
            part = part_of(row)
            for offer in part.wanted.offers:
                offer.product_id = offer.product_id or owners.get(offer.sku_id, "")
            part.difference = compare(campaign.live, part.wanted.fields, part.wanted.offers)
        if self._faulty(campaign) or not self._changeable(campaign):
            return
        for row in still_open(campaign.rows):
            self._plan(row)

    @staticmethod
    def _gather(campaign: Campaign) -> None:
        """What the records say of the activity together; they must not contradict one another."""
        for row in still_open(campaign.rows):
            for name, value in part_of(row).wanted.fields.items():
                if campaign.fields.setdefault(name, value) != value:
                    words = f"{name} differs among the records of the activity"
                    campaign.faults += [] if words in campaign.faults else [words]

    def _identify(self, campaign: Campaign) -> bool:
        """Finds the live activity: by its id, its key, its title. Whether there is one, or a new one may be made."""
        shop, named = campaign.shop, bool(campaign.id)
        entry = campaign.entry = self._keys.find(shop.id, campaign.key) if campaign.key else None
        campaign.id = campaign.id or (entry.done or "" if entry else "")
        if campaign.id:
            campaign.live = read_activity(self.run, shop, campaign.id)
            if campaign.live:
                self._note(campaign)
                return True
            if named:
                campaign.settle(
                    REJECTED, "unknown_activity", f"shop {shop.id} has no activity {campaign.id}: check activity_id"
                )
                return False
            campaign.id = ""  # what a run had made is gone
        found = titled(self.run, shop, campaign.title) if campaign.title else []
        if len(found) > 1:
            words = f"{len(found)} activities have this title ({', '.join(found)}): name activity_id"
            campaign.settle(REJECTED, "ambiguous_title", words)
            return False
        if found:
            campaign.id, campaign.live = found[0], read_activity(self.run, shop, found[0])
            self._note(campaign)
        elif ends(campaign) or (not campaign.title and not campaign.faults and not self._told(campaign)):
            words = (
                f"the shop has no activity of this key or title ({campaign.title or campaign.key}): name activity_id"
            )
            campaign.settle(REJECTED, "unknown_activity", words)
            return False
        else:
            self._claim(campaign)
        return True

    @staticmethod
    def _told(campaign: Campaign) -> bool:
        """Whether something else is wrong with the records, or they mean to make an activity."""
        faults = any(part_of(row).wanted.faults for row in still_open(campaign.rows))
        return faults or "activity_type" in campaign.fields

    def _note(self, campaign: Campaign) -> None:
        """Remembers which activity a key stands for; a dry run remembers nothing."""
        if self.settings.dry_run or not campaign.key:
            return
        entry = self._keys.find(campaign.shop.id, campaign.key)
        if (entry is None or entry.done != campaign.id) and self._keys.begin(
            campaign.shop.id, campaign.key, campaign.title, "", entry
        ):
            self._keys.finish(campaign.shop.id, campaign.key, campaign.id)

    def _claim(self, campaign: Campaign) -> None:
        """A title is that of one new activity of a run."""
        owner = self._titles.setdefault((campaign.shop.id, campaign.title), campaign.key)
        if owner != campaign.key:
            campaign.faults.append(
                f"title: another activity of the feed ({owner}) has it, and no two may have the same"
            )

    def _faulty(self, campaign: Campaign) -> bool:
        """Rejects what has faults: those of the activity are all its records', those of an offer its own record's."""
        if ends(campaign):
            torn = [words for words in campaign.faults if words.startswith("status ")]
            if torn:
                campaign.settle(REJECTED, "bad_promotion", "; ".join(torn))
            return bool(torn)
        check_activity(campaign, self.run.client.now())
        told = {words for row in still_open(campaign.rows) for words in part_of(row).wanted.faults}
        named = {words.partition(" ")[0] for words in told}
        common = [words for words in campaign.faults if not (" is missing" in words and words.split(" ")[0] in named)]
        for row in still_open(campaign.rows):
            wanted = part_of(row).wanted
            for offer in wanted.offers:
                check_offer(campaign, offer)
            own = [words for offer in wanted.offers for words in offer.faults]
            faults = [*wanted.faults, *common, *own, *(repeated(wanted.offers) if nested(row) else [])]
            others = [words for words in told if words not in faults]
            if faults or others:
                row.reject("bad_promotion", "; ".join(dict.fromkeys([*faults, *others])))
        return not still_open(campaign.rows)

    def _changeable(self, campaign: Campaign) -> bool:
        """Settles what is so already; what cannot be changed (any more) is rejected."""
        reason = barred(campaign)
        for row in still_open(campaign.rows):
            difference = part_of(row).difference
            stays = frozen(campaign, [*difference.puts, *difference.removes])
            if campaign.live and difference.empty:
                row.before, row.after = before_of(row), after_of(row, self.settings)
                row.unchanged()
            elif campaign.live and reason is not None:
                row.reject(*reason)
            elif stays:
                row.reject("activity_frozen", stays)
        return bool(still_open(campaign.rows))

    def _plan(self, row: Row) -> None:
        part = part_of(row)
        difference = part.difference
        operations = (
            (not part.campaign.live, CREATE_ACTIVITY),
            (difference.ends, DEACTIVATE_ACTIVITY),
            (bool(difference.puts), UPDATE_ACTIVITY_PRODUCTS),
            (bool(difference.removes), REMOVE_ACTIVITY_PRODUCTS),
            (True, UPDATE_ACTIVITY),
        )
        row.operation = next(operation.name for wanted, operation in operations if wanted)
        row.before, row.after = before_of(row), after_of(row, self.settings)
        if not part.campaign.live and part.campaign.kind == GIVING:
            row.note("it names no products that buyers are given, which records cannot say: add them in Seller Center")

    def foresee(self, rows: list[Row]) -> None:
        """The products' status, and the other promotions that they are in."""
        self._conflicts.foresee(rows)

    # -- sending -----------------------------------------------------------------------------------------------------

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """Activities that share a product one after the other, so that it can go from one to the other."""
        groups: list[tuple[set[tuple[str, str]], list[Row]]] = []
        for own in by(rows, lambda row: id(part_of(row).campaign)).values():
            campaign = part_of(own[0]).campaign
            offers = [offer.product_id for offer in campaign.offers(own)]
            touched = {(campaign.shop.id, key) for key in (*offers, *(pair[0] for pair in live_offers(campaign.live)))}
            joined = [group for group in groups if group[0] & touched]
            groups = [group for group in groups if group not in joined]
            keys = touched.union(*(keys for keys, _ in joined))
            groups.append((keys, [row for _, part in joined for row in part] + own))
        return [part for _, part in groups]

    def send(self, rows: list[Row]) -> None:
        """Ends and takes out first, then makes and puts in; each activity fails for itself."""
        unclear: TikTokShopError | None = None
        groups = list(by(rows, lambda row: id(part_of(row).campaign)).values())
        for group in sorted(groups, key=_frees, reverse=True):
            problem = self._bring(part_of(group[0]).campaign, group)
            unclear = problem or unclear
        if unclear is not None:
            raise unclear

    def _bring(self, campaign: Campaign, rows: list[Row]) -> TikTokShopError | None:
        """Brings an activity to what is asked for; after every unclear outcome it is read first, and gone on with.

        Returns the error if it is not known in the end what the shop has.
        """
        campaign.rows = rows
        problem: TikTokShopError | None = None
        for tries in range(TRIES):
            problem = self._attempt(campaign, again=tries > 0)
            if problem is None:
                break
            self.run.closing.wait(FIRST_PAUSE * 2**tries)
        return problem

    def _attempt(self, campaign: Campaign, *, again: bool) -> TikTokShopError | None:
        """Does what is left to do; the error if it is not known what came of it."""
        try:
            if again:
                self._again(campaign)
            self._writes.bring(campaign)
        except TikTokShopError as error:
            if error.unclear and error.reach == "stream":
                return error
            refuse_all(still_open(campaign.rows), error)
        return None

    def _again(self, campaign: Campaign) -> None:
        """Looks at an activity again, which may have been made meanwhile."""
        found = [campaign.id] if campaign.id else titled(self.run, campaign.shop, campaign.title)
        if len(found) == 1:
            campaign.id, campaign.live = found[0], read_activity(self.run, campaign.shop, found[0])
            self._note(campaign)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The activities show what was sent."""
        campaigns = list({id(part_of(row).campaign): part_of(row).campaign for row in rows}.values())
        self.run.each(self._again, campaigns)
        return [self._has(row) for row in rows]

    @staticmethod
    def _has(row: Row) -> bool:
        part = part_of(row)
        if not part.campaign.live:
            return False
        row.after = {**row.after, "activity_id": part.campaign.id}
        left = compare(part.campaign.live, part.wanted.fields, part.wanted.offers)
        if not left.empty:
            names = [*left.fields, *(offer.label for offer in (*left.puts, *left.removes))]
            what = ", ".join(names) or "that it is ended"
            row.message = f"the platform accepted it, but the shop does not show {what} as it was sent"
        return left.empty


def _first(rows: list[Row], name: str) -> str:
    """The first value of a field that any row has, "" if none has any."""
    return next((str(row.values[name]) for row in rows if name in row.values), "")


def _hand_on(rows: list[Row]) -> None:
    """What a superseded row says of the activity itself goes to the row that replaces it, unless that says it, too."""
    for group in by(rows, lambda row: part_of(row).wanted.offers[0].identity).values():
        fields: dict[str, Any] = {}
        for row in group:
            fields |= part_of(row).wanted.fields
        part_of(group[-1]).wanted.fields = fields


def _one_name_each(campaigns: list[Campaign]) -> None:
    """Rejects the records of an activity that others of the batch name otherwise: both would be carried out at once."""
    for alike in by((one for one in campaigns if one.id and still_open(one.rows)), lambda one: one.id).values():
        for other in alike[1:]:
            words = f"record {alike[0].rows[0].number} of the run names activity {other.id} otherwise: name it one way"
            other.settle(REJECTED, "named_twice", words)


def _name(row: Row) -> tuple[str, Any]:
    return next((name, row.values[name]) for name in ("activity_key", "activity_id") if name in row.values)


def _frees(rows: list[Row]) -> bool:
    """Whether rows free products for other activities."""
    return any(part_of(row).difference.ends or part_of(row).difference.removes for row in rows)


PROMOTIONS = Writing(
    "promotions",
    "Promotions and the products in them, with prices or percentages; coupons can only be read, with the tap.",
    CONTRACT,
    PromotionWriter,
)
