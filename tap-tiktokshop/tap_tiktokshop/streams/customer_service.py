"""Conversations with buyers, and how well they were served."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import Children, Days, Listed, Parents, TimeFilter, Windows
from tap_tiktokshop.reading.open_rows import OpenRows
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import latest
from tap_tiktokshop.times import DAY

READ_CONVERSATIONS = Listed(
    operations.GET_CONVERSATIONS,
    "id",
    moments=("latest_message.create_time", "create_time"),
)

CONVERSATIONS = Declaration(
    name="conversations",
    summary="Conversations with buyers: who takes part, and the latest message.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    how="what changed since, of a list that is read whole",
    shape=latest("update_time", "latest_message.create_time", "create_time"),
    reading=READ_CONVERSATIONS,
)

READ_MESSAGES = Children(
    parents=(Parents(READ_CONVERSATIONS, "id"),),
    operation=operations.GET_MESSAGES,
    key="id",
    path="conversation_id",
    name="conversation_id",
    newest_first="create_time",
)

MESSAGES = Declaration(
    name="messages",
    summary="The messages of conversations.",
    keys=("shop_id", "conversation_id", "id"),
    replication_key="create_time",
    how="new ones, of conversations that went on",
    reading=READ_MESSAGES,
)

SESSIONS = Declaration(
    name="customer_service_sessions",
    summary="Sessions in which an agent handled a conversation: how fast, and how satisfied the buyer was.",
    keys=("shop_id", "id"),
    replication_key="begin_time",
    # The buyer's score comes after the end, if it comes.
    open_rows=OpenRows(lambda session: not (session.get("end_time") and session.get("satisfaction_score")), days=7),
    reading=Windows(
        operation=operations.SEARCH_SESSIONS,
        filter=TimeFilter("begin_time"),
        key="id",
        first=30 * DAY,
    ),
)

PERFORMANCE = Declaration(
    name="customer_service_performance",
    summary="How customer service did on a day: sessions, response times, satisfaction, sales.",
    keys=("shop_id", "date"),
    replication_key="date",
    how="a row a day; the last 7 days again",
    reading=Days(
        operation=operations.GET_SERVICE_PERFORMANCE,
        key=None,
        inside="performance",
        bounds=("support_date_ge", "support_date_lt"),
    ),
)

STREAMS = (CONVERSATIONS, MESSAGES, SESSIONS, PERFORMANCE)
