"""The results file: outcomes are on disk, not only written, before anything builds on them."""

import os

from target_tiktokshop.writing.outcomes import APPLIED
from target_tiktokshop.writing.results import Results
from target_tiktokshop.writing.rows import Row

STREAM = "inventory"


def rows(count):
    made = [Row(STREAM, number, {}) for number in range(count)]
    for row in made:
        row.settle(APPLIED)
    return made


def test_when_write_returns_every_line_is_on_disk_and_not_only_with_the_system(tmp_path, monkeypatch):
    synced = []
    real = os.fsync

    def fsync(descriptor):
        real(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", fsync)  # the system's call, so that a lost line shows without cutting the power
    results = Results(tmp_path / "results.jsonl", plan=False)
    sizes = []
    for _ in range(3):
        results.write(rows(2))
        sizes.append((tmp_path / "results.jsonl").stat().st_size)
    results.close()
    assert sizes == sorted(set(sizes))
    assert synced == sizes
    assert (tmp_path / "results.jsonl").read_bytes().count(b"\n") == 6
