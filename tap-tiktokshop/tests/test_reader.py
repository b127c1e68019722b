"""One stream in a run, without the SDK: what leaves in which order, and what its state knows."""

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from platform_lists import NOW, Platform
from tap_tiktokshop.reading.pool import Pool
from tap_tiktokshop.records.convert import RecordPlan, as_sent
from tap_tiktokshop.records.decode import TypedPlan
from tap_tiktokshop.run.output import Messages
from tap_tiktokshop.run.reader import StreamReader
from tap_tiktokshop.run.run import Run
from tap_tiktokshop.settings import ReadingSettings
from tap_tiktokshop.streams.declaration import load_schema
from tap_tiktokshop.streams.finance import UNSETTLED_TRANSACTIONS
from tiktokshop_client import Shop

SHOP = Shop(id="7", name="Shop", region="US", cipher="c", code="s", seller_type="LOCAL")


class Unsettled(Platform):
    """A platform whose transactions wait for a statement, the same ones in each of its shops."""

    of = (SHOP,)

    def shops(self):
        return self.of

    unshared = ""

    def grant(self):
        return None

    def unit(self, operation):
        return operation.family

    def parallel(self, operation, shop):  # noqa: ARG002
        return 1


@dataclass
class Written:
    """An output that notes what leaves, records and states, in one list."""

    state: dict[str, Any]
    left: list[Any] = field(default_factory=list)
    full_table: bool = False
    one_record: bool = False
    as_it_is: bool = True
    others: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        schema = load_schema(UNSETTLED_TRANSACTIONS.name)
        self.plan = RecordPlan(as_sent(schema, schema))
        self.typed = TypedPlan(as_sent(schema, schema), self.plan)

    def state_of(self, context):
        return self.state if context["shop_id"] == SHOP.id else self.others.setdefault(context["shop_id"], {})

    def write_state(self):
        self.left.append({"known": sorted(self.state.get("known", []))})

    def offer_state(self, shops):  # noqa: ARG002
        self.write_state()

    def begin_chunk(self):
        pass


def read(platform, state):
    """What leaves in a run that goes on from a state."""
    output = Written(state)
    run = Run(
        None,  # settings: the client is given below
        ReadingSettings.from_config({"lookback_seconds": 0, "start_date": "2026-01-01"}),
        {"on_missing_scope": "warn"},
        logging.getLogger("a run"),
        Messages(
            flush=lambda: None,
            write_state=lambda: None,
            offer_state=lambda _: None,
            meet=lambda _: None,
            hand_over=lambda: output.left.append("handed over"),
        ),
        lambda: [reader],
    )
    run.__dict__.update(client=platform, pool=Pool())
    reader = StreamReader(run, UNSETTLED_TRANSACTIONS, output)
    for record in reader.records():
        output.left.append((record["id"], record["status"], record["_sdc_deleted_at"] is not None))
    run.pool.close()
    return output


def rows(*ids):
    return [{"id": each, "update_time": NOW - 100, "status": "UNSETTLED"} for each in ids]


@pytest.mark.parametrize("gone", [("a",), ("a", "c"), ()])
def test_a_row_that_has_left_the_list_comes_once_more_as_deleted_and_then_no_more(gone):
    first = read(Unsettled(rows("a", "b", "c")), {})
    assert first.left[:2] == [{"known": ["a", "b", "c"]}, "handed over"], "a state knows them before they leave"
    assert [each[0] for each in first.left if isinstance(each, tuple)] == ["a", "b", "c"]
    kept = [each for each in ("a", "b", "c") if each not in gone]
    second = read(Unsettled(rows(*kept)), first.state)
    records = [each for each in second.left if isinstance(each, tuple)]
    assert records == [*((each, "UNSETTLED", False) for each in kept), *((each, "SETTLED", True) for each in gone)]
    third = read(Unsettled(rows(*kept)), second.state)
    assert [each for each in third.left if isinstance(each, tuple)] == [(each, "UNSETTLED", False) for each in kept]


def test_the_shops_of_a_list_that_rows_leave_share_the_states_that_must_leave_before_their_rows():
    platform = Unsettled(rows("a", "b", "c"))
    platform.of = tuple(replace(SHOP, id=f"{number}") for number in range(40))
    left = read(platform, {}).left
    first = next(place for place, each in enumerate(left) if isinstance(each, tuple))
    assert sum(isinstance(each, tuple) for each in left) == 120
    assert left[first - 2 : first] == [{"known": ["a", "b", "c"]}, "handed over"]
    assert left.count("handed over") == 1, "one state for 40 shops"
