"""Kills the target at random moments, feeds it again from its last state, and compares."""

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb

ROWS = 3_000
COMMAND = [sys.executable, "-m", "target_duckdb_exact"]
SCHEMA = {"properties": {"i": {"type": "integer"}, "n": {"type": "integer"}, "t": {"type": "string"}}}


def feed(start):
    """The messages from this row on: every key comes three times, and a state after every 50 rows."""
    for stream in ("s", "u"):
        yield {"type": "SCHEMA", "stream": stream, "schema": SCHEMA, "key_properties": ["i"]}
    for number in range(start, ROWS):
        values = {"i": number % (ROWS // 3), "n": number, "t": "x" * (number % 700)}
        yield {"type": "RECORD", "stream": "su"[number % 2], "record": values}
        if number % 50 == 49:
            yield {"type": "STATE", "value": number + 1}


def feed_of_files(start, folder):
    """The same rows in files of 300 of a stream, each announced by a BATCH message; a state after both streams'."""
    for stream in ("s", "u"):
        yield {"type": "SCHEMA", "stream": stream, "schema": SCHEMA, "key_properties": ["i"]}
    rows = [message for message in feed(start) if message["type"] == "RECORD"]
    for first in range(0, len(rows), 600):
        for stream in ("s", "u"):
            path = folder / f"{stream}-{start + first}.jsonl"
            records = [each["record"] for each in rows[first : first + 600] if each["stream"] == stream]
            path.write_text("".join(json.dumps(each) + "\n" for each in records))
            yield {"type": "BATCH", "stream": stream, "encoding": {"format": "jsonl"}, "manifest": [f"file://{path}"]}
        yield {"type": "STATE", "value": start + min(first + 600, len(rows))}


def touched(folder):
    """When the database and its log were written."""
    return [(path.name, path.stat().st_mtime_ns) for path in sorted(folder.glob("kills.duckdb*")) if path.exists()]


def run(folder, start, kill_after=None, *, files=False):
    """One run from a row on; where the next one goes on. It is killed so many seconds after it has opened the file."""
    config = folder / "config.json"
    config.write_text(json.dumps({"path": str(folder / "kills.duckdb"), "batch_size_rows": 100}))
    before = touched(folder)
    process = subprocess.Popen(
        [*COMMAND, "--config", str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    text = "".join(
        json.dumps(message) + "\n" for message in (feed_of_files(start, folder) if files else feed(start))
    ).encode()

    def kill():
        while process.poll() is None and touched(folder) == before:
            time.sleep(0.002)
        time.sleep(kill_after)
        process.kill()

    if kill_after is not None:
        threading.Thread(target=kill, daemon=True).start()
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(text)
    states = process.stdout.read().splitlines()
    process.wait()
    words = process.stderr.read().decode()
    process.stdout.close()
    process.stderr.close()
    assert process.returncode in ({0} if kill_after is None else {0, -9}), words
    return int(states[-1]) if states else start


def held(path):
    """All rows of both tables."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return [connection.execute(f"SELECT i, n, t FROM {name} ORDER BY i").fetchall() for name in ("s", "u")]


def kills(count, seed, folder, *, files=False):
    """So many runs that are killed before their end, then one that is not; where each was when it was killed."""
    chance, start, at = random.Random(seed), 0, []
    while len(at) < count:
        reached = run(folder, start, chance.uniform(0, 0.4), files=files)
        if reached < ROWS:
            at.append(reached)
        start = reached % ROWS
    run(folder, start, files=files)
    return at


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, help="how many kills")
    parser.add_argument("seed", nargs="?", type=int, default=random.randrange(1 << 30), help="default: a random one")
    parser.add_argument("--files", action="store_true", help="the rows come in BATCH files")
    times, seed, files = vars(parser.parse_args()).values()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        run(Path(one), 0)
        at = kills(times, seed, Path(two), files=files)
        same = held(Path(one) / "kills.duckdb") == held(Path(two) / "kills.duckdb")
    print(f"{times} kills (seed {seed}), at rows {at}: tables {'equal' if same else 'DIFFER'}")
    sys.exit(not same)
