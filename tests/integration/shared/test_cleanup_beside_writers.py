"""Whoever writes hardly notices that old rows are being deleted beside it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import quantiles

import pytest
from sqlalchemy import Engine, func, insert, select

from shared.db.engine import SessionFactory, connect, read_sessions, sessions
from shared.db.tables import Event, Recognition
from shared.media import MediaStore
from shared.retention.old_events import OldEvents
from shared.settings import Settings

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
PAUSE_S = 0.01


def _event(number: int, at: datetime) -> dict[str, object]:
    return {
        "id": number,
        "uuid": str(uuid.UUID(int=number)),
        "account_id": 1,
        "camera_slug": f"cam_{number % 8:03}",
        "presence_id": str(uuid.UUID(int=number + 2**64)),
        "label": "person",
        "confidence": 0.9,
        "started_at": at,
        "occurred_at": at,
        "stored_at": at,
        "ended_at": at,
    }


def _fill(factory: SessionFactory, pairs: int) -> None:
    """Half events, half recognitions of them, all too old."""
    step = 5000
    for start in range(1, pairs + 1, step):
        numbers = range(start, min(start + step, pairs + 1))
        ats = {number: NOW - timedelta(days=40, seconds=number) for number in numbers}
        with factory.begin() as session:
            session.execute(insert(Event), [_event(number, ats[number]) for number in numbers])
            found = {"kind": "plate_read", "data": {"plate_text": "AB123CD"}, "account_id": 1, "camera_slug": "cam_001"}
            rows = [{**found, "event_id": number, "at": at, "stored_at": at} for number, at in ats.items()]
            session.execute(insert(Recognition), rows)


def _latencies(factory: SessionFactory, *, first: int, goes_on: Callable[[], bool]) -> list[float]:
    """How long each of many small writes took, in seconds."""
    taken = []
    number = first
    while goes_on():
        began = time.perf_counter()
        with factory.begin() as session:
            session.execute(insert(Event), [_event(number, NOW)])
        taken.append(time.perf_counter() - began)
        number += 1
        time.sleep(PAUSE_S)
    return taken


def _p95_ms(taken: list[float]) -> float:
    return quantiles(taken, n=20)[-1] * 1000


@pytest.mark.parametrize("rows", [6000, pytest.param(200_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_others_write_on_while_old_rows_go(engine: Engine, database_url: str, settings: Settings, rows: int) -> None:
    factory, other = sessions(engine), connect(database_url)
    _fill(factory, rows // 2)
    media = MediaStore.open(settings.effective_media_url)
    there: Callable[[str], frozenset[str]] = lambda _: frozenset()  # noqa: E731 – nobody is in view
    old = OldEvents(factory, read_sessions(engine), media=media, there=there, now=lambda: NOW)
    until = time.monotonic() + (1 if rows < 10_000 else 10)
    before = _latencies(sessions(other), first=10**8, goes_on=lambda: time.monotonic() < until)
    found = []
    began = time.monotonic()
    deleting = threading.Thread(target=lambda: found.append(old.remove(days=30)))
    deleting.start()
    during = _latencies(sessions(other), first=2 * 10**8, goes_on=deleting.is_alive)
    took = time.monotonic() - began
    other.dispose()
    print(
        f"\n{engine.dialect.name}: {rows} rows gone in {took:.0f} s; writes of others: p95 {_p95_ms(before):.1f} ms "
        f"before, {_p95_ms(during):.1f} ms during, longest {max(during) * 1000:.0f} ms of {len(during)}"
    )
    assert (found[0].events, found[0].recognitions, found[0].is_all) == (rows // 2, rows // 2, True)
    with factory() as session:
        assert session.execute(select(func.count()).select_from(Event)).scalar_one() == len(before) + len(during)
    # A writer of SQLite gives up after 15 s; on a machine that does nothing else the longest takes half a second.
    assert max(during) < 10
    assert _p95_ms(during) < 500
