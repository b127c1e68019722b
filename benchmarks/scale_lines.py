"""The figures of `scale.py` as lines of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

CPU_GOAL: Final = 3.0
"""Seconds from the start of the tap to the end of the loader."""


def told(found: dict[str, Any]) -> Iterator[str]:
    """The figures as lines of a page."""
    one, everything = found["quiet"], found["all streams"]
    yield "| part of the quiet run | CPU seconds |\n| --- | --- |"
    yield from (f"| {name} | {seconds:.2f} |" for name, seconds in one["cpu"].items())
    yield (
        f"\n{one['calls']} calls by the sandbox's count ({one['calls of the summary']} for streams), {one['streams']} "
        f"streams, {one['rows']:,} rows, {one['states']} states, {one['seconds']:.0f} s, "
        f"{one['megabytes']['tap']:.0f} MB (tap) and {one['megabytes']['loader']:.0f} MB (loader)."
    )
    more = {name: calls for name, calls in one["calls by stream"].items() if calls > 1}
    yield f"\nMore than one call: {', '.join(f'{name} {more[name]}' for name in sorted(more, key=more.__getitem__))}."
    yield "\n| shops of a state | kB | ms to write | states a run | MB | s | before: states | MB | s |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in found["states"]:
        yield (
            f"| {row['shops']:,} | {row['bytes'] / 1e3:,.0f} | {row['seconds'] * 1e3:,.2f} "
            f"| {row['states']:,} | {row['states'] * row['bytes'] / 1e6:,.0f} | {row['all']:,.1f} "
            f"| {row['once']:,} | {row['once'] * row['bytes'] / 1e6:,.0f} | {row['once all']:,.1f} |"
        )
    yield (
        f"\nAll streams: {everything['rows']:,} rows, {everything['calls']:,} calls, {everything['cpu']:.1f} s of CPU, "
        f"{everything['megabytes']:.0f} MB. Redis: {found['redis']} commands a quiet run."
    )
    less = found["hourly"]
    yield (
        f"\nWithout what is read once a day: {less['streams']} streams, {less['calls']} calls, "
        f"{less['cpu']['both']:.2f} s of CPU, {less['seconds']:.1f} s."
    )
    yield "\n| shops | way | machines | bound by | all read after | machine hours a month | cost a month |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for way, rows in found["sellers"].items():
        for row in rows:
            yield (
                f"| {row['shops']:,} | {way} | {row['workers']} | {row['bound_by']} | {row['minutes']:.0f} min "
                f"| {row['hours']:,} | {row['cost']:,.0f} |"
            )
    yield "\n| shops | way | runs at a time | calls an hour | Redis commands a second | broken |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for way, rows in found["sellers"].items():
        for row in rows:
            broken = ", ".join(row["broken"]) or "nothing"
            yield (
                f"| {row['shops']:,} | {way} | {row['running']:,.0f} | {row['calls_an_hour']:,.0f} "
                f"| {row['redis_a_second']:,.0f} | {broken} |"
            )
    for way, breaks in found["limits"].items():
        yield f"\nBreaks, {way}: {'; '.join(f'{name} beyond {most:,} shops' for name, most in breaks)}."
    goal = "kept" if one["cpu"]["both"] <= CPU_GOAL else "missed"
    yield f"\nAt most {CPU_GOAL:.0f} s of CPU: {goal}. One call a stream and shop: {'missed' if more else 'kept'}."
