"""Reports by day: the shop's days, up to the last one that has figures, and no call for years without any."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from platform_lists import read_through, source
from tap_tiktokshop.reading import Days
from tap_tiktokshop.times import DAY
from tiktokshop_client import Answer, Page, operations
from tiktokshop_client.errors import BugError

NOON = int(datetime(2026, 6, 10, 12, tzinfo=timezone.utc).timestamp())


@dataclass
class Reports:
    """A report that has a row for each day since `first`, and figures until `latest`."""

    first: date = date(2026, 1, 1)
    latest: object = None
    rows: object = None
    asked: list = field(default_factory=list)
    refuses_longer: int = 10_000

    def pages(self, operation, *, path=None, query=None, **_):  # noqa: ARG002
        low = date.fromisoformat((path or {}).get("date") or query["start_date_ge"])
        high = date.fromisoformat(query["end_date_lt"]) if "end_date_lt" in query else low + timedelta(1)
        self.asked.append(
            (low.isoformat(), high.isoformat(), *[query[name] for name in ("account_type",) if name in query])
        )
        days = [low + timedelta(number) for number in range((high - low).days)]
        rows = self.rows or [{"id": "a", "start_date": day.isoformat()} for day in days if day >= self.first]
        yield Page(rows, len(rows), {"latest_available_date": self.latest, "performance": {}}, "r", 1, "")

    def call(self, operation, *, query=None, **_):  # noqa: ARG002
        low, high = (date.fromisoformat(query[name]) for name in ("start_date_ge", "end_date_lt"))
        if (high - low).days > self.refuses_longer:
            raise BugError("the range is too long", code=36009004)
        sold = max(0, (high - max(low, self.first)).days)
        return Answer(
            {"performance": {"intervals": [{"start_date": "x", "sales": {"gmv": {"amount": f"{sold}.00"}}}]}}, "r", ""
        )


def daily(**more):
    return Days(operation=operations.GET_PRODUCT_PERFORMANCE, key="id", **more)


def read(way, reports, start, end=NOON, zone="UTC"):
    chunks = list(read_through(way, source(reports, zone=ZoneInfo(zone)), start, end))
    rows = [row["date"] for chunk in chunks for row in chunk.rows]
    return rows, [day_of(chunk.done) for chunk in chunks if chunk.done is not None]


def day_of(seconds):
    assert seconds % DAY == 0
    return (date(1970, 1, 1) + timedelta(seconds // DAY)).isoformat()


def test_each_day_until_yesterday_is_asked_for_and_noted():
    reports = Reports()
    rows, done = read(daily(), reports, NOON - 3 * DAY)
    assert reports.asked == [("2026-06-07", "2026-06-08"), ("2026-06-08", "2026-06-09"), ("2026-06-09", "2026-06-10")]
    assert rows == ["2026-06-07", "2026-06-08", "2026-06-09"]
    assert done == ["2026-06-08", "2026-06-09", "2026-06-10"]


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [("Asia/Tokyo", "2026-06-08", "2026-06-09"), ("America/Los_Angeles", "2026-06-07", "2026-06-08")],
)
def test_days_are_those_of_the_shop_s_zone(zone, first, last):
    at = int(datetime(2026, 6, 10, 3, tzinfo=timezone.utc).timestamp())
    reports = Reports()
    rows, _ = read(daily(), reports, at - 2 * DAY, at, zone)
    assert (rows[0], rows[-1]) == (first, last)


def test_a_bookmark_is_a_day_in_whatever_zone():
    midnight = NOON - NOON % DAY
    assert read(daily(), Reports(), midnight - 2 * DAY, zone="Asia/Tokyo")[0][0] == "2026-06-08"


@pytest.mark.parametrize(
    "latest",
    ["2026-06-07", int(datetime(2026, 6, 8, 9, tzinfo=timezone.utc).timestamp())],
)
def test_days_after_the_last_one_with_figures_are_left_for_the_next_run(latest):
    reports = Reports(latest=latest)
    rows, done = read(daily(), reports, NOON - 4 * DAY)
    assert rows == ["2026-06-06", "2026-06-07"]
    assert done[-1] == "2026-06-08"
    assert len(reports.asked) == 3


@pytest.mark.parametrize(
    ("bookmark", "now", "days"),
    [
        (None, "2026-06-10T12:00", 7),
        ("2026-06-09", "2026-06-10T00:01", 7),  # the first run of a day
        ("2026-06-10", "2026-06-10T00:01", 1),  # a run of this day has read up to it
        ("2026-06-10", "2026-06-10T23:59", 1),
        ("2026-06-10", "2026-06-11T00:00", 7),
        ("2026-06-01", "2026-06-10T12:00", 7),  # an end in the past, given by a setting
        ("2026-06-11", "2026-06-10T12:00", 7),  # a clock that was ahead
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_run_that_comes_to_a_new_day_reads_seven_again_and_those_after_it_one(bookmark, now, days, zone):
    end = bookmark and int(datetime.fromisoformat(bookmark).replace(tzinfo=timezone.utc).timestamp())
    there = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
    assert daily().lookback(60, end, lambda: there) == days * DAY
    assert daily(again=0).lookback(60, end, lambda: there) == 0


def test_many_days_in_one_answer_say_themselves_which_they_are_and_end_where_figures_do():
    way = Days(operation=operations.GET_SHOP_PERFORMANCE, key="start_date", span=30, day="start_date")
    reports = Reports(latest="2026-06-08")
    rows, done = read(way, reports, NOON - 40 * DAY)
    assert [one[:2] for one in reports.asked] == [("2026-05-01", "2026-05-31"), ("2026-05-31", "2026-06-10")]
    assert (rows[0], rows[-1], len(rows)) == ("2026-05-01", "2026-06-08", 39)
    assert done == ["2026-05-31", "2026-06-09"]


def test_an_answer_without_a_last_day_is_taken_as_complete():
    assert read(daily(), Reports(latest="soon"), NOON - DAY) == (["2026-06-09"], ["2026-06-10"])


def test_each_kind_of_account_is_asked_for_each_day_and_noted_in_its_rows():
    way = daily(each=({"account_type": "A"}, {"account_type": "B"}))
    reports = Reports()
    chunks = list(read_through(way, source(reports), NOON - DAY, NOON))
    assert [one[2] for one in reports.asked] == ["A", "B"]
    assert [row["account_type"] for chunk in chunks for row in chunk.rows] == ["A", "B"]


def test_an_answer_that_is_one_object_is_a_row_a_day():
    class Service:
        def call(self, operation, *, query, **_):  # noqa: ARG002
            return Answer({"performance": {"sessions": query["support_date_ge"]}}, "r", "")

    way = Days(
        operation=operations.GET_SERVICE_PERFORMANCE,
        key=None,
        inside="performance",
        bounds=("support_date_ge", "support_date_lt"),
    )
    chunks = list(read_through(way, source(Service()), NOON - DAY, NOON))
    assert [[*chunk.rows] for chunk in chunks if chunk.rows] == [[{"sessions": "2026-06-09", "date": "2026-06-09"}]]


def test_years_before_the_first_figures_cost_a_few_calls():
    reports = Reports(first=date(2026, 6, 1))
    rows, _ = read(daily(), reports, daily().earliest)
    assert rows == [f"2026-06-{day:02}" for day in range(1, 10)]
    assert len(reports.asked) == 9


def test_where_the_platform_does_not_answer_for_long_ranges_nothing_is_left_out():
    reports = Reports(first=date(2026, 6, 1), refuses_longer=30)
    rows, _ = read(daily(), reports, NOON - 100 * DAY)
    assert rows == [f"2026-06-{day:02}" for day in range(1, 10)]
    assert len(reports.asked) == 100
