"""Draws the figures of results.json. It needs matplotlib, which has an environment of its own (see run.py)."""

import argparse
import json
import statistics
from pathlib import Path


def medians(runs, names, value):
    """The median of each reader's runs."""
    return [statistics.median(value(run) for run in runs if run["reader"] == name) for name in names]


def draw(results, picture):
    """Speed and CPU of all readers, and how the tap scales."""
    import matplotlib as mpl  # noqa: PLC0415 - so that --help works where there is none

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415 - only after a way to draw without a screen is chosen

    names = list(dict.fromkeys(run["reader"] for run in results["limited"]))
    figure, (speed, cpu, scaling) = plt.subplots(1, 3, figsize=(15, 4.2))
    colours = ["#1f77b4", *["#b0b0b0"] * (len(names) - 1)]
    for axes, values, title in (
        (
            speed,
            medians(results["limited"], names, lambda run: run["orders"] / run["seconds"]),
            "orders/s, 200 ms, 50 requests/s",
        ),
        (
            cpu,
            medians(results["free"], names, lambda run: 1000 * run["cpu"] / run["orders"]),
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
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results.json")
    parser.add_argument("picture", type=Path, help="the PNG file to write")
    given = parser.parse_args()
    draw(json.loads(given.results.read_text()), given.picture)
