"""Cut behind any of its states and resumed, no stream misses a row: the short form of `scripts/soak/cuts.py`."""

import io

import cuts
import pytest
from shop import Output, shop
from tap_tiktokshop.reading import base, children
from tap_tiktokshop.run import reader
from tap_tiktokshop.streams import STREAMS

DECLARED = {stream.name: stream for stream in STREAMS}
CHILDREN = (
    "statement_transactions",
    "return_records",
    "order_price_details",
    "product_details",
    "package_details",
    "messages",
    "promotion_details",
    "order_transactions",
    "shop_performance",
)


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory):
    with shop(tmp_path_factory.mktemp("shop"), orders=80, shops=1) as one:
        yield one


@pytest.mark.slow
@pytest.mark.parametrize("name", CHILDREN)
def test_cut_behind_any_of_its_states_and_resumed_a_stream_misses_nothing(small_shop, name, monkeypatch):
    monkeypatch.setattr(base, "ROWS_PER_WINDOW", 40)  # so that even a small shop has many states
    monkeypatch.setattr(children, "UNTIL_MARK", 15)
    found = {
        way: cuts.lost(small_shop, name, selected, before, most=3)
        for way, (selected, before) in cuts.ways(DECLARED[name]).items()
    }
    assert {way: missing for way, (missing, _) in found.items()} == dict.fromkeys(found, 0)
    assert max(number for _, number in found.values()) >= 2


class FullForAMoment(io.BytesIO):
    """A disk that takes so many bytes, then none once, then any number."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, data):
        if self.room is not None and self.tell() >= self.room:
            self.room = None
            raise OSError(28, "No space left on device")
        rest = len(data) if self.room is None else self.room - self.tell()
        return super().write(bytes(data)[:rest])


@pytest.mark.slow
def test_what_a_full_disk_has_cut_is_not_covered_by_a_state_behind_it(small_shop):
    """The disk is full for a moment at a state: also that of a list whose rows may leave it, which has just ended."""
    streams = ("unsettled_transactions", "orders")
    truth = small_shop.read(streams)
    lines = truth.text.splitlines(keepends=True)
    for place in (*truth.states[:2], *truth.states[-3:]):
        room = sum(map(len, lines[:place])) + 5
        disk = FullForAMoment(room)
        small_shop.run(streams, disk)
        assert len(disk.getvalue()) == room, "what comes behind a gap would be taken for complete"
        first = Output(disk.getvalue())
        rest = small_shop.read(streams, first.state())
        assert {**first.table(), **rest.table()}.keys() == truth.table().keys()


@pytest.mark.slow
def test_what_leaves_its_list_after_a_cut_is_marked_by_the_next_run(tmp_path, monkeypatch):
    """A cut run knows the rows it has brought, wherever it was cut, so the next one marks those that have left."""
    monkeypatch.setattr(reader, "KNOWN_AT_ONCE", 20)
    with shop(tmp_path, orders=80, shops=1) as one:
        whole = one.read(["unsettled_transactions"])
        one.sandbox.control("POST", "/clock", {"advance": 20 * 86_400})
        now = one.read(["unsettled_transactions"])
        still = {key for key, row in now.table().items() if row["_sdc_deleted_at"] is None}
        for place in range(2, len(whole.messages), 7):
            after = {**whole.table(place), **one.read(["unsettled_transactions"], whole.state(place)).table()}
            assert {key for key, row in after.items() if row["_sdc_deleted_at"] is None} == still
    assert len(whole.table().keys() - still) >= 3, "some have left"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["http_503", "scope_withheld", "truncated_json"])
def test_what_an_outage_in_the_middle_of_a_run_leaves_out_the_next_run_brings(small_shop, kind, monkeypatch):
    """Nobody kills anything: one request in so many fails for good, here and there, and the run reads on around it."""
    monkeypatch.setattr(base, "ROWS_PER_WINDOW", 40)
    monkeypatch.setattr(children, "UNTIL_MARK", 15)
    monkeypatch.setitem(small_shop.config, "max_tries", 1)
    streams = (*CHILDREN, "orders", "returns", "statements", "products", "packages")
    truth = small_shop.read(streams).table().keys()
    small_shop.sandbox.control("POST", "/faults", {"kind": kind, "probability": 0.02})
    troubled = small_shop.read(streams)
    small_shop.sandbox.control("DELETE", "/faults")
    assert truth - troubled.table().keys(), "something has failed"
    assert troubled.state(), "and something has not"
    assert {*troubled.table(), *small_shop.read(streams, troubled.state()).table()} == truth
