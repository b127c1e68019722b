"""What the tap says of its own runs."""

from tap_tiktokshop.reading import OfTheRun
from tap_tiktokshop.streams.declaration import Declaration

RUN_SUMMARY = Declaration(
    name="run_summary",
    summary="What each run of the tap read of each stream of a shop, and what it could not: its summary, as rows.",
    keys=("shop_id", "run_id", "stream"),
    off=True,
    how="about this run, after everything else",
    reading=OfTheRun(),
)

STREAMS = (RUN_SUMMARY,)
