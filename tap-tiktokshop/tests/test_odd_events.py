"""Whatever an event says, it stops nothing: those behind it are done, and no two look the same."""

import pytest
from tap_tiktokshop.run.own_rows import row_of
from test_listener import AGAIN, a_world, changed
from tiktokshop_webhooks.inbox import Arrival, Event

LONG = "9" * 5_000
ODD = (
    f'{{"order_id": "404", "update_time": "{LONG}"}}',
    f'{{"order_id": "404", "update_time": {LONG}}}',
    f'{{"order_id": {LONG}, "update_time": 1780000900}}',
    '{"order_id": 18446744073709551617, "update_time": -1}',
    '{"order_id": ["404"], "update_time": [1]}',
    '{"order_id": "404", "update_time": 1e400}',
    '{"order_id": "\\ud800", "update_time": NaN}',
    "[]",
    "null",
)


@pytest.mark.parametrize("said", ODD, ids=range(len(ODD)))
def test_an_odd_event_holds_up_none_behind_it(said):
    with a_world() as world:
        world.platform.change("0")
        world.windows()
        body = f'{{"type": 1, "tts_notification_id": "odd", "shop_id": "7", "timestamp": {LONG}, "data": {said}}}'
        world.inbox.keep([Arrival(body.encode(), "k", 1)])
        changed(world, "1")
        for seconds in (0.0, *AGAIN):
            world.clock.moment += seconds
            world.listen()
        assert world.passed() == world.inbox.last() == 2
        assert world.output.table["1"] == world.platform.seconds


def test_events_whose_text_is_no_strict_json_keep_what_they_say_and_are_told_apart():
    said = ('{"a": "\\ud800"}', '{"a": "\\ud801"}', '{"a": NaN}', '{"a": 90071992547409931234, "b": "\\ud800"}')
    bodies = [f'{{"type": 1, "data": {each}}}'.encode() for each in said]
    rows = [row_of(Event(1, 1, "7", "", "k", 1, 1, body)) for body in bodies]
    assert [row["data"] for row in rows] == list(said)
    assert len({row["event_id"] for row in rows}) == len(said)
