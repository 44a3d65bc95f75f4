from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from services.gateway.queries import event_counts
from services.gateway.queries.event_counts import EventCounts, EventScope
from shared.db.prepared import reader_of
from shared.db.tables import Event, VerdictRow
from tests.unit.gateway.installation import JPEG, SNAPSHOT, START, Api, event


def _events(api: Api, query: str = "", **kwargs: Any) -> Any:
    answer = api.get(f"/events{query}", **kwargs)
    assert answer.status_code == 200, answer.text
    return answer.json


def _uuids(page: Any) -> list[str]:
    return [each["uuid"].removeprefix("evt-") for each in page["events"]]


def test_an_event_is_listed_with_what_the_contract_names(api: Api) -> None:
    uuid = api.add_event(snapshot=SNAPSHOT, ai_response="Personne suspecte")
    api.add_delivery(uuid)
    assert _events(api) == {
        "events": [
            {
                "uuid": f"evt-{uuid}",
                "camera_id": "cam_001",
                "timestamp": "2026-01-15T10:30:00Z",
                "detection_type": "person",
                "confidence": 0.94,
                "photo_url": f"/events/{uuid}.jpg",
                "ai_response": "Personne suspecte",
                "alert_sent": True,
                "incident_id": None,
            }
        ],
        "total": 1,
        "count": 1,
        "next_cursor": None,
    }


def test_a_confidence_has_four_digits_wherever_it_is_shown(api: Api) -> None:
    uuid = api.add_event(confidence=0.705356240272522, track_id=1, box=[1.0, 2.0, 3.0, 4.0])
    event = api.get(f"/events/{uuid}?photo=false").json
    assert event is not None
    (track,) = event["module_results"]["bytetrack"]["tracks"]
    assert (_events(api)["events"][0]["confidence"], event["confidence"], track["confidence"]) == (0.7054,) * 3


def test_filters_narrow_the_list_and_the_total(api: Api) -> None:
    first = api.add_event(at=START)
    second = api.add_event(at=START + timedelta(hours=1), camera="cam_002", label="car")
    third = api.add_event(at=START + timedelta(hours=2))
    cases = {
        "": [third, second, first],
        "?camera_id=cam_001": [third, first],
        "?detection_type=car": [second],
        "?since=2026-01-15T11:30:00Z": [third, second],
        "?since=2026-01-15T12:30:00%2B01:00": [third, second],
        "?since=2026-01-15T12:30:00+01:00": [third, second],
        "?since=2026-01-15T11:30:00": [third, second],
        "?until=2026-01-15T12:30:00Z": [second, first],
        "?since=2026-01-15T11:00:00Z&until=2026-01-15T12:00:00Z": [second],
        "?camera_id=cam_001&detection_type=car": [],
        "?camera_id=nowhere": [],
    }
    for query, expected in cases.items():
        page = _events(api, query)
        assert (query, _uuids(page), page["total"], page["count"]) == (query, expected, len(expected), len(expected))


def test_offset_and_cursor_page_through_everything_once(api: Api) -> None:
    # Several events share a time: the order must be stable all the same.
    made = [api.add_event(at=START + timedelta(seconds=number // 3)) for number in range(8)]
    by_offset = [uuid for offset in range(0, 8, 3) for uuid in _uuids(_events(api, f"?limit=3&offset={offset}"))]
    by_cursor, query = [], "?limit=3"
    while True:
        page = _events(api, query)
        by_cursor += _uuids(page)
        assert page["total"] == 8
        if page["next_cursor"] is None:
            break
        query = f"?limit=3&cursor={page['next_cursor']}"
    assert by_offset == by_cursor == made[::-1]


def test_a_cursor_is_not_moved_by_events_that_come_in_meanwhile(api: Api) -> None:
    made = [api.add_event(at=START + timedelta(seconds=number)) for number in range(4)]
    first = _events(api, "?limit=2")
    api.add_event(at=START + timedelta(seconds=9))
    assert _uuids(_events(api, f"?limit=2&cursor={first['next_cursor']}")) == made[1::-1]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=501", "limit=-1", "limit=x", "limit=1e3", "limit=99999999999999999999", "offset=-1",
        "offset=99999999999999999999", "since=yesterday", "since=2026-13-01T00:00:00Z", "since=", "until=%00",
        "since=0001-01-01T00:00:00%2B14:00", "cursor=x", "cursor=MXwy%00", "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5fDE",
        "cursor=" + "A" * 500, "camera_id=" + "x" * 65, "detection_type=%00",
    ],
)  # fmt: skip
def test_a_bad_filter_is_refused_by_its_name(api: Api, query: str) -> None:
    answer = api.get(f"/events?{query}")
    assert answer.status_code == 400
    assert answer.json is not None
    assert f"Field '{query.partition('=')[0]}'" in answer.json["message"]


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%25", "cam_001'; DROP TABLE events; --", "*", "cam_00_"])
def test_sql_in_a_filter_finds_nothing_and_harms_nothing(api: Api, text: str) -> None:
    api.add_event()
    assert api.get("/events", query_string={"camera_id": text}).json == {
        "events": [], "total": 0, "count": 0, "next_cursor": None
    }  # fmt: skip
    assert api.get("/events", query_string={"detection_type": text}).status_code == 200
    assert _events(api)["total"] == 1


def test_one_sees_only_events_of_the_own_account(api: Api) -> None:
    mine, theirs = api.add_event(who="alice"), api.add_event(who="bob")
    assert _uuids(_events(api, who="alice")) == [mine]
    assert _events(api, who="alice")["total"] == 1
    assert _events(api, who="boss")["total"] == 2
    for path in (f"/events/{theirs}", f"/events/{theirs}.jpg"):
        assert api.get(path, who="alice").status_code == 404
    assert api.get(f"/events/{theirs}", who="boss").status_code == 200


def test_one_event_is_told_in_full_with_its_picture(api: Api) -> None:
    api.opened.gateway.media.write(SNAPSHOT, JPEG)
    uuid = api.add_event(
        snapshot=SNAPSHOT,
        track_id=1,
        box=[100.2, 150.0, 200.0, 400.0],
        rules=["rule_001"],
        zones=["Door"],
        modules_triggered=["pose"],
        module_results={"pose": {"keypoints": [], "person_action": "standing"}},
    )
    api.add_delivery(uuid, channel="telegram")
    api.add_delivery(uuid, channel="email")
    api.add_delivery(uuid, channel="webhook", state="retrying")
    expected = {
        "uuid": f"evt-{uuid}",
        "camera_id": "cam_001",
        "timestamp": "2026-01-15T10:30:00Z",
        "detection_type": "person",
        "confidence": 0.94,
        "photo": base64.b64encode(JPEG).decode(),
        "photo_url": f"/events/{uuid}.jpg",
        "ai_response": None,
        "verdict": None,
        "modules_triggered": ["bytetrack", "pose"],
        "module_results": {
            "bytetrack": {"tracks": [{"track_id": 1, "bbox": [100, 150, 200, 400], "confidence": 0.94}]},
            "pose": {"keypoints": [], "person_action": "standing"},
        },
        "rules_triggered": ["rule_001"],
        "alerts_sent": ["email", "telegram"],
        "user_feedback": None,
        "zones": ["Door"],
        "started_at": "2026-01-15T10:30:00Z",
        "ended_at": None,
        "incident_id": None,
    }
    assert api.get(f"/events/evt-{uuid}").json == expected
    assert api.get(f"/events/{uuid.upper()}").json == expected
    without = {name: value for name, value in expected.items() if name != "photo"}
    assert api.get(f"/events/{uuid}?photo=false").json == without


def test_an_event_is_told_with_what_the_judge_said_of_it(api: Api) -> None:
    uuid = api.add_event(verdict="unverified")
    waiting = api.get(f"/events/{uuid}?photo=false").json
    assert waiting is not None
    assert (waiting["verdict"]["verdict"], waiting["verdict"]["outcome"]) == ("unverified", "waiting")
    said = {
        "verdict": "confirmed",
        "reason": "Somebody tries the handle.",
        "threat_level": 2,
        "description": "A person at a door.",
        "outcome": "judged",
        "in_time": True,
        "model": "gemma3",
        "prompt_version": "1",
        "latency_ms": 1850,
        "evidence": [SNAPSHOT],
    }
    with api.session() as session:
        row = session.scalars(select(Event).where(Event.uuid == uuid)).one()
        session.add(VerdictRow(event_id=row.id, at=START, **said))
        session.commit()
    shown = api.get(f"/events/{uuid}?photo=false").json
    assert shown is not None
    assert shown["verdict"] == {**said, "at": "2026-01-15T10:30:00Z"}


def test_a_picture_that_is_gone_is_null(api: Api) -> None:
    uuid = api.add_event(snapshot=SNAPSHOT)
    shown = api.get(f"/events/{uuid}").json
    assert shown is not None
    assert shown["photo"] is None
    assert api.get(f"/events/{uuid}.jpg").status_code == 404


def test_results_that_json_cannot_hold_do_not_spoil_the_answer(api: Api) -> None:
    uuid = api.add_event(module_results={"pose": {"score": float("nan"), "list": [float("inf")]}})
    shown = api.get(f"/events/{uuid}").json
    assert shown is not None
    assert shown["module_results"] == {"pose": {"score": None, "list": [None]}}


def test_the_picture_has_an_etag_and_is_not_sent_twice(api: Api) -> None:
    api.opened.gateway.media.write(SNAPSHOT, JPEG)
    uuid = api.add_event(snapshot=SNAPSHOT)
    answer = api.get(f"/events/evt-{uuid}.jpg")
    assert (answer.status_code, answer.content_type, answer.data) == (200, "image/jpeg", JPEG)
    again = api.get(f"/events/{uuid}.jpg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = api.ask("HEAD", f"/events/{uuid}.jpg")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(JPEG)))
    api.opened.gateway.media.write(SNAPSHOT, JPEG + b"x")
    assert api.get(f"/events/{uuid}.jpg", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    "uuid",
    [
        "x", "evt-", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..", "0" * 36, "evt-evt-" + "0" * 36, "%00", "%ff",
        "550e8400-e29b-41d4-a716-44665544000g", "a" * 5000, "550e8400-e29b-41d4-a716-446655440000",
    ],
)  # fmt: skip
def test_what_is_no_uuid_of_an_event_is_not_found(api: Api, uuid: str) -> None:
    for path in (f"/events/{uuid}", f"/events/{uuid}.jpg"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert answer.json is not None
        assert answer.json["error"] == "not_found"


def test_a_snapshot_path_that_leads_outside_the_store_is_not_followed(api: Api) -> None:
    uuid = api.add_event(snapshot="../argus.db")
    assert api.get(f"/events/{uuid}.jpg").status_code == 404


@pytest.fixture
def busy(engine: Engine) -> Engine:
    """Some events of two accounts, four cameras and two labels over six hours."""
    choose = random.Random(7)
    with Session(engine) as session:
        session.add_all(_random_event(choose) for _ in range(1200))
        session.commit()
    return engine


def _random_event(choose: random.Random) -> Event:
    return event(
        account_id=choose.choice([1, 2]),
        camera=f"cam_{choose.randrange(4)}",
        label=choose.choice(["person", "car"]),
        at=START + timedelta(seconds=choose.randrange(6 * 3600)),
    )


def _plain_count(session: Session, scope: EventScope, since: datetime | None, until: datetime | None) -> int:
    wanted = {"account_id": Event.account_id, "camera": Event.camera_slug, "label": Event.label}
    query = select(func.count()).where(*(wanted[name] == value for name, value in scope.values.items()))
    query = query.where(Event.occurred_at >= since) if since is not None else query
    query = query.where(Event.occurred_at < until) if until is not None else query
    return int(session.scalar(query) or 0)


def test_remembered_counts_are_the_plain_counts_whatever_is_added_and_removed(busy: Engine) -> None:
    choose, clock = random.Random(3), 0.0
    counts = EventCounts(monotonic=lambda: clock)
    with Session(busy) as session:
        for step in range(60):
            scope = EventScope(
                account_id=choose.choice([None, 1]),
                camera=choose.choice([None, "cam_1"]),
                label=choose.choice([None, "car"]),
            )
            since = choose.choice([None, START + timedelta(seconds=choose.randrange(-10, 6 * 3600))])
            until = choose.choice([None, START + timedelta(seconds=choose.randrange(6 * 3600))])
            found = counts.total(reader_of(session), scope, since=since, until=until)
            expected = _plain_count(session, scope, since, until) if not since or not until or since <= until else 0
            assert found == expected, (step, scope, since, until)
            session.add_all(_random_event(choose) for _ in range(20))
            session.flush()
            if step % 20 == 10:  # what retention does
                oldest = select(Event.id).order_by(Event.id).limit(50)
                session.execute(delete(Event).where(Event.id.in_(oldest)))


def test_a_deletion_in_the_middle_is_noticed_within_a_minute(busy: Engine) -> None:
    clock = 0.0
    counts = EventCounts(monotonic=lambda: clock)
    with Session(busy) as session:
        before = counts.total(reader_of(session), EventScope())
        session.execute(delete(Event).where(Event.id.between(100, 199)))
        clock = 61.0
        assert counts.total(reader_of(session), EventScope()) == before - 100


def test_an_event_committed_late_under_a_lower_id_is_counted(sqlite_url: str, engine: Engine) -> None:
    counts = EventCounts()
    with Session(engine) as session:
        session.add_all(event(account_id=1) for _ in range(600))
        session.commit()
        session.execute(delete(Event).where(Event.id == 590))
        session.commit()
        assert counts.total(reader_of(session), EventScope()) == 599
        late = event(account_id=1)
        late.id = 590
        session.add(late)
        session.commit()
        assert counts.total(reader_of(session), EventScope()) == 600
    assert event_counts._UNSETTLED >= 100


def test_times_are_compared_as_times(api: Api) -> None:
    api.add_event(at=datetime(2026, 1, 15, 10, 30, 0, 500_000, UTC))
    assert _events(api, "?since=2026-01-15T10:30:00.400Z")["total"] == 1
    assert _events(api, "?since=2026-01-15T10:30:00.600Z")["total"] == 0
