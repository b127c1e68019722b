"""Requests are counted when they come: nothing stops a sandbox that serves for long, however much it has kept."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import gc, json, weakref
from tiktokshop_sandbox.promptness import keep_prompt

class Cycle:
    def __init__(self):
        self.itself = self

kept, cycles, looked = [[number] for number in range(200_000)], [], []
gc.collect()
keep_prompt()
gc.callbacks.append(
    lambda phase, facts: looked.append(sum(map(len, map(gc.get_objects, range(3))))) if phase == "start" else 0
)
for number in range(300_000):
    kept.append([number])
    if number % 1_000 == 0:
        cycles.append(weakref.ref(Cycle()))
print(json.dumps({"most": max(looked), "cycles": sum(one() is not None for one in cycles), "kept": len(kept)}))
"""


def test_python_never_looks_through_all_that_a_serving_sandbox_has_kept() -> None:
    said = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True).stdout
    found = json.loads(said)
    assert found["kept"] == 500_000
    assert found["most"] < 40_000  # half a million, if all is looked through
    assert found["cycles"] < 100  # of 300, what refers to itself does go
