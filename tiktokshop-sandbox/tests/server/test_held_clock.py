"""Shops that stand still while a plugin reads them, and live on in between."""

import json

from tiktokshop_sandbox.cli import main
from tiktokshop_sandbox.clock import Clock


def test_a_held_clock_stands_still_until_it_is_advanced():
    machine = [1000.0]
    clock = Clock(source=lambda: machine[0])
    clock.hold()
    machine[0] = 2000.0
    assert (clock.now(), clock.real()) == (1000, 2000)
    assert clock.advance(60) == 1060


def test_a_clock_that_was_held_runs_again_after_a_restart():
    kept = {}

    class Memory:
        def set_meta(self, key, value):
            kept[key] = value

    clock = Clock(source=lambda: 1000.0)
    clock.hold()
    clock.keep(Memory())
    clock.advance(60)
    again = Clock(source=lambda: 5000.0)
    again.resume(kept["clock"])
    assert again.now() == 5060


def test_counting_the_rows_of_a_file_does_not_let_its_shops_live_on(tmp_path, capsys):
    import tiktokshop_sandbox

    path = tmp_path / "shop.sqlite"
    with tiktokshop_sandbox.start(path, orders=60, hold=True) as running:
        held = running.control("GET", "/counts")
        running.control("POST", "/clock", {"advance": 0})
    main(["counts", "--db", str(path)])
    assert json.loads(capsys.readouterr().out) == held
