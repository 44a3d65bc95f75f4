"""An installation with many events, for rows about the API."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from shared.accounts.keys import create_key
from shared.accounts.users import add_account
from shared.db.engine import connect
from shared.db.migrate import upgrade

CAMERAS = 8
DAYS = 90
END = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""The newest event's time."""

_EVENTS = """
INSERT INTO events (uuid, account_id, camera_slug, kind, label, confidence, severity, rules, zones, started_at,
    ended_at, occurred_at, stored_at, snapshot, ai_response, modules_triggered, module_results, trace_id)
SELECT uuid, {account}, 'cam_00' || (1 + number % {cameras}), 'detection',
    CASE number % 5 WHEN 0 THEN 'car' ELSE 'person' END, 0.5 + (number % 50) / 100.0, 1, '["rule_001"]', '["Porte"]',
    at, at, at, at, 'snapshots/' || uuid || '.jpg', NULL, '[]', '{{}}', ''
FROM (SELECT number, {uuid} AS uuid, {at} AS at FROM ({numbers}) AS counted) AS made
"""
_ALERTS = """
INSERT INTO alerts (id, event_uuid, account_id, notice, decided_at, revision)
SELECT uuid, uuid, account_id, '{}', occurred_at, 0 FROM events WHERE id % 10 = 0
"""
_DELIVERIES = """
INSERT INTO deliveries (id, alert_id, event_uuid, account_id, channel, recipient, purpose, revision, state,
    attempts, doubtful, due_at, created_at, reason, receipt)
SELECT uuid, uuid, uuid, account_id, 'webhook', '1', 'notice', 0, 'sent', 1, 0, occurred_at, occurred_at, '', '{}'
FROM events WHERE id % 10 = 0
"""
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < {rows}) "
    "SELECT number FROM n",
    "postgresql": "SELECT number FROM generate_series(1, {rows}) AS number",
}
# As the columns' types write them. The multiplier scatters the uuids over their index as random ones would be.
_UUIDS = {
    "sqlite": "printf('%08x-0000-4000-8000-%012x', number * 2654435761 % 4294967296, number)",
    "postgresql": "lpad(to_hex(number::bigint * 2654435761 % 4294967296), 8, '0') || '-0000-4000-8000-' || "
    "lpad(to_hex(number), 12, '0')",
}
_TIMES = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', {start} + number * {step}, 'unixepoch') || '000'",
    "postgresql": "to_timestamp({start} + number * {step})",
}
_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'events' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'events' "
    "AND indexname NOT LIKE 'pk_%' AND indexname NOT LIKE 'uq_%'",
}


@dataclass(frozen=True, slots=True)
class EventSite:
    """A database of the newest version, with one operator who owns all events. `key` is the operator's."""

    database_url: str
    key: str
    events: int


def fill_site(database_url: str, *, events: int) -> EventSite:
    """Migrate the empty database and fill it: events of `DAYS` days on `CAMERAS` cameras, a tenth of them told of."""
    engine = connect(database_url)
    upgrade(engine)
    with Session(engine) as session:
        account = add_account(session, username="bench", password=secrets.token_urlsafe(16), role="operator", now=END)
        key = create_key(session, account=account, name="bench", now=END).text
        account_id = account.id
        session.commit()
    with engine.begin() as connection:
        _fill(connection, account_id=account_id, rows=events)
    _settle(engine)
    engine.dispose()
    return EventSite(database_url, key, events)


def _fill(connection: Connection, *, account_id: int, rows: int) -> None:
    """Indexes are built at the end: several times faster than keeping them while a million rows come."""
    kind = connection.dialect.name
    step = timedelta(days=DAYS).total_seconds() / rows
    start = (END - timedelta(days=DAYS)).timestamp()
    indexes = [(row[0], row[1]) for row in connection.execute(text(_INDEXES[kind]))]
    for name, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    statement = _EVENTS.format(
        account=account_id,
        cameras=CAMERAS,
        uuid=_UUIDS[kind],
        at=_TIMES[kind].format(start=start, step=step),
        numbers=_NUMBERS[kind].format(rows=rows),
    )
    for each in (statement, _ALERTS, _DELIVERIES, *(sql for _, sql in indexes)):
        _plain(connection, each)


def _plain(connection: Connection, statement: str) -> None:
    # Through the driver's own cursor: a `%` or `:` in a statement is no parameter.
    cursor = connection.connection.cursor()
    cursor.execute(statement)
    cursor.close()


def _settle(engine: Engine) -> None:
    """What a database does by itself within minutes: statistics, and pages in their place."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for each in ("PRAGMA wal_checkpoint(TRUNCATE)",) if sqlite else ("VACUUM ANALYZE events", "ANALYZE deliveries"):
            _plain(connection, each)
