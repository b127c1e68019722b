"""The inbox's tables, and what is said to them; one text for both kinds of database."""

from __future__ import annotations

EVENTS = "tiktokshop_events"
QUARANTINE = "tiktokshop_quarantine"
SEEN = "tiktokshop_event_types"
COUNTERS = "tiktokshop_inbox"

TABLES = (
    f"""CREATE TABLE IF NOT EXISTS {EVENTS} (
        position {{number}} PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        type INTEGER,
        shop_id TEXT NOT NULL,
        notification_id TEXT NOT NULL,
        app_key TEXT NOT NULL,
        received_ms BIGINT NOT NULL,
        deliveries INTEGER NOT NULL,
        dead TEXT NOT NULL,
        notice INTEGER NOT NULL,
        body {{bytes}} NOT NULL)""",
    f"CREATE INDEX IF NOT EXISTS {EVENTS}_received ON {EVENTS} (received_ms)",
    f"CREATE INDEX IF NOT EXISTS {EVENTS}_dead ON {EVENTS} (position) WHERE dead <> ''",
    f"CREATE INDEX IF NOT EXISTS {EVENTS}_notice ON {EVENTS} (position) WHERE notice = 1",
    f"""CREATE TABLE IF NOT EXISTS {QUARANTINE} (
        number {{number}} PRIMARY KEY,
        reason TEXT NOT NULL,
        signature TEXT NOT NULL,
        app_key TEXT NOT NULL,
        received_ms BIGINT NOT NULL,
        size INTEGER NOT NULL,
        body {{bytes}} NOT NULL)""",
    f"""CREATE TABLE IF NOT EXISTS {SEEN} (
        type INTEGER PRIMARY KEY,
        events BIGINT NOT NULL,
        deliveries BIGINT NOT NULL,
        latest_ms BIGINT NOT NULL)""",
    f"CREATE TABLE IF NOT EXISTS {COUNTERS} (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
)
BEGIN_COUNTER = f"INSERT INTO {COUNTERS} VALUES (?, ?) ON CONFLICT (name) DO NOTHING"

# The row of the counter stays locked until the transaction ends: who comes later gets a higher number, and is
# committed later. PostgreSQL has to be asked for it; in SQLite there is one writer at a time.
TAKE = f"SELECT value FROM {COUNTERS} WHERE name = ?{{lock}}"
READ_COUNTER = f"SELECT value FROM {COUNTERS} WHERE name = ?"
SET_COUNTER = f"UPDATE {COUNTERS} SET value = ? WHERE name = ?"
RAISE_COUNTER = f"UPDATE {COUNTERS} SET value = ? WHERE name = ? AND value < ?"
TOUCH = f"UPDATE {COUNTERS} SET value = value WHERE name = ?"

REPEATED = f"UPDATE {EVENTS} SET deliveries = deliveries + 1 WHERE key = ?"
ADD = f"INSERT INTO {EVENTS} VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)"
SAW = f"""INSERT INTO {SEEN} VALUES (?, ?, ?, ?) ON CONFLICT (type) DO UPDATE SET
    events = {SEEN}.events + excluded.events,
    deliveries = {SEEN}.deliveries + excluded.deliveries,
    latest_ms = excluded.latest_ms"""

EVENT = "position, type, shop_id, notification_id, app_key, received_ms, deliveries, body, dead"
AFTER = f"SELECT {EVENT} FROM {EVENTS} WHERE position > ? ORDER BY position LIMIT ?"
ONE = f"SELECT {EVENT} FROM {EVENTS} WHERE position = ?"
DEAD = f"SELECT {EVENT} FROM {EVENTS} WHERE dead <> '' ORDER BY position LIMIT ?"
COUNT_DEAD = f"SELECT count(*) FROM {EVENTS} WHERE dead <> ''"
BURY = f"UPDATE {EVENTS} SET dead = ?, notice = 1 WHERE position = ? AND dead <> ?"
REVIVE = f"""UPDATE {EVENTS} SET position = ?, key = ?, type = ?, shop_id = ?, notification_id = ?, received_ms = ?,
    dead = ?, notice = ? WHERE position = ?"""

NOTICES = f"SELECT {EVENT} FROM {EVENTS} WHERE notice = 1 ORDER BY position LIMIT ?"
TOLD = f"UPDATE {EVENTS} SET notice = 0 WHERE position = ?"

STRAY = "body, signature, app_key, reason, received_ms, number"
ADD_STRAY = f"INSERT INTO {QUARANTINE} VALUES (?, ?, ?, ?, ?, ?, ?)"
STRAYS = f"SELECT {STRAY} FROM {QUARANTINE} WHERE number > ? ORDER BY number LIMIT ?"
DROP_STRAY = f"DELETE FROM {QUARANTINE} WHERE number = ?"
DROP_STRAYS = f"DELETE FROM {QUARANTINE} WHERE received_ms < ?"
SIZE_OF_STRAYS = f"SELECT coalesce(sum(size), 0), count(*) FROM {QUARANTINE}"

OLD = f"SELECT position FROM {EVENTS} WHERE received_ms < ? AND dead = '' ORDER BY received_ms LIMIT ?"
DROP = f"DELETE FROM {EVENTS} WHERE position = ?"
EMPTY = f"UPDATE {EVENTS} SET body = ? WHERE received_ms < ? AND dead <> '' AND length(body) > 0"

TOTALS = f"SELECT count(*), coalesce(sum(deliveries), 0), min(received_ms), max(received_ms) FROM {EVENTS}"
TYPES = f"SELECT type, events, deliveries, latest_ms FROM {SEEN} ORDER BY type"
OF_TYPE = f"SELECT {EVENT} FROM {EVENTS} WHERE type IN ({{types}}) AND received_ms >= ? ORDER BY position"
