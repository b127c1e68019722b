"""Killed at random moments and gone on with, nothing is lost or doubled: the short form of `scripts/soak/kills.py`."""

import random
import re

import kill_follow
import kill_listings
import kill_parcels
import kill_pipe
import kill_promotions
import kill_tap
import kill_target
import morning
import pytest
from shop import KEYS, shop
from target_tiktokshop.streams import WRITINGS


@pytest.mark.slow
def test_killed_up_to_five_times_a_tap_of_all_streams_ends_with_the_rows_of_one_clean_run(tmp_path):
    catalog = tmp_path / "catalog.json"
    with shop(tmp_path, orders=40, shops=1) as one:
        one.config["start_date"] = "2026-05-01"
        catalog.write_text(kill_tap.catalog_text(one, list(KEYS)))
        truth, length = kill_tap.clean(one, catalog)
        chain = kill_tap.chain_of(one, catalog, length.shortened(2), random.Random(4), 5)
    assert chain.kills >= 2
    assert chain.gone_on >= 1, "a run has gone on from a state"
    assert chain.table == truth.table()
    assert chain.twice == {}
    assert len({key[0] for key in chain.table}) >= 45, "nearly every stream has rows"


@pytest.mark.slow
def test_killed_at_random_moments_a_target_carries_everything_out_once(tmp_path, capsys):
    assert kill_target.soak(tmp_path, 3, random.Random(5), orders=600, shops=2) == []
    said = capsys.readouterr().out
    assert sum(map(int, re.findall(r"(\d+) kills", said))) == 3
    others = WRITINGS.keys() - {"package_splits", "package_combinations"}
    assert all(f" {stream}" in said for stream in others), "the feed has records of every stream"


@pytest.mark.slow
def test_killed_while_it_ships_splits_and_combines_a_target_makes_no_package_twice_and_loses_no_label(tmp_path, capsys):
    assert kill_parcels.soak(tmp_path, 2, random.Random(5), orders=0, shops=0) == []
    said = capsys.readouterr().out
    assert sum(map(int, re.findall(r"(\d+) kills", said))) >= 2
    assert all(re.search(rf"[1-9]\d* {stream}", said) for stream in kill_parcels.STREAMS)
    assert re.search(r"[1-9]\d* labels for several orders", said)


@pytest.mark.slow
def test_killed_while_answers_fail_a_target_makes_every_promotion_once(tmp_path, capsys):
    assert kill_promotions.soak(tmp_path, 2, random.Random(5), orders=300, shops=1) == []
    assert re.search(r"promotions: \d{2,} records, 5% faults", capsys.readouterr().out)


@pytest.mark.slow
def test_killed_while_it_lists_products_over_a_faulty_network_a_target_lists_and_uploads_each_once(tmp_path, capsys):
    assert kill_listings.soak(tmp_path, 3, random.Random(5), orders=60, shops=1) == []
    assert re.search(r"listings: 60 products, [23] kills, \d+ uploads of 121 pictures", capsys.readouterr().out)


@pytest.mark.slow
def test_killed_in_one_pipe_tap_and_target_bring_every_order_one_reference(tmp_path, capsys):
    assert kill_pipe.soak(tmp_path, 2, random.Random(5), orders=60, shops=1) == []
    assert "pipe: 60 orders" in capsys.readouterr().out


@pytest.mark.slow
def test_killed_while_it_follows_an_inbox_a_tap_brings_every_event_and_none_again_that_a_state_has_passed(
    tmp_path, capsys
):
    assert kill_follow.soak(tmp_path, 3, random.Random(5), orders=60, shops=1) == []
    said = re.search(r"follow: (\d+) events, (\d+) written again, 3 kills", capsys.readouterr().out)
    assert said is not None
    assert int(said[1]) > 20
    assert int(said[2]) < int(said[1]) / 2


@pytest.mark.slow
def test_a_morning_in_three_markets_is_done_as_planned_read_back_and_killed_on_the_way_done_once(tmp_path, capsys):
    few = morning.Sizes(orders=1_500, shipments=12, refunds=6, answers=30, packing=4, promoted=10)
    assert morning.soak(tmp_path, few, 2, 1) == []
    said = capsys.readouterr().out
    assert "30 messages, 10 promotions, 1 package_combinations, 1 package_splits" in said
    assert "9 shipments applied" in said
    assert sum(map(int, re.findall(r"target: (\d+) kills", said))) == 2
