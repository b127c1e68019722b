"""Questions about each row of other lists: each is asked once, and progress is where its parents are."""

from dataclasses import dataclass, field
from datetime import timedelta, timezone

import pytest
from platform_lists import NOW, Platform, read_through, source
from tap_tiktokshop.reading import IDENTITY, Children, Listed, Parents, Roster, TimeFilter, Windows
from tap_tiktokshop.reading.base import MOST_TRIES
from tap_tiktokshop.reading.completeness import IncompleteWindowError
from tap_tiktokshop.reading.open_rows import OpenRows, until
from tiktokshop_client import Answer, Page, operations
from tiktokshop_client.errors import BusinessError

ORDERS = Windows(operations.SEARCH_ORDERS, TimeFilter("update_time"), "id")
DETAILS = Children(
    parents=(Parents(ORDERS, "id"),),
    operation=operations.GET_PRICE_DETAIL,
    key=None,
    path="order_id",
    name="order_id",
    inherit={"order_update_time": "update_time"},
)
MESSAGES = Children(
    parents=(Parents(ORDERS, "id"),),
    operation=operations.GET_MESSAGES,
    key="id",
    path="conversation_id",
    newest_first="create_time",
)


@dataclass
class Family(Platform):
    """A list of parents; whatever is asked about one of them is answered with `answers` of its id."""

    answers: object = None
    asked: list = field(default_factory=list)

    def call(self, operation, *, shop=None, path=None, query=None, body=None, tally=None):  # noqa: ARG002
        self.asked.append(next(iter(path.values())))
        return Answer(self.answers(self.asked[-1]), "r", "")

    def pages(self, operation, *, path=None, query=None, body=None, **more):
        if path is None and not ("ids" in str(query) or "ids" in str(body)):
            yield from super().pages(operation, query=query, body=body, **more)
            return
        about = [*(path or {}).values(), *(value for name, value in (query or {}).items() if name != "size")]
        about += (body or {}).values()
        self.asked.append(about[0] if len(about) == 1 else tuple(about))
        for number, rows in enumerate(self.answers(about[0]), 1):
            yield Page(rows, None, {}, "r", number, "")


def orders(*times):
    return [{"id": str(number), "update_time": time} for number, time in enumerate(times)]


def roster(*readings):
    """A roster for those who read these ways."""
    fields = {}
    for reading in readings:
        for wanted, names in reading.wanted():
            fields[id(wanted)] = tuple(dict.fromkeys((*fields.get(id(wanted), ()), *names)))
    return Roster(fields)


def read(way, platform, start=0, end=100, **facts):
    return list(read_through(way, source(platform, **facts), start, end))


def test_each_parent_is_asked_about_once_and_its_row_carries_what_it_inherits():
    platform = Family(orders(5, 6), answers=lambda order: {"total": f"{order}.00"})
    chunks = read(DETAILS, platform)
    assert [([*chunk.rows], dict(chunk.added), chunk.done) for chunk in chunks] == [
        ([{"total": "0.00"}], {"order_id": "0", "order_update_time": 5}, None),
        ([{"total": "1.00"}], {"order_id": "1", "order_update_time": 6}, None),
        ([], {}, 100),
        ([], {}, 100),
    ]


def test_what_others_have_read_is_not_read_again_but_only_the_rest():
    platform = Family(orders(5, 50, 95), answers=lambda _: {})
    kept = roster(DETAILS)
    list(read_through(ORDERS, source(platform, roster=kept), 40, 100))
    kept.cover(ORDERS, 40, 100)
    platform.calls.clear()
    chunks = read(DETAILS, platform, start=0, roster=kept)
    assert platform.calls == [(0, 40)]
    assert platform.asked == ["0", "1", "2"]
    assert [chunk.done for chunk in chunks if chunk.done] == [40, 100, 100]


def test_of_what_others_have_read_only_what_is_new_is_asked_about():
    platform = Family(orders(5, 50, 95), answers=lambda _: {})
    kept = roster(DETAILS)
    list(read_through(ORDERS, source(platform, roster=kept), 0, 100))
    kept.cover(ORDERS, 0, 100)
    platform.calls.clear()
    read(DETAILS, platform, start=60, roster=kept, since=60)
    assert (platform.calls, platform.asked) == ([], ["2"])


def test_progress_of_many_kept_rows_is_noted_on_the_way():
    platform = Family(orders(*range(1, 1201)), answers=lambda _: {})
    kept = roster(DETAILS)
    kept.keep(ORDERS, [(row["id"], row["update_time"]) for row in platform.rows])
    kept.cover(ORDERS, 0, 5_000)
    done = [chunk.done for chunk in read(DETAILS, platform, 0, 5_000, roster=kept) if chunk.done]
    assert done == [501, 1001, 5_000, 5_000]
    assert len(platform.asked) == 1200


def test_rows_that_moved_past_the_end_while_they_were_read_are_asked_about_too():
    platform = Family(orders(5), answers=lambda _: {})
    kept = roster(DETAILS)
    kept.keep(ORDERS, [("0", 250)])
    kept.cover(ORDERS, 0, 100)
    assert [chunk.done for chunk in read(DETAILS, platform, roster=kept) if chunk.done] == [100, 100]
    assert platform.asked == ["0"]


def test_many_are_asked_about_at_once():
    way = Children(
        parents=(Parents(ORDERS, "id"),),
        operation=operations.SEARCH_INVENTORY,
        key="product_id",
        ids="body.ids",
        most=2,
    )
    platform = Family(orders(1, 2, 3), answers=lambda ids: [[{"product_id": one} for one in ids]])
    rows = [row["product_id"] for chunk in read(way, platform) for row in chunk.rows]
    assert platform.asked == [["0", "1"], ["2"]]
    assert rows == ["0", "1", "2"]


def test_only_the_right_kind_is_asked_about_and_each_kind_once_if_so_wished():
    rows = [
        {"id": "a", "kind": "x", "update_time": 1},
        {"id": "b", "kind": "x", "update_time": 2},
        {"id": "c", "kind": "y", "update_time": 3},
        {"id": "d", "kind": "z", "update_time": 4},
    ]
    parents = Parents(ORDERS, "id", ("kind",), where=lambda row: row["kind"] != "z", once="kind")
    way = Children(parents=(parents,), operation=operations.GET_PRICE_DETAIL, key=None, path="order_id")
    platform = Family(rows, answers=lambda _: {})
    read(way, platform)
    assert platform.asked == ["a", "c"]


def reasons(kinds, answers):
    """What is asked, and what comes, of rows of these kinds, of which one is to be asked each."""
    rows = [{"id": str(number), "kind": kind, "update_time": number} for number, kind in enumerate(kinds)]
    way = Children(
        parents=(Parents(ORDERS, "id", once="kind"),),
        operation=operations.GET_REJECT_REASONS,
        key="name",
        ids="query.ids",
        forgiving=True,
        distinct=True,
    )
    platform = Family(rows, answers=answers)
    found = [row["name"] for chunk in read(way, platform) for row in chunk.rows]
    return platform.asked, found


@pytest.mark.parametrize("refused", [1, 2, 5, 9])
def test_a_question_that_is_refused_does_not_use_up_its_kind(refused):
    def answers(ids):
        if int(ids[0]) < refused:
            raise BusinessError("no", code=25011014)
        return [[{"name": f"reason of {ids[0]}"}]]

    asked, found = reasons(["x"] * 20, answers)
    assert (asked, found) == ([[str(number)] for number in range(refused + 1)], [f"reason of {refused}"])


def test_a_kind_that_is_refused_is_asked_about_again_when_the_next_of_it_comes():
    def answers(ids):
        if ids[0] == "0":
            raise BusinessError("no", code=25011014)
        return [[{"name": f"reason of {ids[0]}"}]]

    asked, found = reasons(["x", *["y"] * 8, "x"], answers)
    assert sorted(asked) == [["0"], ["1"], ["9"]]
    assert sorted(found) == ["reason of 1", "reason of 9"]


def test_a_kind_of_which_all_are_refused_is_given_up_and_the_others_are_not():
    def answers(ids):
        if int(ids[0]) % 2:
            raise BusinessError("no", code=25011014)
        return [[{"name": "reason"}]]

    asked, found = reasons(["x", "y"] * 100, answers)
    assert (len(asked), found) == (1 + MOST_TRIES, ["reason"])


def test_an_identity_that_several_rows_name_is_asked_about_once():
    parents = Parents(ORDERS, lambda row: [row["of"]], ("of",), once=IDENTITY)
    way = Children(parents=(parents,), operation=operations.GET_PRICE_DETAIL, key=None, path="order_id")
    platform = Family([{**row, "of": "same"} for row in orders(1, 2, 3)], answers=lambda _: {})
    read(way, platform)
    assert platform.asked == ["same"]


def test_a_snapshot_asks_about_all_there_is_up_to_now_whatever_the_bookmark_says():
    parents = Parents(ORDERS, "id", once=IDENTITY, whole=True)
    way = Children(parents=(parents,), operation=operations.GET_PRICE_DETAIL, key=None, path="order_id")
    platform = Family(orders(ORDERS.earliest + 5, NOW - 1), answers=lambda _: {})
    read(way, platform, start=NOW - 10, end=NOW - 5)
    assert platform.asked == ["0", "1"]


@pytest.mark.parametrize(
    ("hours_ago", "asked"), [(None, ["0", "7"]), (1, []), (12, []), (13, ["0", "7"]), (24, ["0", "7"])]
)
def test_what_was_once_asked_about_is_asked_about_again_once_a_day_of_the_shop(hours_ago, asked):
    """It is half past twelve there, and each run leaves how far it has come; what is new is asked about at once."""
    platform = Family(orders(NOW - 5), answers=lambda _: {})
    zone = timezone(timedelta(seconds=12 * 3600 + 1800 - NOW % 86_400))
    way = Children(
        (Parents(ORDERS, "id", once=IDENTITY),), operations.GET_PRICE_DETAIL, None, "order_id", remember=True
    )
    until = None if hours_ago is None else NOW - hours_ago * 3600
    one = source(platform, known=frozenset({"0", "7"}), read_until=until, zone=zone)
    list(read_through(way, one, 0, 100))
    assert sorted(platform.asked) == asked
    new = source(platform, known=frozenset({"7"}), read_until=until, zone=zone)
    list(read_through(way, new, 0, NOW))
    assert platform.asked.count("0") == 1 + ("0" in asked), "it is new to this run"


def test_what_was_once_asked_about_is_asked_about_again_if_it_is_remembered():
    way = Children(
        parents=(Parents(ORDERS, "id", once=IDENTITY),),
        operation=operations.GET_PRICE_DETAIL,
        key=None,
        path="order_id",
        name="order_id",
        remember=True,
    )
    platform = Family(orders(5), answers=lambda _: {})
    one = source(platform, known=frozenset({"0", "7"}))
    list(read_through(way, one, 0, 100))
    assert sorted(platform.asked) == ["0", "7"]
    assert one.asked == {"0", "7"}


WAITING = OpenRows(until("status", "PAID"))
PATIENT = Children(
    parents=(Parents(ORDERS, "id", ("status",), final=WAITING),),
    operation=operations.GET_PRICE_DETAIL,
    key=None,
    path="order_id",
)


@pytest.mark.parametrize(
    ("status", "known", "asked"),
    [("PAID", {"0"}, ["0"]), ("PROCESSING", {"0"}, []), ("PAID", set(), [])],
)
def test_a_parent_that_was_not_final_is_asked_about_once_more_when_it_is(status, known, asked):
    platform = Family([{"id": "0", "update_time": 5, "status": status}], answers=lambda _: {})
    chunks = read(PATIENT, platform, since=50, known=frozenset(known))
    assert platform.asked == asked
    waited_for = [chunk.identity for chunk in chunks if chunk.about and WAITING.is_open(chunk.about)]
    assert waited_for == (["0"] if status == "PROCESSING" else [])


def test_a_setting_says_with_which_values_each_parent_is_asked_about():
    way = Children(
        parents=(Parents(ORDERS, "id"),),
        operation=operations.GET_EXTERNAL_ORDERS,
        key="id",
        path="order_id",
        each=("platform", "systems"),
    )
    platform = Family(orders(5), answers=lambda _: [[{"id": "x"}]])
    chunks = read(way, platform, lists={"systems": ("ERP", "SHOPIFY")})
    assert platform.asked == [("0", "ERP"), ("0", "SHOPIFY")]
    assert [chunk.added for chunk in chunks if chunk.rows] == [{"platform": "ERP"}, {"platform": "SHOPIFY"}]


def test_pages_that_come_newest_first_end_where_the_last_run_has_been():
    pages = [[{"id": "c", "create_time": 90}, {"id": "b", "create_time": 60}], [{"id": "a", "create_time": 10}], [{}]]
    platform = Family(orders(95), answers=lambda _: pages)
    rows = [row["id"] for chunk in read(MESSAGES, platform, since=50) for row in chunk.rows]
    assert rows == ["c", "b"]


def test_a_row_from_the_very_second_where_the_last_run_ended_is_passed_on_and_the_page_behind_it_is_asked_for():
    pages = [[{"id": "b", "create_time": 60}, {"id": "a", "create_time": 50}], [{"id": "z", "create_time": 49}]]

    def seen():
        chunks = read(MESSAGES, Family(orders(95), answers=lambda _: pages), since=50)
        return [row["id"] for chunk in chunks for row in chunk.rows]

    assert seen() == ["b", "a"]
    pages[1][0]["create_time"] = 50
    assert seen() == ["b", "a", "z"]


def test_a_parent_that_changed_in_the_very_second_where_the_last_run_ended_is_asked_about_and_one_before_is_not():
    platform = Family(orders(49, 50, 51), answers=lambda _: {})
    kept = roster(DETAILS)
    list(read_through(ORDERS, source(platform, roster=kept), 0, 100))
    kept.cover(ORDERS, 0, 100)
    read(DETAILS, platform, start=40, roster=kept, since=50)
    assert platform.asked == ["1", "2"]


def test_an_identity_behind_which_nothing_is_left_is_noted_and_no_failure():
    def answers(order):
        if order == "0":
            raise BusinessError("gone", code=12052032)
        return {"total": "1"}

    platform = Family(orders(5, 6), answers=answers)
    one = source(platform)
    rows = [row for chunk in read_through(DETAILS, one, 0, 100) for row in chunk.rows]
    assert rows == [{"total": "1"}]
    assert one.checks.gone == 1


@pytest.mark.parametrize("forgiving", [False, True])
def test_another_refusal_is_a_failure_unless_the_stream_can_do_without(forgiving):
    def answers(_):
        raise BusinessError("no", code=25011014)

    way = Children(
        parents=(Parents(ORDERS, "id"),),
        operation=operations.GET_PRICE_DETAIL,
        key=None,
        path="order_id",
        forgiving=forgiving,
    )
    if forgiving:
        assert [chunk.rows for chunk in read(way, Family(orders(5), answers=answers)) if chunk.rows] == []
        return
    with pytest.raises(BusinessError):
        read(way, Family(orders(5), answers=answers))


def test_children_of_children_are_read_through_both_lists():
    transactions = Children(
        parents=(Parents(ORDERS, "id"),),
        operation=operations.GET_STATEMENT_TRANSACTIONS,
        key="id",
        path="statement_id",
        name="statement_id",
    )
    grandchildren = Children(
        parents=(Parents(transactions, "order_id", once=IDENTITY),),
        operation=operations.GET_ORDER_TRANSACTIONS,
        key=None,
        path="order_id",
        name="order_id",
    )

    class Both(Family):
        def call(self, operation, *, path, **more):  # noqa: ARG002
            self.asked.append(path["order_id"])
            return Answer({"amount": "1"}, "r", "")

    platform = Both(orders(5, 6), answers=lambda statement: [[{"id": f"{statement}-1", "order_id": f"o{statement}"}]])
    chunks = read(grandchildren, platform)
    assert platform.asked == ["0", "o0", "1", "o1"]
    assert [chunk.added for chunk in chunks if chunk.rows] == [{"order_id": "o0"}, {"order_id": "o1"}]
    assert chunks[-1].done == 100


def test_children_that_stay_fewer_than_counted_are_an_error_before_the_bookmark_moves():
    way = Children(
        parents=(Parents(ORDERS, "id"),),
        operation=operations.GET_STATEMENT_TRANSACTIONS,
        key="id",
        path="statement_id",
    )

    class Short(Family):
        def pages(self, operation, *, path=None, **more):
            if path is None:
                yield from super().pages(operation, **more)
            else:
                yield Page([{"id": "only"}], 2, {}, "r", 1, "")

    with pytest.raises(IncompleteWindowError, match="counts 2 rows of statement_id 0 but gave 1"):
        read(way, Short(orders(5)))


def test_the_fields_a_list_keeps_are_those_that_somebody_asked_for():
    kept = roster(DETAILS, PATIENT)
    platform = Platform([{"id": 7, "update_time": 5, "status": "PAID", "big": "x"}])
    list(read_through(ORDERS, source(platform, roster=kept), 0, 9))
    assert list(kept.rows(ORDERS)) == [{"id": "7", "update_time": 5, "status": "PAID"}]


def test_a_list_without_times_is_known_whole_or_not_at_all():
    warehouses = Listed(operations.GET_WAREHOUSES, "id")
    way = Children(parents=(Parents(warehouses, "id"),), operation=operations.GET_DELIVERY_OPTIONS, key="id", path="w")
    platform = Family([{"id": "a", "update_time": 0}], answers=lambda _: [[{"id": "x"}]])
    kept = roster(way)
    list(read_through(warehouses, source(platform, roster=kept), 0, 9))
    kept.cover(warehouses, 0, 1 << 40)
    platform.calls.clear()
    assert [[*chunk.rows] for chunk in read(way, platform, roster=kept) if chunk.rows] == [[{"id": "x"}]]
    assert (platform.calls, platform.asked) == ([], ["a"])


def test_one_that_is_gone_does_not_take_its_group_along():
    many = Children(
        parents=(Parents(ORDERS, "id"),),
        operation=operations.GET_PRODUCT_DIAGNOSES,
        key="id",
        ids="query.product_ids",
        most=100,
    )

    class OneIsGone(Family):
        def pages(self, operation, *, query=None, **more):
            asked = (query or {}).get("product_ids")
            if asked is None:
                yield from super().pages(operation, query=query, **more)
            elif "7" in asked:
                raise BusinessError("no such product", code=12052048)
            else:
                yield Page([{"id": identity} for identity in asked], None, {}, "r", 1, "")

    one = source(OneIsGone(orders(*range(1, 21))))
    came = [row["id"] for chunk in read_through(many, one, 0, 100) for row in chunk.rows]
    assert sorted(came, key=int) == [str(number) for number in range(20) if number != 7]
    assert one.checks.gone == 1


def test_a_list_that_is_read_in_one_go_is_not_read_again_for_what_came_before_the_bookmark_of_its_own_stream():
    lists = Listed(operations.SEARCH_ACTIVITIES, "id", moments=("update_time",))
    way = Children((Parents(lists, "id"),), operations.GET_ACTIVITY, None, path="activity_id", name="activity_id")
    platform = Family(orders(10, 60), answers=lambda _: {})
    kept = roster(way)
    list(read_through(lists, source(platform, roster=kept), 50, 100))
    kept.cover(lists, 50, 100)
    calls = len(platform.calls)
    read(way, platform, 0, 100, roster=kept)
    assert platform.asked == ["0", "1"]
    assert len(platform.calls) == calls


def test_rows_that_two_readers_have_kept_are_asked_about_once():
    platform = Family(orders(), answers=lambda _: {})
    kept = roster(DETAILS)
    for _ in range(2):
        kept.keep(ORDERS, [("0", 5), ("1", 6)])
    kept.cover(ORDERS, 0, 100)
    read(DETAILS, platform, roster=kept)
    assert platform.asked == ["0", "1"]


@pytest.mark.parametrize("odd", ["", "../shops", "a b", "a/b", "\n", "%2e"])
def test_what_is_remembered_and_cannot_be_an_id_is_not_asked_about(odd):
    way = Children(
        parents=(Parents(ORDERS, "id", once=IDENTITY),),
        operation=operations.GET_PRICE_DETAIL,
        key=None,
        path="order_id",
        remember=True,
    )
    platform = Family([], answers=lambda _: {})
    read(way, platform, known=frozenset({odd, "7"}))
    assert platform.asked == ["7"]
