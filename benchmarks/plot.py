"""Draws results.json: python plot.py results.json results.png."""

import json
import statistics
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

results = json.loads(Path(sys.argv[1]).read_text())
names = list(dict.fromkeys(run["reader"] for run in results["limited"]))


def medians(runs, value):
    """Reader -> the median of its runs."""
    return [statistics.median(value(run) for run in runs if run["reader"] == name) for name in names]


figure, (speed, cpu, scaling) = plt.subplots(1, 3, figsize=(15, 4.2))
colours = ["#1f77b4", *["#b0b0b0"] * (len(names) - 1)]
for axes, values, title in (
    (speed, medians(results["limited"], lambda run: run["orders"] / run["seconds"]), "orders/s, 200 ms, 50 requests/s"),
    (
        cpu,
        medians(results["free"], lambda run: 1000 * run["cpu"] / run["orders"]),
        "CPU ms an order, start-up taken out",
    ),
):
    bars = axes.barh(names, values, color=colours)
    axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.invert_yaxis()
    axes.set_title(title)
    axes.margins(x=0.15)
labels = [f"{point['shops']} x {point['orders_per_shop'] // 1000}k" for point in results["scaling"]]
bars = scaling.bar(labels, [point["speed"] for point in results["scaling"]])
scaling.bar_label(bars, labels=[f"{point['megabytes']:.0f} MB" for point in results["scaling"]])
scaling.set_title("the tap: orders/s and peak memory, by shops x orders")
figure.tight_layout()
figure.savefig(sys.argv[2], dpi=110)
