"""Killed, struck by faults, or sharing its tokens: the records are those of one clean run."""

import json
import random
import signal
import subprocess
import sys

import pytest
import tiktokshop_sandbox
from tiktokshop_sandbox.faults import TRANSPORT

WINDOW = 2_500


@pytest.fixture
def still(lab_of):
    with lab_of(orders=3_000) as lab:
        yield lab


@pytest.mark.slow
def test_killed_at_ten_random_moments_and_resumed_the_records_are_those_of_one_clean_run(still, record_property):
    clean = still.run()
    assert clean.counts() == still.held()
    moments = random.Random(11)
    table, state, written = {}, {}, 0
    for _ in range(10):
        process = still.start(state)
        output = bytearray()
        for _ in range(moments.randrange(1, len(clean.messages) * 2 // 3)):
            line = process.stdout.readline()
            output += line
            if not line:
                break
        process.send_signal(signal.SIGKILL)
        with process:  # not communicate, which would pass over what readline has read ahead
            rest = process.stdout.read()
        run = still.result(bytes(output + rest).decode())
        table |= run.table()
        written += len(run.records())
        state = run.state or state
    last = still.process(state)
    assert last.code == 0, last.log
    table |= last.table()
    written += len(last.records())

    assert table == clean.table()
    # Every kill may cost one window of the stream it hit, and what was written of it after the last state.
    assert written <= len(clean.records()) + 10 * 2 * WINDOW


@pytest.mark.slow
def test_faults_at_one_request_in_twenty_change_nothing(lab_of):
    with lab_of(orders=400) as lab:
        clean = lab.run()
        kinds = [*TRANSPORT, "rate_limit", "rate_limit_200", "page_token_invalid", "token_expired"]
        for kind in kinds:
            lab.fault(kind, probability=0.05 / len(kinds) * 2, seconds=0.01)
        lab.sandbox.control("DELETE", "/stats")
        troubled = lab.run()
        struck = lab.sandbox.control("GET", "/stats")["faults"]
    assert sum(struck.values()) >= 5, struck
    assert troubled.table() == clean.table()
    assert len(troubled.records()) == len(clean.records())


@pytest.mark.slow
def test_two_runs_that_share_a_token_file_refresh_once_when_the_access_token_expires(lab):
    lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
    lab.sandbox.control("DELETE", "/stats")
    runs = [lab.start() for _ in range(2)]
    results = [(*run.communicate(timeout=60), run.returncode) for run in runs]

    assert [code for *_, code in results] == [0, 0], [log.decode() for _, log, _ in results]
    assert lab.sandbox.control("GET", "/stats")["refreshes"] == 1
    tables = [lab.result(output.decode()).table() for output, *_ in results]
    assert tables[0] == tables[1]
    stored = json.loads((lab.folder / "tokens.json").read_text())
    assert stored["refresh_token"] == lab.sandbox.control("GET", "")["tokens"]["refresh_token"]
    assert (lab.folder / "tokens.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_the_next_run_goes_on_with_the_rotated_tokens_although_its_configuration_has_the_old_ones(lab):
    lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
    assert lab.process().code == 0
    lab.sandbox.control("POST", "/tokens/expire", {"which": "access"})
    again = lab.process()
    assert again.code == 0, again.log


@pytest.mark.slow
def test_with_the_setting_sandbox_the_tap_brings_its_own_shop_and_keeps_it(tmp_path, catalog_of):
    config = tmp_path / "config.json"
    path = tmp_path / "shop.sqlite"
    with tiktokshop_sandbox.start(path, orders=60):
        pass
    config.write_text(json.dumps({"sandbox": True, "sandbox_path": str(path)}))
    chosen = tmp_path / "catalog.json"
    chosen.write_text(json.dumps(catalog_of("shops", "orders")))
    command = [sys.executable, "-m", "tap_tiktokshop", "--config", config, "--catalog", chosen]
    runs = [subprocess.run(command, capture_output=True, cwd=tmp_path, check=True) for _ in range(2)]
    orders = [sum(b'"stream":"orders","record"' in line for line in run.stdout.splitlines()) for run in runs]
    assert orders[0] >= 120
    assert orders[1] >= orders[0]
