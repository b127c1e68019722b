"""Lists that cannot be filtered by time, single objects, and what is read only of some shops."""

import pytest
from platform_lists import Platform, read_through, source
from tap_tiktokshop.reading import IfOnboarded, Listed, Roster, Single
from tap_tiktokshop.reading.completeness import IncompleteWindowError
from tap_tiktokshop.reading.lists import CHANGED
from tap_tiktokshop.reading.onboarding import NotTakingPartError
from tiktokshop_client import Answer, Page, operations

PROMOTIONS = Listed(operations.SEARCH_ACTIVITIES, "id", moments=("update_time",), plans=("begin_time", "span.end"))


def read(way, platform, start=0, end=100, **facts):
    return [row["id"] for chunk in read_through(way, source(platform, **facts), start, end) for row in chunk.rows]


def test_a_list_is_read_to_its_end():
    platform = Platform([{"id": str(number), "update_time": 1} for number in range(7)])
    assert read(Listed(operations.GET_BRANDS, "id"), platform) == [str(number) for number in range(7)]
    assert len(platform.calls) == 3


def test_a_list_that_stays_short_is_an_error():
    platform = Platform([{"id": "a", "update_time": 1}], trouble={1: "lose", 2: "lose"})
    with pytest.raises(IncompleteWindowError, match="counts 1 rows of the list but gave 0"):
        read(Listed(operations.GET_BRANDS, "id"), platform)


@pytest.mark.parametrize(
    ("row", "passed_on"),
    [
        ({"update_time": 49}, False),
        ({"update_time": 50}, True),
        ({"update_time": "60"}, True),
        ({"update_time": 10, "begin_time": 60}, True),
        ({"update_time": 10, "begin_time": 101}, False),
        ({"update_time": 10, "span": {"end": 99}}, True),
        ({"update_time": 10, "span": None}, False),
        ({"update_time": 0}, True),
    ],
)
def test_only_what_changed_began_or_ended_since_the_bookmark_is_passed_on(row, passed_on):
    platform = Platform([{"id": "a", **row, "update_time": row["update_time"]}])
    platform.pages = lambda *_, **__: iter([Page([{"id": "a", **row}], None, {}, "r", 1, "")])
    assert read(PROMOTIONS, platform, start=50) == (["a"] if passed_on else [])


def test_times_in_milliseconds_are_times_too():
    platform = Platform()
    platform.pages = lambda *_, **__: iter(
        [Page([{"id": "a", "update_time": 1_700_000_000_000}], None, {}, "r", 1, "")]
    )
    assert read(PROMOTIONS, platform, start=1_700_000_000, end=1_700_000_001) == ["a"]
    assert read(PROMOTIONS, platform, start=1_700_000_001, end=1_700_000_002) == []


def test_all_rows_of_a_list_are_kept_for_others_with_the_time_they_changed():
    rows = [{"id": "a", "update_time": 5}, {"id": "b", "update_time": 70}]
    kept = Roster({id(PROMOTIONS): ("id", CHANGED)})
    assert read(PROMOTIONS, Platform(rows), start=50, roster=kept) == ["b"]
    assert list(kept.rows(PROMOTIONS)) == [{"id": "a", CHANGED: 5}, {"id": "b", CHANGED: 70}]


def test_one_object_becomes_the_rows_that_are_made_of_it():
    class One:
        def call(self, operation, **_):  # noqa: ARG002
            return Answer({"permissions": ["A", "B"]}, "r", "")

    way = Single(operations.GET_PERMISSIONS, lambda data, _: ({"id": name} for name in data["permissions"]))
    assert read(way, One()) == ["A", "B"]


@pytest.mark.parametrize("regions", [[], [{"region_code": "US"}]])
def test_what_only_some_shops_take_part_in_is_read_of_those_and_asked_once(regions):
    class Fbt(Platform):
        asked = 0

        def pages(self, operation, **more):
            if operation is operations.GET_FBT_REGIONS:
                self.asked += 1
                return iter([Page(regions, None, {}, "r", 1, "")])
            return super().pages(operation, **more)

    platform, kept = Fbt([{"id": "a", "update_time": 1}]), Roster()
    way = IfOnboarded(Listed(operations.SEARCH_FBT_GOODS, "id"))
    for _ in range(2):
        if regions:
            assert read(way, platform, roster=kept) == ["a"]
        else:
            with pytest.raises(NotTakingPartError):
                read(way, platform, roster=kept)
    assert platform.asked == 1


def test_what_has_happened_after_the_start_of_the_run_is_passed_on_as_what_has_changed_and_what_is_planned_is_not():
    """Else a conversation that went on before the run and once more meanwhile would count as unchanged."""
    platform = Platform(
        [{"id": "went on", "update_time": 101}, {"id": "planned", "update_time": 10, "begin_time": 101}]
    )
    assert read(PROMOTIONS, platform, start=50) == ["went on"]
