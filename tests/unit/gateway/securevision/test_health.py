from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from tests.unit.gateway.installation import PLATE, START
from tests.unit.gateway.securevision.conftest import Client


def test_health_counts_the_last_five_minutes(client: Client) -> None:
    for seconds in (0, 1, 299):
        client.api.add_recognition(who="alice", at=START - timedelta(seconds=seconds))
    client.api.add_recognition(who="bob", kind="plate_read", data=PLATE, at=START - timedelta(seconds=10))
    client.api.add_recognition(who="bob", kind="plate_read", data=PLATE, at=START - timedelta(seconds=301))
    answer = client.get("/health", who=None)
    assert answer.status_code == 200
    assert answer.json == {
        "ok": True,
        "timestamp": 1768473000000,
        "service": "SecureVision Events API",
        "version": "0.1.0",
        "ws_clients": 0,
        "recent_events": {"total": 4, "face_matches": 3, "plate_reads": 1},
        "event_rate": {"events_per_second": 0.0133, "sample_duration_seconds": 300.0},
    }
    assert b'"sample_duration_seconds":300.0' in answer.data


def test_what_is_dated_in_the_future_counts_once_that_has_come(client: Client) -> None:
    client.api.add_recognition(at=START)
    client.api.add_recognition(at=START + timedelta(seconds=1))
    client.api.add_recognition(at=START + timedelta(days=1), kind="plate_read", data=PLATE)
    recent = client.get("/health", who=None).json["recent_events"]
    assert recent == {"total": 1, "face_matches": 1, "plate_reads": 0}


def test_clients_of_the_stream_are_counted_until_they_leave(client: Client) -> None:
    place = client.api.opened.gateway.places.take("websocket", 1)
    client.api.opened.gateway.places.take("mjpeg", 1)
    assert client.get("/health", who=None).json["ws_clients"] == 1
    place.leave()
    assert client.get("/health", who=None).json["ws_clients"] == 0


def test_health_counts_at_most_once_a_second(client: Client) -> None:
    assert client.get("/health", who=None).json["recent_events"]["total"] == 0
    client.api.add_recognition()
    assert client.get("/health", who=None).json["recent_events"]["total"] == 0


def test_the_count_is_read_from_an_index_alone(client: Client) -> None:
    with client.api.session() as session:
        plan = session.execute(
            text("EXPLAIN QUERY PLAN SELECT kind, count(*) FROM recognitions WHERE at >= '2026-01-15' GROUP BY kind")
        ).all()
    assert any("INDEX" in row[-1] for row in plan), plan
