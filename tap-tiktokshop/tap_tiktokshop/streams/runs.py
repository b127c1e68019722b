"""What the tap says of its own runs, and what it has been sent."""

from tap_tiktokshop.reading import OfTheInbox, OfTheRun
from tap_tiktokshop.streams.declaration import Declaration

RUN_SUMMARY = Declaration(
    name="run_summary",
    summary="What each run of the tap read of each stream of a shop, and what it could not: its summary, as rows.",
    keys=("shop_id", "run_id", "stream"),
    off=True,
    how="about this run, after everything else",
    reading=OfTheRun(),
)

WEBHOOK_EVENTS = Declaration(
    name="webhook_events",
    summary="The events that the platform has sent, as the inbox of `webhook_inbox` has them.",
    keys=("shop_id", "type", "event_id"),
    off=True,
    how="what has come since the run before, before anything else",
    reading=OfTheInbox(),
)

STREAMS = (WEBHOOK_EVENTS, RUN_SUMMARY)
